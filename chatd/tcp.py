"""The TCP options of a chat connection, the same for the server and the client."""

import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from struct import Struct
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
#: TCP_KEEPINTVL of a connection that is watched with :func:`silence`. Probes follow each other only
#: while none is answered, so more of them cost nothing on a link that works.
WATCHED_INTERVAL_SECONDS: Final = 1
#: TCP_KEEPCNT, for systems without the user timeout.
_KEEPALIVE_PROBES: Final = 5

#: TCP_USER_TIMEOUT. Half of DEAD_PEER_SECONDS, because data sent just before keep-alive gives up
#: resets its count and starts this timeout from zero.
_USER_TIMEOUT_SECONDS: Final = (limits.DEAD_PEER_SECONDS - _KEEPALIVE_INTERVAL_SECONDS - 1) // 2


#: The beginning of Linux's ``struct tcp_info``: 8 bytes, of which the fourth counts unanswered
#: keep-alive probes, and 13 numbers. Of these, the fifth counts unacknowledged segments, and the
#: last two are the milliseconds since data and since an acknowledgement was received.
_TCP_INFO: Final = Struct("8B 13I")


@dataclass(frozen=True, slots=True)
class Silence:
    """How long the peer's kernel has not been heard.

    :ivar is_peer_due: whether it has to acknowledge something: data, or a keep-alive probe.
    """

    seconds: float
    is_peer_due: bool


def silence(transport: ITransport) -> Silence | None:
    """The silence of the other end of a TCP connection; None where the system does not say.

    A suspended or busy peer is not silent: its kernel acknowledges what its program does not read.
    """
    connection = _tcp_transport(transport)
    if connection is None or sys.platform != "linux":
        return None
    handle: socket.socket = connection.getHandle()
    try:
        info = handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
    except OSError:  # the connection is lost, which Twisted will notice
        return None
    if len(info) < _TCP_INFO.size:
        return None
    fields = _TCP_INFO.unpack(info)
    return Silence(min(fields[-2:]) / 1_000, is_peer_due=bool(fields[3] or fields[8 + 4]))


def _options(peer_port: int, interval: int) -> dict[str, int]:
    """The options to set, by name, and their values.

    The first probe depends on the peer's port: ten thousand connections that received the same last
    message would otherwise be probed in the same instant, and the kernel drops packets for which
    its backlog has no room.
    """
    return {
        "TCP_KEEPIDLE": _KEEPALIVE_IDLE_SECONDS + peer_port % _KEEPALIVE_IDLE_SPREAD,
        "TCP_KEEPINTVL": interval,
        "TCP_KEEPCNT": _KEEPALIVE_PROBES,
        "TCP_USER_TIMEOUT": _USER_TIMEOUT_SECONDS * 1_000,
    }


def set_socket_options(transport: ITransport, interval: int = _KEEPALIVE_INTERVAL_SECONDS) -> None:
    """Send small pieces at once (TCP_NODELAY), and detect a dead peer within DEAD_PEER_SECONDS.

    A transport that is not TCP is left as it is, and so are options that the system does not have.

    :param interval: seconds between two keep-alive probes while none is answered.
    """
    connection = _tcp_transport(transport)
    if connection is None:
        return
    connection.setTcpNoDelay(True)
    connection.setTcpKeepAlive(True)
    handle: socket.socket = connection.getHandle()
    for name, value in _options(connection.getPeer().port, interval).items():
        option = getattr(socket, name, None)
        if option is not None:
            with suppress(OSError):  # the peer has closed already, which Twisted will notice
                handle.setsockopt(socket.IPPROTO_TCP, option, value)


def is_encrypted(transport: object) -> bool:
    """Whether a connection is under TLS, by an endpoint or by ``startTLS``."""
    return hasattr(transport, "getPeerCertificate")  # ISSLTransport is not always provided


def is_loopback(transport: ITransport) -> bool:
    """Whether both ends are on this host."""
    host = getattr(transport.getPeer(), "host", None)
    return host is not None and ip_address(unmap_ipv4(host)).is_loopback


def _tcp_transport(transport: ITransport) -> Any:
    """The TCP transport that `transport` is, or uses; None if there is none."""
    connection: Any = transport
    while isinstance(connection, ProtocolWrapper):  # TLS, on top of the TCP transport
        connection = connection.transport
    return connection if ITCPTransport.providedBy(connection) else None


def unmap_ipv4(host: str) -> str:
    """The IPv4 address in an IPv4-mapped IPv6 address (``::ffff:10.35.11.112``); else `host`."""
    address = ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return host if mapped is None else str(mapped)


def join_address(host: str, port: int) -> str:
    """``HOST:PORT``; an IPv6 address is in brackets (RFC 3986, section 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
