"""The events and replies about what hosts and operators do.

They are among those of ``events``, and frozen values like them.
"""

from dataclasses import dataclass

from msgspec import Struct


class Moderation(Struct, frozen=True, omit_defaults=True):
    """A host, or an operator of `room`, has done something that the others may know.

    Why, and until when, is for the member concerned: see :class:`Restricted`.

    :ivar what: ``kick``, ``ban``, ``unban``, ``mute`` or ``unmute`` a member; ``host`` or
        ``unhost``: it has become one, or is one no more; ``operator``, ``unoperator``, ``voice`` or
        ``unvoice``: the same for its role in `room`; ``remove`` the message `seq` of a member;
        ``invite`` a member into `room`, which everyone there may do;
        ``read-only``, ``slow``, ``closed``, ``key``, ``topic-lock``, ``limit`` or
        ``private``: a setting of the room.
    :ivar by: the nickname of the host or operator.
    :ivar nickname: of the member concerned.
    :ivar room: None for the whole chat.
    :ivar value: of the setting: 1 for on and 0 for off, or seconds, or members.
    :ivar time: of the message that was removed, in milliseconds since 1970.
    :ivar reason: why that was removed, if everybody is to know.
    """

    what: str
    by: str
    nickname: str = ""
    room: str | None = None
    seq: int = 0
    value: int = 0
    time: int = 0
    reason: str = ""


class Invited(Struct, frozen=True, omit_defaults=True):
    """This member is invited into a room by a member who is there.

    :ivar account: whether that has its nickname with a password.
    """

    room: str
    by: str
    account: bool = False


class Restricted(Struct, frozen=True, omit_defaults=True):
    """What a host or operator did to this member, or to its message `seq`, and why.

    :ivar what: ``kick``, ``ban``, ``mute``, ``unmute`` or ``remove``.
    :ivar room: None for the whole chat.
    :ivar until: when it ends, in milliseconds since 1970; 0 if that is not known.
    :ivar removed: whether it was in `room`, and has been taken out.
    """

    what: str
    by: str
    room: str | None = None
    reason: str = ""
    until: int = 0
    seq: int = 0
    removed: bool = False


class RoomSettings(Struct, frozen=True):
    """The settings of a room.

    :ivar read_only: whether only hosts and operators may write.
    :ivar slow: seconds that a member waits between two messages; 0 for none.
    :ivar closed: whether nobody else may join.
    :ivar keyed: whether joining needs a word.
    :ivar private: whether the room is for its members alone; so it is also once it had a key.
    :ivar topic_locked: whether only hosts and operators may set the topic.
    :ivar limit: with how many members nobody else may join; 0 for any number.
    """

    room: str
    read_only: bool = False
    slow: int = 0
    closed: bool = False
    keyed: bool = False
    private: bool = False
    topic_locked: bool = False
    limit: int = 0


class RoomInfo(RoomSettings, frozen=True):
    """The reply about a room: its settings, and when it was created.

    :ivar created: in milliseconds since 1970; 0 if the time is not known, as of the lobby.
    """

    created: int = 0


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """Settings of a room have changed, all of them at once.

    For dialects that tell of it in one line. To the others, one :class:`Moderation` for each has
    said it before, which they leave out.
    """

    changes: tuple[Moderation, ...]


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
