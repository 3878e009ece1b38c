"""A browser's connection once it is a WebSocket: each message is one frame of the native dialect.

wsproto reads what comes in. What goes out are whole WebSocket frames that ``wire.web`` has made,
the same bytes for every browser; only pongs and the end are this connection's own.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from wsproto import events
from wsproto.connection import SERVER, Connection, ConnectionState
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import generate_accept_token

from chatd import tcp
from chatd.chat import limits
from chatd.chat.errors import LineTooLong
from chatd.rate_limit import TokenBucket
from chatd.server.chat import Chat
from chatd.server.send_queue import SendQueue
from chatd.server.session import Session
from chatd.web.messages import Headers, HTTPError, Request
from chatd.wire.native import WebSocketNative

_VERSION: Final = "13"
_KEY_BYTES: Final = 16

_UPGRADE_REQUIRED_HEADERS: Final[Headers] = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", _VERSION),
)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The connection is a WebSocket from now on, and `session` speaks through it."""

    session: Session
    headers: Headers


def upgrade(request: Request, chat: Chat) -> Upgrade:
    """Let somebody stand at the door of the chat; no extension is agreed on.

    :raises Rejected: the request is none for a WebSocket.
    :raises Refusal: if there are too many unregistered connections.
    """
    if request.method != "GET":
        raise HTTPError(
            "method-not-allowed", "A WebSocket is asked for with GET.", (("Allow", "GET"),)
        )
    wants_it = "websocket" in map(str.lower, request.items("upgrade"))
    says_so = "upgrade" in map(str.lower, request.items("connection"))
    if not (wants_it and says_so and request.values("sec-websocket-version") == [_VERSION]):
        raise HTTPError(
            "upgrade-required",
            "There is a WebSocket of version 13 here.",
            _UPGRADE_REQUIRED_HEADERS,
        )
    headers = (
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", generate_accept_token(_key(request)).decode("ascii")),
    )
    return Upgrade(connect_without_slot(chat, request.peer), headers)


def connect_without_slot(chat: Chat, address: str) -> Session:
    """The session of a browser at `address` (``ADDRESS:PORT``), which takes no slot yet.

    It counts as connected, so the caller must start it next, and in the end call its
    :meth:`~Session.connection_lost`.

    :raises Refusal: if there are too many unregistered connections.
    """
    member_id = chat.hub.connect_without_slot(address)
    return Session(chat, address, member_id, WebSocketNative(), limits.FIRST_LINE_TIMEOUT_SECONDS)


def _key(request: Request) -> bytes:
    keys = request.values("sec-websocket-key")
    try:
        [key] = keys
        if len(base64.b64decode(key, validate=True)) == _KEY_BYTES:
            return key.encode("ascii")
    except (ValueError, binascii.Error):
        pass
    raise HTTPError("bad-request", "Sec-WebSocket-Key must be 16 bytes in base64, once.")


#: The last frame of a connection that says goodbye.
_NORMAL_CLOSE_FRAME: Final = Connection(SERVER).send(
    events.CloseConnection(CloseReason.NORMAL_CLOSURE)
)


class WebSocketSendQueue(SendQueue):
    """The way out of a WebSocket.

    :ivar farewell: the Close frame that is the last to be sent.
    """

    __slots__ = ("close_frame",)

    def __init__(self, transport: Any, max_bytes: int, on_exceeded: Callable[[], None]) -> None:
        super().__init__(transport, max_bytes, on_exceeded)
        self.close_frame = _NORMAL_CLOSE_FRAME

    def close_after_flush(self) -> None:
        """Say farewell once everything that waits has gone out, and end the stream."""
        self.send(None, self.close_frame)
        super().close_after_flush()


