"""How others come into the chat: the page's addresses, and what they type in a terminal.

The server knows its addresses, and which of them others most likely reach. The page knows one that
certainly works: that at which it was loaded. docs/reference/web.rst shows the response.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from chatd.chat import limits
from chatd.server.chat import Chat
from chatd.web.messages import Request, Response, json_response, query_parameters

#: The blank around a QR code, in modules: what the standard asks for, as the code has no other.
_QUIET_ZONE: Final = 4

#: The longest URL that a code is made of: a scanner reads it from a screen.
_MAX_CODE_CHARACTERS: Final = 128


@dataclass(frozen=True, slots=True)
class Invitation:
    """Ways into the chat, the best first.

    :ivar pages: URLs of the page.
    :ivar clients: command lines with chatd's client.
    :ivar plain: command lines with ``nc``, if the server has a plain port.
    """

    pages: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()


def is_loopback(url: str) -> bool:
    """Whether only this host itself reaches the page at `url`."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def best_pages(pages: tuple[str, ...], own: str) -> tuple[str, ...]:
    """`pages` for a browser that has the page from `own`, bounded.

    The address that this browser used works from its network: it is the best one. Addresses of
    loopback are of use to nobody else, so they are left out if there is another.
    """
    ordered = tuple(dict.fromkeys((own, *pages) if own else pages))
    reachable = tuple(page for page in ordered if not is_loopback(page))
    return (reachable or ordered)[: limits.INVITATION_ADDRESSES]


@lru_cache(maxsize=limits.INVITATION_ADDRESSES)
def qr_code(url: str) -> str:
    """`url` as a QR code in SVG; empty if a phone could not use it."""
    if is_loopback(url) or len(url) > _MAX_CODE_CHARACTERS:
        return ""
    import segno  # only here: a server without a page does without it

    svg = io.BytesIO()
    segno.make_qr(url, error="m").save(
        svg, kind="svg", border=_QUIET_ZONE, dark="#000", light="#fff", xmldecl=False, nl=False
    )
    return svg.getvalue().decode()


def respond(request: Request, chat: Chat, invitation: Invitation, has_packages: bool) -> Response:
    """``/api/invite``: the addresses with their QR codes, and the lines to type."""
    query_parameters(request.query, ())
    host = next(iter(request.values("host")), "").lower()
    own = f"{request.scheme}://{host}/" if host else ""
    pages = best_pages(invitation.pages, own)
    return json_response(
        {
            "server": chat.settings.server_id,
            "pages": [{"url": page, "qr": qr_code(page)} for page in pages],
            "clients": invitation.clients[: limits.INVITATION_ADDRESSES],
            "plain": invitation.plain[: limits.INVITATION_ADDRESSES],
            "pip": [pip_line(page) for page in pages] if has_packages else [],
        }
    )


def pip_line(page: str) -> str:
    """The command that installs chatd from the page at this URL, without any other network."""
    parts = urlsplit(page)
    # pip ignores links of a server without TLS, unless it is told to trust it.
    trusted = f" --trusted-host {parts.hostname}" if parts.scheme == "http" else ""
    return f"pip install --no-index --find-links {page}dist/{trusted} chatd"
