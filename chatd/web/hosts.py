"""The checks of ``Host`` and ``Origin``, which keep other servers' pages out.

A browser lets any page send requests to any address, also to one that only the browser's network
reaches. Two header fields, which a page cannot forge, keep such pages out:

- ``Origin`` names the page that sends the request. A page of another server gets 403.
- ``Host`` names the server that the browser asked for. In DNS rebinding the name of a foreign
  page's server suddenly resolves to this server's address. The browser then takes the two for one
  origin, sends its requests without ``Origin``, and lets the page read the responses. But ``Host``
  still has the foreign name, and gets 421.

The page of another node of the same cluster is no foreign page: it goes on here when it has lost
its own node. It may read the responses (CORS), and its own policy lets it connect to all nodes.

One host may be written in several ways (RFC 3986, section 6.2.2), so both are compared in one form.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from chatd.chat import limits
from chatd.chat.server_events import Node
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


#: The origin of a node, which becomes a part of a header field.
_NODE_ORIGIN: Final = re.compile(r"https?://(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+):[0-9]{1,5}", re.ASCII)


def allowed_hosts(
    address: str, port: int, names: Collection[str], *, is_forwarded: bool = False
) -> frozenset[str]:
    """The hosts that mean this server, as :func:`normalize` writes them.

    These are the `address` and `port` that a connection reached, and the `names`: those without a
    port with that port. On ports 80 and 443 the port may be left out. A name that others only claim
    is this server's, such as one in the DNS, is refused: the server cannot tell it from a rebound
    one.

    :param names: as :func:`normalize` writes them, with an empty port if it is this one.
    :param is_forwarded: whether the connection is a reverse proxy's, whose own port is the default
        one of its scheme unless a name has another.
    """
    own = normalize(f"[{address}]" if ":" in address else address)
    ports = {str(port)}
    if is_forwarded:
        ports |= {"", *_DEFAULT_PORTS.values()}
    elif str(port) in _DEFAULT_PORTS.values():
        ports.add("")
    return frozenset(
        host for name in (own, *names) if name is not None for host in _with_ports(name, ports)
    )


def _with_ports(name: str, ports: Collection[str]) -> Collection[str]:
    """The `name` with each of the `ports`, unless it has one of its own."""
    host, _, port = name.rpartition(":")
    if port in _DEFAULT_PORTS.values():
        return {name, f"{host}:"}
    return {name} if port else {f"{host}:{each}" for each in ports}


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


class NodeOrigins:
    """The origins of the pages of a cluster's nodes, as :func:`_normalize_origin` writes them.

    Those of nodes that have gone stay: a page that came from one lives on with the others.
    """

    def __init__(self) -> None:
        self._nodes: tuple[Node, ...] = ()
        self._origins: dict[str, None] = {}

    def of(self, nodes: tuple[Node, ...]) -> Collection[str]:
        """The origins of these nodes, which are the cluster's now, and of earlier ones."""
        if nodes != self._nodes:
            self._nodes = nodes
            for node in nodes:
                for text in node.origins:
                    origin = _normalize_origin(text)
                    if origin is not None and _NODE_ORIGIN.fullmatch(origin):
                        self._origins.pop(origin, None)
                        self._origins[origin] = None
            while len(self._origins) > limits.CLUSTER_ADDRESSES:
                del self._origins[next(iter(self._origins))]
        return self._origins


def _normalize_origin(text: str) -> str | None:
    """The one form of an origin, ``SCHEME://NAME:PORT``; None if it is none of a page."""
    scheme, separator, host = text.lower().partition("://")
    if not separator or scheme not in _DEFAULT_PORTS:
        return None
    normalized = normalize(host, _DEFAULT_PORTS[scheme])
    return f"{scheme}://{normalized}" if normalized else None


@dataclass(frozen=True, slots=True)
class CheckedHost:
    """The ``Host`` and the ``Origin`` of a request, after their check.

    :ivar host: the server's name in it, in lower case; empty for a request of HTTP/1.0 without
        ``Host``: that version does not have it, and a load balancer's health check may speak it. A
        browser does not.
    :ivar node_origin: the origin, as it was sent, if that is the page of another node.
    :ivar nodes: the origins of all nodes of the cluster.
    """

    host: str = ""
    node_origin: str = ""
    nodes: Collection[str] = ()


def check_host_and_origin(
    request: Request, allowed: Collection[str], nodes: Collection[str] = ()
) -> CheckedHost:
    """Check that ``Host`` is one of those `allowed`, and that ``Origin`` is, or is one of `nodes`.

    A request without ``Origin`` passes. It comes from a program, from this server's own page, or
    from a foreign page that cannot read the response (an image, say). Browsers send ``Origin`` with
    every request for a WebSocket. The page of a server behind a proxy has the scheme that the proxy
    tells, so that one without TLS cannot use it.

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
    node_origin = ""
    for text in request.values("origin"):
        origin = _normalize_origin(text)
        scheme, _, host = (origin or "").partition("://")
        if host in allowed and (scheme == request.scheme or not request.is_scheme_certain):
            continue
        if origin not in nodes:
            raise HTTPError("foreign-origin", "Origin not allowed.")
        node_origin = text
    return CheckedHost(hosts[0].lower() if hosts else "", node_origin, nodes)
