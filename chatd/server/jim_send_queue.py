"""The send queue of a JIM client, which is sent one object at a time, at most 20 per second.

Many JIM clients take whatever one ``recv`` returns for one object (docs/reference/jim.rst). So two
objects must not be joined in one segment, and a busy room may have more messages than a client can
be sent. Therefore this queue is bounded in objects, and it makes room by priority:

* A notice is merged with a notice that is last in the queue: ``"ice has joined"`` and ``"sun has
  joined"`` become ``"ice has joined; sun has joined"``.
* Above 200 objects (``JIM_QUEUE_OBJECTS``) the oldest room message is dropped, and counted.
* Replies and private messages are never dropped. While more than 100 objects wait
  (``_LAG_THRESHOLD``) they also go first: the user waits for them.
* A goodbye (101) goes before everything else, unless the client asked for it, and so does what a
  host has done to the client.
* Once at most 100 objects wait, a notice says how many messages were dropped.

An example: 199 room messages (m1 to m199) wait, and in one moment there come m200, m201, the reply
r to a request, and m202::

    m200    200 objects: the queue is full
    m201    201 objects: m1 is dropped             m2 … m201
    r       201 objects: m2 is dropped             m3 … m201 r
    m202    201 objects: m3 is dropped             m4 … m201 r m202

The client is sent r (more than 100 wait, and a reply goes first), then m4, m5 … When 100 are left
it is sent ``You read too slowly: 3 room messages were left out``, then the rest in order.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

import msgspec
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from typing_extensions import override

from chatd.chat import events, limits
from chatd.chat.moderation_events import Moderation, Restricted
from chatd.chat.tagged_messages import TaggedMessage
from chatd.server.send_queue import Output, SendQueue, ignore
from chatd.wire import jim


class Priority(Enum):
    """The kind of an object: what may happen to it in the queue."""

    REQUIRED = auto()  # never dropped
    ROOM = auto()  # dropped when the queue is too long
    NOTICE = auto()  # merged with other notices
    URGENT = auto()  # sent before all others


#: With more objects than this in the queue, the client is behind: REQUIRED objects go first. With
#: no more, it is told how many messages it missed.
_LAG_THRESHOLD: Final = limits.JIM_QUEUE_OBJECTS // 2

_alert_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class JimQueue:
    """The objects that wait, and which is the next.

    Each kind has a queue of its own, oldest first, and each object a number in the order of all. So
    nothing here takes longer when more objects wait.

    :ivar waiting_bytes: the bytes of these objects, with ``QUEUED_OBJECT_BYTES`` for each.
    """

    def __init__(self) -> None:
        self._queues: dict[Priority, deque[tuple[int, bytes]]] = {
            priority: deque() for priority in Priority
        }
        self._appended = 0
        self._count = 0
        self._dropped = 0
        self.waiting_bytes = 0

    def __len__(self) -> int:
        return self._count + bool(self._dropped)

    def append(self, priority: Priority, frame: bytes, now: int) -> None:
        """Add an object without its line end; `now` is in milliseconds since 1970."""
        if priority is Priority.NOTICE and self._merge(frame, now):
            return
        self._appended += 1
        self._queues[priority].append((self._appended, frame))
        self._count += 1
        self.waiting_bytes += len(frame) + limits.QUEUED_OBJECT_BYTES
        is_full = priority is not Priority.URGENT and self._count > limits.JIM_QUEUE_OBJECTS
        if is_full and self._queues[Priority.ROOM]:
            self._remove_first(Priority.ROOM)
            self._dropped += 1

    def pop(self, now: int) -> bytes:
        """Remove and return the object to send next; there must be one."""
        is_behind = self._count > _LAG_THRESHOLD
        if self._dropped and not is_behind:
            dropped, self._dropped = self._dropped, 0
            sentence = f"You read too slowly: {dropped} room messages were left out"
            return jim.encode_notice(sentence, now).rstrip()
        if self._queues[Priority.URGENT]:
            return self._remove_first(Priority.URGENT)
        if is_behind and self._queues[Priority.REQUIRED]:
            return self._remove_first(Priority.REQUIRED)
        return self._remove_first(self._oldest(*Priority))

    def truncate(self, max_objects: int) -> None:
        """Drop messages and notices, oldest first, until at most `max_objects` are left.

        For a connection that ends: it has no time to be sent more.
        """
        while self._count > max_objects and (
            self._queues[Priority.ROOM] or self._queues[Priority.NOTICE]
        ):
            self._remove_first(self._oldest(Priority.ROOM, Priority.NOTICE))
        self._dropped = 0

    def _oldest(self, *priorities: Priority) -> Priority:
        """The kind of the oldest object among those of `priorities`; there must be one."""
        return min((each for each in priorities if self._queues[each]), key=self._first_number)

    def _first_number(self, priority: Priority) -> int:
        return self._queues[priority][0][0]

    def _remove_first(self, priority: Priority) -> bytes:
        _, frame = self._queues[priority].popleft()
        self._count -= 1
        self.waiting_bytes -= len(frame) + limits.QUEUED_OBJECT_BYTES
        return frame

    def _merge(self, frame: bytes, now: int) -> bool:
        """Merge a notice with the last object, if that is a notice and the result is not cut."""
        notices = self._queues[Priority.NOTICE]
        last_number = max((queue[-1][0] for queue in self._queues.values() if queue), default=0)
        if not notices or notices[-1][0] != last_number:
            return False
        last = notices[-1][1]
        both = f"{_alert(last).removesuffix('.')}; {_alert(frame)}"
        merged = jim.encode_notice(both, now).rstrip()
        if _alert(merged) != both:
            return False  # too long for one object, so the encoder has cut it
        notices[-1] = (last_number, merged)
        self.waiting_bytes += len(merged) - len(last)
        return True


def _alert(frame: bytes) -> str:
    return msgspec.json.decode(_alert_decoder.decode(frame)["alert"], type=str)


#: Everything else is REQUIRED: replies and private messages.
_PRIORITIES: Final[dict[type, Priority]] = {
    events.Message: Priority.ROOM,
    TaggedMessage: Priority.ROOM,
    events.MemberEntered: Priority.NOTICE,
    events.MemberLeft: Priority.NOTICE,
    events.MemberRenamed: Priority.NOTICE,
    events.ServerNotice: Priority.NOTICE,
    events.RoomJoined: Priority.NOTICE,
    events.RoomLeft: Priority.NOTICE,
    Moderation: Priority.NOTICE,
    # It says why the goodbye behind it comes.
    Restricted: Priority.URGENT,
}


class JimSendQueue(Output):
    """The output of a JIM client: sends an object every ``JIM_PAUSE_MILLISECONDS``.

    :param send_queue: sends the objects.
    :param now: returns the time of day, in milliseconds since 1970.
    :param on_exceeded: called once if more than ``OUTBOUND_BYTES`` wait, as with a
        :class:`SendQueue`; objects that must not be dropped may add up to that.
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

    @override
    def send(self, event: object, data: bytes) -> None:
        if self._is_closed or self._is_closing:
            return
        priority = _PRIORITIES.get(type(event), Priority.REQUIRED)
        if isinstance(event, events.Goodbye) and event.reason != "quit":
            priority = Priority.URGENT
        for frame in data.splitlines():
            self._queue.append(priority, frame, self._now())
        if self._queue.waiting_bytes > limits.OUTBOUND_BYTES:
            self._on_exceeded()
            self.close()
        elif self._next_call is None:
            self._send_next()

    @property
    @override
    def is_paused(self) -> bool:
        # Of the connection alone. Objects that wait for their time here are bounded by number.
        return self._send_queue.is_paused

    @override
    def when_ready(self, on_ready: Callable[[], None]) -> None:
        self._send_queue.when_ready(on_ready)

    @override
    def close_after_flush(self) -> None:
        self._is_closing = True
        # The queue keeps as many objects as can be sent before the session's timeout aborts.
        self._queue.truncate(limits.SHUTDOWN_SECONDS * 1_000 // limits.JIM_PAUSE_MILLISECONDS - 1)
        if self._next_call is None:
            self._send_queue.close_after_flush()

    @override
    def close(self) -> None:
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
