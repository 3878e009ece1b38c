"""The basic dialect (SPEC §5): four frames in, one kind of frame out, for any simple client.

The frames are ``{"type": …, "data": …}``, a line each. What the server itself says has the source
``[Server]``, a private message ``[private] ice``.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

import msgspec
from msgspec import Struct

from chatd.chat import commands, events
from chatd.chat.errors import Refusal, RequestId
from chatd.chat.events import Event
from chatd.chat.names import LOBBY
from chatd.wire import frames, rendering
from chatd.wire.dialect import ALL_ECHOES, Dialect, Request, Result
from chatd.wire.native import Native, is_hello


class _Message(Struct, frozen=True, tag_field="type", tag="message"):
    data: str


class _SetName(Struct, frozen=True, tag_field="type", tag="set-name"):
    data: str


class _History(Struct, frozen=True, tag_field="type", tag="history"):
    data: Literal[""]


class _Users(Struct, frozen=True, tag_field="type", tag="users"):
    data: Literal[""]


_FromClient = _Message | _SetName | _History | _Users


class Notice(Struct, frozen=True):
    """The one thing a client is told: who says what."""

    source: str
    message: str


class _FromServer(Struct, frozen=True, tag_field="type", tag="message"):
    data: Notice


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(_FromClient)
_TYPES: Final = ("message", "set-name", "history", "users")
_SERVER: Final = "[Server]"


@dataclass(frozen=True, slots=True)
class Basic:
    """What a client speaks that does not say ``hello``."""

    variant: ClassVar[str] = "basic"
    echoes: ClassVar[frozenset[type]] = ALL_ECHOES
    initial_rooms: ClassVar[tuple[str, ...]] = (LOBBY,)
    greeting: ClassVar[bytes] = b""
    probe: ClassVar[bytes] = b""
    auto_registers: ClassVar[bool] = True
    is_first: bool = True

    def detect(self, frame: bytes) -> Dialect:
        """The first line may be a ``hello`` that the network delayed."""
        if self.is_first and is_hello(frame):
            return Native()
        return replace(self, is_first=False) if self.is_first else self

    def decode(self, frame: bytes) -> Request:
        """The request in one line; see :meth:`chatd.wire.dialect.Dialect.decode`."""
        frame = frames.decode(_decoder, _TYPES, frame)
        match frame:
            case _Message(text):
                return Request(commands.SendMessage(text))
            case _SetName(nickname):
                return Request(commands.Rename(nickname))
            case _History():
                return Request(commands.ReadHistory())
            case _:
                return Request(commands.ListUsers())

    def encode_event(self, event: Event, now: int = 0) -> bytes:
        """The frame that tells of `event`."""
        match event:
            case events.Message(room=room, source=source, text=text):
                return _frame(source if room == LOBBY else f"{room} {source}", text)
            case events.PrivateMessage(source=source, text=text):
                return _frame(f"[private] {source}", text)
            case _:
                return _frame(_SERVER, "\n".join(rendering.describe(event)))

    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        """A frame for each message of the history; one for a list, a refusal or the last notice."""
        match result:
            case Refusal():
                return _frame(_SERVER, str(result))
            case events.History(messages=messages):
                return rendering.newest_that_fit(
                    _frame(each.source, each.text) for each in reversed(messages)
                )
            case events.Goodbye(reason):
                return _frame(_SERVER, f"Goodbye: {reason}")
            case _:
                said = rendering.describe(result)
                return _frame(_SERVER, "\n".join(said)) if said else b""

    def updated(self, request: Request, result: Result) -> Dialect:
        """Nothing is learned."""
        return self


def _frame(source: str, text: str) -> bytes:
    return _encoder.encode(_FromServer(Notice(source, text))) + b"\n"


@dataclass(frozen=True, slots=True)
class Detecting(Native):
    """Native until the first line shows what it is: ``hello`` is native, anything else basic."""

    def detect(self, frame: bytes) -> Dialect:
        """The dialect that the first line is in."""
        return Native() if is_hello(frame) else Basic(is_first=False)
