"""The events and replies: what clients are sent.

An :data:`Event` is sent to the members that it concerns. A :data:`Reply` is the result of one
member's command, for that member alone. Times are milliseconds since 1970.

Frozen values. Most of them are the ``data`` of a native frame as they stand: one name on the wire
and in the code. Those that each message makes are structs: a dataclass takes several times as long
to make.
"""

from dataclasses import dataclass, field, fields

from msgspec import UNSET, Struct, UnsetType
from msgspec import field as msgspec_field
from typing_extensions import override

from chatd.chat.marker_events import Marker
from chatd.chat.moderation_events import (
    Bans,
    Invited,
    Moderation,
    Restricted,
    RoomInfo,
    RoomSettings,
    SettingsChanged,
)
from chatd.chat.server_events import LIMITS, Cluster, Limits, NodesChanged, ServerKey
from chatd.chat.statistics import Statistics
from chatd.chat.tags import TagsSent
from chatd.chat.user_events import (
    AccountChanged,
    MonitoredChange,
    MonitorStatus,
    PastMembers,
    RealNameChanged,
)


class File(Struct, frozen=True, gc=False):
    """A file that was sent: the `id` that nobody can guess, its size in `bytes`, and its kind.

    :ivar name: valid in every file system.
    :ivar media_type: by its content, ``image/png`` for example; of what is no picture,
        ``application/octet-stream``.
    """

    id: str
    name: str
    bytes: int
    media_type: str


class Message(Struct, frozen=True, gc=False, omit_defaults=True):
    """A message in a room, with its number there: 1, 2, 3 …

    An `action` is what the sender does: ``* ice waves``. The text of a `file` is its name. Of a
    message that was `removed`, by the member of that nickname, there is no text and no file. A
    `notice` is from a program, and no program answers it; the history does not tell it apart.
    """

    room: str
    seq: int
    time: int
    source: str
    text: str
    action: bool = False
    file: File | None = None
    removed: str = ""
    notice: bool = False


class PrivateMessage(Struct, frozen=True, omit_defaults=True):
    """A message to the nicknames in `to`, and to nobody else.

    `seq` numbers the private messages to one member that can resume: 1, 2, 3 … An `action` is what
    the sender does, a `notice` as in :class:`Message`.
    """

    source: str
    to: tuple[str, ...]
    time: int
    text: str
    # Not left out when it is 0: clients may rely on it.
    seq: int = msgspec_field(default_factory=int)
    action: bool = False
    file: File | None = None
    notice: bool = False


class RoomJoined(Struct, frozen=True, omit_defaults=True):
    """A member joined a room.

    `account` says whether it has given a password; the `real_name` is what an IRC client says. With
    an `away_text`, its user is away.
    """

    room: str
    nickname: str
    account: bool = False
    real_name: str = ""
    away_text: str = ""


class RoomEntered(RoomJoined, frozen=True, omit_defaults=True):
    """A member that has entered the chat is in a room from the beginning.

    For dialects in which one is told of a room's members alone. To the others
    :class:`MemberEntered` says enough.
    """


class RoomLeft(Struct, frozen=True, omit_defaults=True):
    """A member left a room, and is still in the chat; or the host or operator `by` removed it.

    :ivar text: what it said as it left; empty if nothing.
    """

    room: str
    nickname: str
    by: str = ""
    text: str = ""


class MemberEntered(Struct, frozen=True, omit_defaults=True):
    """A member entered the chat, perhaps a `host`."""

    nickname: str
    host: bool = False


class MemberLeft(Struct, frozen=True, omit_defaults=True):
    """A member left the chat: ``quit``, ``inactive``, ``connection lost``, ``too slow`` …

    :ivar text: what it said as it left; empty if nothing.
    """

    nickname: str
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class MemberRenamed:
    """A member changed its nickname."""

    old: str
    new: str


class Topic(Struct, frozen=True, rename={"source": "nickname"}):
    """What a room is about, who has said so, and when. An empty `text` removes the topic.

    The reply about a room without a topic has no nickname and no time.
    """

    room: str
    text: str
    source: str = ""
    time: int = 0


@dataclass(frozen=True, slots=True)
class AwayChanged:
    """A member has said that it is away, and why; with an empty `text`, that it is back."""

    nickname: str
    text: str


