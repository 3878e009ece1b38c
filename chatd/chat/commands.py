"""What a member can ask. Frozen values; their fields are the `data` of the native frames."""

from dataclasses import dataclass

from chatd.chat import limits
from chatd.chat.names import LOBBY


@dataclass(frozen=True, slots=True)
class Enter:
    """Become a member under this nickname."""

    nickname: str


@dataclass(frozen=True, slots=True)
class Say:
    """Say `text` to all the others in `room`."""

    text: str
    room: str = LOBBY


@dataclass(frozen=True, slots=True)
class Rename:
    """Be called `nickname` from now on."""

    nickname: str


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


Command = Enter | Say | Rename | ListUsers | ReadHistory | Ping | Quit
