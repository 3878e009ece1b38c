"""The framings of a server's TCP connections: a stream of bytes becomes lines, or objects.

A protocol knows nothing of what a frame means: its session decodes it, and decides about the
connection (pause it, end it). The framing of WebSockets is ``chatd.web.websocket``.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from chatd import tcp
from chatd.chat import limits
from chatd.chat.errors import BrokenObject, LineTooLong, TlsRequired
from chatd.server.connection import FrameReader, GuardedInput, HalfCloseable
from chatd.server.jim_send_queue import JimSendQueue
from chatd.server.send_queue import SendQueue
from chatd.server.session import Session
from chatd.server.timing import Timeout
from chatd.wire import plain
from chatd.wire.basic import Basic
from chatd.wire.foreign_protocols import HANDSHAKE_RECORD, ProtocolGuard
from chatd.wire.jim_framing import ObjectSplitter
from chatd.wire.telnet import TelnetDecoder


class LineProtocol(HalfCloseable, GuardedInput, LineReceiver):
    """Lines that end with LF: each is a frame. The common part of the main and the plain port."""

    delimiter = b"\n"
    MAX_LENGTH = limits.LINE_BYTES
    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self, session: Session) -> None:
        self.session = session
        self.guard = ProtocolGuard()

    @override
    def connectionMade(self) -> None:
        send_queue = SendQueue(
            self.transport, limits.OUTBOUND_BYTES, self.session.send_queue_exceeded
        )
        _note_transport(self.session, self.transport)
        self.session.start(self, send_queue)
        tcp.set_socket_options(self.transport)

    @override
    def dataReceived(self, data: bytes) -> None:
        if not data:
            super().dataReceived(data)  # LineReceiver reads on after a pause: nothing came
        elif not self.is_discarded(data):
            self.session.data_arrived()
            self._handle_data(data)
            self.session.charge_bytes(len(data))

    def _handle_data(self, data: bytes) -> None:
        """Handle the lines in `data`."""
        super().dataReceived(data)

    @override
    def lineReceived(self, line: bytes) -> None:
        self.session.frame_received(line)

    @override
    def lineLengthExceeded(self, line: bytes) -> None:
        # This closes the connection, as it is unknown where the next line starts.
        self.session.refuse(LineTooLong())

    @override
    def eof_received(self) -> None:
        self.session.close()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.session.connection_lost()
        # The transport refers to this protocol: without the cycle, both are freed at once, and not
        # only when the garbage collector runs.
        self.transport = None

    @override
    def discard_input(self) -> None:
        self.clearLineBuffer()
        super().discard_input()


def _note_transport(session: Session, transport: Any) -> None:
    """Note what a session has to know of its `transport`."""
    session.is_encrypted = tcp.is_encrypted(transport)
    host = getattr(transport.getHost(), "host", "")  # a Unix socket has none
    session.files_url = partial(session.chat.files_url, tcp.unmap_ipv4(host) if host else "")


@implementer(IHandshakeListener)
class MainProtocol(LineProtocol):
    """The main port: a client that sends nothing for a while speaks the basic dialect.

    Its first byte tells whether a client speaks TLS: no other one begins with a handshake record.

    :param tls: what TLS is spoken with; None if this server does not speak it.
    :param requires_tls: whether to refuse a client that does not speak it.
    """

    def __init__(self, session: Session, tls: Any = None, requires_tls: bool = False) -> None:
        super().__init__(session)
        self._tls = tls
        self._requires_tls = requires_tls

    @override
    def connectionMade(self) -> None:
        super().connectionMade()
        self._detection = Timeout(self.session.chat.clock)
        if not self.session.is_encrypted:  # else a client can only speak after the handshake
            self._start_detection()

    @override
    def dataReceived(self, data: bytes) -> None:
        if data:  # a LineReceiver that reads on calls this without any
            # The first line will tell the dialect, however long it takes.
            self._detection.cancel()
            tls, self._tls = self._tls, None
            if tls is not None and data[:1] == HANDSHAKE_RECORD:
                self._start_tls(tls, data)
                return
            self._refuse_plain_text()
        super().dataReceived(data)

    def _start_tls(self, tls: Any, data: bytes) -> None:
        """Decrypt from now on, beginning with `data`."""
        self.session.is_encrypted = True
        transport = self.transport
        transport.startTLS(tls)
        transport.protocol.dataReceived(data)  # the decrypted bytes come back to this protocol

    def handshakeCompleted(self) -> None:
        """The client can be silent only now; of Twisted's interface."""
        self._start_detection()

    def _refuse_plain_text(self) -> None:
        if self._requires_tls and not self.session.is_encrypted and not self.session.rejection:
            self.session.rejection = TlsRequired()
            self.session.chat.rejected_sessions += 1

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._detection.cancel()
        super().connectionLost(reason)

    @override
    def eof_received(self) -> None:
        # The last line counts without its LF as well (printf hello | nc).
        line = b"" if self._discards_input else self.clearLineBuffer()
        if line:
            self.lineReceived(line)
        super().eof_received()

    def _start_detection(self) -> None:
        self._detection.start(limits.DIALECT_DETECTION_MILLISECONDS / 1_000, self._detect_basic)

    def _detect_basic(self) -> None:
        if self.session.is_ended:
            return
        if self.session.member_id is None and self.session.rejection is None:
            # The hub does not know the connection yet, as it is restoring a chat that was kept:
            # nothing was read so far, so the client may have sent its first line.
            self._start_detection()
        else:
            self._refuse_plain_text()
            self.session.idle_detected(Basic())


