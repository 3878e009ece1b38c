"""The way out to a JIM client: one object a segment, and a pause before the next (SPEC §5).

Such clients read one object for each ``recv``: two that arrive together would be taken for one.
"""

from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat import events, limits
from chatd.server.outlet import SendQueue, ignore
from chatd.wire.jim_queue import JimQueue, Priority

#: Whatever else is sent is kept: responses and private messages.
_PRIORITIES: Final[dict[type, Priority]] = {
    events.Message: Priority.ROOM,
    events.MemberEntered: Priority.NOTICE,
    events.MemberLeft: Priority.NOTICE,
    events.MemberRenamed: Priority.NOTICE,
    events.RoomJoined: Priority.NOTICE,
    events.RoomLeft: Priority.NOTICE,
}


class JimSendQueue:
    """Implements :class:`chatd.server.outlet.Way` for a JIM client.

    :param now: the time of day, in milliseconds since 1970.
    """

    def __init__(
        self,
        send_queue: SendQueue,
        clock: IReactorTime,
        now: Callable[[], int],
        on_exceeded: Callable[[], None],
    ) -> None:
        self._send_queue = send_queue
        self._clock = clock
        self._now = now
        self._on_exceeded = on_exceeded
        self._queue = JimQueue()
        self._next_call: IDelayedCall | None = None
        self._is_closing = False
        self._is_closed = False

    def send(self, event: object, data: bytes) -> None:
        """Put each object of `data` in its place in the queue."""
        if self._is_closed or self._is_closing:
            return
        kind = _PRIORITIES.get(type(event), Priority.REQUIRED)
        if isinstance(event, events.Goodbye) and event.reason != "quit":
            kind = Priority.URGENT
        for unit in data.splitlines():
            self._queue.append(kind, unit, self._now())
        if self._queue.waiting_bytes > limits.OUTBOUND_BYTES:
            self._on_exceeded()
            self.close()
        elif self._next_call is None:
            self._send_next()

    @property
    def is_paused(self) -> bool:
        """Whether the peer does not read; its queue, which is bounded, is another matter."""
        return self._send_queue.is_paused

    def when_ready(self, ready: Callable[[], None]) -> None:
        """Call `ready` when it reads again."""
        self._send_queue.when_ready(ready)

    def close_after_flush(self) -> None:
        """End the stream once everything that waits has gone out."""
        self._is_closing = True
        self._queue.truncate(limits.SHUTDOWN_SECONDS * 1_000 // limits.JIM_PAUSE_MILLISECONDS - 1)
        if self._next_call is None:
            self._send_queue.close_after_flush()

    def close(self) -> None:
        """Accept nothing more, and forget what waits."""
        self._is_closed = True
        self._on_exceeded = ignore
        self._send_queue.close()
        if self._next_call is not None:
            self._next_call.cancel()
            self._next_call = None

    def _send_next(self) -> None:
        self._next_call = None
        if len(self._queue) and not self._send_queue.is_paused:
            self._send_queue.send(None, self._queue.pop(self._now()))
            self._schedule_next()
        elif len(self._queue):
            self._schedule_next()
        elif self._is_closing:
            self._send_queue.close_after_flush()

    def _schedule_next(self) -> None:
        self._next_call = self._clock.callLater(
            limits.JIM_PAUSE_MILLISECONDS / 1_000, self._send_next
        )
