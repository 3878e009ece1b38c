"""The web page's addresses, and a QR code of one of them.

The web server and the QR code library are imported only when they are used: a client starts faster.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from twisted.internet.protocol import ServerFactory

from chatd.chat.names import LOBBY
from chatd.discovery.subnets import DEFAULT_PORT as DEFAULT_CHAT_PORT
from chatd.discovery.subnets import host_addresses as read_host_addresses
from chatd.discovery.subnets import most_reachable
from chatd.server.chat import Chat
from chatd.server.service import ChatServer

if TYPE_CHECKING:
    from chatd.web.invitation import Invitation
    from chatd.web.settings import WebSettings

#: The page's port, unless another one is given or this one is taken.
DEFAULT_PORT: Final = 8080
#: The same with TLS.
DEFAULT_TLS_PORT: Final = 8443

#: The prefixes of endpoints that use TLS.
_ENCRYPTED: Final = ("ssl:", "tls:")

#: The blank around a QR code, in modules. The standard asks for 4; scanners do with 2.
_QUIET_ZONE: Final = 2

#: A code must be dark on light, because not all scanners read the reverse; the terminal's own
#: colours may be either.
_WHITE_ON_BLACK: Final = "\x1b[97;40m"
_RESET_COLOURS: Final = "\x1b[0m"


def make_web_factory(chat: Chat, settings: "Callable[[], WebSettings]") -> ServerFactory:
    """The factory of HTTP connections.

    :param settings: returns the settings of the page.
    """
    from chatd.web.http import HTTPFactory

    return HTTPFactory(chat, settings())


def pages(server: ChatServer, options: Any) -> list[str]:
    """The URLs of the page of a `server` that listens, the best first; loopback last.

    :param options: the server's.
    """
    urls = all_page_urls(server, options, most_reachable(read_host_addresses()))
    # Behind a proxy the names have other ports, which only the proxy knows.
    names = () if options.web_proxies else sorted(options.web_names)
    ports = dict.fromkeys((parts.port, parts.scheme) for parts in map(urlsplit, urls))
    named = [
        f"{scheme}://{name}{port if name.endswith(':') else ''}/"
        for port, scheme in ports
        for name in names
    ]
    return [*named, *urls]


def invitation(server: ChatServer, options: Any, client_command: str) -> "Invitation":
    """How others come into the chat of a `server` that listens, the best way first.

    :param options: the server's.
    :param client_command: what they type in a terminal to find it.
    """
    from chatd.web.invitation import Invitation

    addresses = most_reachable(read_host_addresses())
    hosts, plain, irc = (
        _reachable(server.addresses(name), addresses) for name in ("", "plain", "irc")
    )
    direct = [
        f"chatd client {host}" + (f" {port}" if port != DEFAULT_CHAT_PORT else "")
        for host, port in hosts
    ]
    return Invitation(
        tuple(pages(server, options)),
        tuple(dict.fromkeys((client_command, *direct))),
        tuple(f"nc {host} {port}" for host, port in plain),
        warned_port(server, options),
        tuple(irc_url(host, port) for host, port in irc),
    )


def irc_url(host: str, port: int) -> str:
    """The URL of the lobby for IRC clients (draft-butcher-irc-url-04: without the ``#``)."""
    return f"irc://{host}:{port}/{LOBBY.removeprefix('#')}"


def _reachable(
    listening: Iterable[tuple[str, int]], host_addresses: Sequence[IPv4Address]
) -> list[tuple[str, int]]:
    """The addresses and ports that others can connect to; those of loopback if there are none."""
    sorted_ = [
        (parts.hostname or "", parts.port or 0)
        for url in page_urls(listening, host_addresses)
        for parts in [urlsplit(url)]
    ]
    return [each for each in sorted_ if not ip_address(each[0]).is_loopback] or sorted_


def all_page_urls(
    server: ChatServer, options: Any, host_addresses: Sequence[IPv4Address]
) -> list[str]:
    """The URLs of a server's page, with TLS and without; loopback last.

    A browser warns of a key that is the server's own, and some devices then refuse the page. So its
    URLs come first only where the key has a certificate that browsers may know.
    """
    ports = [("web", options["web"]), ("web-tls", _ENCRYPTED[0])]
    if options["tls-cert"] is not None:
        ports.reverse()
    urls = [
        url
        for name, option in ports
        for url in page_urls(server.addresses(name), host_addresses, option)
    ]
    return sorted(urls, key=_is_loopback)


def warned_port(server: ChatServer, options: Any) -> int:
    """The port of the page at which browsers warn of the server's own key; 0 for none."""
    if options["tls-cert"] is not None:
        return 0
    return next((port for _, port in server.addresses("web-tls")), 0)


def _is_loopback(url: str) -> bool:
    return ip_address(urlsplit(url).hostname or "").is_loopback


def scheme(option: int | str | None) -> str:
    """The scheme of the page's URLs.

    :param option: the value of ``--web``: a port, an endpoint, or None.
    """
    return "https" if str(option).startswith(_ENCRYPTED) else "http"


def page_urls(
    listening: Iterable[tuple[str, int]],
    host_addresses: Iterable[IPv4Address],
    option: int | str | None = None,
) -> list[str]:
    """The page's URLs, in the order of `host_addresses`; loopback last.

    :param listening: the addresses and ports that the web server listens on.
    :param host_addresses: this host's addresses, which the unspecified address stands for; the
        first is the one at which others will most likely reach it.
    :param option: the value of ``--web``: a port, an endpoint, or None.
    """
    own_addresses = tuple(host_addresses)
    endpoints: list[tuple[IPv4Address | IPv6Address, int]] = [
        (address, port)
        for host, port in listening
        for address in (own_addresses if ip_address(host).is_unspecified else (ip_address(host),))
    ]
    order: dict[IPv4Address | IPv6Address, int] = {
        address: position for position, address in enumerate(own_addresses)
    }
    endpoints.sort(
        key=lambda endpoint: (endpoint[0].is_loopback, order.get(endpoint[0], len(order)))
    )
    return [
        f"{scheme(option)}://{address if address.version == 4 else f'[{address}]'}:{port}/"
        for address, port in endpoints
    ]


def qr_code(url: str, columns: int, has_colours: bool) -> list[str]:
    """`url` as a QR code, in rows of text; empty if a phone could not use it.

    A phone cannot reach a loopback address, and cannot scan a code that does not fit.

    :param columns: the terminal's width, in character cells.
    :param has_colours: whether the rows may contain escape sequences for colours.
    """
    if not columns or ip_address(urlsplit(url).hostname or "").is_loopback:
        return []
    rows = qr_rows(url)
    if len(rows[0]) > columns:
        return []
    return [dark_on_light(row) for row in rows] if has_colours else rows


def qr_rows(url: str) -> list[str]:
    """`url` as a QR code: rows of blocks, where the modules that are drawn are the light ones."""
    import segno

    drawn = io.StringIO()
    segno.make_qr(url, error="l").terminal(drawn, border=_QUIET_ZONE, compact=True)
    return drawn.getvalue().splitlines()


def dark_on_light(row: str) -> str:
    """A row of a QR code, with escape sequences for its colours."""
    return f"{_WHITE_ON_BLACK}{row}{_RESET_COLOURS}"
