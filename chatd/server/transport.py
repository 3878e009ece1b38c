"""Connections that send what is written to them at once, not in the reactor's next turn.

A message to 1,000 members is 1,000 writes. Twisted queues each, has the kernel watch for the
connection to be writable, sends in the next turn and has the kernel stop watching: three system
calls where one does. Here a write to a connection for which nothing waits is one ``send``; what
that does not take goes the ordinary way, and so does everything while something waits.
"""

from collections.abc import Callable, Iterable
from errno import EAGAIN, EINTR, ENOBUFS, EPIPE, EWOULDBLOCK
from typing import Any, Final

from twisted.internet import tcp
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IListeningPort, IOpenSSLContextFactory, IProducer
from twisted.python.failure import Failure

#: What a ``send`` can say more than once: not now; or not any more, the peer closed. Any other
#: error is told once, and whoever reads then sees an end like any other.
_TRANSIENT_ERRORS: Final = frozenset({EAGAIN, EWOULDBLOCK, ENOBUFS, EINTR, EPIPE})


#: Sends at once as many of these bytes as can be, and says how many those were.
Send = Callable[[bytes], int]


class EagerServer(tcp.Server):
    """A TCP connection of a server; what is written while nothing waits is sent at once.

    An error is no business of who writes: a connection that a ``send`` here finds broken is lost in
    the reactor's next turn, as ever, and for the reason that it would have had without.

    Whoever writes small pieces sets TCP_NODELAY, or a piece waits until the one before it is
    acknowledged.
    """

    #: Whether nothing waits to be sent, and nobody waits to be asked for more.
    _is_idle = True
    _send_callback: Callable[[Send | None], None] | None = None
    #: Whether the ordinary way is the only one from now on.
    _uses_default_path = False
    #: The number of the error of the last ``send`` here, until all that waited since is sent.
    _last_error: int | None = None
    _is_reading = False

    def write(self, data: bytes) -> None:
        """Send `data`, now as far as possible.

        :raises TypeError: it is not bytes.
        """
        if not (self._is_idle and data and isinstance(data, bytes)):
            super().write(data)
            return
        try:
            sent = self.socket.send(data)
        except OSError as error:
            self.partially_sent(data, 0, error)
        else:
            if sent < len(data):
                self.partially_sent(data, sent)

    def set_send_callback(self, callback: Callable[[Send | None], None]) -> None:
        """Have `tell` given the ``send`` of the socket while nothing waits, otherwise None.

        Who writes to many can do without a frame for each. What such a ``send`` did not take, or
        an error, is to be given to :meth:`sent`.
        """
        self._send_callback = callback
        callback(self.socket.send if self._is_idle else None)

    def partially_sent(self, data: bytes, count: int, error: OSError | None = None) -> None:
        """A ``send`` has taken only `count` bytes of `data`; send the rest when that can be."""
        if error is not None:
            self._last_error = error.errno
        # Before anything else: a producer that is told to pause might write once more.
        self._set_idle(False)
        super().write(data[count:])

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Send all of `iovec` as one piece, now as far as possible.

        :raises TypeError: one of them is not bytes.
        """
        pieces = list(iovec)
        if all(isinstance(piece, bytes) for piece in pieces):
            self.write(b"".join(pieces))
        else:
            super().writeSequence(pieces)  # which knows what to say of it

    def doWrite(self) -> Any:
        """Send as much of what waits as the kernel takes."""
        if self._last_error == EPIPE and self._is_reading:
            # What the peer said before it closed may not be read yet. Reading goes on to the end
            # that the peer made, as if nothing had been sent before.
            return None
        return super().doWrite()

    def startWriting(self) -> None:
        """Something waits."""
        self._set_idle(False)
        super().startWriting()

    def stopWriting(self) -> None:
        """Nothing waits any more."""
        super().stopWriting()
        self._last_error = None
        has_pull_producer = self.producer is not None and not self.streamingProducer
        self._set_idle(not (self._uses_default_path or self.disconnecting or has_pull_producer))

    def startReading(self) -> None:
        """Listen to the peer."""
        self._is_reading = True
        super().startReading()

    def stopReading(self) -> None:
        """Do not listen to the peer for now."""
        self._is_reading = False
        super().stopReading()

    def registerProducer(self, producer: IProducer, streaming: bool) -> None:
        """Have `producer` told to pause and to go on; or, not `streaming`, asked for each piece.

        The latter happens when the piece before has been sent, the ordinary way.
        """
        if not streaming:
            self._set_idle(False)
        super().registerProducer(producer, streaming)

    def startTLS(self, ctx: IOpenSSLContextFactory, normal: bool = True) -> None:
        """From now on, encrypt what is written."""
        self._use_default_path()
        super().startTLS(ctx, normal)

    def loseWriteConnection(self) -> None:
        """Half-close when everything has been sent."""
        self._use_default_path()
        super().loseWriteConnection()

    def abortConnection(self) -> None:
        """Close at once; nothing more is sent."""
        self._use_default_path()
        super().abortConnection()

    def readConnectionLost(self, reason: Failure) -> None:
        """There is nothing more to read: a clean end, unless the connection is broken."""
        self._is_reading = False
        if self._last_error is None or self._last_error in _TRANSIENT_ERRORS:
            super().readConnectionLost(reason)
        else:
            self.connectionLost(Failure(ConnectionLost()))

    def connectionLost(self, reason: Failure) -> None:
        """The connection is gone; nothing more is sent."""
        self._use_default_path()
        self._send_callback = None
        super().connectionLost(reason)

    def _use_default_path(self) -> None:
        self._uses_default_path = True
        self._set_idle(False)

    def _set_idle(self, is_idle: bool) -> None:
        if is_idle != self._is_idle:
            self._is_idle = is_idle
            if self._send_callback is not None:
                self._send_callback(self.socket.send if is_idle else None)


def write_eagerly(port: IListeningPort) -> None:
    """Have the connections that `port` accepts from now on send at once what is written.

    For what ``reactor.listenTCP`` or an endpoint's ``listen`` gives. A port whose connections are
    not those of Twisted's own TCP keeps them as they are: a UNIX socket, another reactor.
    """
    if isinstance(port, tcp.Port) and port.transport is tcp.Server:
        port.transport = EagerServer
