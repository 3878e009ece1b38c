"""The framings of a server's connections: a stream of bytes becomes lines, or objects.

What a unit means, and everything else about a connection, is the business of its participant.
"""

import re
from typing import Any, Final

from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd import tcp
from chatd.chat import limits
from chatd.chat.errors import BrokenObject, LineTooLong
from chatd.server.jim_send_queue import JimSendQueue
from chatd.server.send_queue import SendQueue
from chatd.server.session import Session
from chatd.server.timing import Timeout
from chatd.wire.basic import Basic
from chatd.wire.jim_framing import ObjectSplitter

#: What ``telnet`` says to ``telnet`` (RFC 854): no text has a byte of 255.
_NEGOTIATION: Final = re.compile(rb"\xff(?:[\xfb-\xfe][^\n]|[^\n\xfb-\xff])")
_PARTIAL_NEGOTIATION: Final = re.compile(rb"\xff[\xfb-\xfe]?\Z")


@implementer(IHalfCloseableProtocol)
class HalfCloseable:
    """A connection whose ends close one after the other, so that the last words arrive.

    A peer that has said all it had to say may still read what is answered.
    """

    transport: Any
    session: Session
    _is_read_lost = False
    _is_write_lost = False

    def readConnectionLost(self) -> None:
        """The peer has said everything: answer it, and end."""
        self._is_read_lost = True
        self.session.close()
        self._close_if_both_are_lost()

    def writeConnectionLost(self) -> None:
        """Everything was sent."""
        self._is_write_lost = True
        self._close_if_both_are_lost()

    def _close_if_both_are_lost(self) -> None:
        if self._is_read_lost and self._is_write_lost:
            self.transport.loseConnection()


class LineProtocol(HalfCloseable, LineReceiver):
    """One line, one unit: what the main port's dialects have in common."""

    delimiter = b"\n"
    MAX_LENGTH = limits.LINE_BYTES
    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self, session: Session) -> None:
        self.session = session
        self._discards_input = False

    def connectionMade(self) -> None:
        """Begin."""
        outlet = SendQueue(self.transport, limits.OUTBOUND_BYTES, self.session.send_queue_exceeded)
        self.session.start(self, outlet)
        tcp.set_socket_options(self.transport)

    def dataReceived(self, data: bytes) -> None:
        """Take what comes, until the end; what comes after it is read and thrown away."""
        if not self._discards_input:
            super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        """Hand on a line."""
        self.session.frame_received(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        """Refuse a line that is too long; nobody knows where the next one starts."""
        self.session.refuse(LineTooLong())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget everything about this connection."""
        self.session.connection_lost()
        self.transport = None  # nor must what it holds wait for the garbage collector

    def discard_input(self) -> None:
        """Throw away what was and will be read."""
        self._discards_input = True
        self.clearLineBuffer()
        self.transport.resumeProducing()

    def abort(self) -> None:
        """Close at once."""
        self._discards_input = True
        self.transport.abortConnection()


class MainProtocol(LineProtocol):
    """The main port: who says nothing at all for a while waits to be spoken to."""

    def connectionMade(self) -> None:
        """Begin to wait for the first byte."""
        super().connectionMade()
        self._detection = Timeout(self.session.chat.clock)
        self._detection.start(limits.DIALECT_DETECTION_MILLISECONDS / 1_000, self._detect_basic)

    def dataReceived(self, data: bytes) -> None:
        """With the first byte, the first line decides."""
        self._detection.cancel()
        super().dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Wait for nothing more."""
        self._detection.cancel()
        super().connectionLost(reason)

    def readConnectionLost(self) -> None:
        """The last line counts without its end, too."""
        line = b"" if self._discards_input else self.clearLineBuffer()
        if line:
            self.lineReceived(line)
        super().readConnectionLost()

    def _detect_basic(self) -> None:
        if not self.session.is_ended:
            self.session.idle_detected(Basic())


class PlainProtocol(LineProtocol):
    """Text for people; until a connection has sent its first LF, a pause ends a line as well."""

    _pause: IDelayedCall | None = None
    _has_line_ends = False
    _partial_negotiation = b""

    def dataReceived(self, data: bytes) -> None:
        """Take what comes; a program may send its text without any line end."""
        data = _NEGOTIATION.sub(b"", self._partial_negotiation + data)
        begun = _PARTIAL_NEGOTIATION.search(data)
        self._partial_negotiation = begun[0] if begun else b""
        data = data.removesuffix(self._partial_negotiation)
        self._has_line_ends = self._has_line_ends or b"\n" in data
        self._cancel_pause()
        super().dataReceived(data)
        if not (self._has_line_ends or self._discards_input):
            self._pause = self.session.chat.clock.callLater(
                limits.PLAIN_IDLE_LINE_MILLISECONDS / 1_000, self._pause_ended
            )

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Wait for nothing more."""
        self._cancel_pause()
        super().connectionLost(reason)

    def readConnectionLost(self) -> None:
        """What was said without a line end is said."""
        self._cancel_pause()
        self._pause_ended()
        super().readConnectionLost()

    def _cancel_pause(self) -> None:
        if self._pause is not None and self._pause.active():
            self._pause.cancel()

    def _pause_ended(self) -> None:
        line = b"" if self._discards_input else self.clearLineBuffer()
        if line:
            self.lineReceived(line)


class ObjectProtocol(HalfCloseable, Protocol):
    """One JSON object, one unit, without any delimiter: JIM."""

    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self, session: Session) -> None:
        self.session = session
        self._splitter = ObjectSplitter()
        self._is_reading_objects = False
        self._is_paused = False
        self._discards_input = False

    def connectionMade(self) -> None:
        """Begin."""
        chat = self.session.chat
        outlet = JimSendQueue(
            SendQueue(self.transport, limits.OUTBOUND_BYTES, self.session.send_queue_exceeded),
            chat.clock,
            chat.now,
            self.session.send_queue_exceeded,
        )
        self.session.start(self, outlet)
        tcp.set_socket_options(self.transport)

    def dataReceived(self, data: bytes) -> None:
        """Take what comes, until the end."""
        if not self._discards_input:
            self._splitter.feed(data)
            self._read_objects()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget everything about this connection."""
        self.session.connection_lost()
        self.transport = None

    def readConnectionLost(self) -> None:
        """An object that has not all come never will."""
        if self._splitter.is_inside and not self._discards_input:
            self.session.refuse(BrokenObject("the last object is not complete"))
        super().readConnectionLost()

    def pauseProducing(self) -> None:
        """Take no more objects for now."""
        self._is_paused = True
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """Read on, beginning with what is here already."""
        self._is_paused = False
        self.transport.resumeProducing()
        self._read_objects()

    def discard_input(self) -> None:
        """Throw away what was and will be read."""
        self._discards_input = True
        self.transport.resumeProducing()

    def abort(self) -> None:
        """Close at once."""
        self._discards_input = True
        self.transport.abortConnection()

    def _read_objects(self) -> None:
        if self._is_reading_objects:
            return  # what an object asks for may let the reading go on; one loop is enough
        self._is_reading_objects = True
        try:
            while not (self._is_paused or self._discards_input):
                unit = self._splitter.next()
                if unit is None:
                    return
                self.session.frame_received(unit)
        except BrokenObject as broken:
            self.session.refuse(broken)
        finally:
            self._is_reading_objects = False
