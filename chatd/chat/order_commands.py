"""The commands that keep order in rooms and in the chat, and those that ask others to come.

They are among those of ``commands``, and frozen values like them.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

#: A number that every log and every JSON parser keeps as it is.
KeptNumber = Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]


@dataclass(frozen=True, slots=True)
class Invite:
    """Ask a member to come into `room`."""

    nickname: str
    room: str


@dataclass(frozen=True, slots=True)
class ListInvitations:
    """List the rooms that would let the member in, as it is invited."""


@dataclass(frozen=True, slots=True)
class Kick:
    """Take a member out of `room`, or out of the whole chat; it may come back."""

    nickname: str
    room: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ban:
    """Take a member out of `room`, or out of the whole chat, and let it in no more.

    :ivar seconds: for how long; None until it is lifted.
    """

    nickname: str
    room: str | None = None
    seconds: KeptNumber | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unban:
    """Lift a ban."""

    nickname: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Mute:
    """Let a member say nothing in `room`, or in the whole chat.

    :ivar seconds: for how long; None until it is lifted.
    """

    nickname: str
    room: str | None = None
    seconds: KeptNumber | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unmute:
    """Let a member speak again."""

    nickname: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class SetRole:
    """Give a member of `room` a role there, or take it.

    An ``operator`` keeps order there; one with a ``voice`` writes also while it is read-only.
    """

    nickname: str
    room: str
    role: Literal["operator", "voice"]
    given: bool = True


@dataclass(frozen=True, slots=True)
class ListBans:
    """List who is banned or muted in `room`, or in the whole chat."""

    room: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeRoom:
    """Change those settings of `room` that are not None.

    :ivar read_only: whether only hosts and operators may write.
    :ivar slow: seconds that a member waits between two messages; 0 for none.
    :ivar closed: whether nobody else may join.
    :ivar key: the word that joining needs; empty for none.
    :ivar topic_locked: whether only hosts and operators may set the topic.
    :ivar limit: how many members there may be for others to join; 0 for any number.
    :ivar private: whether the room is for its members alone; once it is, it stays so.
    """

    room: str
    read_only: bool | None = None
    slow: KeptNumber | None = None
    closed: bool | None = None
    key: str | None = field(default=None, repr=False)
    topic_locked: bool | None = None
    limit: KeptNumber | None = None
    private: bool | None = None


@dataclass(frozen=True, slots=True)
class RemoveMessage:
    """Take the text and the file out of the message with the number `seq` in `room`."""

    room: str
    seq: KeptNumber


@dataclass(frozen=True, slots=True)
class RedactMessage(RemoveMessage):
    """The same if the message was sent at `time`, and with a reason that the room is told."""

    time: KeptNumber
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RemoveFound:
    """Take the text and the file out of a message that `source` has sent at `time`.

    No dialect decodes this command: only the server creates it, after it has found the message of
    a :class:`RemoveMessage`.
    """

    room: str
    seq: int
    source: str
    time: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GrantHost:
    """Make the member a host.

    No dialect decodes this command: only the server creates it, after it has checked the code of a
    :class:`GiveHostCode`.
    """


@dataclass(frozen=True, slots=True)
class GiveHostCode:
    """Give the code of the server's start, to become a host. The hub never sees it."""

    code: str = field(repr=False)
