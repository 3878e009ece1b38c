"""WebSockets (RFC 6455): the opening handshake, and the connection after it.

Each message is one frame of the native dialect; or one line of IRC, if the client asks for that by
a subprotocol. wsproto parses what a browser sends. A message goes to ``Session.frame_received``,
and the dialect makes a command of it. The frames that browsers are sent are encoded once by
:mod:`chatd.wire.native`, the same bytes for every browser; only Pong and Close frames are made for
one connection. "Frame" below means a WebSocket frame.

docs/reference/web.rst has the limits and the close codes.
"""

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from typing_extensions import override
from wsproto import events
from wsproto.connection import SERVER, Connection, ConnectionState
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import generate_accept_token

from chatd import tcp
from chatd.chat import limits
from chatd.chat.errors import CutOff, LineTooLong
from chatd.log.operations import ConnectWithoutSlot
from chatd.server import irc_port
from chatd.server.chat import Chat
from chatd.server.connection import FrameReader
from chatd.server.send_queue import SendQueue
from chatd.server.session import Session
from chatd.web.messages import Headers, HTTPError, Request
from chatd.web.uploads import PREFIX
from chatd.wire.dialect import Dialect
from chatd.wire.irc import websocket as irc
from chatd.wire.native import WebSocketNative
from chatd.wire.websocket_messages import Kind

_VERSION: Final = "13"
_KEY_BYTES: Final = 16

_UPGRADE_REQUIRED_HEADERS: Final[Headers] = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", _VERSION),
)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """An accepted handshake: the `headers` of the 101 response, and the session that starts."""

    session: Session
    headers: Headers


def upgrade(request: Request, chat: Chat, *, has_irc: bool = False) -> Upgrade:
    """Accept the upgrade and reserve an unregistered session; no extensions.

    :param has_irc: whether IRC is spoken with clients that want it.
    :raises HTTPError: if the request is not a valid opening handshake (RFC 6455, section 4.2.1).
    :raises TooManyUnregistered: if too many connections have not entered yet.
    :raises CutOff: if the node is cut off from its cluster.
    """
    if request.method != "GET":
        raise HTTPError("method-not-allowed", "Only GET can open a WebSocket.", (("Allow", "GET"),))
    has_upgrade = "websocket" in map(str.lower, request.items("upgrade"))
    has_connection = "upgrade" in map(str.lower, request.items("connection"))
    versions = request.values("sec-websocket-version")
    if not (has_upgrade and has_connection and versions == [_VERSION]):
        raise HTTPError(
            "upgrade-required",
            f"Upgrade to WebSocket (version {_VERSION}) required.",
            _UPGRADE_REQUIRED_HEADERS,
        )
    headers: Headers = (
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", generate_accept_token(_key(request)).decode("ascii")),
    )
    dialect: Dialect = WebSocketNative()
    subprotocol = irc.choose(request.items("sec-websocket-protocol"))
    if subprotocol is None:
        if has_irc:
            dialect = irc.DetectingWebSocket(_new_irc(chat))
        session = connect_without_slot(chat, request.peer, dialect)
    elif has_irc:
        headers = (*headers, ("Sec-WebSocket-Protocol", subprotocol))
        dialect = _new_irc(chat, irc.SUBPROTOCOLS[subprotocol])
        session = connect_without_slot(chat, request.peer, dialect, limits.REGISTRATION_SECONDS)
    else:
        raise HTTPError("bad-request", "This server does not speak IRC.")
    if chat.files is not None:
        # At the name by which the browser knows this server, and perhaps its proxy.
        [host] = request.values("host")[:1] or [""]
        url = f"{request.scheme}://{host}{PREFIX}"
        session.files_url = lambda is_encrypted: url
    return Upgrade(session, headers)


def _new_irc(chat: Chat, kind: Kind = Kind.TEXT) -> irc.WebSocketIrc:
    return irc.over_websocket(irc_port.new_dialect(chat), kind)


def connect_without_slot(
    chat: Chat,
    address: str,
    dialect: Dialect = WebSocketNative(),  # noqa: B008  # a frozen value
    registration_timeout: float = limits.FIRST_LINE_TIMEOUT_SECONDS,
) -> Session:
    """A session for a browser at `address` (``ADDRESS:PORT``), which has no slot.

    :param registration_timeout: seconds that the client has to register in.
    :raises TooManyUnregistered: if too many connections have not entered yet.
    :raises CutOff: if the node is cut off from its cluster.
    """
    if chat.ordered_log.is_cut_off:
        raise CutOff
    chat.hub.check_unregistered(chat.settings.node)
    return Session(
        chat,
        address,
        ConnectWithoutSlot(address, chat.settings.node),
        dialect,
        registration_timeout,
    )


def _key(request: Request) -> bytes:
    keys = request.values("sec-websocket-key")
    try:
        [key] = keys
        if len(base64.b64decode(key, validate=True)) == _KEY_BYTES:
            return key.encode("ascii")
    except (ValueError, binascii.Error):
        pass
    raise HTTPError(
        "bad-request",
        f"One Sec-WebSocket-Key header is required, with {_KEY_BYTES} bytes in base64.",
    )


