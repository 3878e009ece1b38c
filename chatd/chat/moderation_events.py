"""The events and replies about what hosts and operators do.

They are among those of ``events``, and frozen values like them.
"""

from dataclasses import dataclass

from msgspec import Struct


class Moderation(Struct, frozen=True, omit_defaults=True):
    """A host, or an operator of `room`, has done something that the others may know.

    Why, and until when, is for the member concerned: see :class:`Restricted`.

    :ivar what: ``kick``, ``ban``, ``unban``, ``mute`` or ``unmute`` a member; ``host`` or
        ``unhost``: it has become one, or is one no more; ``remove`` the message `seq` of a member;
        ``read-only``, ``slow``, ``closed``, ``key`` or ``topic-lock``: a setting of the room.
    :ivar by: the nickname of the host or operator.
    :ivar nickname: of the member concerned.
    :ivar room: None for the whole chat.
    :ivar value: of the setting: 1 for on and 0 for off, or seconds.
    """

    what: str
    by: str
    nickname: str = ""
    room: str | None = None
    seq: int = 0
    value: int = 0


class Restricted(Struct, frozen=True, omit_defaults=True):
    """What a host or operator did to this member, or to its message `seq`, and why.

    :ivar what: ``kick``, ``ban``, ``mute``, ``unmute`` or ``remove``.
    :ivar room: None for the whole chat.
    :ivar until: when it ends, in milliseconds since 1970; 0 if that is not known.
    """

    what: str
    by: str
    room: str | None = None
    reason: str = ""
    until: int = 0
    seq: int = 0


class RoomSettings(Struct, frozen=True):
    """The settings of a room.

    :ivar read_only: whether only hosts and operators may write.
    :ivar slow: seconds that a member waits between two messages; 0 for none.
    :ivar closed: whether nobody else may join.
    :ivar keyed: whether joining needs a word.
    :ivar private: whether the room is for its members alone, as it has, or had, a key.
    :ivar topic_locked: whether only hosts and operators may set the topic.
    """

    room: str
    read_only: bool = False
    slow: int = 0
    closed: bool = False
    keyed: bool = False
    private: bool = False
    topic_locked: bool = False


class BanEntry(Struct, frozen=True, omit_defaults=True):
    """One entry of the list of bans.

    :ivar what: ``ban`` or ``mute``.
    :ivar by: the nickname of the host or operator.
    :ivar until: when it ends, in milliseconds since 1970; 0 if it has to be lifted.
    :ivar address: whether it is for the member's address, too.
    """

    what: str
    nickname: str
    by: str
    reason: str = ""
    until: int = 0
    address: bool = False


@dataclass(frozen=True, slots=True)
class Bans:
    """Who is banned or muted in `room`, or in the whole chat; with `more`, another part follows."""

    bans: tuple[BanEntry, ...]
    room: str | None = None
    more: bool = False
