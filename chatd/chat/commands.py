"""The commands: what a client can ask for.

Frozen values. Most of them are the ``data`` of a native frame as they stand: one name on the wire
and in the code. msgspec checks the types of the fields, the hub checks what they mean. The one that
clients send most is a struct: a dataclass takes several times as long to make.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import Struct
from msgspec import field as msgspec_field

from chatd.chat import limits
from chatd.chat.events import File
from chatd.chat.irc_commands import (
    MarkRead,
    Monitor,
    ReadMarker,
    ReadMonitored,
    ReadStatistics,
    SendTags,
    SetBot,
    SetUserInfo,
    WhoWas,
)
from chatd.chat.names import LOBBY
from chatd.chat.order_commands import (
    Ban,
    ChangeRoom,
    GiveHostCode,
    GrantHost,
    Invite,
    Kick,
    ListBans,
    ListInvitations,
    Mute,
    RemoveFound,
    RemoveMessage,
    SetRole,
    Unban,
    Unmute,
)


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The tokens with which a client that can resume enters. The hub has their digests alone.

    :ivar new: of the token that it is given if it does not resume; empty if it cannot.
    :ivar resumed: of the token that it brings; empty if it has none.
    :ivar private: the number of the last private message that it was sent.
    """

    new: str = ""
    resumed: str = ""
    private: int = 0


@dataclass(frozen=True, slots=True)
class Enter:
    """Become a member with this nickname, in these rooms; or resume a session."""

    nickname: str
    rooms: tuple[str, ...] = (LOBBY,)
    keys: SessionKeys = SessionKeys()


@dataclass(frozen=True, slots=True)
class EnterAuthenticated:
    """Enter, or be renamed to, the nickname of an account whose password was checked.

    No dialect decodes this command: only the server creates it, after it has checked the password
    of an :class:`Authenticate`.
    """

    account: str
    rooms: tuple[str, ...] = (LOBBY,)
    keys: SessionKeys = SessionKeys()


@dataclass(frozen=True, slots=True)
class Watch:
    """Receive and read what is public, without a nickname and without a slot."""


class SendMessage(Struct, frozen=True, gc=False, omit_defaults=True):
    """Send `text` to the other members of `room`; an `action` is what the sender does.

    A `notice` is from a program, and no program answers it.
    """

    text: str
    # Not left out when it is the lobby: servers may rely on it.
    room: str = msgspec_field(default_factory=lambda: LOBBY)
    action: bool = False
    notice: bool = False


@dataclass(frozen=True, slots=True)
class SendToLobby:
    """Send `text` to everybody in the lobby, after joining it if need be."""

    text: str


class SendPrivate(Struct, frozen=True, omit_defaults=True):
    """Send `text` to the members with the nicknames `to`, and to nobody else.

    An `action` is what the sender does, a `notice` as in :class:`SendMessage`.
    """

    text: str
    to: tuple[str, ...]
    action: bool = False
    notice: bool = False


class SendTagged(SendMessage, frozen=True, gc=False, omit_defaults=True):
    """The same with what IRC clients are told besides: see :class:`chatd.chat.tags.Tags`.

    Only the dialect of IRC decodes it, and has checked these fields.
    """

    tags: str = ""
    cuts: tuple[int, ...] = ()


class SendPrivateTagged(SendPrivate, frozen=True, omit_defaults=True):
    """The same for a private message."""

    tags: str = ""
    cuts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rename:
    """Change the member's nickname."""

    nickname: str


@dataclass(frozen=True, slots=True)
class JoinRoom:
    """Join `room`, which is created if need be; `key` is the word that a keyed room asks for."""

    room: str
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class JoinQuietly(JoinRoom):
    """The same, for a dialect that asks for the topic itself: the member is not told of it."""


class LeaveRoom(Struct, frozen=True, omit_defaults=True):
    """Leave `room`, but not the chat, with `text` as a last word; none if it is empty."""

    # Not left out when it is the lobby: servers may rely on it.
    room: str = msgspec_field(default_factory=lambda: LOBBY)
    text: str = ""


@dataclass(frozen=True, slots=True)
class SetTopic:
    """Give `room` the topic `text`; none if it is empty."""

    room: str
    text: str