#: Sent after ``goodbye``, and after an ``error`` that closes the connection.
_NORMAL_CLOSE_FRAME: Final = Connection(SERVER).send(
    events.CloseConnection(CloseReason.NORMAL_CLOSURE)
)


class WebSocketSendQueue(SendQueue):
    """The send queue of a WebSocket, which ends with a Close frame.

    :ivar close_frame: the encoded Close frame to send last.
    """

    __slots__ = ("close_frame",)

    def __init__(self, transport: Any, max_bytes: int, on_exceeded: Callable[[], None]) -> None:
        super().__init__(transport, max_bytes, on_exceeded)
        self.close_frame = _NORMAL_CLOSE_FRAME

    @override
    def close_after_flush(self) -> None:
        # The order of an end: what is queued, the Close frame, then the half-close. No frame may
        # follow a Close frame (RFC 6455, section 5.5.1), and the half-close would lose it. The
        # client closes the other half, or the session's timeout aborts the connection.
        self.send(None, self.close_frame)
        super().close_after_flush()


class WebSocket(FrameReader):
    """A WebSocket after its handshake: passes messages to a session, and obeys RFC 6455.

    :param transport: the TCP or TLS transport, free of any producer.
    """

    def __init__(self, session: Session, transport: Any) -> None:
        self.session = session
        self.transport = transport
        self._frames = Connection(SERVER)
        self._message = bytearray()
        self._clock = session.chat.clock
        self._bucket = session.chat.flood_bucket()
        self._send_queue = WebSocketSendQueue(
            transport, limits.OUTBOUND_BYTES, session.send_queue_exceeded
        )
        session.is_encrypted = tcp.is_encrypted(transport)
        session.start(self, self._send_queue)
        tcp.set_socket_options(transport)

    def data_received(self, data: bytes) -> None:
        """Parse `data`; after the end it is discarded."""
        if not self._discards_input:
            self.session.data_arrived()
            self._frames.receive_data(data)
            self._read_frames()
            self.session.charge_bytes(len(data))

    def eof_received(self) -> None:
        """The browser has half-closed: close the session."""
        self.session.close()

    def connection_lost(self) -> None:
        """The connection is closed: end the session."""
        self._discards_input = True
        self.session.connection_lost()

    @override
    def discard_input(self) -> None:
        self._message.clear()
        super().discard_input()

    @override
    def _received_frames(self) -> Iterator[events.Event]:
        # wsproto parses a frame only when asked for it: during a pause the rest stays inside.
        return self._frames.events()

    @override
    def _handle_frame(self, frame: events.Event) -> None:
        match frame:
            case events.TextMessage():
                self._handle_message(frame, frame.data.encode())
            case events.BytesMessage() if isinstance(self.session.dialect, irc.WebSocketIrc):
                self._handle_message(frame, frame.data)
            case events.BytesMessage():
                self._fail(CloseReason.UNSUPPORTED_DATA, "only text messages are accepted")
            case events.Ping():
                self._send_queue.send(None, self._frames.send(frame.response()))
                self._limit_control_frames()
            case events.Pong():
                self._limit_control_frames()
            case events.CloseConnection():
                # wsproto reports a violation by the same event, with the code to close with; only
                # a Close frame from the browser changes its state.
                if self._frames.state is ConnectionState.REMOTE_CLOSING:
                    self._send_queue.close_frame = self._frames.send(frame.response())
                    self.session.close()
                else:
                    self._fail(CloseReason(frame.code), "violation of RFC 6455")

    def _handle_message(self, frame: events.Message[Any], data: bytes | bytearray) -> None:
        # wsproto hands over the received part of an incomplete frame, so the limit holds for what
        # has arrived, whatever length the frame announces.
        self._message += data
        if len(self._message) > limits.LINE_BYTES:
            self._set_close_frame(
                CloseReason.MESSAGE_TOO_BIG, f"message of more than {limits.LINE_BYTES:,} bytes"
            )
            self.session.refuse(LineTooLong())
        elif frame.message_finished:
            message, self._message = bytes(self._message), bytearray()
            self.session.frame_received(message)
        elif frame.frame_finished:
            self._limit_control_frames()

    def _limit_control_frames(self) -> None:
        """Rate-limit control frames and fragments; the session counts messages."""
        if not self._bucket.admit(self._clock.seconds()):
            self._fail(CloseReason.POLICY_VIOLATION, "too many pings, pongs and fragments")

    def _fail(self, code: CloseReason, reason: str) -> None:
        """Fail the WebSocket connection (RFC 6455, section 7.1.7): close it with `code`."""
        self.session.chat.counters[f"websocket-{code.value}"] += 1
        self._set_close_frame(code, reason)
        self.session.close()

    def _set_close_frame(self, code: CloseReason, reason: str) -> None:
        self._send_queue.close_frame = self._frames.send(events.CloseConnection(code, reason))
