"""The web page, for the person who starts it: its addresses, and one of them as a QR code.

What serves the page and what draws the code is imported only where it is asked for.
"""

import io
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from twisted.internet.protocol import ServerFactory

from chatd.server.factory import ChatFactory

#: Where the page is, unless somebody says something else or is there already.
DEFAULT_PORT: Final = 8080

#: What an endpoint begins with whose connections are encrypted.
_ENCRYPTED: Final = ("ssl:", "tls:")

#: The blank around a QR code, in modules. The standard asks for 4; scanners do with 2.
_QUIET_ZONE: Final = 2

#: A code has to be dark on light, whatever colours the terminal has.
_WHITE_ON_BLACK: Final = "\x1b[97;40m"
_AS_BEFORE: Final = "\x1b[0m"


def make_web_factory(chat: ChatFactory) -> ServerFactory:
    """What serves the page of `chat`."""
    from chatd.web.http import HTTPFactory

    return HTTPFactory(chat)


def page_urls(
    listening: Iterable[tuple[str, int]],
    host_addresses: Iterable[IPv4Address],
    address: int | str | None = None,
) -> list[str]:
    """Where a browser finds the page: what others can reach first, loopback last.

    :param reached: the addresses and ports that it listens on.
    :param host_addresses: what an address that means all of this host's stands for.
    :param where: the port or endpoint that was asked for.
    """
    scheme = "https" if str(address).startswith(_ENCRYPTED) else "http"
    own = tuple(host_addresses)
    places: list[tuple[IPv4Address | IPv6Address, int]] = [
        (address, port)
        for host, port in listening
        for address in (own if ip_address(host).is_unspecified else (ip_address(host),))
    ]
    places.sort(key=lambda place: place[0].is_loopback)
    return [
        f"{scheme}://{address if address.version == 4 else f'[{address}]'}:{port}/"
        for address, port in places
    ]


def qr_code(url: str, columns: int, has_colours: bool) -> list[str]:
    """`url` as a QR code, in the rows of a terminal; none where it is of no use.

    A phone cannot reach loopback, and a code that does not fit is none.

    :param columns: how wide the terminal is, in character cells.
    :param has_colours: whether it may be told to show colours.
    """
    if not columns or ip_address(urlsplit(url).hostname or "").is_loopback:
        return []
    import segno

    drawn = io.StringIO()
    segno.make_qr(url, error="l").terminal(drawn, border=_QUIET_ZONE, compact=True)
    rows = drawn.getvalue().splitlines()
    if len(rows[0]) > columns:
        return []
    return [f"{_WHITE_ON_BLACK}{row}{_AS_BEFORE}" for row in rows] if has_colours else rows
