"""The native dialect on the server's side: JSON objects, one per line or WebSocket message.

chatd's own client and the web page speak it; the other dialects are there for other programs.
``native_client`` is the client's side; ``frames`` has the frames of both.
docs/reference/protocol.rst has examples.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, TypeVar

import msgspec
from typing_extensions import override

from chatd.chat import commands, events, limits, server_events
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import BadNickname, BadVersion, NotReached, Refusal, RequestId
from chatd.chat.events import Event
from chatd.chat.marker_events import Marker
from chatd.chat.moderation_events import (
    BanEntry,
    Bans,
    Invited,
    Moderation,
    Restricted,
    RoomInfo,
    RoomSettings,
)
from chatd.chat.names import LOBBY
from chatd.chat.statistics import Statistics
from chatd.chat.tagged_messages import (
    TaggedMessage,
    TaggedPrivate,
    untagged,
    untagged_private,
)
from chatd.chat.user_events import MonitorStatus, PastMembers
from chatd.wire import client_frames, frame_decoding, frames
from chatd.wire.dialect import Dialect, LocalReply, Request, Result, Resume
from chatd.wire.websocket_messages import Kind, encode_message

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(client_frames.FromClient)

_TYPES: Final = frozenset(
    str(msgspec.inspect.type_info(frame).tag)  # type: ignore[attr-defined]  # a tagged struct's
    for frame in client_frames.FromClient.__args__
)

#: Upper bound for the bytes of a list frame besides its entries: type, id, room and brackets.
_ENVELOPE_BYTES: Final = 1_024

_EVENT_FRAMES: Final[dict[type, Callable[..., frames.Frame]]] = {
    events.Message: frames.Message,
    events.PrivateMessage: frames.PrivateMessage,
    events.RoomJoined: frames.RoomJoined,
    events.RoomLeft: frames.RoomLeft,
    Invited: frames.Invited,
    events.Topic: frames.Topic,
    events.AwayChanged: frames.AwayChanged,
    Moderation: frames.Moderation,
    Restricted: frames.Restricted,
    RoomSettings: frames.RoomSettings,
    events.MemberEntered: frames.MemberEntered,
    events.MemberLeft: frames.MemberLeft,
    events.MemberRenamed: frames.MemberRenamed,
    events.ServerNotice: frames.ServerNotice,
    server_events.NodesChanged: frames.NodesChanged,
    # The tags are for IRC clients alone.
    TaggedMessage: lambda data: frames.Message(data=untagged(data)),
    TaggedPrivate: lambda data: frames.PrivateMessage(data=untagged_private(data)),
}


@dataclass(frozen=True, slots=True)
class Native(Dialect):
    """The dialect of chatd's own client."""

    variant: ClassVar[str] = "native"
    echoes: ClassVar[frozenset[type]] = frozenset(
        {
            events.PrivateMessage,
            TaggedPrivate,
            events.MemberRenamed,
            events.RoomJoined,
            events.RoomLeft,
            events.Topic,
            events.AwayChanged,
            Moderation,
        }
    )
    initial_rooms: ClassVar[tuple[str, ...]] = (LOBBY,)
    greeting: ClassVar[bytes] = b""
    entering_history: ClassVar[int] = 0
    auto_registers: ClassVar[bool] = False

    @override
    def detect(self, frame: bytes) -> Dialect:
        return self

    @override
    def decode(self, frame: bytes) -> Request:
        parsed = frame_decoding.decode(_decoder, _TYPES, frame)
        number = (parsed.n or 0) if isinstance(parsed, client_frames.NumberedFrame) else 0
        resume = _resume(parsed.data.resume) if isinstance(parsed, client_frames.Hello) else None
        return Request(_command(parsed), parsed.id, number=number, resume=resume)

    @override
    def encode_probe(self, now: int) -> bytes:
        return b""

    @override
    def encode_event(self, event: Event, now: int = 0) -> bytes:
        make = _EVENT_FRAMES.get(type(event))
        if make is None:  # clients are told by another event
            return b""
        return self.frame_bytes(_encoder.encode(make(data=event)))

    @override
    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        """The frames of a reply; a long list has several. Without an id there is no ``ok``."""
        encode = _REPLY_ENCODERS.get(type(result), _encode_error)  # the others are refusals
        replies = encode(result, request_id)
        if not replies:
            return b""
        return b"".join([self.frame_bytes(_encoder.encode(frame)) for frame in replies])

    def frame_bytes(self, payload: bytes) -> bytes:
        """One frame, delimited."""
        return payload + b"\n"

    @override
    def updated(self, request: Request, result: Result) -> Dialect:
        return self


def is_hello(line: bytes) -> bool:
    """Whether `line` is a native client's first frame."""
    return frame_decoding.frame_type(line) == "hello"


