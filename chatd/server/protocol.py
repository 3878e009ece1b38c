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

from chatd import links
from chatd.chat import limits
from chatd.chat.refusals import BrokenObject, LineTooLong
from chatd.server.jim_outlet import JimOutlet
from chatd.server.outlet import Outlet
from chatd.server.participant import Participant
from chatd.server.timing import Deadline
from chatd.wire.basic import Basic
from chatd.wire.jim_objects import ObjectSplitter

#: What ``telnet`` says to ``telnet`` (RFC 854): no text has a byte of 255.
_NEGOTIATION: Final = re.compile(rb"\xff(?:[\xfb-\xfe][^\n]|[^\n\xfb-\xff])")
_NEGOTIATION_BEGUN: Final = re.compile(rb"\xff[\xfb-\xfe]?\Z")


@implementer(IHalfCloseableProtocol)
class HalfCloseable:
    """A connection whose ends close one after the other, so that the last words arrive.

    A peer that has said all it had to say may still read what is answered.
    """

    transport: Any
    participant: Participant
    _is_read_lost = False
    _is_write_lost = False

    def readConnectionLost(self) -> None:
        """The peer has said everything: answer it, and end."""
        self._is_read_lost = True
        self.participant.end()
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

    def __init__(self, participant: Participant) -> None:
        self.participant = participant
        self._is_draining = False

    def connectionMade(self) -> None:
        """Begin."""
        outlet = Outlet(self.transport, limits.OUTBOUND_BYTES, self.participant.overflowed)
        self.participant.connected(self, outlet)
        links.tend(self.transport)

    def dataReceived(self, data: bytes) -> None:
        """Take what comes, until the end; what comes after it is read and thrown away."""
        if not self._is_draining:
            super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        """Hand on a line."""
        self.participant.received(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        """Refuse a line that is too long; nobody knows where the next one starts."""
        self.participant.refuse(LineTooLong())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget everything about this connection."""
        self.participant.lost()
        self.transport = None  # nor must what it holds wait for the garbage collector

    def drain(self) -> None:
        """Throw away what was and will be read."""
        self._is_draining = True
        self.clearLineBuffer()
        self.transport.resumeProducing()

    def abort(self) -> None:
        """Close at once."""
        self._is_draining = True
        self.transport.abortConnection()


class MainProtocol(LineProtocol):
    """The main port: who says nothing at all for a while waits to be spoken to."""

    def connectionMade(self) -> None:
        """Begin to wait for the first byte."""
        super().connectionMade()
        self._silence = Deadline(self.participant.factory.clock)
        self._silence.set(limits.SILENCE_MILLISECONDS / 1_000, self._silent)

    def dataReceived(self, data: bytes) -> None:
        """With the first byte, the first line decides."""
        self._silence.forget()
        super().dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Wait for nothing more."""
        self._silence.forget()
        super().connectionLost(reason)

    def readConnectionLost(self) -> None:
        """The last line counts without its end, too."""
        line = b"" if self._is_draining else self.clearLineBuffer()
        if line:
            self.lineReceived(line)
        super().readConnectionLost()

    def _silent(self) -> None:
        if not self.participant.is_ended:
            self.participant.silent(Basic())


class PlainProtocol(LineProtocol):
    """Text for people; until a connection has sent its first LF, a pause ends a line as well."""

    _pause: IDelayedCall | None = None
    _has_line_ends = False
    _begun = b""

    def dataReceived(self, data: bytes) -> None:
        """Take what comes; a program may send its text without any line end."""
        data = _NEGOTIATION.sub(b"", self._begun + data)
        begun = _NEGOTIATION_BEGUN.search(data)
        self._begun = begun[0] if begun else b""
        data = data.removesuffix(self._begun)
        self._has_line_ends = self._has_line_ends or b"\n" in data
        self._stop_waiting()
        super().dataReceived(data)
        if not (self._has_line_ends or self._is_draining):
            self._pause = self.participant.factory.clock.callLater(
                limits.PLAIN_LINE_MILLISECONDS / 1_000, self._pause_ended
            )

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Wait for nothing more."""
        self._stop_waiting()
        super().connectionLost(reason)

    def readConnectionLost(self) -> None:
        """What was said without a line end is said."""
        self._stop_waiting()
        self._pause_ended()
        super().readConnectionLost()

    def _stop_waiting(self) -> None:
        if self._pause is not None and self._pause.active():
            self._pause.cancel()

    def _pause_ended(self) -> None:
        line = b"" if self._is_draining else self.clearLineBuffer()
        if line:
            self.lineReceived(line)


class ObjectProtocol(HalfCloseable, Protocol):
    """One JSON object, one unit, without any delimiter: JIM."""

    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self, participant: Participant) -> None:
        self.participant = participant
        self._splitter = ObjectSplitter()
        self._is_taking = False
        self._is_paused = False
        self._is_draining = False

    def connectionMade(self) -> None:
        """Begin."""
        factory = self.participant.factory
        outlet = JimOutlet(
            Outlet(self.transport, limits.OUTBOUND_BYTES, self.participant.overflowed),
            factory.clock,
            factory.now,
            self.participant.overflowed,
        )
        self.participant.connected(self, outlet)
        links.tend(self.transport)

    def dataReceived(self, data: bytes) -> None:
        """Take what comes, until the end."""
        if not self._is_draining:
            self._splitter.feed(data)
            self._take_objects()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget everything about this connection."""
        self.participant.lost()
        self.transport = None

    def readConnectionLost(self) -> None:
        """An object that has not all come never will."""
        if self._splitter.is_inside and not self._is_draining:
            self.participant.refuse(BrokenObject("the last object is not complete"))
        super().readConnectionLost()

    def pauseProducing(self) -> None:
        """Take no more objects for now."""
        self._is_paused = True
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """Read on, beginning with what is here already."""
        self._is_paused = False
        self.transport.resumeProducing()
        self._take_objects()

    def drain(self) -> None:
        """Throw away what was and will be read."""
        self._is_draining = True
        self.transport.resumeProducing()

    def abort(self) -> None:
        """Close at once."""
        self._is_draining = True
        self.transport.abortConnection()

    def _take_objects(self) -> None:
        if self._is_taking:
            return  # what an object asks for may let the reading go on; one loop is enough
        self._is_taking = True
        try:
            while not (self._is_paused or self._is_draining):
                unit = self._splitter.next()
                if unit is None:
                    return
                self.participant.received(unit)
        except BrokenObject as broken:
            self.participant.refuse(broken)
        finally:
            self._is_taking = False
