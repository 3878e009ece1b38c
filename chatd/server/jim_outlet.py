"""The way out to a JIM client: one object a segment, and a pause before the next (SPEC §5).

Such clients read one object for each ``recv``: two that arrive together would be taken for one.
"""

from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat import events, limits
from chatd.server.outlet import Outlet, nobody_is_left
from chatd.wire.jim_queue import JimQueue, Kind

#: Whatever else is sent is kept: responses and private messages.
_KINDS: Final[dict[type, Kind]] = {
    events.Said: Kind.ROOM,
    events.Entered: Kind.NOTICE,
    events.Left: Kind.NOTICE,
    events.Renamed: Kind.NOTICE,
    events.Joined: Kind.NOTICE,
    events.Parted: Kind.NOTICE,
}


class JimOutlet:
    """Implements :class:`chatd.server.outlet.Way` for a JIM client.

    :param now: the time of day, in milliseconds since 1970.
    """

    def __init__(
        self,
        outlet: Outlet,
        clock: IReactorTime,
        now: Callable[[], int],
        overflowed: Callable[[], None],
    ) -> None:
        self._outlet = outlet
        self._clock = clock
        self._now = now
        self._overflowed = overflowed
        self._queue = JimQueue()
        self._next: IDelayedCall | None = None
        self._is_finishing = False
        self._is_closed = False

    def send(self, told: object, data: bytes) -> None:
        """Put each object of `data` in its place in the queue."""
        if self._is_closed or self._is_finishing:
            return
        kind = _KINDS.get(type(told), Kind.KEPT)
        if isinstance(told, events.Goodbye) and told.reason != "quit":
            kind = Kind.URGENT
        for unit in data.splitlines():
            self._queue.put(kind, unit, self._now())
        if self._queue.waiting_bytes > limits.OUTBOUND_BYTES:
            self._overflowed()
            self.close()
        elif self._next is None:
            self._send_next()

    @property
    def is_paused(self) -> bool:
        """Whether the peer does not read; its queue, which is bounded, is another matter."""
        return self._outlet.is_paused

    def when_ready(self, ready: Callable[[], None]) -> None:
        """Call `ready` when it reads again."""
        self._outlet.when_ready(ready)

    def finish(self) -> None:
        """End the stream once everything that waits has gone out."""
        self._is_finishing = True
        self._queue.hurry(limits.ENDING_SECONDS * 1_000 // limits.JIM_PAUSE_MILLISECONDS - 1)
        if self._next is None:
            self._outlet.finish()

    def close(self) -> None:
        """Accept nothing more, and forget what waits."""
        self._is_closed = True
        self._overflowed = nobody_is_left
        self._outlet.close()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _send_next(self) -> None:
        self._next = None
        if len(self._queue) and not self._outlet.is_paused:
            self._outlet.send(None, self._queue.take(self._now()))
            self._pause()
        elif len(self._queue):
            self._pause()
        elif self._is_finishing:
            self._outlet.finish()

    def _pause(self) -> None:
        self._next = self._clock.callLater(limits.JIM_PAUSE_MILLISECONDS / 1_000, self._send_next)
