"""Connections that send what is written to them at once, not in the reactor's next turn.

A message to 1,000 members is 1,000 writes. For each of them Twisted queues the data, has the kernel
watch the socket, sends in the next turn when the socket is writable, and has the kernel stop
watching: three system calls where one does. Here a write to a connection that has nothing queued is
one ``send``. The rest, if the kernel does not take all, goes Twisted's way.

A connection is in one of three states:

*idle* (``_is_idle``)
    Nothing is queued, and Twisted does not watch the socket for writing. A write is a ``send``.

*queued*
    Twisted has data, or a pull producer to ask for data; the reactor watches the socket, and a
    write only appends to the queue, or bytes would overtake each other. Entered when a ``send``
    takes less than everything, or fails, and by Twisted's own ``startWriting``. Left for *idle* in
    ``stopWriting``, which Twisted calls when its queue is empty.

*default path only* (``_uses_default_path``)
    From a half-close, an abort or the end on, every write is Twisted's. There is no way back: no
    more data is accepted.

With TLS all this happens below the encryption. A write is encrypted at once, and the record that
comes out is what is sent or queued. The socket's ``send`` is handed out to nobody any more.

Why this is safe: Twisted's ``FileDescriptor`` does not care who sent the bytes before those in its
queue. Everything hangs on the switch between *idle* and *queued* at the right moment, so
``_set_idle`` is the only place where it happens; it also hands the socket's ``send`` out, or takes
it back (:meth:`EagerServer.set_send_callback`).

``--writes queued`` does without all this, so that a doubt about it can be settled in a minute. The
whole test suite passes either way (``make test-queued``). Queued and without a flood limit
(``--flood 0``), members that read as fast as they can may be dropped as too slow: Twisted sends
each at most 128 KiB in a turn, and more than that may have been read from those who flood.
"""

from collections.abc import Callable, Iterable
from errno import EAGAIN, EINTR, ENOBUFS, EPIPE, EWOULDBLOCK
from typing import Any, Final

from twisted.internet import tcp
from twisted.internet._newtls import startTLS
from twisted.internet.abstract import FileDescriptor
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IListeningPort, IOpenSSLContextFactory, IProducer
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from typing_extensions import override

#: Errors of ``send`` that say "not now", or (EPIPE) that the peer has closed; the next call reports
#: them again. The kernel reports any other error only once, and whoever reads the socket afterwards
#: sees a clean end.
_TRANSIENT_ERRORS: Final = frozenset({EAGAIN, EWOULDBLOCK, ENOBUFS, EINTR, EPIPE})


#: The ``send`` of a socket: sends as many of these bytes as the kernel takes, and returns how many.
Send = Callable[[bytes], int]


class EagerServer(tcp.Server):
    """A TCP connection of a server; what is written while nothing is queued is sent at once.

    A write never raises for a broken connection. The connection is lost in the reactor's next turn,
    as without eager writes, and for the same reason.

    Programs that write small pieces should set TCP_NODELAY, or a piece waits until the one before
    it is acknowledged.
    """

    _is_idle = True
    _send_callback: Callable[[Send | None], None] | None = None
    _uses_default_path = False
    #: The errno of a ``send`` that failed here, until the queue is empty again.
    _last_error: int | None = None
    _is_reading = False

    @override
    def write(self, data: bytes) -> None:
        if not (data and isinstance(data, bytes)):
            super().write(data)  # raises TypeError, or does nothing
        elif self.TLS:
            if self.connected:
                tls: Any = self.protocol
                # Twisted's own `write` would gather small pieces, with a delayed call for each
                # connection. What is written here are the bytes of a turn already.
                TLSMemoryBIOProtocol.write(tls, data)
        elif self._is_idle:
            self._send(data)
        else:
            super().write(data)

    def _send(self, data: bytes) -> None:
        try:
            sent = self.socket.send(data)
        except OSError as error:
            self.partially_sent(data, 0, error)
        else:
            if sent < len(data):
                self.partially_sent(data, sent)

    def set_send_callback(self, callback: Callable[[Send | None], None]) -> None:
        """Have `callback` called with the socket's ``send`` when idle, and with None when not.

        A sender to many connections can call that ``send`` without a Python frame for each. It must
        report an incomplete send or an error to :meth:`partially_sent`.
        """
        if not self.TLS:
            self._send_callback = callback
            callback(self.socket.send if self._is_idle else None)

    def partially_sent(self, data: bytes, count: int, error: OSError | None = None) -> None:
        """Queue the rest of `data`, of which a ``send`` took only `count` bytes."""
        if error is not None:
            self._last_error = error.errno
        # Before anything else: the write below may pause a producer that then writes once more.
        self._set_idle(False)
        FileDescriptor.write(self, data[count:])  # not this class's: it would encrypt it again

    @override
    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        pieces = list(iovec)
        if all(isinstance(piece, bytes) for piece in pieces):
            self.write(b"".join(pieces))
        else:
            super().writeSequence(pieces)  # raises TypeError

    @override
    def doWrite(self) -> Any:
        if self._last_error == EPIPE and self._is_reading:
            # The peer has closed, but what it sent before may not be read yet. To try and fail once
            # more would close the connection now. Reading goes on to the peer's end of file, as it
            # would if nothing had been sent eagerly.
            return None
        return super().doWrite()

    @override
    def startWriting(self) -> None:
        self._set_idle(False)
        super().startWriting()

    @override
    def stopWriting(self) -> None:
        super().stopWriting()
        self._last_error = None
        # A pull producer is asked for its next piece when this one is sent, so it has the queue.
        has_pull_producer = self.producer is not None and not self.streamingProducer
        self._set_idle(not (self._uses_default_path or self.disconnecting or has_pull_producer))

    @override
    def startReading(self) -> None:
        self._is_reading = True
        super().startReading()

    @override
    def stopReading(self) -> None:
        self._is_reading = False
        super().stopReading()

    @override
    def registerProducer(self, producer: IProducer, streaming: bool) -> None:
        if not streaming:
            self._set_idle(False)
        super().registerProducer(producer, streaming)

    @override
    def startTLS(self, ctx: IOpenSSLContextFactory, normal: bool = True) -> None:
        if self._send_callback is not None:
            self._send_callback(None)
            self._send_callback = None
        startTLS(self, ctx, normal, _BelowTLS)

    @override
    def loseWriteConnection(self) -> None:
        self._use_default_path()
        super().loseWriteConnection()

    @override
    def abortConnection(self) -> None:
        self._use_default_path()
        super().abortConnection()

    @override
    def readConnectionLost(self, reason: Failure) -> None:
        self._is_reading = False
        # The socket reads as a clean end, but a send has had the connection's only error.
        if self._last_error is None or self._last_error in _TRANSIENT_ERRORS:
            super().readConnectionLost(reason)
        else:
            self.connectionLost(Failure(ConnectionLost()))

    @override
    def connectionLost(self, reason: Failure) -> None:
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


class _BelowTLS(FileDescriptor):
    """How TLS writes what it has encrypted; ``startTLS`` calls this with an `EagerServer`."""

    @override
    def write(self: Any, data: bytes) -> None:
        if self._is_idle:
            self._send(data)
        else:
            FileDescriptor.write(self, data)


def write_eagerly(port: IListeningPort) -> None:
    """Make the connections that `port` accepts from now on :class:`EagerServer`.

    :param port: as ``reactor.listenTCP`` or an endpoint's ``listen`` returns it. If its connections
        are not Twisted's own TCP (a UNIX socket, another reactor), nothing changes.
    """
    if isinstance(port, tcp.Port) and port.transport is tcp.Server:
        port.transport = EagerServer
