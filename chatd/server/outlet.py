"""What waits for a member who reads slowly, counted in bytes and bounded."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from twisted.internet.interfaces import IPushProducer, ITCPTransport
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper
from zope.interface import implementer

from chatd.server.transport import Direct, EagerServer

_log: Final = Logger()


class Way(Protocol):
    """The way out of a connection: straight, or a JIM client's queue."""

    def send(self, told: object, data: bytes) -> None:
        """Send `data`, which tells of the event or outcome `told`."""

    @property
    def is_paused(self) -> bool:
        """Whether what is sent waits, as the peer does not read."""

    def when_ready(self, ready: Callable[[], None]) -> None:
        """Call `ready` when it does not wait any more; now, if it does not."""

    def finish(self) -> None:
        """End the stream once everything that waits has gone out."""

    def close(self) -> None:
        """Accept nothing more, and forget what waits."""


class Stream(Protocol):
    """The reading side of a connection, and its end."""

    def pauseProducing(self) -> None:
        """Read no more for now."""

    def resumeProducing(self) -> None:
        """Read on."""

    def drain(self) -> None:
        """Throw away what was and will be read."""

    def abort(self) -> None:
        """Close at once."""


@implementer(IPushProducer)
class Outlet:
    """The way out to one connection: straight through while the transport takes it.

    It is the push producer of its transport, which says when to wait and when to go on; so the
    bound needs none of the transport's private buffers.

    :param most_bytes: what may wait here; beyond it, `overflowed` is called once and everything
        that waits is dropped.
    :ivar is_paused: whether what is written waits.
    """

    __slots__ = (
        "_closed",
        "_finishing",
        "_most_bytes",
        "_overflowed",
        "_ready",
        "_transport",
        "_waiting",
        "_waiting_bytes",
        "direct",
        "is_paused",
    )

    def __init__(self, transport: Any, most_bytes: int, overflowed: Callable[[], None]) -> None:
        self._transport = transport
        self._most_bytes = most_bytes
        self._overflowed = overflowed
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self.is_paused = False
        self._finishing = False
        self._closed = False
        self._ready: Callable[[], None] | None = None
        #: Sends without further ado, while nothing waits and the transport allows it.
        self.direct: Direct | None = None
        transport.registerProducer(self, True)
        if isinstance(transport, EagerServer):
            transport.offer_direct(self._set_direct)

    def send(self, told: object, data: bytes) -> None:
        """Send `data`, now or when the member has read what waits; nothing after the end."""
        if self._finishing or self._closed:
            return
        if not self.is_paused:
            self._transport.write(data)
            return
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > self._most_bytes:
            self._drop_waiting()
            self._closed = True
            self._overflowed()

    def sent(self, data: bytes, count: int, error: OSError | None = None) -> None:
        """`direct` has sent only `count` bytes of `data`."""
        self._transport.sent(data, count, error)

    def finish(self) -> None:
        """End the stream once everything that waits has gone out; accept nothing more.

        The reading side stays open: closing it while the peer is still sending would make the
        kernel reset the connection, and the peer might never read the last words.
        """
        if not (self._finishing or self._closed):
            self._finishing = True
            self._end_if_sent()

    def close(self) -> None:
        """Accept nothing more, and forget what waits."""
        self._closed = True
        self._drop_waiting()
        # What this knows, and what the transport still holds, must not wait for the garbage
        # collector.
        self._transport = self._ready = None
        self._overflowed = nobody_is_left

    def when_ready(self, ready: Callable[[], None]) -> None:
        """Call `ready` once what waits has gone out, or the connection."""
        if self.is_paused and not self._closed:
            self._ready = ready
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
        while self._waiting and not self.is_paused:
            data = self._waiting.popleft()
            self._waiting_bytes -= len(data)
            self._transport.write(data)
        self._end_if_sent()
        if self._ready is not None and not self.is_paused:
            ready, self._ready = self._ready, None
            ready()

    def stopProducing(self) -> None:
        """The connection is gone."""
        self.close()

    def _set_direct(self, direct: Direct | None) -> None:
        self.direct = direct

    def _end_if_sent(self) -> None:
        if self._finishing and not self._closed and not self._waiting:
            self._closed = True
            self._transport.unregisterProducer()
            # Half of a TLS connection cannot be closed.
            is_plain_tcp = ITCPTransport.providedBy(self._transport) and not isinstance(
                self._transport, ProtocolWrapper
            )
            if is_plain_tcp:
                self._transport.loseWriteConnection()
            else:
                self._transport.loseConnection()

    def _drop_waiting(self) -> None:
        self._waiting.clear()
        self._waiting_bytes = 0


def nobody_is_left() -> None:
    """Who would be told is gone."""


def send_to_all(outlets: Iterable[Outlet], data: bytes) -> None:
    """Send `data` to many; the innermost loop of a chat, and written as such."""
    size = len(data)
    for outlet in outlets:
        direct = outlet.direct
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
            outlet.sent(data, 0, error)
        else:
            if sent != size:
                outlet.sent(data, sent)
