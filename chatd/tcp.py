"""The TCP options of a chat connection, the same for the server and the client."""

import socket
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from twisted.internet.interfaces import ITCPTransport, ITransport
from twisted.protocols.policies import ProtocolWrapper

from chatd.chat import limits

# A peer that is gone without a word (its cable is cut, its machine has lost power) must be found
# out within DEAD_PEER_SECONDS, 57 s. Two mechanisms of the kernel are needed:
#
# * Keep-alive probes an idle connection. It is silent while sent data is unacknowledged.
# * The user timeout (RFC 5482) ends a connection whose data, or whose probes, stay unanswered for
#   that long. Where it is set, Linux ignores the number of probes.
#
# In the worst case both take all their time, one after the other:
#
#   0 s       The peer is gone.
#   10-17 s   The first probe, then one every 2 s.
#   < 29 s    The connection would be given up by the first probe that finds 27 s without an answer.
#             But just before, the server sends something: that stops the probes, and starts the
#             user timeout anew.
#   < 30 s    The kernel repeats the data for the first time, and counts from here.
#   < 57 s    Another 27 s have passed, and the connection is lost.
#
# So the user timeout is (57 - 2 - 1) // 2 = 27 s.

#: TCP_KEEPIDLE (10-17 s, spread over connections by peer port) and TCP_KEEPINTVL.
_KEEPALIVE_IDLE_SECONDS, _KEEPALIVE_IDLE_SPREAD = 10, 8
_KEEPALIVE_INTERVAL_SECONDS: Final = 2
#: TCP_KEEPCNT, for systems without the user timeout.
_KEEPALIVE_PROBES: Final = 5

#: TCP_USER_TIMEOUT. Half of DEAD_PEER_SECONDS, because data sent just before keep-alive gives up
#: resets its count and starts this timeout from zero.
_USER_TIMEOUT_SECONDS: Final = (limits.DEAD_PEER_SECONDS - _KEEPALIVE_INTERVAL_SECONDS - 1) // 2


def _options(peer_port: int) -> dict[str, int]:
    """The options to set, by name, and their values.

    The first probe depends on the peer's port: ten thousand connections that received the same last
    message would otherwise be probed in the same instant, and the kernel drops packets for which
    its backlog has no room.
    """
    return {
        "TCP_KEEPIDLE": _KEEPALIVE_IDLE_SECONDS + peer_port % _KEEPALIVE_IDLE_SPREAD,
        "TCP_KEEPINTVL": _KEEPALIVE_INTERVAL_SECONDS,
        "TCP_KEEPCNT": _KEEPALIVE_PROBES,
        "TCP_USER_TIMEOUT": _USER_TIMEOUT_SECONDS * 1_000,
    }


def set_socket_options(transport: ITransport) -> None:
    """Send small pieces at once (TCP_NODELAY), and detect a dead peer within DEAD_PEER_SECONDS.

    A transport that is not TCP is left as it is, and so are options that the system does not have.
    """
    connection: Any = transport
    while isinstance(connection, ProtocolWrapper):  # TLS, on top of the TCP transport
        connection = connection.transport
    if not ITCPTransport.providedBy(connection):
        return
    connection.setTcpNoDelay(True)
    connection.setTcpKeepAlive(True)
    handle: socket.socket = connection.getHandle()  # type: ignore[attr-defined]  # ISystemHandle's
    for name, value in _options(connection.getPeer().port).items():
        option = getattr(socket, name, None)
        if option is not None:
            with suppress(OSError):  # the peer has closed already, which Twisted will notice
                handle.setsockopt(socket.IPPROTO_TCP, option, value)


def unmap_ipv4(host: str) -> str:
    """The IPv4 address in an IPv4-mapped IPv6 address (``::ffff:10.35.11.112``); else `host`."""
    address = ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return host if mapped is None else str(mapped)
