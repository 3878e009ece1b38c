"""What waits for a JIM client, who takes one object at a time and no more than 20 a second.

Bounded (SPEC §5): waiting notices are merged; on overflow the oldest room messages go, and one
notice says how many. Responses, private messages and the last 101 never go, and a 101 goes first.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

import msgspec
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat import events, limits
from chatd.server.send_queue import SendQueue, ignore
from chatd.wire import jim


class Priority(Enum):
    """What an object is, as far as the queue cares."""

    REQUIRED = auto()
    ROOM = auto()
    NOTICE = auto()
    URGENT = auto()


#: From here on a client that was too slow is told how much it missed.
_LAG_THRESHOLD: Final = limits.JIM_QUEUE_OBJECTS // 2

_alert_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class JimQueue:
    """Objects in the order they go out.

    :ivar waiting_bytes: how many bytes of objects wait.
    """

    def __init__(self) -> None:
        self._objects: deque[tuple[Priority, bytes]] = deque()
        self._dropped = 0
        self.waiting_bytes = 0

    def __len__(self) -> int:
        return len(self._objects) + bool(self._dropped)

    def append(self, priority: Priority, frame: bytes, now: int) -> None:
        """Add an object; `now` is in milliseconds since 1970."""
        if priority is Priority.URGENT:
            self._objects.appendleft((priority, frame))
            self.waiting_bytes += len(frame)
            return
        if priority is Priority.NOTICE and self._merge(frame, now):
            return
        self._objects.append((priority, frame))
        self.waiting_bytes += len(frame)
        if len(self._objects) > limits.JIM_QUEUE_OBJECTS:
            self._make_room()

    def pop(self, now: int) -> bytes:
        """The object that goes out next."""
        if self._dropped and len(self._objects) <= _LAG_THRESHOLD:
            dropped, self._dropped = self._dropped, 0
            sentence = f"You read too slowly: {dropped} room messages were left out"
            return jim.encode_notice(sentence, now).rstrip()
        _, unit = self._objects.popleft() if self._is_caught_up() else self._pop_required()
        self.waiting_bytes -= len(unit)
        return unit

    def _is_caught_up(self) -> bool:
        """Whether the client is not far behind, or what comes next is urgent anyway."""
        return len(self._objects) <= _LAG_THRESHOLD or self._objects[0][0] is Priority.URGENT

    def _pop_required(self) -> tuple[Priority, bytes]:
        """For a client who is far behind: what it waits for before what it only overhears."""
        for position, each in enumerate(self._objects):
            if each[0] is Priority.REQUIRED:
                del self._objects[position]
                return each
        return self._objects.popleft()

    def truncate(self, max_objects: int) -> None:
        """Keep `most` objects, for a client that is going; forget first what it only overheard."""
        for each in list(self._objects):
            if len(self._objects) > max_objects and each[0] in (Priority.ROOM, Priority.NOTICE):
                self._objects.remove(each)
                self.waiting_bytes -= len(each[1])
        self._dropped = 0

    def _merge(self, unit: bytes, now: int) -> bool:
        """Put a notice into the last one that waits, if nothing came after it and it fits."""
        if not self._objects or self._objects[-1][0] is not Priority.NOTICE:
            return False
        last = self._objects[-1][1]
        both = f"{_alert(last)}; {_alert(unit)}"
        together = jim.encode_notice(both, now).rstrip()
        if _alert(together) != both:
            return False  # it was cut to what a client reads at once
        self._objects[-1] = (Priority.NOTICE, together)
        self.waiting_bytes += len(together) - len(last)
        return True

    def _make_room(self) -> None:
        for position, (kind, unit) in enumerate(self._objects):
            if kind is Priority.ROOM:
                del self._objects[position]
                self._dropped += 1
                self.waiting_bytes -= len(unit)
                return


def _alert(unit: bytes) -> str:
    return msgspec.json.decode(_alert_decoder.decode(unit)["alert"], type=str)


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
    """Implements :class:`chatd.server.send_queue.Way` for a JIM client.

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
