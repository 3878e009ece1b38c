"""The frames of the native dialect (SPEC §5), as types: what docs/native.schema.json is made from.

A frame is ``{"type": …, "id": …, "data": …}``. The data of a frame is a command, event or reply of
``chatd.chat`` as it stands: one name on the wire and in the code. Unknown keys are ignored.
"""

from collections.abc import Collection
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from chatd.chat import commands, events, limits
from chatd.chat.errors import BadFrame, InvalidJson, InvalidUtf8, Refusal, RequestId, UnknownType

#: The version of the protocol that this code speaks.
VERSION = 1

#: What a client may call a request: short enough to be sent back, exact in any JSON reader.
Id = (
    Annotated[str, Meta(max_length=limits.REQUEST_ID_CHARACTERS)]
    | Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]
    | None
)


class Frame(Struct, frozen=True, tag_field="type", omit_defaults=True, kw_only=True):
    """What all frames have: a type, and the id of the request they are or answer."""

    id: Id = None


class HelloData(Struct, frozen=True):
    """The nickname wanted, and the version of the protocol that the client speaks."""

    nickname: str
    version: int


class ErrorData(Struct, frozen=True):
    """A refusal: its stable code, and a sentence for people."""

    code: str
    message: str


class SetNameData(Struct, frozen=True):
    """The nickname wanted."""

    nickname: str


class AuthenticateData(Struct, frozen=True):
    """An account, and its password."""

    account: str
    password: str


class OkData(Struct, frozen=True, omit_defaults=True):
    """What was done: said where and when, made anew by a join, or who was not reached."""

    room: str | None = None
    seq: int | None = None
    time: int | None = None
    created: bool | None = None
    missed: tuple[events.Undelivered, ...] = ()


# --- client to server ---------------------------------------------------------------------------


class Hello(Frame, frozen=True, tag="hello"):
    """The first frame; answered by ``welcome`` or ``error``."""

    data: HelloData


class Watch(Frame, frozen=True, tag="watch"):
    """Hear what is public, instead of entering; answered by ``watching`` or ``error``."""


class Authenticate(Frame, frozen=True, tag="authenticate"):
    """The password of a nickname that is an account; completes the entering or renaming."""

    data: AuthenticateData


class SendMessage(Frame, frozen=True, tag="message"):
    """A message to the others in a room."""

    data: commands.SendMessage


class SetName(Frame, frozen=True, tag="set-name"):
    """Another nickname."""

    data: SetNameData


class SendPrivate(Frame, frozen=True, tag="private"):
    """A message to some members alone."""

    data: commands.SendPrivate


class JoinRoom(Frame, frozen=True, tag="join"):
    """Into a room."""

    data: commands.JoinRoom


class LeaveRoom(Frame, frozen=True, tag="leave"):
    """Out of a room."""

    data: commands.LeaveRoom = field(default_factory=commands.LeaveRoom)


class ListRooms(Frame, frozen=True, tag="rooms"):
    """Which rooms are there?"""


class ListUsers(Frame, frozen=True, tag="users"):
    """Who is here."""

    data: commands.ListUsers = field(default_factory=commands.ListUsers)


class ReadHistory(Frame, frozen=True, tag="history"):
    """The last messages of a room."""

    data: commands.ReadHistory = field(default_factory=commands.ReadHistory)


class Ping(Frame, frozen=True, tag="ping"):
    """Is the server there?"""


class Quit(Frame, frozen=True, tag="quit"):
    """The client leaves."""


FromClient = (
    Hello
    | Watch
    | Authenticate
    | SendMessage
    | SendPrivate
    | SetName
    | JoinRoom
    | LeaveRoom
    | ListRooms
    | ListUsers
    | ReadHistory
    | Ping
    | Quit
)

# --- server to client ---------------------------------------------------------------------------


class Welcome(Frame, frozen=True, tag="welcome"):
    """The client is a member."""

    data: events.Welcome


class Watching(Frame, frozen=True, tag="watching"):
    """The client hears what is public."""

    data: events.Watching


class Message(Frame, frozen=True, tag="message"):
    """Somebody said something."""

    data: events.Message


class PrivateMessage(Frame, frozen=True, tag="private"):
    """Somebody said something to you, and perhaps to others."""

    data: events.PrivateMessage


class RoomJoined(Frame, frozen=True, tag="joined"):
    """Somebody came into a room you are in."""

    data: events.RoomJoined


class RoomLeft(Frame, frozen=True, tag="parted"):
    """Somebody left a room you are in."""

    data: events.RoomLeft


class MemberEntered(Frame, frozen=True, tag="entered"):
    """Somebody became a member."""

    data: events.MemberEntered


class MemberLeft(Frame, frozen=True, tag="left"):
    """Somebody is gone."""

    data: events.MemberLeft


class MemberRenamed(Frame, frozen=True, tag="renamed"):
    """Somebody is called something else."""

    data: events.MemberRenamed


class Users(Frame, frozen=True, tag="users"):
    """The list asked for, or a part of it."""

    data: events.Users


class Rooms(Frame, frozen=True, tag="rooms"):
    """The list asked for, or a part of it."""

    data: events.Rooms


class History(Frame, frozen=True, tag="history"):
    """The messages asked for, or a part of them."""

    data: events.History


class Ok(Frame, frozen=True, tag="ok"):
    """What was asked is done."""

    data: OkData | None = None


class Pong(Frame, frozen=True, tag="pong"):
    """The server is there."""


class Error(Frame, frozen=True, tag="error"):
    """What was asked is refused."""

    data: ErrorData


class Goodbye(Frame, frozen=True, tag="goodbye"):
    """The last frame."""

    data: events.Goodbye


FromServer = (
    Welcome
    | Watching
    | Message
    | PrivateMessage
    | RoomJoined
    | RoomLeft
    | MemberEntered
    | MemberLeft
    | MemberRenamed
    | Users
    | Rooms
    | History
    | Ok
    | Pong
    | Error
    | Goodbye
)


_object_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_id_decoder: Final = msgspec.json.Decoder(Id)
_string_decoder: Final = msgspec.json.Decoder(str)

#: What an error quotes of a line that is wrong.
_QUOTED_CHARACTERS: Final = 80

_Frame = TypeVar("_Frame")


def decode(decoder: msgspec.json.Decoder[_Frame], types: Collection[str], line: bytes) -> _Frame:
    """The frame in `line`.

    :param types: the frame types that `decoder` knows.
    :raises Refusal: if there is none, naming the request as far as that can be read.
    """
    try:
        # msgspec does not look into the strings it skips: unknown keys must be UTF-8 too.
        return decoder.decode(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidUtf8 from None
    except (ValueError, RecursionError) as error:
        raise _refusal(line, types, error) from None


def frame_type(line: bytes) -> str:
    """The type that the object in `line` says it has; empty if there is no such thing."""
    try:
        return _string_decoder.decode(_object_decoder.decode(line).get("type", b'""'))
    except (ValueError, RecursionError):
        return ""


def _refusal(line: bytes, types: Collection[str], error: Exception) -> Refusal:
    try:
        raw = _object_decoder.decode(line)
    except (ValueError, RecursionError):
        return InvalidJson()
    try:
        request_id: RequestId = _id_decoder.decode(raw.get("id", b"null"))
    except (ValueError, RecursionError):
        request_id = None
    wanted = frame_type(line)
    if wanted and wanted not in types:
        return UnknownType(f"There is no frame type {wanted[:_QUOTED_CHARACTERS]!r}.", request_id)
    return BadFrame(
        f"This frame is not as it should be: {str(error)[:_QUOTED_CHARACTERS]}.", request_id
    )
