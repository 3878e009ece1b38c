"""Reverse proxies: what they say about a request that they forward (``--web-proxy``).

Anyone can send ``X-Forwarded-For``, so it is believed from the named addresses alone. The proxy
must set or remove all three headers, as the examples in docs/howto/web.rst do: what it passes on
from its client is believed, too. ``Forwarded`` (RFC 7239) is not read, because a proxy that knows
only the older headers would pass on a client's own.
"""

import re
from collections.abc import Collection
from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from chatd.tcp import unmap_ipv4
from chatd.web.messages import Headers, Request

_SCHEMES: Final = ("http", "https")

#: An address with an optional port; an IPv6 address with a port is in brackets.
_NODE: Final = re.compile(r"(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?|([0-9a-f:.]+)", re.I)

#: The longest list that is looked at: no request comes through more proxies.
_MAX_HOPS: Final = 32


def original(request: Request, peer: str, proxies: Collection[str]) -> Request:
    """`request` as the client sent it to the proxy; unchanged if `peer` is none of `proxies`.

    :param peer: the address that the connection comes from.
    """
    if peer not in proxies:
        return request
    port = request.peer.rpartition(":")[2]
    headers = request.headers
    if hosts := request.items("x-forwarded-host"):
        headers = _with_host(headers, hosts[-1])
    schemes = request.items("x-forwarded-proto")
    scheme = schemes[-1].lower() if schemes else ""
    return replace(
        request,
        peer=f"{_client(request, peer, proxies)}:{port}",
        headers=headers,
        scheme=scheme if scheme in _SCHEMES else request.scheme,
        is_scheme_certain=scheme in _SCHEMES,
        is_forwarded=True,
    )


def _with_host(headers: Headers, host: str) -> Headers:
    return (*(field for field in headers if field[0] != "host"), ("host", host))


def _client(request: Request, peer: str, proxies: Collection[str]) -> str:
    """The last address that is no proxy's: each proxy appends the one that it was reached from.

    Whatever comes before that address is the client's own claim.
    """
    client = peer
    for item in request.items("x-forwarded-for")[: -_MAX_HOPS - 1 : -1]:
        address = _parse_address(item)
        if not address:
            break
        client = address
        if address not in proxies:
            break
    return client


def _parse_address(text: str) -> str:
    """The IP address in `text`; empty if there is none, such as ``unknown``."""
    match = _NODE.fullmatch(text)
    try:
        return unmap_ipv4(str(ip_address(next(filter(None, match.groups()))))) if match else ""
    except ValueError:
        return ""
