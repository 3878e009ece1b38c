"""The invitation of this program's server, for its own terminal."""

import os
import shlex
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from chatd.client.invitation import Invitation, layout
from chatd.discovery.subnets import DEFAULT_PORT, Subnet
from chatd.server.service import ChatServer
from chatd.stderr import write_line
from chatd.taps import web_address
from chatd.taps.environment import DUMB_TERMINALS
from chatd.taps.host_code import describe_host_code
from chatd.taps.options import may_be_id
from chatd.tls.fingerprint import words
from chatd.wire.rendering import escape

#: More addresses of the page would leave no place for the rest.
_MAX_PAGES: Final = 2

#: The characters of a QR code: two modules of it, one above the other.
_BLOCKS: Final = "\N{FULL BLOCK}\N{UPPER HALF BLOCK}\N{LOWER HALF BLOCK}"


class HostOptions(Protocol):
    """The options of a server, as far as an invitation needs them."""

    known_subnets: tuple[Subnet, ...]

    def __getitem__(self, option: str, /) -> Any: ...


def make_invitation(
    server: ChatServer,
    options: HostOptions,
    has_code: bool,
    advice: str = "",
    host_code: str = "",
) -> Invitation:
    """The invitation to `server`, which listens.

    :param has_code: whether it has a QR code, if a phone could use that.
    :param advice: the last line.
    :param host_code: for an invitation that only the user of this terminal sees.
    """
    pages = web_address.pages(server, options)
    reachable = [url for url in pages if not is_loopback(url)]
    name = escape(server.chat.settings.server_id)
    end = [advice] if advice else []
    command = _indented([client_command(server, options)])
    with_tls = ", encrypted" if server.fingerprint else ""
    lines = _page_lines(name, pages, bool(web_address.warned_port(server, options)))
    lines += [f"or with chatd{with_tls}:", *command]
    nc, irc = (
        [(host, port) for host, port in server.addresses(name) if not is_loopback(f"//{host}")][:1]
        for name in ("plain", "irc")
    )
    for host, port in nc:
        lines += ["or with nc or telnet:", *_indented([f"nc {host} {port}"])]
    for host, port in irc:
        lines += ["or with an IRC client:", *_indented([web_address.irc_url(host, port)])]
    if not any(not subnet.address.is_loopback for subnet in options.known_subnets):
        lines.append("No other computer can reach this one: its only address is loopback.")
    if server.fingerprint:
        lines.append(f"This server's key: {words(server.fingerprint)}")
    if host_code:
        lines.append(describe_host_code(host_code))
    if not has_code or not reachable:
        return Invitation((*lines, *end))
    best = min(reachable, key=lambda url: not url.startswith("http:"))
    short = [f"Others join {name} in a browser:", *_indented([best]), "or with chatd:", *command]
    return Invitation(
        (*lines, *end),
        tuple(web_address.qr_rows(best)),
        (*short, *end, "A larger window shows more."),
    )


def _page_lines(name: str, pages: Sequence[str], is_warned: bool) -> list[str]:
    """How others join with a browser, which perhaps warns of the key of an encrypted page."""
    reachable = [url for url in pages if not is_loopback(url)]
    plain = [url for url in reachable if url.startswith("http:")]
    encrypted = [url for url in reachable if url.startswith("https:")]
    warns = ", though it warns first" if is_warned else ""
    if plain:
        more = [f"or encrypted{warns}:", *_indented(encrypted[:1])] if encrypted else []
        return [f"Others join {name} in a browser:", *_indented(plain[:_MAX_PAGES]), *more]
    if encrypted:
        return [f"Others join {name} in a browser{warns}:", *_indented(encrypted[:_MAX_PAGES])]
    if pages:
        return [f"On this computer, join {name} in a browser:", *_indented([*pages[:1]])]
    return []


def _indented(texts: list[str]) -> list[str]:
    return [f"  {text}" for text in texts]


def is_loopback(url: str) -> bool:
    """Whether only this host can open `url`."""
    try:
        return ip_address(urlsplit(url).hostname or "").is_loopback
    except ValueError:
        return False  # a name


def client_command(server: ChatServer, options: HostOptions) -> str:
    """What others type to join, as a shell reads it."""
    server_id = server.chat.settings.server_id
    port = options["discovery-port"]
    words = [] if port == DEFAULT_PORT else ["--discovery-port", str(port)]
    if not any(subnet.is_discoverable for subnet in options.known_subnets):
        address = str(options.known_subnets[0].address)
        return shlex.join(["chatd", "client", address, str(server.port)])
    if may_be_id(server_id) and not server_id.startswith("-"):
        return shlex.join(["chatd", "client", *words, server_id])
    return shlex.join(["chatd", "client", *words, f"--server={server_id}"])


def can_show_code(stream: Any) -> bool:
    """Whether a QR code can be seen on `stream`: a terminal that has its characters."""
    if stream is None or not stream.isatty() or os.environ.get("TERM", "") in DUMB_TERMINALS:
        return False
    try:
        _BLOCKS.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def write_invitation(server: ChatServer, options: HostOptions) -> None:
    """Write the invitation to standard error, if that is a terminal.

    Without a page that is the host code alone.
    """
    stream = sys.__stderr__
    if stream is None or not stream.isatty():
        return
    code = server.chat.host_code.code
    if not server.addresses("web") and not server.addresses("web-tls"):
        write_line(describe_host_code(code))
        return
    invitation = make_invitation(server, options, can_show_code(stream), host_code=code)
    size = os.get_terminal_size(stream.fileno())
    has_colours = not os.environ.get("NO_COLOR")
    for row in layout(invitation, size.columns or 80, size.lines or 24):
        code = web_address.dark_on_light(row.code) if row.code and has_colours else row.code
        write_line(f"{code}{row.text}")
