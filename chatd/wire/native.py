"""The native dialect, on the server's side: JSON objects, one a line (SPEC §5).

The client's side is ``wire.native_peer``; the frames of both are in ``wire.native_frames``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from struct import Struct
from typing import Any, ClassVar, Final, TypeVar

import msgspec

from chatd.chat import commands, events, limits
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import BadVersion, NotReached, Refusal, RequestId
from chatd.chat.events import Event
from chatd.chat.names import LOBBY
from chatd.wire import frames
from chatd.wire.dialect import Dialect, LocalReply, Request, Result

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(frames.FromClient)

_TYPES: Final = frozenset(
    str(msgspec.inspect.type_info(frame).tag)  # type: ignore[attr-defined]  # a tagged struct's
    for frame in frames.FromClient.__args__
)

#: What a list's frame has around its entries, at most.
_ENVELOPE_BYTES: Final = 1_024

_EVENT_FRAMES: Final[dict[type, type[frames.Frame]]] = {
    events.Message: frames.Message,
    events.PrivateMessage: frames.PrivateMessage,
    events.RoomJoined: frames.RoomJoined,
    events.RoomLeft: frames.RoomLeft,
    events.MemberEntered: frames.MemberEntered,
    events.MemberLeft: frames.MemberLeft,
    events.MemberRenamed: frames.MemberRenamed,
}


@dataclass(frozen=True, slots=True)
class Native:
    """What chatd's own client and the web page speak."""

    variant: ClassVar[str] = "native"
    echoes: ClassVar[frozenset[type]] = frozenset(
        {events.PrivateMessage, events.MemberRenamed, events.RoomJoined, events.RoomLeft}
    )
    initial_rooms: ClassVar[tuple[str, ...]] = (LOBBY,)
    greeting: ClassVar[bytes] = b""
    probe: ClassVar[bytes] = b""
    auto_registers: ClassVar[bool] = False

    def detect(self, frame: bytes) -> Dialect:
        """It is this one."""
        return self

    def decode(self, frame: bytes) -> Request:
        """The request in one line; see :meth:`chatd.wire.dialect.Dialect.decode`."""
        parsed = frames.decode(_decoder, _TYPES, frame)
        return Request(_command(parsed), parsed.id)

    def encode_event(self, event: Event, now: int = 0) -> bytes:
        """The frame that tells of `event`."""
        frame = _EVENT_FRAMES[type(event)](data=event)  # type: ignore[call-arg]  # each has data
        return self.frame_bytes(_encoder.encode(frame))

    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        """The frame or frames that answer a request; without an id, ``ok`` goes unsaid."""
        answers = _REPLY_ENCODERS[_result_type(result)](result, request_id)
        return b"".join([self.frame_bytes(_encoder.encode(frame)) for frame in answers])

    def frame_bytes(self, payload: bytes) -> bytes:
        """One frame with what tells it from the next."""
        return payload + b"\n"

    def updated(self, request: Request, result: Result) -> Dialect:
        """Nothing is learned."""
        return self


def is_hello(line: bytes) -> bool:
    """Whether `line` begins a connection in this dialect."""
    return frames.frame_type(line) == "hello"


def _result_type(outcome: Result) -> type:
    return Refusal if isinstance(outcome, Refusal) else type(outcome)


def _encode_error(refusal: Refusal, request_id: RequestId) -> list[frames.Frame]:
    return [frames.Error(data=frames.ErrorData(refusal.code, str(refusal)), id=request_id)]


def _encode_ok(done: events.Ok, request_id: RequestId) -> list[frames.Frame]:
    if request_id is None:
        return []
    data = None if done.room is None else frames.OkData(done.room, done.seq, done.time)
    return [frames.Ok(id=request_id, data=data)]


def _encode_join_done(reply: events.JoinDone, request_id: RequestId) -> list[frames.Frame]:
    if request_id is None:
        return []
    return [frames.Ok(id=request_id, data=frames.OkData(reply.room, created=reply.created))]


def _encode_private_sent(reply: events.PrivateSent, request_id: RequestId) -> list[frames.Frame]:
    if request_id is not None:
        return [
            frames.Ok(id=request_id, data=frames.OkData(time=reply.time, missed=reply.undelivered))
        ]
    return _encode_error(NotReached(reply.undelivered), None) if reply.undelivered else []


def _encode_users(reply: events.Users, request_id: RequestId) -> list[frames.Frame]:
    return [
        frames.Users(data=replace(reply, users=part, more=more), id=request_id)
        for part, more in _chunks(reply.users)
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


_REPLY_ENCODERS: Final[dict[type, Callable[[Any, RequestId], list[frames.Frame]]]] = {
    LocalReply: lambda note, request_id: [],
    Refusal: _encode_error,
    events.Ok: _encode_ok,
    events.JoinDone: _encode_join_done,
    events.PrivateSent: _encode_private_sent,
    events.Rooms: _encode_rooms,
    events.Users: _encode_users,
    events.History: _encode_history,
    events.Pong: lambda reply, request_id: [frames.Pong(id=request_id)],
    events.Goodbye: lambda reply, request_id: [frames.Goodbye(data=reply, id=request_id)],
    events.Welcome: lambda reply, request_id: [frames.Welcome(data=reply, id=request_id)],
    events.Watching: lambda reply, request_id: [frames.Watching(data=reply, id=request_id)],
}


_EMPTY_COMMANDS: Final[dict[type, ClientCommand]] = {
    frames.Watch: commands.Watch(),
    frames.ListRooms: commands.ListRooms(),
    frames.Ping: commands.Ping(),
    frames.Quit: commands.Quit(),
}


def _command(frame: frames.FromClient) -> ClientCommand:
    match frame:
        case frames.Hello():
            if frame.data.version != frames.VERSION:
                raise BadVersion(
                    f"This server speaks version {frames.VERSION} of the protocol only.", frame.id
                )
            return commands.Enter(frame.data.nickname)
        case frames.Authenticate():
            return commands.Authenticate(frame.data.account, frame.data.password)
        case frames.SetName():
            return commands.Rename(frame.data.nickname)
        case frames.Watch() | frames.ListRooms() | frames.Ping() | frames.Quit():
            return _EMPTY_COMMANDS[type(frame)]
        case _:
            return frame.data


_Entry = TypeVar("_Entry", events.User, events.RoomEntry, events.Message)


def _chunks(entries: Sequence[_Entry]) -> list[tuple[tuple[_Entry, ...], bool]]:
    """`entries` in lists that fit into a frame each, and whether another one follows.

    The oldest are left out of a reply that is too long.
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


#: A whole text message, unmasked, and how long it is: in 7 bits, or in 2 or 8 bytes after a mark.
_TEXT: Final = 0x81
_SHORT: Final = Struct(">BB")
_MEDIUM: Final = Struct(">BBH")
_LONG: Final = Struct(">BBQ")


@dataclass(frozen=True, slots=True)
class WebSocketNative(Native):
    """What a web page speaks; what it is sent goes to the socket as it stands.

    A unit to decode is the payload of one message.
    """

    variant: ClassVar[str] = "web"

    def frame_bytes(self, payload: bytes) -> bytes:
        """One frame as a WebSocket message."""
        size = len(payload)
        if size < 126:
            return _SHORT.pack(_TEXT, size) + payload
        if size < 1 << 16:
            return _MEDIUM.pack(_TEXT, 126, size) + payload
        return _LONG.pack(_TEXT, 127, size) + payload
