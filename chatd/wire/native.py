"""The native dialect, on the server's side: JSON objects, one a line (SPEC §5).

The client's side is ``wire.native_peer``; the frames of both are in ``wire.native_frames``.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

import msgspec

from chatd.chat import commands, events, limits
from chatd.chat.commands import Command
from chatd.chat.events import Event, Reply
from chatd.chat.refusals import (
    BadFrame,
    BadVersion,
    InvalidJson,
    InvalidUtf8,
    Refusal,
    RequestId,
    UnknownType,
)
from chatd.wire import native_frames as frames
from chatd.wire.dialect import Request

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(frames.FromClient)
_id_decoder: Final = msgspec.json.Decoder(frames.Id)
_object_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])

_TYPES: Final = frozenset(
    str(msgspec.inspect.type_info(frame).tag)  # type: ignore[attr-defined]  # a tagged struct's
    for frame in frames.FromClient.__args__
)

#: What an error quotes of a line that is wrong.
_QUOTED_CHARACTERS: Final = 80

#: What a list's frame has around its entries, at most.
_AROUND_BYTES: Final = 1_024

_EVENT_FRAMES: Final[dict[type, type[frames.Frame]]] = {
    events.Said: frames.Message,
    events.Entered: frames.Entered,
    events.Left: frames.Left,
    events.Renamed: frames.Renamed,
}


class Native:
    """What chatd's own client and the web page speak."""

    hears_own: frozenset[type] = frozenset({events.Renamed})

    def decode(self, line: bytes) -> Request:
        """The request in one line; see :meth:`chatd.wire.dialect.Dialect.decode`."""
        try:
            # msgspec does not look into the strings it skips: unknown keys must be UTF-8 too.
            frame = _decoder.decode(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise _refusal(line, error) from None
        return Request(_command(frame), frame.id)

    def encode(self, event: Event) -> bytes:
        """The frame that tells of `event`."""
        return _line(_EVENT_FRAMES[type(event)](data=event))  # type: ignore[call-arg]  # each has data

    def answer(self, reply: Reply | Refusal, request_id: RequestId = None) -> bytes:
        """The frame or frames that answer a request; without an id, ``ok`` goes unsaid."""
        return b"".join(map(_line, _ANSWERS[_kind(reply)](reply, request_id)))


def _kind(reply: Reply | Refusal) -> type:
    return Refusal if isinstance(reply, Refusal) else type(reply)


def _refused(refusal: Refusal, request_id: RequestId) -> list[frames.Frame]:
    return [frames.Error(data=frames.ErrorData(refusal.code, str(refusal)), id=request_id)]


def _done(done: events.Done, request_id: RequestId) -> list[frames.Frame]:
    if request_id is None:
        return []
    return [frames.Ok(id=request_id, data=None if done.room is None else done)]


def _users(reply: events.Users, request_id: RequestId) -> list[frames.Frame]:
    return [
        frames.UsersListed(data=replace(reply, users=part, more=more), id=request_id)
        for part, more in _parts(reply.users)
    ]


def _history(reply: events.HistoryRead, request_id: RequestId) -> list[frames.Frame]:
    return [
        frames.HistoryRead(data=replace(reply, messages=part, more=more), id=request_id)
        for part, more in _parts(reply.messages)
    ]


_ANSWERS: Final[dict[type, Callable[[Any, RequestId], list[frames.Frame]]]] = {
    Refusal: _refused,
    events.Done: _done,
    events.Users: _users,
    events.HistoryRead: _history,
    events.Pong: lambda reply, request_id: [frames.Pong(id=request_id)],
    events.Goodbye: lambda reply, request_id: [frames.Goodbye(data=reply, id=request_id)],
    events.Welcome: lambda reply, request_id: [frames.Welcome(data=reply, id=request_id)],
}


def _line(frame: frames.Frame) -> bytes:
    return _encoder.encode(frame) + b"\n"


def _command(frame: frames.FromClient) -> Command:
    match frame:
        case frames.Hello():
            if frame.data.version != frames.VERSION:
                raise BadVersion(
                    f"This server speaks version {frames.VERSION} of the protocol only.", frame.id
                )
            return commands.Enter(frame.data.nickname)
        case frames.Ping():
            return commands.Ping()
        case frames.Quit():
            return commands.Quit()
        case _:
            return frame.data


def _refusal(line: bytes, error: Exception) -> Refusal:
    """Why `line` is no frame; names the request it was, as far as that can be read."""
    if isinstance(error, UnicodeDecodeError):
        return InvalidUtf8()
    try:
        raw = _object_decoder.decode(line)
    except (ValueError, RecursionError):
        return InvalidJson()
    try:
        request_id = _id_decoder.decode(raw.get("id", b"null"))
    except (ValueError, RecursionError):
        request_id = None
    try:
        frame_type = msgspec.json.decode(raw.get("type", b'""'), type=str)
    except (ValueError, RecursionError):
        frame_type = ""
    if frame_type and frame_type not in _TYPES:
        return UnknownType(
            f"There is no frame type {frame_type[:_QUOTED_CHARACTERS]!r}.", request_id
        )
    return BadFrame(
        f"This frame is not as it should be: {str(error)[:_QUOTED_CHARACTERS]}.", request_id
    )


_Entry = TypeVar("_Entry", events.User, events.Said)


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
