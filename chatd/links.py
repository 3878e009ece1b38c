"""The TCP options of a connection between people, the same at both ends."""

import socket
from contextlib import suppress
from typing import Final

from twisted.internet.interfaces import ITCPTransport, ITransport

from chatd.chat import limits

_PROBES: Final = 3
_PROBE_SECONDS: Final = 10

#: Where the platform has them. Keep-alive alone stays silent while data is unacknowledged, which is
#: what the user timeout (RFC 5482) ends.
_OPTIONS: Final = (
    ("TCP_KEEPIDLE", limits.HALF_OPEN_SECONDS - _PROBES * _PROBE_SECONDS),
    ("TCP_KEEPINTVL", _PROBE_SECONDS),
    ("TCP_KEEPCNT", _PROBES),
    ("TCP_USER_TIMEOUT", limits.HALF_OPEN_SECONDS * 1000),
)


def tend(transport: ITransport) -> None:
    """Send small pieces at once, and find out within a minute that the peer is gone.

    Does nothing to a transport that is not TCP.
    """
    if not ITCPTransport.providedBy(transport):
        return
    transport.setTcpNoDelay(True)
    transport.setTcpKeepAlive(True)
    handle: socket.socket = transport.getHandle()  # type: ignore[attr-defined]  # of ISystemHandle
    for name, value in _OPTIONS:
        option = getattr(socket, name, None)
        if option is not None:
            with suppress(OSError):  # the peer is gone already, which is found out soon enough
                handle.setsockopt(socket.IPPROTO_TCP, option, value)
