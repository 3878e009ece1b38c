"""What a member can ask. Frozen values; their fields are the `data` of the native frames."""

from dataclasses import dataclass, field

from chatd.chat import limits
from chatd.chat.names import LOBBY


@dataclass(frozen=True, slots=True)
class Enter:
    """Become a member under this nickname, in these rooms."""

    nickname: str
    rooms: tuple[str, ...] = (LOBBY,)


@dataclass(frozen=True, slots=True)
class EnterAuthenticated:
    """Enter, or be called from now on, by the name of an account whose password was right.

    No dialect makes this of what a client sends: it is what the server makes of a good password.
    """

    account: str
    rooms: tuple[str, ...] = (LOBBY,)


@dataclass(frozen=True, slots=True)
class Watch:
    """Hear and read what is public, without a nickname and without a slot."""


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Say `text` to all the others in `room`."""

    text: str
    room: str = LOBBY


@dataclass(frozen=True, slots=True)
class SendPrivate:
    """Say `text` to those named in `to`, and to nobody else."""

    text: str
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rename:
    """Be called `nickname` from now on."""

    nickname: str


@dataclass(frozen=True, slots=True)
class JoinRoom:
    """Hear `room` from now on, and make it if there is none."""

    room: str


@dataclass(frozen=True, slots=True)
class LeaveRoom:
    """Do not hear `room` any more."""

    room: str = LOBBY


@dataclass(frozen=True, slots=True)
class ListRooms:
    """List the rooms."""


@dataclass(frozen=True, slots=True)
class ListUsers:
    """List the members, or those in `room`."""

    room: str | None = None


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """Read the last `limit` messages of `room`, or the last before the number `before`."""

    room: str = LOBBY
    limit: int = limits.HISTORY_REPLY_MESSAGES
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask whether the server is there. It is no sign of a person's activity."""


@dataclass(frozen=True, slots=True)
class Quit:
    """Leave the chat."""


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Give the password of an account. The server checks it, and the hub never sees it."""

    account: str
    password: str = field(repr=False)


#: What the hub does.
Command = (
    Enter
    | EnterAuthenticated
    | Watch
    | SendMessage
    | SendPrivate
    | Rename
    | JoinRoom
    | LeaveRoom
    | ListRooms
    | ListUsers
    | ReadHistory
    | Ping
    | Quit
)

#: What a member can ask: the hub's commands, and what the server makes one of.
ClientCommand = Command | Authenticate
