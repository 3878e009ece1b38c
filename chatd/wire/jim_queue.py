"""What waits for a JIM client, who takes one object at a time and no more than 20 a second.

Bounded (SPEC §5): waiting notices are merged; on overflow the oldest room messages go, and one
notice says how many. Responses, private messages and the last 101 never go, and a 101 goes first.
"""

from collections import deque
from enum import Enum, auto
from typing import Final

import msgspec

from chatd.chat import limits
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
