"""What waits for a member who reads slowly, counted in bytes and bounded."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from twisted.internet.interfaces import IPushProducer, ITCPTransport
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper
from zope.interface import implementer

from chatd.server.transport import EagerServer, Send

_log: Final = Logger()


class Output(Protocol):
    """The way out of a connection: straight, or a JIM client's queue."""

    def send(self, event: object, data: bytes) -> None:
        """Send `data`, which tells of the event or outcome `told`."""

    @property
    def is_paused(self) -> bool:
        """Whether what is sent waits, as the peer does not read."""

    def when_ready(self, ready: Callable[[], None]) -> None:
        """Call `ready` when it does not wait any more; now, if it does not."""

    def close_after_flush(self) -> None:
        """End the stream once everything that waits has gone out."""

    def close(self) -> None:
        """Accept nothing more, and forget what waits."""


class Input(Protocol):
    """The reading side of a connection, and its end."""

    def pauseProducing(self) -> None:
        """Read no more for now."""

    def resumeProducing(self) -> None:
        """Read on."""

    def discard_input(self) -> None:
        """Throw away what was and will be read."""

    def abort(self) -> None:
        """Close at once."""


@implementer(IPushProducer)
class SendQueue:
    """The way out to one connection: straight through while the transport takes it.

    It is the push producer of its transport, which says when to wait and when to go on; so the
    bound needs none of the transport's private buffers.

    :param most_bytes: what may wait here; beyond it, `overflowed` is called once and everything
        that waits is dropped.
    :ivar is_paused: whether what is written waits.
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
        #: Sends without further ado, while nothing waits and the transport allows it.
        self.direct_send: Send | None = None
        transport.registerProducer(self, True)
        if isinstance(transport, EagerServer):
            transport.set_send_callback(self._set_direct_send)

    def send(self, event: object, data: bytes) -> None:
        """Send `data`, now or when the member has read what waits; nothing after the end."""
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
        """`direct_send` has sent only `count` bytes of `data`."""
        self._transport.partially_sent(data, count, error)

    def close_after_flush(self) -> None:
        """End the stream once everything that waits has gone out; accept nothing more.

        The reading side stays open: closing it while the peer is still sending would make the
        kernel reset the connection, and the peer might never read the last words.
        """
        if not (self._is_closing or self._is_closed):
            self._is_closing = True
            self._close_if_flushed()

    def close(self) -> None:
        """Accept nothing more, and forget what waits."""
        self._is_closed = True
        self._clear()
        # What this knows, and what the transport still holds, must not wait for the garbage
        # collector.
        self._transport = self._on_ready = None
        self._on_exceeded = ignore

    def when_ready(self, ready: Callable[[], None]) -> None:
        """Call `ready` once what waits has gone out, or the connection."""
        if self.is_paused and not self._is_closed:
            self._on_ready = ready
        else:
            ready()

    def pauseProducing(self) -> None:
        """The transport has enough for now."""
        self.is_paused = True

    def resumeProducing(self) -> None:
        """The transport takes more."""
        self.is_paused = False
        # One at a time: the transport says when it has enough again, and what it has is not
        # counted here.
        while self._pending and not self.is_paused:
            data = self._pending.popleft()
            self._pending_bytes -= len(data)
            self._transport.write(data)
        self._close_if_flushed()
        if self._on_ready is not None and not self.is_paused:
            ready, self._on_ready = self._on_ready, None
            ready()

    def stopProducing(self) -> None:
        """The connection is gone."""
        self.close()

    def _set_direct_send(self, direct: Send | None) -> None:
        self.direct_send = direct

    def _close_if_flushed(self) -> None:
        if self._is_closing and not self._is_closed and not self._pending:
            self._is_closed = True
            self._transport.unregisterProducer()
            # Half of a TLS connection cannot be closed.
            is_plain_tcp = ITCPTransport.providedBy(self._transport) and not isinstance(
                self._transport, ProtocolWrapper
            )
            if is_plain_tcp:
                self._transport.loseWriteConnection()
            else:
                self._transport.loseConnection()

    def _clear(self) -> None:
        self._pending.clear()
        self._pending_bytes = 0


def ignore() -> None:
    """Who would be told is gone."""


def send_to_all(send_queues: Iterable[SendQueue], data: bytes) -> None:
    """Send `data` to many; the innermost loop of a chat, and written as such."""
    size = len(data)
    for outlet in send_queues:
        direct = outlet.direct_send
        if direct is None:
            try:
                outlet.send(None, data)
            except Exception:
                # A mistake of ours is one member's trouble, and nobody else's.
                _log.failure("a member could not be written to")
            continue
        try:
            sent = direct(data)
        except OSError as error:
            outlet.partially_sent(data, 0, error)
        else:
            if sent != size:
                outlet.partially_sent(data, sent)
