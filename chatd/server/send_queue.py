"""A bounded queue of the bytes that a slow client has not read yet.

A client that does not read must cost the server a bounded amount of memory, and the other members
nothing. So each connection has a queue of its own in front of its transport. When the queue exceeds
its bound, its session is told (`on_exceeded`) and aborts the connection; ``JimSendQueue`` leaves
room messages out first. (JIM is a JSON protocol without delimiters; see ``wire.jim``.)

There are three layers, from the session down: the send queue counts and bounds; the transport
(``server.transport``) sends at once or, like every transport of Twisted, queues up to 64 KiB before
it calls ``pauseProducing``; then there are the buffers of the kernel.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from twisted.internet.interfaces import IPushProducer, ITCPTransport
from twisted.logger import Logger
from typing_extensions import override
from zope.interface import implementer

from chatd.server.transport import EagerServer, Send
from chatd.tcp import is_encrypted

_log: Final = Logger()


class Output(Protocol):
    """The sending side of a connection: a :class:`SendQueue`, or a JIM client's."""

    __slots__ = ()

    def send(self, event: object, data: bytes) -> None:
        """Send `data`; after :meth:`close` or :meth:`close_after_flush`, do nothing.

        :param event: what `data` encodes, an event or a result; ``JimSendQueue`` chooses by it what
            to leave out.
        """

    @property
    def is_paused(self) -> bool:
        """Whether data is queued because the client does not read."""

    def when_ready(self, on_ready: Callable[[], None]) -> None:
        """Call `on_ready` when the client reads again; at once, if it does."""

    def close_after_flush(self) -> None:
        """Accept nothing more; half-close the connection once everything queued is sent.

        The reading side stays open. If it were closed while the client still sends, the kernel
        would reset the connection, and the client might never read the final ``goodbye`` or
        ``error`` frame.
        """

    def close(self) -> None:
        """Accept nothing more, and drop what is queued."""


class Input(Protocol):
    """The receiving side of a connection, and its end."""

    def pauseProducing(self) -> None:
        """Pause reading."""

    def resumeProducing(self) -> None:
        """Resume reading."""

    def discard_input(self) -> None:
        """Read on, and throw away everything that is or will be received."""

    def abort(self) -> None:
        """Close the connection at once, without sending what is queued."""


@implementer(IPushProducer)
class SendQueue(Output):
    """Passes data on to the transport, and queues it while the transport is full.

    It is the push producer of its transport, which pauses and resumes it. So the bound does not
    depend on private buffers of the transport.

    :param max_bytes: the bound of the queue; beyond it everything queued is dropped, and
        `on_exceeded` is called once.
    :ivar is_paused: whether the transport is full, so that data is queued here.
    :ivar direct_send: the ``send`` of the socket while nothing is queued anywhere, otherwise None;
        see :func:`send_to_all`.
    """

    __slots__ = (
        "_is_closed",
        "_is_closing",
        "_max_bytes",
        "_on_exceeded",
        "_on_ready",
        "_pending",
        "_pending_bytes",
        "_transport",
        "direct_send",
        "is_paused",
    )
    is_paused: bool

    def __init__(self, transport: Any, max_bytes: int, on_exceeded: Callable[[], None]) -> None:
        self._transport = transport
        self._max_bytes = max_bytes
        self._on_exceeded = on_exceeded
        self._pending: deque[bytes] = deque()
        self._pending_bytes = 0
        self.is_paused = False
        self._is_closing = False
        self._is_closed = False
        self._on_ready: Callable[[], None] | None = None
        self.direct_send: Send | None = None
        transport.registerProducer(self, True)
        if isinstance(transport, EagerServer):
            transport.set_send_callback(self._set_direct_send)

    @override
    def send(self, event: object, data: bytes) -> None:
        if self._is_closing or self._is_closed:
            return
        if not self.is_paused:
            self._transport.write(data)
            return
        self._pending.append(data)
        self._pending_bytes += len(data)
        if self._pending_bytes > self._max_bytes:
            self._clear()
            self._is_closed = True
            self._on_exceeded()

    def partially_sent(self, data: bytes, count: int, error: OSError | None = None) -> None:
        """`direct_send` has sent only `count` bytes of `data`: queue the rest."""
        self._transport.partially_sent(data, count, error)

    @override
    def close_after_flush(self) -> None:
        if not (self._is_closing or self._is_closed):
            self._is_closing = True
            self._close_if_flushed()

    @override
    def close(self) -> None:
        self._is_closed = True
        self._clear()
        # The transport refers to this queue: without the cycles, all of it is freed at once, and
        # not only when the garbage collector runs.
        self._transport = self._on_ready = None
        self._on_exceeded = ignore

    @override
    def when_ready(self, on_ready: Callable[[], None]) -> None:
        if self.is_paused and not self._is_closed:
            self._on_ready = on_ready
        else:
            on_ready()

    def pauseProducing(self) -> None:
        """The transport is full."""
        self.is_paused = True

    def resumeProducing(self) -> None:
        """The transport takes data again."""
        self.is_paused = False
        # Piece by piece, until the transport is full again: what it has is not counted here, so
        # handing over everything would take the queue out of its bound.
        while self._pending and not self.is_paused:
            data = self._pending.popleft()
            self._pending_bytes -= len(data)
            self._transport.write(data)
        self._close_if_flushed()
        if self._on_ready is not None and not self.is_paused:
            on_ready, self._on_ready = self._on_ready, None
            on_ready()

    def stopProducing(self) -> None:
        """The connection is lost."""
        self.close()

    def _set_direct_send(self, send: Send | None) -> None:
        self.direct_send = send

    def _close_if_flushed(self) -> None:
        if self._is_closing and not self._is_closed and not self._pending:
            self._is_closed = True
            self._transport.unregisterProducer()
            # Half of a TLS connection cannot be closed.
            if ITCPTransport.providedBy(self._transport) and not is_encrypted(self._transport):
                self._transport.loseWriteConnection()
            else:
                self._transport.loseConnection()

    def _clear(self) -> None:
        self._pending.clear()
        self._pending_bytes = 0


def ignore() -> None:
    """No-op callback for a closed connection."""


def send_to_all(send_queues: Iterable[SendQueue], data: bytes) -> None:
    """Send `data` to many connections.

    This is the innermost loop of a chat, once for each member and message. Where nothing is queued
    it calls the socket's ``send`` itself, a C function: a Python frame after each system call, when
    the caches are cold, would cost several times as much as the loop.
    """
    size = len(data)
    for send_queue in send_queues:
        send = send_queue.direct_send
        if send is None:
            try:
                send_queue.send(None, data)
            except Exception:
                # A bug must cost one member its message, not all the members behind it.
                _log.failure("a member could not be written to")
            continue
        try:
            sent = send(data)
        except OSError as error:
            send_queue.partially_sent(data, 0, error)
        else:
            if sent != size:
                send_queue.partially_sent(data, sent)
