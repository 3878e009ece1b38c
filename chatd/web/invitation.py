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
    :ivar warned_port: the port of the page at which browsers warn, because the key is the server's
        own; 0 for none.
    :ivar irc: URLs of the lobby for IRC clients, if the server has a port for them.
    """

    pages: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    warned_port: int = 0
    irc: tuple[str, ...] = ()


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
            "pages": [
                {"url": page, "qr": qr_code(page), "note": _note(page, pages, invitation)}
                for page in pages
            ],
            "clients": invitation.clients[: limits.INVITATION_ADDRESSES],
            "plain": invitation.plain[: limits.INVITATION_ADDRESSES],
            "irc": invitation.irc[: limits.INVITATION_ADDRESSES],
            "pip": [
                pip_line(page, is_warned=urlsplit(page).port == invitation.warned_port)
                for page in pages
                if has_packages
            ],
        }
    )


def _note(page: str, pages: tuple[str, ...], invitation: Invitation) -> str:
    """Why to use this one of the `pages`, in words; empty if all are alike."""
    if not page.startswith("https:"):
        has_other = any(other.startswith("https:") for other in pages)
        return "Not encrypted: for devices that refuse the other address." if has_other else ""
    if urlsplit(page).port == invitation.warned_port:
        return "Encrypted. The browser warns first, because the key is this server's own."
    return "Encrypted."


def pip_line(page: str, *, is_warned: bool = False) -> str:
    """The command that installs chatd from the page at this URL, without any other network.

    :param is_warned: whether its key is the server's own.
    """
    parts = urlsplit(page)
    # pip ignores links of a server that it cannot know by TLS, unless it is told to trust it.
    is_untrusted = is_warned or parts.scheme == "http"
    trusted = f" --trusted-host {parts.hostname}" if is_untrusted else ""
    return f"pip install --no-index --find-links {page}dist/{trusted} chatd"
