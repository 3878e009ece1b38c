"""The frames of the native dialect that a client sends, as types; ``frames`` has the others."""

from typing import Annotated

from msgspec import Meta, Struct, field

from chatd.chat import commands, limits, order_commands
from chatd.chat.names import LOBBY
from chatd.wire.frames import Frame
from chatd.wire.hidden_fields import safe_repr

#: The client's own number of a command: 1, 2, 3 … A command that is sent again keeps its number.
Number = Annotated[int, Meta(ge=1, le=2**53 - 1)]

#: The number of a message; 0 for none.
_Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class ResumeData(Struct, frozen=True):
    """The session to resume: its token, and what the client was sent in it.

    `seen` has the number of the last message of each room; `private`, that of the last private
    message.
    """

    session: Annotated[str, Meta(max_length=limits.SESSION_TOKEN_CHARACTERS)]
    seen: dict[str, _Seq] = field(default_factory=dict)
    private: _Seq = 0

    __repr__ = safe_repr


class HelloData(Struct, frozen=True, omit_defaults=True):
    """The requested nickname, the client's version of the protocol, and the session to resume."""

    nickname: str
    version: int
    resume: ResumeData | None = None


class SetNameData(Struct, frozen=True):
    """The requested nickname."""

    nickname: str


class TopicData(Struct, frozen=True, omit_defaults=True):
    """The topic that a room gets; an empty text removes it. Without a text, the topic is read."""

    room: str = LOBBY
    text: str | None = None


class AuthenticateData(Struct, frozen=True):
    """An account and its password."""

    account: str
    password: str

    __repr__ = safe_repr


class SearchData(Struct, frozen=True, rename={"source": "from"}):
    """The conditions that all messages found must meet.

    They have all of the `words`, and those in quotes in a row; they are `from` a member, in a room,
    and not older than `since`. With a negative number, `since` is so many milliseconds ago. Words,
    a room or a member must be given.
    """

    words: str = ""
    room: str | None = None
    source: str | None = None
    since: int | None = None
    before: int | None = None
    limit: int = limits.SEARCH_PAGE_MESSAGES


class NumberedFrame(Frame, frozen=True, omit_defaults=True, kw_only=True):
    """A command that changes the chat. With a number it can be sent again, and is done once."""

    n: Number | None = None


class Hello(Frame, frozen=True, tag="hello"):
    """Enter. The reply is ``welcome`` or ``error``."""

    data: HelloData


class Watch(Frame, frozen=True, tag="watch"):
    """Receive what is public without entering. The reply is ``watching`` or ``error``."""


class Authenticate(Frame, frozen=True, tag="authenticate"):
    """Give an account's password, to enter or be renamed after ``password-required``."""

    data: AuthenticateData


class SendMessage(NumberedFrame, frozen=True, tag="message"):
    """Send a message to the other members of a room."""

    data: commands.SendMessage


class SetName(NumberedFrame, frozen=True, tag="set-name"):
    """Change the nickname."""

    data: SetNameData


class SendPrivate(NumberedFrame, frozen=True, tag="private"):
    """Send a message to some members only."""

    data: commands.SendPrivate


class JoinRoom(NumberedFrame, frozen=True, tag="join"):
    """Join a room."""

    data: commands.JoinRoom


class LeaveRoom(NumberedFrame, frozen=True, tag="leave"):
    """Leave a room."""

    data: commands.LeaveRoom = field(default_factory=commands.LeaveRoom)


class Invite(NumberedFrame, frozen=True, tag="invite"):
    """Ask a member to come into a room."""

    data: order_commands.Invite


class SetTopic(NumberedFrame, frozen=True, tag="topic"):
    """Give a room a topic, or read the one that it has. The reply to reading is ``topic``."""

    data: TopicData


class Kick(NumberedFrame, frozen=True, tag="kick"):
    """Take a member out of a room, or out of the whole chat."""

    data: order_commands.Kick


class Ban(NumberedFrame, frozen=True, tag="ban"):
    """Take a member out of a room, or out of the whole chat, and let it in no more."""

    data: order_commands.Ban


class Unban(NumberedFrame, frozen=True, tag="unban"):
    """Lift a ban."""

    data: order_commands.Unban


class Mute(NumberedFrame, frozen=True, tag="mute"):
    """Let a member say nothing in a room, or in the whole chat."""

    data: order_commands.Mute


class Unmute(NumberedFrame, frozen=True, tag="unmute"):
    """Let a member speak again."""

    data: order_commands.Unmute


class SetRole(NumberedFrame, frozen=True, tag="role"):
    """Give a member a role in a room, or take it."""

    data: order_commands.SetRole


class ListBans(Frame, frozen=True, tag="bans"):
    """List who is banned or muted in a room, or in the whole chat."""

    data: order_commands.ListBans = field(default_factory=order_commands.ListBans)


class ChangeRoom(NumberedFrame, frozen=True, tag="set-room"):
    """Change settings of a room."""

    data: order_commands.ChangeRoom


class RemoveMessage(NumberedFrame, frozen=True, tag="remove"):
    """Take the text and the file out of a message."""

    data: order_commands.RemoveMessage


class GiveHostCode(Frame, frozen=True, tag="host"):
    """Give the code of the server's start, to become a host."""

    data: order_commands.GiveHostCode


class SetAway(NumberedFrame, frozen=True, tag="away"):
    """Tell the others that the user is away, and why; with an empty text, back again."""

    data: commands.SetAway


class WhoIs(Frame, frozen=True, tag="whois"):
    """Read what is known of a member."""

    data: commands.WhoIs


class ListRooms(Frame, frozen=True, tag="rooms"):
    """List the rooms."""


class ListUsers(Frame, frozen=True, tag="users"):
    """List the members, or those in a room."""

    data: commands.ListUsers = field(default_factory=commands.ListUsers)


class ReadHistory(Frame, frozen=True, tag="history"):
    """Read the last messages of a room."""

    data: commands.ReadHistory = field(default_factory=commands.ReadHistory)


class Search(Frame, frozen=True, tag="search"):
    """Search in the messages of all rooms."""

    data: SearchData


class Ping(Frame, frozen=True, tag="ping"):
    """Ask for a ``pong``."""


class Quit(Frame, frozen=True, tag="quit"):
    """Leave the chat."""

    data: commands.Quit = field(default_factory=commands.Quit)


FromClient = (
    Hello
    | Watch
    | Authenticate
    | SendMessage
    | SendPrivate
    | SetName
    | JoinRoom
    | LeaveRoom
    | Invite
    | SetTopic
    | SetAway
    | Kick
    | Ban
    | Unban
    | Mute
    | Unmute
    | SetRole
    | ListBans
    | ChangeRoom
    | RemoveMessage
    | GiveHostCode
    | WhoIs
    | ListRooms
    | ListUsers
    | ReadHistory
    | Search
    | Ping
    | Quit
)