def _encode_error(refusal: Refusal, request_id: RequestId) -> list[frames.Frame]:
    suggestion = refusal.suggestion if isinstance(refusal, BadNickname) else ""
    data = frames.ErrorData(refusal.code, str(refusal), suggestion)
    return [frames.Error(data=data, id=request_id)]


def _encode_ok(reply: events.Ok, request_id: RequestId) -> list[frames.Frame]:
    if request_id is None:
        return []
    data = None if reply.room is None else frames.OkData(reply.room, reply.seq, reply.time)
    return [frames.Ok(id=request_id, data=data)]


def _encode_join_done(reply: events.JoinDone, request_id: RequestId) -> list[frames.Frame]:
    if request_id is None:
        return []
    return [frames.Ok(id=request_id, data=frames.OkData(reply.room, created=reply.created))]


def _encode_private_sent(reply: events.PrivateSent, request_id: RequestId) -> list[frames.Frame]:
    if request_id is not None:
        data = frames.OkData(time=reply.time, missed=reply.undelivered, away=reply.away)
        return [frames.Ok(id=request_id, data=data)]
    return _encode_error(NotReached(reply.undelivered), None) if reply.undelivered else []


def _encode_away_done(reply: events.AwayDone, request_id: RequestId) -> list[frames.Frame]:
    return _encode_ok(events.Ok(), request_id)


def _encode_welcome(reply: events.Welcome, request_id: RequestId) -> list[frames.Frame]:
    if not isinstance(reply, events.Entered):
        return [frames.Welcome(data=reply, id=request_id)]
    topics = (frames.Topic(data=topic) for topic in reply.topics)
    settings = (frames.RoomSettings(data=each) for each in reply.settings)
    return [frames.Welcome(data=reply.welcome, id=request_id), *topics, *settings]


def _encode_users(reply: events.Users, request_id: RequestId) -> list[frames.Frame]:
    return [
        frames.Users(data=replace(reply, users=part, more=more), id=request_id)
        for part, more in _chunks(reply.users)
    ]


def _encode_bans(reply: Bans, request_id: RequestId) -> list[frames.Frame]:
    return [
        frames.Bans(data=replace(reply, bans=part, more=more), id=request_id)
        for part, more in _chunks(reply.bans)
    ]


def _encode_rooms(reply: events.Rooms, request_id: RequestId) -> list[frames.Frame]:
    return [
        frames.Rooms(data=replace(reply, rooms=part, more=more), id=request_id)
        for part, more in _chunks(reply.rooms)
    ]


def _encode_history(reply: events.History, request_id: RequestId) -> list[frames.Frame]:
    return [
        frames.History(data=replace(reply, messages=part, more=more), id=request_id)
        for part, more in _chunks(reply.messages)
    ]


def _encode_missed(reply: events.Missed, request_id: RequestId) -> list[frames.Frame]:
    parts = _chunks(reply.messages)
    return [
        frames.Missed(
            data=events.Missed(reply.room, part, reply.gap and not number, more or reply.more),
            id=request_id,
        )
        for number, (part, more) in enumerate(parts)
    ]


def _encode_resumed(reply: events.Resumed, request_id: RequestId) -> list[frames.Frame]:
    return [
        *_encode_welcome(reply.welcome, request_id),
        *(frames.PrivateMessage(data=message) for message in reply.private),
    ]


def _encode_search_result(reply: events.SearchResult, request_id: RequestId) -> list[frames.Frame]:
    # The newest come first: in frames, and in those that are kept of a long reply.
    parts = [part[::-1] for part, _ in reversed(_chunks(reply.messages[::-1]))]
    page = reply.first(sum(map(len, parts)))
    *others, last = parts
    data = [frames.SearchResultData(part, more=True) for part in others]
    data.append(frames.SearchResultData(last, more=False, before=page.before))
    return [frames.SearchResult(data=each, id=request_id) for each in data]


_REPLY_ENCODERS: Final[dict[type, Callable[[Any, RequestId], list[frames.Frame]]]] = {
    LocalReply: lambda reply, request_id: [],
    events.Ok: _encode_ok,
    events.JoinDone: _encode_join_done,
    events.PrivateSent: _encode_private_sent,
    events.AwayDone: _encode_away_done,
    events.Topic: lambda reply, request_id: [frames.Topic(data=reply, id=request_id)],
    RoomInfo: lambda reply, request_id: [frames.RoomSettings(data=reply, id=request_id)],
    events.UserInfo: lambda reply, request_id: [frames.UserInfo(data=reply, id=request_id)],
    Bans: _encode_bans,
    events.Rooms: _encode_rooms,
    events.Users: _encode_users,
    events.History: _encode_history,
    # No native client asks for these.
    Statistics: lambda reply, request_id: [frames.Ok(data=frames.OkData(), id=request_id)],
    events.RoomMessages: lambda reply, request_id: _encode_history(
        events.History(reply.room, reply.messages), request_id
    ),
    # Nor for these.
    PastMembers: lambda reply, request_id: _encode_ok(events.Ok(), request_id),
    MonitorStatus: lambda reply, request_id: _encode_ok(events.Ok(), request_id),
    Marker: lambda reply, request_id: _encode_ok(events.Ok(), request_id),
    events.Missed: _encode_missed,
    events.Resumed: _encode_resumed,
    events.SearchResult: _encode_search_result,
    events.Pong: lambda reply, request_id: [frames.Pong(id=request_id)],
    events.Goodbye: lambda reply, request_id: [frames.Goodbye(data=reply, id=request_id)],
    events.Welcome: _encode_welcome,
    events.Entered: _encode_welcome,
    events.Watching: lambda reply, request_id: [frames.Watching(data=reply, id=request_id)],
}


