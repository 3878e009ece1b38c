"""The hub's objects: connections in their pools, rooms, and each room's history.

Plain data: ``members`` and ``rooms`` change it. A member and its rooms refer to each other, so they
are in one module.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Final

from chatd.chat import limits
from chatd.chat.events import Event, File, Message, Topic
from chatd.chat.outbox import MemberId
from chatd.chat.restrictions import Restrictions
from chatd.chat.state import OPEN, Settings

#: The names of the pools; ``members`` says which connection is in which.
UNREGISTERED: Final = "unregistered"
WATCHERS: Final = "watchers"
SLOTS: Final = "slots"


@dataclass(slots=True)
class Member:
    """A connection in one of the pools. It is a member once it has a nickname.

    :ivar address: ``ADDRESS:PORT`` of the other end.
    :ivar nickname: empty until it has entered.
    :ivar since: when it entered, in milliseconds since 1970.
    :ivar rooms: the rooms that it is in, by their names, in the order of joining.
    :ivar away_until: when it leaves, as its connection is lost, in milliseconds since 1970; None
        while it is connected.
    :ivar away_text: why its user is away; empty if the user is here.
    :ivar user_name: what its client says the user is called on its computer; may be empty.
    :ivar real_name: what its client says the user is called; may be empty.
    :ivar monitored: the nicknames whose coming and going it is told of, by their casefolded forms.
    :ivar is_authenticated: whether it has its nickname with a password.
    :ivar named_since: since when it has its nickname, in milliseconds since 1970.
    :ivar invited: the lives of rooms into which it is let once, the latest last.
    :ivar read_markers: of a guest: see :mod:`chatd.chat.read_markers`.
    :ivar has_host_code: whether it is a host as it has given the server's code.
    :ivar is_bot: whether it says that it is a program.
    """

    member_id: MemberId
    address: str
    pool: "Pool"
    nickname: str = ""
    since: int = 0
    rooms: dict[str, "Room"] = field(default_factory=dict)
    away_until: int | None = None
    away_text: str = ""
    is_authenticated: bool = False
    named_since: int = 0
    has_host_code: bool = False
    user_name: str = ""
    real_name: str = ""
    monitored: dict[str, str] = field(default_factory=dict)
    invited: tuple[int, ...] = ()
    is_bot: bool = False
    read_markers: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Pool:
    """Connections that count towards one limit, in the order in which they came.

    :ivar name: :data:`UNREGISTERED`, :data:`WATCHERS` or :data:`SLOTS`.
    :ivar capacity: how many there may be.
    :ivar node: the name of the node to which they are connected; empty without a cluster.
    """

    name: str
    capacity: int
    node: str = ""
    members: dict[MemberId, Member] = field(default_factory=dict)


@dataclass(slots=True)
class Room:
    """A room, and its members in the order of joining.

    :ivar life: counts all rooms that there have been: one that ends and is created again has
        another life.
    :ivar ends_at: when the room ends if nobody joins it, in milliseconds since 1970; None for as
        soon as it is empty.
    :ivar topic: None if it has none.
    :ivar tell: sends an event to those who hear the room: its members, and the watchers unless it
        is private. Its second argument is the member that has caused the event.
    :ivar begins_after: the number before that of the first message of this life; None if that is
        not known, of a room that was kept by an older version.
    :ivar created: when it was created, in milliseconds since 1970; 0 if that is not known.
    :ivar wrote: while the room is slow: when its members have joined or written last, in
        milliseconds since 1970.
    :ivar operators: the members that keep order there.
    :ivar voiced: the members that write there also while it is read-only.
    :ivar maker: the member that has created it; 0 if that has left it.
    :ivar restrictions: who is banned or muted there.
    """

    name: str
    life: int
    history: "RoomHistory"
    tell: Callable[[Event, MemberId], None]
    ends_at: int | None = None
    members: dict[MemberId, Member] = field(default_factory=dict)
    topic: Topic | None = None
    settings: Settings = OPEN
    begins_after: int | None = None
    created: int = 0
    wrote: dict[MemberId, int] = field(default_factory=dict)
    operators: set[MemberId] = field(default_factory=set)
    voiced: set[MemberId] = field(default_factory=set)
    maker: MemberId = 0
    restrictions: Restrictions = field(default_factory=Restrictions)


class RoomHistory:
    """The last messages of one room, numbered without gaps.

    At most `max_messages` are kept, and fewer if their text would exceed
    :data:`limits.HISTORY_CHARACTERS`: a full server of long messages stays within its memory.

    :param seq: the number before that of the first message.
    :ivar seq: the number of the last message.
    """

    def __init__(self, room: str, max_messages: int, seq: int = 0) -> None:
        self.room = room
        self.seq = seq
        self._max_messages = max_messages
        self._messages: deque[Message] = deque()
        self._characters = 0

    def add(
        self,
        source: str,
        text: str,
        now: int,
        *,
        action: bool = False,
        file: File | None = None,
        notice: bool = False,
    ) -> Message:
        """Number a message, keep and return it.

        :param now: milliseconds since 1970.
        """
        self.seq += 1
        message = Message(self.room, self.seq, now, source, text, action, file, "", notice)
        self._keep(message)
        return message

    def restore(self, messages: Iterable[Message]) -> None:
        """Keep messages that were numbered before, oldest first, and no others."""
        self._messages.clear()
        self._characters = 0
        for message in messages:
            self._keep(message)

    def _keep(self, message: Message) -> None:
        self._messages.append(message)
        self._characters += len(message.text)
        while (
            len(self._messages) > self._max_messages or self._characters > limits.HISTORY_CHARACTERS
        ):
            self._characters -= len(self._messages.popleft().text)

    def remove(self, seq: int, by: str) -> None:
        """Take the text and the file out of a message, if it is in memory."""
        for place, message in enumerate(self._messages):
            if message.seq == seq:
                self._characters -= len(message.text)
                self._messages[place] = without_text(message, by)
                return

    def last(self, limit: int, before: int | None = None) -> tuple[Message, ...]:
        """The last `limit` messages, oldest first; with `before`, of those with a lower number.

        A client may ask for any `limit`: below 1 there are none, and no more than are kept.
        """
        newest_first = (
            message
            for message in reversed(self._messages)
            if before is None or message.seq < before
        )
        return tuple(islice(newest_first, min(max(limit, 0), len(self._messages))))[::-1]

    def after(self, seq: int) -> tuple[Message, ...]:
        """The messages with a higher number, oldest first."""
        newest_first = takewhile(lambda message: message.seq > seq, reversed(self._messages))
        return tuple(newest_first)[::-1]


def without_text(message: Message, by: str) -> Message:
    """The message without its text, as `by` has removed it."""
    return Message(message.room, message.seq, message.time, message.source, "", removed=by)
