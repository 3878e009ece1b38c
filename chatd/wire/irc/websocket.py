"""IRC over a WebSocket: each line is a message, without CR LF. Pure.

Source: https://ircv3.net/specs/extensions/websocket. A client names the subprotocols that it wants,
the one that it likes best first.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from chatd.chat.errors import BadFrame, RequestId
from chatd.chat.events import Event
from chatd.wire.dialect import Dialect, Request, Result
from chatd.wire.irc.dialect import Irc
from chatd.wire.native import WebSocketNative
from chatd.wire.websocket_messages import Kind, encode_message

#: What messages the client is sent, by subprotocol. It may send either kind: all is UTF-8.
SUBPROTOCOLS: Final[Mapping[str, Kind]] = {
    "text.ircv3.net": Kind.TEXT,
    "binary.ircv3.net": Kind.BINARY,
}


def choose(wanted: Iterable[str]) -> str | None:
    """The subprotocol of a client that wants one of `wanted`; None if that is not IRC."""
    return next((each for each in wanted if each in SUBPROTOCOLS), None)


# Without slots, as the subclass of a dataclass with slots could not say super().
@dataclass(frozen=True)
class WebSocketIrc(Irc):
    """The dialect of an IRC client in a browser.

    :ivar kind: of the messages that it is sent.
    """

    kind: Kind = Kind.TEXT

    @override
    def decode(self, frame: bytes) -> Request:
        frame = frame.removesuffix(b"\n")  # which some clients send all the same
        if b"\n" in frame:
            raise BadFrame("A message is one line.", "*")
        return super().decode(frame)

    @override
    def event_variant(self, kind: type[Event]) -> str:
        return _variant(self.kind, super().event_variant(kind))

    @override
    def encode_probe(self, now: int) -> bytes:
        return self._messages(super().encode_probe(now))

    @override
    def encode_event(self, event: Event, now: int = 0) -> bytes:
        return self._messages(super().encode_event(event, now))

    @override
    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        return self._messages(super().encode_reply(result, request_id, now))

    @override
    def updated(self, request: Request, result: Result) -> Dialect:
        dialect = super().updated(request, result)
        if not isinstance(dialect, Irc) or isinstance(dialect, WebSocketIrc):
            return dialect
        return over_websocket(dialect, self.kind)

    def _messages(self, lines: bytes) -> bytes:
        return b"".join([encode_message(self.kind, line) for line in lines.split(b"\r\n")[:-1]])


#: What the first line of an IRC client may be; a native frame is an object.
_BEGINNING: Final = re.compile(rb"(?:CAP|NICK|PASS|USER) ", re.IGNORECASE)


@dataclass(frozen=True)
class DetectingWebSocket(WebSocketNative):
    """The dialect of a browser that wants no subprotocol, before its first message.

    Some IRC clients want none, such as gamja.

    :ivar irc: the dialect of such a client.
    """

    irc: WebSocketIrc

    @override
    def detect(self, frame: bytes) -> Dialect:
        return self.irc if _BEGINNING.match(frame) else WebSocketNative()


def over_websocket(irc: Irc, kind: Kind) -> WebSocketIrc:
    """The same dialect, over a WebSocket."""
    return WebSocketIrc(irc.client, _variant(kind, irc.variant), kind)


def _variant(kind: Kind, variant: str) -> str:
    return f"{kind.name}\0{variant}"
