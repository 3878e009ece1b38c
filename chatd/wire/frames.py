"""The frames of the native dialect that the server sends, as types.

A frame is ``{"type": …, "id": …, "data": …}``. Its ``data`` is a command, event or reply of
``chatd.chat`` as it stands wherever possible, so that a field has one name on the wire and in the
code; where they differ, the class ``…Data`` is here. msgspec checks the types when it decodes, and
ignores unknown keys, so that later versions can add some.

``client_frames`` has those that a client sends, and ``frame_decoding`` decodes them all.
docs/native.schema.json is generated from these types, with their docstrings.
"""

from typing import Annotated

from msgspec import Meta, Struct

from chatd.chat import events, limits, moderation_events, server_events

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


class ErrorData(Struct, frozen=True, omit_defaults=True):
    """A refusal: its stable code, and a sentence for the user.

    After ``bad-nickname`` there may be a nickname that is possible.
    """

    code: str
    message: str
    suggestion: str = ""


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


class Invited(Frame, frozen=True, tag="invited"):
    """A member has invited this one into a room."""

    data: moderation_events.Invited


class Topic(Frame, frozen=True, tag="topic"):
    """The topic of a room, or that it has none any more."""

    data: events.Topic


class AwayChanged(Frame, frozen=True, tag="away"):
    """A member is away, or is back."""

    data: events.AwayChanged


class Moderation(Frame, frozen=True, tag="moderation"):
    """A host or an operator has done something that the others may know."""

    data: moderation_events.Moderation


class Restricted(Frame, frozen=True, tag="restricted"):
    """A host or an operator has done something to this member."""

    data: moderation_events.Restricted


class RoomSettings(Frame, frozen=True, tag="room-settings"):
    """The settings of a room, when they have changed, or the member has joined it."""

    data: moderation_events.RoomSettings


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

    data: server_events.NodesChanged


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


class Bans(Frame, frozen=True, tag="bans"):
    """The list of bans and mutes, or a part of it."""

    data: moderation_events.Bans


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
    | Invited
    | Topic
    | AwayChanged
    | Moderation
    | Restricted
    | RoomSettings
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
    | Bans
    | SearchResult
    | Ok
    | Pong
    | Error
    | Goodbye
)