@dataclass(frozen=True, slots=True)
class ReadTopic:
    """Read the topic of `room`."""

    room: str = LOBBY


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """Read the settings of `room`."""

    room: str


@dataclass(frozen=True, slots=True)
class SetAway:
    """Tell the others that the user is away, and why; with an empty `text`, back again."""

    text: str


@dataclass(frozen=True, slots=True)
class WhoIs:
    """Read what is known of the member with that nickname."""

    nickname: str


class SendFile(Struct, frozen=True, omit_defaults=True):
    """Send a file to the members of `room`, or to the members with the nicknames `to`.

    No dialect decodes this command: only the server creates it, after it has received the file.
    """

    file: File
    room: str | None = None
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListRooms:
    """List the rooms."""


@dataclass(frozen=True, slots=True)
class ListUsers:
    """List the members, or those in `room`."""

    room: str | None = None


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """Read the last `limit` messages of `room`; with `before`, of those with a lower number."""

    room: str = LOBBY
    limit: int = limits.HISTORY_REPLY_MESSAGES
    before: int | None = None


class Place(NamedTuple):
    """The place of a message in the history of its room: by its time, then by its number.

    The number alone would not do: in a chat that is not kept, a room begins again with number 1.
    """

    time: int
    seq: int


@dataclass(frozen=True, slots=True)
class ReadMessages:
    """Read what was said in a room that the member is in, without what was removed.

    :ivar limit: of the last messages; at most ``HISTORY_REPLY_MESSAGES``.
    :ivar after: the place before the first of them; None for the beginning.
    :ivar before: the place after the last of them; None for the end.
    :ivar oldest: whether to read the first messages there, and not the last.
    """

    room: str
    limit: int
    after: Place | None = None
    before: Place | None = None
    oldest: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """Search for the messages to which all of these apply.

    :ivar words: as a user types them: words, and phrases in quotes. All must occur; the last word
        may be the beginning of one. If it is empty, `room` or `source` must be given.
    :ivar room: in any case.
    :ivar source: the sender's nickname, in any case.
    :ivar since: in milliseconds since 1970; if it is negative, before now.
    :ivar before: ``SearchResult.before`` of the page before this one.
    :ivar limit: messages on a page; at most ``SEARCH_REPLY_MESSAGES``.
    """

    words: str
    room: str | None = None
    source: str | None = None
    since: int | None = None
    before: int | None = None
    limit: int = limits.SEARCH_PAGE_MESSAGES


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask for a pong. It does not count as activity, or a program could keep an idle member in."""


class Quit(Struct, frozen=True, omit_defaults=True):
    """Leave the chat, with `text` as a last word; none if it is empty."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Give the password of an account. The server checks it; the hub never sees it."""

    account: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckPassword:
    """Give the password of an account, to enter with it by :class:`EnterChecked`."""

    account: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnterChecked:
    """Enter under the account of the last :class:`CheckPassword`, if the password was right."""


#: What the hub carries out.
Command = (
    Enter
    | EnterAuthenticated
    | Watch
    | SendMessage
    | SendToLobby
    | SendPrivate
    | SendTagged
    | SendPrivateTagged
    | SendTags
    | SetBot
    | Rename
    | JoinRoom
    | JoinQuietly
    | LeaveRoom
    | Invite
    | ListInvitations
    | SetTopic
    | SetAway
    | ReadTopic
    | ReadSettings
    | SetUserInfo
    | WhoIs
    | WhoWas
    | Monitor
    | ReadMonitored
    | Kick
    | Ban
    | Unban
    | Mute
    | Unmute
    | SetRole
    | ListBans
    | ChangeRoom
    | RemoveFound
    | GrantHost
    | SendFile
    | ListRooms
    | ListUsers
    | ReadHistory
    | ReadMessages
    | MarkRead
    | ReadMarker
    | Search
    | ReadStatistics
    | Ping
    | Quit
)

#: What a dialect decodes: the hub's commands, and those before which the server looks something up.
ClientCommand = Command | Authenticate | CheckPassword | EnterChecked | GiveHostCode | RemoveMessage
