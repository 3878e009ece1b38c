"""The last messages of a room, numbered."""

from collections import deque
from dataclasses import dataclass, field
from itertools import islice

from chatd.chat import limits
from chatd.chat.events import Message
from chatd.chat.outbox import MemberId


class RoomHistory:
    """The messages of one room: all are numbered from 1, the last `size` are kept.

    Fewer are, if they are so long that they would take more room than there is for one history.
    """

    def __init__(self, room: str, max_messages: int) -> None:
        self.room = room
        self._max_messages = max_messages
        self._messages: deque[Message] = deque()
        self._characters = 0
        self._seq = 0

    def add(self, source: str, text: str, now: int) -> Message:
        """The next message of the room, said at `now` (ms since 1970)."""
        self._seq += 1
        message = Message(self.room, self._seq, now, source, text)
        self._messages.append(message)
        self._characters += len(text)
        while (
            len(self._messages) > self._max_messages or self._characters > limits.HISTORY_CHARACTERS
        ):
            self._characters -= len(self._messages.popleft().text)
        return message

    def last(self, limit: int, before: int | None = None) -> tuple[Message, ...]:
        """The last `limit` messages, of those numbered below `before` if given; oldest first."""
        wanted = (
            message
            for message in reversed(self._messages)
            if before is None or message.seq < before
        )
        return tuple(islice(wanted, min(max(limit, 0), len(self._messages))))[::-1]


@dataclass(slots=True)
class Member:
    """A connection, in some place; without a nickname it has not entered yet."""

    member_id: MemberId
    address: str
    pool: "Pool"
    nickname: str = ""
    since: int = 0
    rooms: dict[str, "Room"] = field(default_factory=dict)


@dataclass(slots=True)
class Pool:
    """Where connections are: at the door, watching, or in a slot; in the order they came.

    :ivar size: how many there may be.
    """

    capacity: int
    members: dict[MemberId, Member] = field(default_factory=dict)


@dataclass(slots=True)
class Room:
    """A room and who is in it, in the order they came."""

    name: str
    history: RoomHistory
    members: dict[MemberId, Member] = field(default_factory=dict)
