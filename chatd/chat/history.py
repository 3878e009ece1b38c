"""The last messages of a room, numbered."""

from collections import deque
from itertools import islice

from chatd.chat.events import Said


class History:
    """The messages of one room: the last `size` are kept, all are numbered from 1."""

    def __init__(self, room: str, size: int) -> None:
        self.room = room
        self._messages: deque[Said] = deque(maxlen=size)
        self._seq = 0

    def add(self, source: str, text: str, now: int) -> Said:
        """The next message of the room, said at `now` (ms since 1970)."""
        self._seq += 1
        message = Said(self.room, self._seq, now, source, text)
        self._messages.append(message)
        return message

    def last(self, limit: int, before: int | None = None) -> tuple[Said, ...]:
        """The last `limit` messages, of those numbered below `before` if given; oldest first."""
        wanted = (
            message
            for message in reversed(self._messages)
            if before is None or message.seq < before
        )
        return tuple(islice(wanted, min(max(limit, 0), len(self._messages))))[::-1]
