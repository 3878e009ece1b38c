"""The frames of the native dialect as types, and decoding them with a useful error.

A frame is ``{"type": …, "id": …, "data": …}``. Its ``data`` is a command, event or reply of
``chatd.chat`` as it stands wherever possible, so that a field has one name on the wire and in the
code; where they differ, the class ``…Data`` is here. msgspec checks the types when it decodes, and
ignores unknown keys, so that later versions can add some.

docs/native.schema.json is generated from these types, with their docstrings.
"""

from collections.abc import Collection
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from chatd.chat import commands, events, limits
from chatd.chat.errors import (
    BadFrame,
    InvalidJson,
    InvalidUtf8,
    NoType,
    Refusal,
    RequestId,
    UnknownType,
)
from chatd.chat.names import LOBBY
from chatd.wire.hidden_fields import safe_repr

#: The version of the protocol.
VERSION = 1

#: The id of a request. Numbers are those that every JSON parser reads exactly.
Id = (
    Annotated[str, Meta(max_length=limits.REQUEST_ID_CHARACTERS)]
    | Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]
    | None
)


class Frame(Struct, frozen=True, tag_field="type", omit_defaults=True, kw_only=True):
    """A frame: its type is its class's tag. A reply has the id of its request."""

    id: Id = None


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


class ErrorData(Struct, frozen=True, omit_defaults=True):
    """A refusal: its stable code, and a sentence for the user.

    After ``bad-nickname`` there may be a nickname that is possible.
    """

    code: str
    message: str
    suggestion: str = ""


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


class SearchResultData(Struct, frozen=True, omit_defaults=True):
    """Messages that were found, newest first; with `more`, another part follows.

    A search with `before` finds the next page. It is in the last part only, and only if there is a
    next page.
    """

    messages: tuple[events.Message, ...]
    more: bool
    before: int | None = None


class OkData(Struct, frozen=True, omit_defaults=True):
    """The result of a command that was carried out.

    After a message: its room, number and time. After a join: the room, and whether it was created.
    After a private message: its time, the recipients that it did not reach, and those who are away.
    """

    room: str | None = None
    seq: int | None = None
    time: int | None = None
    created: bool | None = None
    missed: tuple[events.Undelivered, ...] = ()
    away: tuple[events.AwayNote, ...] = ()


# --- client to server ---------------------------------------------------------------------------


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


class SetTopic(NumberedFrame, frozen=True, tag="topic"):
    """Give a room a topic, or read the one that it has. The reply to reading is ``topic``."""

    data: TopicData


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


FromClient = (
    Hello
    | Watch
    | Authenticate
    | SendMessage
    | SendPrivate
    | SetName
    | JoinRoom
    | LeaveRoom
    | SetTopic
    | SetAway
    | WhoIs
    | ListRooms
    | ListUsers
    | ReadHistory
    | Search
    | Ping
    | Quit
)

# --- server to client ---------------------------------------------------------------------------


class Welcome(Frame, frozen=True, tag="welcome"):
    """The client is a member now."""

    data: events.Welcome


class Watching(Frame, frozen=True, tag="watching"):
    """The client receives what is public from now on."""

    data: events.Watching


class Message(Frame, frozen=True, tag="message"):
    """A member sent a message to a room."""

    data: events.Message


class PrivateMessage(Frame, frozen=True, tag="private"):
    """A member sent a private message to this member, and perhaps to others."""

    data: events.PrivateMessage


class RoomJoined(Frame, frozen=True, tag="joined"):
    """A member joined a room."""

    data: events.RoomJoined


class RoomLeft(Frame, frozen=True, tag="parted"):
    """A member left a room."""

    data: events.RoomLeft


class Topic(Frame, frozen=True, tag="topic"):
    """The topic of a room, or that it has none any more."""

    data: events.Topic


class AwayChanged(Frame, frozen=True, tag="away"):
    """A member is away, or is back."""

    data: events.AwayChanged


class UserInfo(Frame, frozen=True, tag="whois"):
    """The profile of a member."""

    data: events.UserInfo