class PlainProtocol(LineProtocol):
    """Text for people with ``nc`` or ``telnet``.

    Some programs send each text in one piece without any line end. Until a connection has sent its
    first line end or Telnet command, a pause ends a line as well. But a client in character mode
    sends each key as it is pressed: with the first piece that is only one character long the server
    knows that somebody types, and waits for Enter.

    A port scanner sends a word and closes. So a nickname is held until another line comes or
    ``PLAIN_NICKNAME_MILLISECONDS`` have passed. If the client closes before that, or leaves,
    nobody has entered.
    """

    _pause: IDelayedCall | None = None
    _has_line_ends = False
    #: Whether a pause has ended a line: it is a program, and a short text of it is no key.
    _is_program = False

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._telnet = TelnetDecoder()
        self._held_nickname: bytes | None = None
        self._hold = Timeout(session.chat.clock)

    @override
    def connectionMade(self) -> None:
        self.session.dialect = plain.connected(
            self.session.dialect,
            is_encrypted=tcp.is_encrypted(self.transport),
            is_local=tcp.is_loopback(self.transport),
        )
        super().connectionMade()

    @override
    def _handle_data(self, data: bytes) -> None:
        may_be_key = not (self._has_line_ends or self._is_program)
        is_key = may_be_key and _is_key(data)  # as it was sent: a Telnet command is no key
        data, replies = self._telnet.decode(data)
        if replies:
            self.session.output.send(None, replies)
            self.session.charge_bytes(len(replies))
        self._has_line_ends = (
            self._has_line_ends or self._telnet.is_telnet or b"\n" in data or is_key
        )
        self._cancel_pause()
        super()._handle_data(data)
        if not (self._has_line_ends or self._discards_input):
            self._pause = self.session.chat.clock.callLater(
                limits.PLAIN_IDLE_LINE_MILLISECONDS / 1_000, self._pause_ended
            )

    @override
    def lineReceived(self, line: bytes) -> None:
        if self._held_nickname is not None:
            if plain.is_blank(line):
                return
            if plain.is_quit(line):
                self._drop_nickname()
            else:
                self._release_nickname()
                # The meaning of the line depends on whether the client has entered.
                self.session.pipeline.when_answered(partial(self._handle_line, line))
                return
        self._handle_line(line)

    def _handle_line(self, line: bytes) -> None:
        if plain.enters(self.session.dialect, line):
            self._held_nickname = line
            self._hold.start(limits.PLAIN_NICKNAME_MILLISECONDS / 1_000, self._release_nickname)
        else:
            super().lineReceived(line)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._cancel_pause()
        self._drop_nickname()
        super().connectionLost(reason)

    @override
    def eof_received(self) -> None:
        self._cancel_pause()
        self._pause_ended()
        self._drop_nickname()
        super().eof_received()

    @override
    def discard_input(self) -> None:
        self._drop_nickname()
        super().discard_input()

    def _release_nickname(self) -> None:
        held = self._held_nickname
        self._drop_nickname()
        if held is not None:
            super().lineReceived(held)

    def _drop_nickname(self) -> None:
        self._held_nickname = None
        self._hold.cancel()

    def _cancel_pause(self) -> None:
        if self._pause is not None and self._pause.active():
            self._pause.cancel()

    def _pause_ended(self) -> None:
        self._is_program = True
        line = b"" if self._discards_input else self.clearLineBuffer()
        if line:
            self.lineReceived(line)


def _is_key(data: bytes) -> bool:
    """Whether `data` is what a terminal sends for one key: a character, or an escape sequence."""
    return data.startswith(b"\x1b") or len(data.decode("utf-8", "replace")) == 1


class ObjectProtocol(HalfCloseable, GuardedInput, FrameReader, Protocol):
    """JSON objects without any delimiter, each of them a frame: JIM."""

    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self, session: Session) -> None:
        self.session = session
        self.guard = ProtocolGuard()
        self._splitter = ObjectSplitter()
        self._handle_frame = session.frame_received

    @override
    def connectionMade(self) -> None:
        chat = self.session.chat
        _note_transport(self.session, self.transport)
        send_queue = JimSendQueue(
            SendQueue(self.transport, limits.OUTBOUND_BYTES, self.session.send_queue_exceeded),
            chat.clock,
            chat.now,
            self.session.send_queue_exceeded,
        )
        self.session.start(self, send_queue)
        tcp.set_socket_options(self.transport)

    @override
    def dataReceived(self, data: bytes) -> None:
        if not self.is_discarded(data):
            self.session.data_arrived()
            self._splitter.feed(data)
            self._read_frames()
            self.session.charge_bytes(len(data))

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.session.connection_lost()
        self.transport = None  # see LineProtocol

    @override
    def eof_received(self) -> None:
        if self._splitter.is_inside and not self._discards_input:
            self.session.refuse(BrokenObject("the last object is not complete"))
        self.session.close()

    @override
    def _received_frames(self) -> Iterator[bytes]:
        return iter(self._splitter.next, None)
