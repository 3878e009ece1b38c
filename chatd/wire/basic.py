"""The basic dialect, and detecting on the main port whether a client speaks it.

Four frames in, one kind of frame out, for any simple client. A frame is ``{"type": …, "data": …}``
in a line of its own. Notices and replies of the server have the source ``[Server]``, a private
message has ``[private] ice``.

The main port is for native and basic clients. A connection there begins as :class:`Detecting`. Its
first line makes it ``Native`` if it is a ``hello``, and ``Basic`` otherwise. Silence makes it
``Basic``, too; if the network delayed its ``hello``, the first line still makes it ``Native``.
docs/reference/protocol.rst has examples.
"""

import json
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

import msgspec
from msgspec import Struct
from typing_extensions import override

from chatd.chat import commands, events
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import BadCommand, Refusal, RequestId
from chatd.chat.events import Event
from chatd.chat.names import LOBBY
from chatd.wire import frame_decoding, rendering, slash_commands
from chatd.wire.dialect import ALL_ECHOES, Dialect, Request, Result
from chatd.wire.native import Native, is_hello


class _Message(Struct, frozen=True, tag_field="type", tag="message"):
    data: str


class _SetName(Struct, frozen=True, tag_field="type", tag="set-name"):
    data: str


class _History(Struct, frozen=True, tag_field="type", tag="history"):
    data: Literal[""] | None = None


class _Users(Struct, frozen=True, tag_field="type", tag="users"):
    data: Literal[""] | None = None


_FromClient = _Message | _SetName | _History | _Users


class Notice(Struct, frozen=True):
    """The data of every frame to a basic client."""

    source: str
    message: str


class _FromServer(Struct, frozen=True, tag_field="type", tag="message"):
    data: Notice


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(_FromClient)
_TYPES: Final = ("message", "set-name", "history", "users")
_SERVER: Final = "[Server]"


@dataclass(frozen=True, slots=True)
class Basic(Dialect):
    """The dialect of a client that does not begin with ``hello``.

    :ivar is_first: whether no line has come yet.
    :ivar files_url: the URL under which files are; empty if the server takes none.
    :ivar variant: members with the same URL are sent the same bytes.
    """

    echoes: ClassVar[frozenset[type]] = ALL_ECHOES
    initial_rooms: ClassVar[tuple[str, ...]] = (LOBBY,)
    greeting: ClassVar[bytes] = b""
    entering_history: ClassVar[int] = 0
    auto_registers: ClassVar[bool] = True
    is_first: bool = True
    files_url: str = ""
    variant: str = "basic"

    @override
    def detect(self, frame: bytes) -> Dialect:
        if self.is_first and is_hello(frame):
            return Native()
        return replace(self, is_first=False) if self.is_first else self

    @override
    def decode(self, frame: bytes) -> Request:
        match frame_decoding.decode(_decoder, _TYPES, frame):
            case _Message(text):
                return Request(_message(text))
            case _SetName(nickname):
                return Request(commands.Rename(nickname))
            case _History():
                return Request(commands.ReadHistory())
            case _:
                return Request(commands.ListUsers())

    @override
    def encode_probe(self, now: int) -> bytes:
        return b""

    @override
    def encode_event(self, event: Event, now: int = 0) -> bytes:
        match event:
            case events.Message(room=room, source=source):
                sender = source if room == LOBBY else f"{room} {source}"
                return _frame(sender, rendering.as_text(event, self.files_url))
            case events.PrivateMessage(source=source):
                text = rendering.as_text(event, self.files_url)
                return _frame(f"[private] {source}", text)
            case _:
                sentences = rendering.describe(event, now)
                return _frame(_SERVER, "\n".join(sentences)) if sentences else b""

    @override
    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        """A frame for each message of the history, and one for any other reply."""
        match result:
            case Refusal():
                return _frame(_SERVER, str(result))
            case events.History(messages=messages):
                return rendering.newest_that_fit(
                    _frame(each.source, rendering.as_text(each, self.files_url))
                    for each in reversed(messages)
                )
            case events.Goodbye(reason):
                return _frame(_SERVER, f"Goodbye: {reason}")
            case _:
                sentences = rendering.describe(result, now)
                return _frame(_SERVER, "\n".join(sentences)) if sentences else b""

    @override
    def updated(self, request: Request, result: Result) -> Dialect:
        if not (isinstance(result, events.Welcome) and result.files):
            return self
        return replace(self, files_url=result.files, variant=f"basic\0{result.files}")


def _message(text: str) -> ClientCommand:
    order = slash_commands.parse_order(text, LOBBY)
    if isinstance(order, commands.JoinRoom):
        raise BadCommand("A basic client is in no room but the lobby.")
    return order or commands.SendMessage(text)


def _frame(source: str, text: str) -> bytes:
    """A frame in ASCII: a client that receives in small pieces can decode each."""
    data = _encoder.encode(_FromServer(Notice(source, rendering.escape_message(text))))
    if not data.isascii():
        data = json.dumps(json.loads(data), separators=(",", ":")).encode("ascii")
    return data + b"\n"


@dataclass(frozen=True, slots=True)
class Detecting(Native):
    """The dialect of a connection to the main port before its first line: native or basic."""

    @override
    def detect(self, frame: bytes) -> Dialect:
        return Native() if is_hello(frame) else Basic(is_first=False)