class MemberEntered(Frame, frozen=True, tag="entered"):
    """A member entered the chat."""

    data: events.MemberEntered


class MemberLeft(Frame, frozen=True, tag="left"):
    """A member left the chat."""

    data: events.MemberLeft


class MemberRenamed(Frame, frozen=True, tag="renamed"):
    """A member changed its nickname."""

    data: events.MemberRenamed


class ServerNotice(Frame, frozen=True, tag="notice"):
    """The server tells everybody something that concerns itself."""

    data: events.ServerNotice


class NodesChanged(Frame, frozen=True, tag="nodes"):
    """A server of the cluster has come or gone."""

    data: events.NodesChanged


class Missed(Frame, frozen=True, tag="missed"):
    """The messages of others in a room while the client was away, or a part of them."""

    data: events.Missed


class Users(Frame, frozen=True, tag="users"):
    """The list of members, or a part of it."""

    data: events.Users


class Rooms(Frame, frozen=True, tag="rooms"):
    """The list of rooms, or a part of it."""

    data: events.Rooms


class History(Frame, frozen=True, tag="history"):
    """The messages of a room, or a part of them."""

    data: events.History


class SearchResult(Frame, frozen=True, tag="search"):
    """The messages that a search found, or a part of them."""

    data: SearchResultData


class Ok(Frame, frozen=True, tag="ok"):
    """The request was carried out."""

    data: OkData | None = None


class Pong(Frame, frozen=True, tag="pong"):
    """The reply to ``ping``."""


class Error(Frame, frozen=True, tag="error"):
    """The request was refused."""

    data: ErrorData


class Goodbye(Frame, frozen=True, tag="goodbye"):
    """The last frame before the server closes the connection."""

    data: events.Goodbye


FromServer = (
    Welcome
    | Watching
    | Message
    | PrivateMessage
    | RoomJoined
    | RoomLeft
    | Topic
    | AwayChanged
    | UserInfo
    | MemberEntered
    | MemberLeft
    | MemberRenamed
    | ServerNotice
    | NodesChanged
    | Missed
    | Users
    | Rooms
    | History
    | SearchResult
    | Ok
    | Pong
    | Error
    | Goodbye
)

# --- decoding -----------------------------------------------------------------------------------

_object_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_id_decoder: Final = msgspec.json.Decoder(Id)
_string_decoder: Final = msgspec.json.Decoder(str)

#: How much an error quotes of an invalid line.
_QUOTED_CHARACTERS: Final = 80

_Frame = TypeVar("_Frame")


def decode(decoder: msgspec.json.Decoder[_Frame], types: Collection[str], line: bytes) -> _Frame:
    """The frame in `line`.

    :param types: the frame types that `decoder` knows.
    :raises Refusal: if it is not a frame; with the id of the request, if that can be read.
    """
    try:
        # msgspec would accept invalid UTF-8 in keys and values that it skips.
        return decoder.decode(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidUtf8 from None
    except (ValueError, RecursionError) as error:
        raise _refusal(line, types, error) from None


def frame_type(line: bytes) -> str:
    """The ``type`` of the JSON object in `line`; empty if it has none, or is not an object."""
    try:
        return _string_decoder.decode(_object_decoder.decode(line).get("type", b'""'))
    except (ValueError, RecursionError):
        return ""


def _refusal(line: bytes, types: Collection[str], error: Exception) -> Refusal:
    """Why `line` is not a frame, found by decoding it again, part by part.

    Only invalid lines take this way; what is valid is decoded in one step.
    """
    try:
        raw = _object_decoder.decode(line)
    except (ValueError, RecursionError):
        return InvalidJson()
    try:
        request_id: RequestId = _id_decoder.decode(raw.get("id", b"null"))
    except (ValueError, RecursionError):
        request_id = None
    name = frame_type(line)
    if name and name not in types:
        return UnknownType(f"There is no frame type {name[:_QUOTED_CHARACTERS]!r}.", request_id)
    refusal = BadFrame if name else NoType
    return refusal(f"Invalid frame: {str(error)[:_QUOTED_CHARACTERS]}.", request_id)