def _enter(frame: client_frames.Hello) -> ClientCommand:
    if frame.data.version != frames.VERSION:
        raise BadVersion(
            f"This server supports only version {frames.VERSION} of the protocol.", frame.id
        )
    return commands.Enter(frame.data.nickname)


def _topic(frame: client_frames.SetTopic) -> ClientCommand:
    room, text = frame.data.room, frame.data.text
    return commands.ReadTopic(room) if text is None else commands.SetTopic(room, text)


def _search(frame: client_frames.Search) -> ClientCommand:
    data = frame.data
    return commands.Search(data.words, data.room, data.source, data.since, data.before, data.limit)


#: What makes a command of a frame whose data is not the command itself.
_COMMANDS: Final[dict[type, Callable[[Any], ClientCommand]]] = {
    client_frames.Hello: _enter,
    client_frames.Authenticate: lambda frame: commands.Authenticate(
        frame.data.account, frame.data.password
    ),
    client_frames.SetName: lambda frame: commands.Rename(frame.data.nickname),
    client_frames.SetTopic: _topic,
    client_frames.Search: _search,
    client_frames.Watch: lambda frame: commands.Watch(),
    client_frames.ListRooms: lambda frame: commands.ListRooms(),
    client_frames.Ping: lambda frame: commands.Ping(),
}


def _command(frame: client_frames.FromClient) -> ClientCommand:
    make_command = _COMMANDS.get(type(frame))
    if make_command is not None:
        return make_command(frame)
    data: ClientCommand = frame.data  # type: ignore[union-attr, assignment]  # by the table
    return data


def _resume(data: client_frames.ResumeData | None) -> Resume:
    return Resume() if data is None else Resume(data.session, _seen(data.seen), data.private)


def _seen(seen: Mapping[str, int]) -> Mapping[str, int]:
    """The numbers for names that a room can have. Of too many rooms the last ones count."""
    rooms = [room for room in seen if len(room) <= limits.ROOM_NAME_CHARACTERS]
    return {room: seen[room] for room in rooms[-limits.JOINED_ROOMS :]}


_Entry = TypeVar("_Entry", events.User, events.RoomEntry, BanEntry, events.Message)


def _chunks(entries: Sequence[_Entry]) -> list[tuple[tuple[_Entry, ...], bool]]:
    """`entries` divided into frames, each with whether another frame follows.

    A frame has at most :data:`limits.LIST_FRAME_BYTES`, and all of them together at most
    :data:`limits.REPLY_BYTES`: then the oldest entries are left out. So the entries are added from
    the newest to the oldest, and both orders are reversed at the end. With room for two entries in
    a frame, and for five in a reply, the entries 1 … 7 become::

        parts   [[7, 6], [5, 4], [3]]       2 and 1 are left out
        result  ([3], more), ([4, 5], more), ([6, 7], no more)
    """
    parts: list[list[_Entry]] = [[]]
    part_bytes = reply_bytes = _ENVELOPE_BYTES
    for entry in reversed(entries):
        entry_bytes = len(_encoder.encode(entry)) + 1
        if part_bytes + entry_bytes > limits.LIST_FRAME_BYTES:
            parts.append([])
            part_bytes = _ENVELOPE_BYTES
            reply_bytes += _ENVELOPE_BYTES
        part_bytes += entry_bytes
        reply_bytes += entry_bytes
        if reply_bytes > limits.REPLY_BYTES:
            break
        parts[-1].append(entry)
    kept = [tuple(reversed(part)) for part in reversed(parts) if part] or [()]
    return [(part, number < len(kept)) for number, part in enumerate(kept, 1)]


@dataclass(frozen=True, slots=True)
class WebSocketNative(Native):
    """The native dialect of the web page: a frame is one WebSocket text message.

    It decodes a message's payload, and encodes whole messages with their heads. Without compression
    and masking the bytes are the same for every page, and are encoded once.
    """

    variant: ClassVar[str] = "web"

    @override
    def frame_bytes(self, payload: bytes) -> bytes:
        return encode_message(Kind.TEXT, payload)
