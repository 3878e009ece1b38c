"""The TCP options of a connection between people, the same at both ends."""

import socket
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from twisted.internet.interfaces import ITCPTransport, ITransport
from twisted.protocols.policies import ProtocolWrapper

from chatd.chat import limits

#: Before the first probe of a connection on which nothing is sent: from so many seconds on, in so
#: many different lengths; and between two.
_KEEPALIVE_IDLE_SECONDS, _KEEPALIVE_IDLE_SPREAD = 10, 8
_KEEPALIVE_INTERVAL_SECONDS: Final = 2
_KEEPALIVE_PROBES: Final = 5

#: What is sent, or the first of the probes, may stay unanswered so long. It is half of what was
#: promised: what is sent when the probes are about to give up stops them, and has all its own time.
#: That is counted from the first repetition, for which the last second is.
_USER_TIMEOUT_SECONDS: Final = (limits.DEAD_PEER_SECONDS - _KEEPALIVE_INTERVAL_SECONDS - 1) // 2


def _options(peer_port: int) -> dict[str, int]:
    """What to set where the platform has it, for the connection to a peer's port `number`.

    Keep-alive alone stays silent while data is unacknowledged, which is what the user timeout
    (RFC 5482) ends; with it, probes go on until it is over, too. Connections take turns: ten
    thousand that heard the same last message would be probed in the same instant, and the kernel
    drops what its backlog cannot hold.
    """
    return {
        "TCP_KEEPIDLE": _KEEPALIVE_IDLE_SECONDS + peer_port % _KEEPALIVE_IDLE_SPREAD,
        "TCP_KEEPINTVL": _KEEPALIVE_INTERVAL_SECONDS,
        "TCP_KEEPCNT": _KEEPALIVE_PROBES,
        "TCP_USER_TIMEOUT": _USER_TIMEOUT_SECONDS * 1_000,
    }


def set_socket_options(transport: ITransport) -> None:
    """Send small pieces at once, and find out within a minute that the peer is gone.

    Does nothing to a transport that is not TCP.
    """
    below: Any = transport
    while isinstance(below, ProtocolWrapper):  # TLS, above the connection itself
        below = below.transport
    if not ITCPTransport.providedBy(below):
        return
    below.setTcpNoDelay(True)
    below.setTcpKeepAlive(True)
    handle: socket.socket = below.getHandle()  # type: ignore[attr-defined]  # of ISystemHandle
    for name, value in _options(below.getPeer().port).items():
        option = getattr(socket, name, None)
        if option is not None:
            with suppress(OSError):  # the peer is gone already, which is found out soon enough
                handle.setsockopt(socket.IPPROTO_TCP, option, value)


def unmap_ipv4(host: str) -> str:
    """`host`, as IPv4 writes it where IPv6 only carries it (``::ffff:10.35.11.112``)."""
    address = ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return host if mapped is None else str(mapped)
