"""The checks of ``Host`` and ``Origin``, which keep other servers' pages out.

A browser lets any page send requests to any address, also to one that only the browser's network
reaches. Two header fields, which a page cannot forge, keep such pages out:

- ``Origin`` names the page that sends the request. A page of another server gets 403.
- ``Host`` names the server that the browser asked for. In DNS rebinding the name of a foreign
  page's server suddenly resolves to this server's address. The browser then takes the two for one
  origin, sends its requests without ``Origin``, and lets the page read the responses. But ``Host``
  still has the foreign name, and gets 421.

One host may be written in several ways (RFC 3986, section 6.2.2), so both are compared in one form.
"""

import re
from collections.abc import Collection
from ipaddress import IPv6Address
from typing import Final

from chatd.tcp import unmap_ipv4
from chatd.web.messages import HTTPError, Request

#: The port that a browser leaves out, by the scheme of the page.
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}

#: ``uri-host [ ":" port ]`` (RFC 9110, section 7.2), with a bound on the digits of the port.
_HOST: Final = re.compile(
    r"""(?: \[ (?P<ipv6> [0-9a-f:.]+ ) \]
          | (?P<name> (?: [a-z0-9._~!$&'()*+,;=-] | %[0-9a-f]{2} )* ) )
        (?: : (?P<port> [0-9]{0,16} ) )?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def allowed_hosts(address: str, port: int, names: Collection[str]) -> frozenset[str]:
    """The hosts that mean this server, as :func:`normalize` writes them.

    These are the `address` and `port` that a connection reached, and the `names` with that port. On
    ports 80 and 443 the port may be left out. Other names, such as one in the local DNS, are
    refused: the server cannot tell them from a rebound one.
    """
    hosts = frozenset({f"[{address}]" if ":" in address else address, *names})
    ports = {str(port), ""} if str(port) in _DEFAULT_PORTS.values() else {str(port)}
    return frozenset(f"{host}:{each}" for host in hosts for each in ports)


def normalize(host: str, default_port: str = "") -> str | None:
    """The one form of a ``Host``, ``NAME:PORT``; None if it is malformed.

    Case, the dot at the end of a complete domain name, zeros in front of the port, and the ways to
    write an IPv6 address make no difference.
    """
    match = _HOST.fullmatch(host)
    if match is None:
        return None
    name = match["name"]
    if name is None:
        try:
            name = unmap_ipv4(str(IPv6Address(match["ipv6"])))
        except ValueError:
            return None
        name = f"[{name}]" if ":" in name else name
    port = str(int(match["port"])) if match["port"] else default_port
    return f"{name.lower().removesuffix('.')}:{port}"


def check_host_and_origin(request: Request, allowed: Collection[str]) -> str:
    """The request's ``Host``, in lower case, if it is one of those `allowed`.

    A request without ``Origin`` passes. It comes from a program, from this server's own page, or
    from a foreign page that cannot read the response (an image, say). Browsers send ``Origin`` with
    every request for a WebSocket.

    :return: an empty string for a request of HTTP/1.0 without ``Host``: that version does not have
        it, and a load balancer's health check may speak it. A browser does not.
    :raises HTTPError: if the request is for another host, or from a page of another host.
    """
    hosts = request.values("host")  # h11 requires one in HTTP/1.1, and allows no second one
    for host in hosts:
        normalized = normalize(host)
        if normalized is None:
            # RFC 9112, section 3.2
            raise HTTPError("bad-request", "The Host header is malformed.")
        if normalized not in allowed:
            raise HTTPError("foreign-host", "Host not allowed.")
    for origin in request.values("origin"):
        scheme, _, host = origin.lower().partition("://")
        if normalize(host, _DEFAULT_PORTS.get(scheme, "")) not in allowed or (
            scheme not in _DEFAULT_PORTS
        ):
            raise HTTPError("foreign-origin", "Origin not allowed.")
    return hosts[0].lower() if hosts else ""