class WebSocket:
    """Implements :class:`chatd.server.send_queue.Stream`, for a browser.

    :param transport: the connection, whose handshake is done.
    """

    def __init__(self, session: Session, transport: Any) -> None:
        self._session = session
        self._transport = transport
        self._frames = Connection(SERVER)
        self._message = bytearray()
        self._is_reading_frames = self._is_paused = self._discards_input = False
        rate = session.chat.settings.flood
        self._clock = session.chat.clock
        self._bucket = TokenBucket(rate, rate * limits.FLOOD_BURST_FACTOR, self._clock.seconds())
        self._send_queue = WebSocketSendQueue(
            transport, limits.OUTBOUND_BYTES, session.send_queue_exceeded
        )
        session.start(self, self._send_queue)
        tcp.set_socket_options(transport)

    def data_received(self, data: bytes) -> None:
        """Take what comes, until the end; what comes after it is read and thrown away."""
        if not self._discards_input:
            self._frames.receive_data(data)
            self._read_frames()

    def eof_received(self) -> None:
        """The peer will send nothing more."""
        self._session.close()

    def connection_lost(self) -> None:
        """Forget everything about this connection."""
        self._discards_input = True
        self._session.connection_lost()

    def pauseProducing(self) -> None:
        """Take no more frames for now."""
        self._is_paused = True
        self._transport.pauseProducing()

    def resumeProducing(self) -> None:
        """Read on, beginning with what is here already."""
        self._is_paused = False
        self._transport.resumeProducing()
        self._read_frames()

    def discard_input(self) -> None:
        """Throw away what was and will be read."""
        self._discards_input = True
        self._message.clear()
        self._transport.resumeProducing()

    def abort(self) -> None:
        """Close at once."""
        self._discards_input = True
        self._transport.abortConnection()

    def _read_frames(self) -> None:
        if self._is_reading_frames:
            return  # what a frame asks for may let the reading go on; one loop is enough
        self._is_reading_frames = True
        try:
            # wsproto cuts a frame off only when it is asked for it, so the others wait in there.
            frames = self._frames.events()
            while not (self._is_paused or self._discards_input):
                frame = next(frames, None)
                if frame is None:
                    return
                self._handle_frame(frame)
        finally:
            self._is_reading_frames = False

    def _handle_frame(self, frame: events.Event) -> None:
        match frame:
            case events.TextMessage():
                self._handle_text(frame)
            case events.BytesMessage():
                self._fail(CloseReason.UNSUPPORTED_DATA, "only text is understood here")
            case events.Ping():
                self._send_queue.send(None, self._frames.send(frame.response()))
                self._limit_control_frames()
            case events.Pong():
                self._limit_control_frames()
            case events.CloseConnection():
                if self._frames.state is ConnectionState.REMOTE_CLOSING:
                    self._send_queue.close_frame = self._frames.send(frame.response())
                    self._session.close()
                else:
                    self._fail(CloseReason(frame.code), "this is not as RFC 6455 has it")

    def _handle_text(self, frame: events.TextMessage) -> None:
        self._message += frame.data.encode()
        if len(self._message) > limits.LINE_BYTES:
            self._set_close_frame(CloseReason.MESSAGE_TOO_BIG, "a message may have 65,536 bytes")
            self._session.refuse(LineTooLong())
        elif frame.message_finished:
            message, self._message = bytes(self._message), bytearray()
            self._session.frame_received(message)
        elif frame.frame_finished:
            self._limit_control_frames()

    def _limit_control_frames(self) -> None:
        """Let nobody have too much of what is no message; messages count by themselves."""
        if not self._bucket.admit(self._clock.seconds()):
            self._fail(CloseReason.POLICY_VIOLATION, "too many frames that are no message")

    def _fail(self, code: CloseReason, why: str) -> None:
        """Close since the peer does not keep to the protocol."""
        self._session.chat.counters[f"websocket-{code.value}"] += 1
        self._set_close_frame(code, why)
        self._session.close()

    def _set_close_frame(self, code: CloseReason, why: str) -> None:
        self._send_queue.close_frame = self._frames.send(events.CloseConnection(code, why))
