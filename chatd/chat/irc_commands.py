"""Commands that only IRC clients send; :mod:`chatd.chat.commands` has all others, and says more."""

from dataclasses import dataclass

from msgspec import Struct

from chatd.chat.order_commands import KeptNumber


class SendTags(Struct, frozen=True, omit_defaults=True):
    """Send tags alone to the members of `room`, or to the members with the nicknames `to`."""

    tags: str
    room: str | None = None
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetBot:
    """Say that the member is a program, or that it is none."""

    is_bot: bool


@dataclass(frozen=True, slots=True)
class SetUserInfo:
    """Say who the user is, as an IRC client does: nobody checks it, and it is in no message."""

    user_name: str
    real_name: str


@dataclass(frozen=True, slots=True)
class WhoWas:
    """Read who had that nickname before: the last `count`, or all for a `count` below 1."""

    nickname: str
    count: KeptNumber = 0


@dataclass(frozen=True, slots=True)
class Monitor:
    """Be told when users with the nicknames in `add` come and go, and not for those in `remove`.

    :ivar clears: whether nobody is monitored but those in `add`.
    """

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    clears: bool = False


@dataclass(frozen=True, slots=True)
class ReadMonitored:
    """Read which of the monitored nicknames are those of members."""


@dataclass(frozen=True, slots=True)
class ReadStatistics:
    """Read how many members, hosts and rooms there are, and what time it is."""


@dataclass(frozen=True, slots=True)
class MarkRead:
    """Say up to when the user has read what was said in a room, or with another user.

    :ivar target: the name of a room, or a nickname; neither need exist.
    :ivar time: of the last message that was read, in milliseconds since 1970.
    """

    target: str
    time: KeptNumber


@dataclass(frozen=True, slots=True)
class ReadMarker:
    """Read up to when the user has read, as in :class:`MarkRead`."""

    target: str
