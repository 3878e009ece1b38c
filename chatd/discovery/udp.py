"""UDP sockets that no flood of datagrams can keep busy."""

import socket
from typing import Any

from twisted.internet.protocol import DatagramProtocol
from typing_extensions import override

from chatd.chat import limits
from chatd.rate_limit import TokenBucket


class BoundedDatagramProtocol(DatagramProtocol):
    """Receives at most ``TURN_DATAGRAMS`` in one turn of the reactor.

    Twisted's UDP port reads until it has 256 KiB. So a flood of small datagrams would be read for
    very long, and one of empty datagrams for ever, while everything else waits.
    """

    noisy = False
    transport: Any  # an IUDPTransport, once it is opened

    @override
    def startProtocol(self) -> None:
        # Other ports than this, such as that of the IOCP reactor, read one datagram at a time.
        if isinstance(getattr(self.transport, "socket", None), socket.socket):
            self.transport.socket = _BoundedSocket(self.transport.socket)


class _BoundedSocket:
    """A socket that says after some datagrams that there are no more for now.

    That ends the loop in which the port reads. The reactor finds the rest in its next turn.
    """

    def __init__(self, unbounded: socket.socket) -> None:
        self._socket = unbounded
        self._received = 0

    def recvfrom(self, size: int) -> tuple[bytes, Any]:
        """The next datagram and its sender.

        :raises BlockingIOError: if there is none, or enough were received in this turn.
        """
        self._received += 1
        if self._received > limits.TURN_DATAGRAMS:
            self._received = 0
            raise BlockingIOError(socket.EAGAIN, "enough for this turn")
        try:
            return self._socket.recvfrom(size)
        except OSError:
            self._received = 0  # this ends the loop as well
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


def rejection_log_bucket(now: float) -> TokenBucket:
    """A bucket for log entries about rejected datagrams: to log costs more than to reject."""
    return TokenBucket(limits.LOGGED_DATAGRAMS_PER_SECOND, limits.LOGGED_DATAGRAMS_PER_SECOND, now)
