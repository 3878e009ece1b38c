"""What members are told. Frozen values; their fields are the `data` of the native frames.

An :data:`Event` is something that happened, told to many. A :data:`Reply` answers one member's
command. Times are milliseconds since 1970.
"""

from dataclasses import dataclass

from chatd.chat import limits


@dataclass(frozen=True, slots=True)
class Message:
    """A message in a room; `seq` grows by one with each message there."""

    room: str
    seq: int
    time: int
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class PrivateMessage:
    """A message for those in `to` alone."""

    source: str
    to: tuple[str, ...]
    time: int
    text: str


@dataclass(frozen=True, slots=True)
class RoomJoined:
    """Somebody came into a room."""

    room: str
    nickname: str


@dataclass(frozen=True, slots=True)
class RoomLeft:
    """Somebody left a room, and is still in the chat."""

    room: str
    nickname: str


@dataclass(frozen=True, slots=True)
class MemberEntered:
    """Somebody became a member."""

    nickname: str


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """A member is gone: ``quit``, ``inactive``, ``connection lost``, ``too slow`` …"""

    nickname: str
    reason: str


@dataclass(frozen=True, slots=True)
class MemberRenamed:
    """A member changed nicknames."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server accepts: characters of a message and of a nickname, bytes of a line."""

    message: int = limits.MESSAGE_CHARACTERS
    nickname: int = limits.NICKNAME_CHARACTERS
    line: int = limits.LINE_BYTES


@dataclass(frozen=True, slots=True)
class Welcome:
    """You are a member; `server` is the server's id, `started` when it was started."""

    server: str
    started: int
    nickname: str
    rooms: tuple[str, ...]
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Watching:
    """You hear what is public, and are no member; `server` and `started` as in Welcome."""

    server: str
    started: int
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Ok:
    """What you asked was done; a message also learns its room, number and time."""

    room: str | None = None
    seq: int | None = None
    time: int | None = None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Somebody whom a private message did not reach: ``unknown``, or known but ``offline``."""

    nickname: str
    reason: str

    def __str__(self) -> str:
        return f"{self.nickname} ({self.reason})"


@dataclass(frozen=True, slots=True)
class PrivateSent:
    """A private message was sent at `time`, to all but those missed."""

    time: int
    undelivered: tuple[Undelivered, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinDone:
    """You are in that room; `created` if there was none before."""

    room: str
    created: bool


@dataclass(frozen=True, slots=True)
class RoomEntry:
    """One line of the list of rooms."""

    room: str
    members: int


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms that there are; with `more`, another part of the list follows."""

    rooms: tuple[RoomEntry, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """One line of the list of users: who, since when, in which rooms."""

    nickname: str
    since: int
    rooms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Users:
    """The members, or those of `room`; with `more`, another part of the list follows."""

    users: tuple[User, ...]
    room: str | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """The last messages of `room`, oldest first; with `more`, another part follows."""

    room: str
    messages: tuple[Message, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Pong:
    """The server is there."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The server ends your membership, for this reason; nothing follows."""

    reason: str


Event = (
    Message | PrivateMessage | MemberEntered | MemberLeft | MemberRenamed | RoomJoined | RoomLeft
)
Reply = Welcome | Watching | Ok | PrivateSent | JoinDone | Rooms | Users | History | Pong | Goodbye