@dataclass(frozen=True, slots=True)
class ServerNotice:
    """The server tells everybody something that concerns itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Welcome:
    """The client is a member. `server` is the server's id, `started` the time of its start.

    `session` is the token to resume with, a secret. `resumed` says that the client has resumed: it
    is the member that it was, with the `nickname` and the `rooms` that it had. `cluster` is there
    if several machines are one server, `key` if the server speaks TLS, `files` if it takes files:
    the URL under which they are.
    """

    server: str
    started: int
    nickname: str
    rooms: tuple[str, ...]
    limits: Limits = LIMITS
    session: str = field(default="", repr=False)
    resumed: bool = False
    cluster: Cluster | UnsetType = UNSET
    key: ServerKey | UnsetType = UNSET
    files: str | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Entered(Welcome):
    """The welcome to rooms that have `topics` or `settings`. Each of them is a frame of its own."""

    topics: tuple[Topic, ...] = ()
    settings: tuple[RoomSettings, ...] = ()

    @property
    def welcome(self) -> Welcome:
        """The welcome without these."""
        return Welcome(*(getattr(self, each.name) for each in fields(Welcome)))


@dataclass(frozen=True, slots=True)
class Resumed:
    """The client has resumed its session; `private` is what it was not sent there.

    :ivar restarted: rooms whose numbers have begun again since it was in them.
    """

    welcome: Welcome
    private: tuple[PrivateMessage, ...] = ()
    restarted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Watching:
    """The client receives what is public, without being a member; else as :class:`Welcome`."""

    server: str
    started: int
    limits: Limits = LIMITS
    cluster: Cluster | UnsetType = UNSET
    key: ServerKey | UnsetType = UNSET
    files: str | UnsetType = UNSET


class Ok(Struct, frozen=True, gc=False):
    """The command was carried out; after a message, with the message's room, number and time."""

    room: str | None = None
    seq: int | None = None
    time: int | None = None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A recipient that a private message did not reach: ``unknown``, or an ``offline`` account."""

    nickname: str
    reason: str

    @override
    def __str__(self) -> str:
        return f"{self.nickname} ({self.reason})"


@dataclass(frozen=True, slots=True)
class AwayNote:
    """A recipient of a private message who is away, and why."""

    nickname: str
    text: str


@dataclass(frozen=True, slots=True)
class PrivateSent:
    """A private message was sent at `time` to the members `to`, but not to those `undelivered`.

    Some who got it are `away`. The `number` is that of :class:`chatd.chat.tags.TagsSent`.
    """

    time: int
    undelivered: tuple[Undelivered, ...] = ()
    to: tuple[str, ...] = ()
    away: tuple[AwayNote, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class AwayDone:
    """The others know that the member is away, and why; with an empty `text`, that it is back."""

    text: str


@dataclass(frozen=True, slots=True)
class JoinDone:
    """The member is in the room, and `created` it if it did not exist before."""

    room: str
    created: bool


class RoomEntry(Struct, frozen=True, omit_defaults=True):
    """One entry of the list of rooms; `members` counts them."""

    room: str
    members: int
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Rooms:
    """The list of rooms, or a part of it: with `more`, another part follows."""

    rooms: tuple[RoomEntry, ...]
    more: bool = False


class User(Struct, frozen=True, omit_defaults=True):
    """One entry of the list of users: a member, since when, and in which rooms.

    The connection of a member that is `away` is lost, and the member may resume. One with an
    `away_text` is connected, and its user has said to be away. A `host` is one of the whole chat,
    an `operator` of those rooms, and with a `voice` in those it writes also while they are
    read-only. The `user_name` and the `real_name` are what an IRC client says. `account` says
    whether it has entered with a password, `bot` whether it says that it is a program.
    """

    nickname: str
    since: int
    rooms: tuple[str, ...]
    away: bool = msgspec_field(default_factory=bool)  # as above
    away_text: str = ""
    host: bool = False
    operator: tuple[str, ...] = ()
    user_name: str = ""
    real_name: str = ""
    voice: tuple[str, ...] = ()
    account: bool = False
    bot: bool = False


class UserInfo(Struct, frozen=True, omit_defaults=True):
    """One member, as in :class:`User`."""

    nickname: str
    since: int
    rooms: tuple[str, ...]
    away: bool
    away_text: str
    account: bool
    host: bool = False
    operator: tuple[str, ...] = ()
    user_name: str = ""
    real_name: str = ""
    voice: tuple[str, ...] = ()
    bot: bool = False


@dataclass(frozen=True, slots=True)
class Users:
    """The list of members, or of those in `room`; with `more`, another part follows."""

    users: tuple[User, ...]
    room: str | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """Messages of `room`, oldest first; with `more`, another part follows."""

    room: str
    messages: tuple[Message, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class RoomMessages:
    """Messages of `room`, oldest first, without those that were removed.

    :ivar is_complete: whether no archive can have others that belong to them.
    """

    room: str
    messages: tuple[Message, ...]
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class Missed:
    """The messages of others in `room` while a client was away, oldest first.

    With `gap`, there were more messages before these that are not kept any more. With `more`,
    another part follows, of this room or of another one.
    """

    room: str
    messages: tuple[Message, ...]
    gap: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of the messages that a search has found, newest first.

    :ivar before: asks for the next page, if there is one.
    :ivar positions: for each message, what asks for those after it.
    """

    messages: tuple[Message, ...] = ()
    before: int | None = None
    positions: tuple[int, ...] = ()

    def first(self, count: int) -> "SearchResult":
        """The first `count` messages, at least one; the others are on the next page."""
        if count >= len(self.messages):
            return self
        return SearchResult(
            self.messages[:count], self.positions[count - 1], self.positions[:count]
        )


@dataclass(frozen=True, slots=True)
class Pong:
    """The reply to a ping."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The server ends the membership, for this reason. Nothing follows."""

    reason: str


Event = (
    Message
    | PrivateMessage
    | TagsSent
    | MemberEntered
    | MemberLeft
    | MemberRenamed
    | RoomJoined
    | RoomEntered
    | RoomLeft
    | Invited
    | Topic
    | AwayChanged
    | AccountChanged
    | RealNameChanged
    | MonitorStatus
    | MonitoredChange
    | Moderation
    | Restricted
    | RoomSettings
    | SettingsChanged
    | ServerNotice
    | NodesChanged
)
Reply = (
    Welcome
    | Resumed
    | Watching
    | Ok
    | PrivateSent
    | JoinDone
    | AwayDone
    | Topic
    | RoomInfo
    | UserInfo
    | PastMembers
    | MonitorStatus
    | Bans
    | Rooms
    | Users
    | History
    | RoomMessages
    | Marker
    | Missed
    | SearchResult
    | Statistics
    | Pong
    | Goodbye
)
