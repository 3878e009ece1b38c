"""The TCP options of a connection between people, the same at both ends."""

import socket
from contextlib import suppress
from typing import Any, Final

from twisted.internet.interfaces import ITCPTransport, ITransport
from twisted.protocols.policies import ProtocolWrapper

from chatd.chat import limits

#: Before the first probe: from so many seconds on, in so many different lengths; and between two.
_FIRST_SECONDS, _FIRSTS = 10, 26
_NEXT_SECONDS, _NEXTS = 5, 4
_PROBES: Final = 3


def _options(number: int) -> dict[str, int]:
    """What to set where the platform has it, for the connection to a peer's port `number`.

    Keep-alive alone stays silent while data is unacknowledged, which is what the user timeout
    (RFC 5482) ends. Connections take turns: ten thousand that heard the same last message would be
    probed in the same instant, and the kernel drops what its backlog cannot hold.
    """
    return {
        "TCP_KEEPIDLE": _FIRST_SECONDS + number % _FIRSTS,
        "TCP_KEEPINTVL": _NEXT_SECONDS + number // _FIRSTS % _NEXTS,
        "TCP_KEEPCNT": _PROBES,
        "TCP_USER_TIMEOUT": limits.HALF_OPEN_SECONDS * 1_000,
    }


def tend(transport: ITransport) -> None:
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
