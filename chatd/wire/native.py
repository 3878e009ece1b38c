"""The native dialect, on the server's side: JSON objects, one a line (SPEC §5).

The client's side is ``wire.native_peer``; the frames of both are in ``wire.native_frames``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, TypeVar

import msgspec

from chatd.chat import commands, events, limits
from chatd.chat.commands import Asked
from chatd.chat.events import Event
from chatd.chat.names import LOBBY
from chatd.chat.refusals import NotReached, Refusal, RequestId
from chatd.chat.registration import BadVersion
from chatd.wire import json_frames
from chatd.wire import native_frames as frames
from chatd.wire.dialect import Dialect, Note, Outcome, Request

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(frames.FromClient)

_TYPES: Final = frozenset(
    str(msgspec.inspect.type_info(frame).tag)  # type: ignore[attr-defined]  # a tagged struct's
    for frame in frames.FromClient.__args__
)

#: What a list's frame has around its entries, at most.
_AROUND_BYTES: Final = 1_024

_EVENT_FRAMES: Final[dict[type, type[frames.Frame]]] = {
    events.Said: frames.Message,
    events.Private: frames.Private,
    events.Joined: frames.Joined,
    events.Parted: frames.Parted,
    events.Entered: frames.Entered,
    events.Left: frames.Left,
    events.Renamed: frames.Renamed,
}


@dataclass(frozen=True, slots=True)
class Native:
    """What chatd's own client and the web page speak."""

    variant: ClassVar[str] = "native"
    hears_own: ClassVar[frozenset[type]] = frozenset(
        {events.Private, events.Renamed, events.Joined, events.Parted}
    )
    first_rooms: ClassVar[tuple[str, ...]] = (LOBBY,)
    greeting: ClassVar[bytes] = b""
    probe: ClassVar[bytes] = b""
    enters_unasked: ClassVar[bool] = False

    def hearing(self, unit: bytes) -> Dialect:
        """It is this one."""
        return self

    def decode(self, unit: bytes) -> Request:
        """The request in one line; see :meth:`chatd.wire.dialect.Dialect.decode`."""
        frame = json_frames.decode(_decoder, _TYPES, unit)
        return Request(_command(frame), frame.id)

    def encode(self, event: Event, now: int = 0) -> bytes:
        """The frame that tells of `event`."""
        frame = _EVENT_FRAMES[type(event)](data=event)  # type: ignore[call-arg]  # each has data
        return self.delimited(_encoder.encode(frame))

    def answer(self, outcome: Outcome, request_id: RequestId = None, now: int = 0) -> bytes:
        """The frame or frames that answer a request; without an id, ``ok`` goes unsaid."""
        answers = _ANSWERS[_kind(outcome)](outcome, request_id)
        return b"".join([self.delimited(_encoder.encode(frame)) for frame in answers])

    def delimited(self, frame: bytes) -> bytes:
        """One frame with what tells it from the next."""
        return frame + b"\n"

    def after(self, request: Request, outcome: Outcome) -> Dialect:
        """Nothing is learned."""
        return self


def is_hello(line: bytes) -> bool:
    """Whether `line` begins a connection in this dialect."""
    return json_frames.frame_type(line) == "hello"


def _kind(outcome: Outcome) -> type:
    return Refusal if isinstance(outcome, Refusal) else type(outcome)


def _refused(refusal: Refusal, request_id: RequestId) -> list[frames.Frame]:
    return [frames.Error(data=frames.ErrorData(refusal.code, str(refusal)), id=request_id)]


def _done(done: events.Done, request_id: RequestId) -> list[frames.Frame]:
    if request_id is None:
        return []
    data = None if done.room is None else frames.OkData(done.room, done.seq, done.time)
    return [frames.Ok(id=request_id, data=data)]


def _joined(reply: events.RoomJoined, request_id: RequestId) -> list[frames.Frame]:
    if request_id is None:
        return []
    return [frames.Ok(id=request_id, data=frames.OkData(reply.room, created=reply.created))]


def _told(reply: events.Told, request_id: RequestId) -> list[frames.Frame]:
    if request_id is not None:
        return [frames.Ok(id=request_id, data=frames.OkData(time=reply.time, missed=reply.missed))]
    return _refused(NotReached(reply.missed), None) if reply.missed else []


def _users(reply: events.Users, request_id: RequestId) -> list[frames.Frame]:
    return [
        frames.UsersListed(data=replace(reply, users=part, more=more), id=request_id)
        for part, more in _parts(reply.users)
    ]


def _rooms(reply: events.Rooms, request_id: RequestId) -> list[frames.Frame]:
    return [
        frames.RoomsListed(data=replace(reply, rooms=part, more=more), id=request_id)
        for part, more in _parts(reply.rooms)
    ]


def _history(reply: events.HistoryRead, request_id: RequestId) -> list[frames.Frame]:
    return [
        frames.HistoryRead(data=replace(reply, messages=part, more=more), id=request_id)
        for part, more in _parts(reply.messages)
    ]


_ANSWERS: Final[dict[type, Callable[[Any, RequestId], list[frames.Frame]]]] = {
    Note: lambda note, request_id: [],
    Refusal: _refused,
    events.Done: _done,
    events.RoomJoined: _joined,
    events.Told: _told,
    events.Rooms: _rooms,
    events.Users: _users,
    events.HistoryRead: _history,
    events.Pong: lambda reply, request_id: [frames.Pong(id=request_id)],
    events.Goodbye: lambda reply, request_id: [frames.Goodbye(data=reply, id=request_id)],
    events.Welcome: lambda reply, request_id: [frames.Welcome(data=reply, id=request_id)],
    events.Watching: lambda reply, request_id: [frames.Watching(data=reply, id=request_id)],
}


_WITHOUT_DATA: Final[dict[type, Asked]] = {
    frames.Watch: commands.Watch(),
    frames.ListRooms: commands.ListRooms(),
    frames.Ping: commands.Ping(),
    frames.Quit: commands.Quit(),
}


def _command(frame: frames.FromClient) -> Asked:
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
            return _WITHOUT_DATA[type(frame)]
        case _:
            return frame.data


_Entry = TypeVar("_Entry", events.User, events.RoomEntry, events.Said)


def _parts(entries: Sequence[_Entry]) -> list[tuple[tuple[_Entry, ...], bool]]:
    """`entries` in lists that fit into a frame each, and whether another one follows.

    The oldest are left out of a reply that is too long.
    """
    parts: list[list[_Entry]] = [[]]
    part_bytes = reply_bytes = _AROUND_BYTES
    for entry in reversed(entries):
        entry_bytes = len(_encoder.encode(entry)) + 1
        if part_bytes + entry_bytes > limits.LIST_FRAME_BYTES:
            parts.append([])
            part_bytes = _AROUND_BYTES
            reply_bytes += _AROUND_BYTES
        part_bytes += entry_bytes
        reply_bytes += entry_bytes
        if reply_bytes > limits.REPLY_BYTES:
            break
        parts[-1].append(entry)
    kept = [tuple(reversed(part)) for part in reversed(parts) if part] or [()]
    return [(part, number < len(kept)) for number, part in enumerate(kept, 1)]
