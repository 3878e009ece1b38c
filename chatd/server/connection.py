"""The common part of the connections of all framings: their two ends, and how they are read."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from zope.interface import implementer

from chatd.chat.errors import Malformed
from chatd.server.session import Session
from chatd.wire.foreign_protocols import ProtocolGuard


@implementer(IHalfCloseableProtocol)
class HalfCloseable:
    """A connection whose two directions end separately.

    So the final ``goodbye`` or ``error`` frame arrives.

    A client may close its sending side and still read the replies (``echo hello | nc``). And the
    server closes only its own side when it ends a session: were the connection closed while the
    client still sends, the kernel would answer with a reset, and the client might lose what it has
    not read yet.
    """

    transport: Any
    _is_read_lost = False
    _is_write_lost = False

    def eof_received(self) -> None:
        """The client will send nothing more."""

    def readConnectionLost(self) -> None:
        """Twisted's name for the end of what the client sends."""
        self._is_read_lost = True
        self.eof_received()
        self._close_if_both_are_lost()

    def writeConnectionLost(self) -> None:
        """Twisted's name for the end of what the server sends."""
        self._is_write_lost = True
        self._close_if_both_are_lost()

    def _close_if_both_are_lost(self) -> None:
        if self._is_read_lost and self._is_write_lost:
            self.transport.loseConnection()


class ClosingInput:
    """How an input ends: the part of :class:`chatd.server.send_queue.Input` that all share.

    :ivar session: it hears of a foreign protocol, and of what cannot be cut into frames.
    """

    session: Session
    transport: Any
    _discards_input = False

    def discard_input(self) -> None:
        """Read on and throw away the data, for the reason that :class:`HalfCloseable` gives."""
        self._discards_input = True
        self.transport.resumeProducing()

    def abort(self) -> None:
        """Close at once, without sending what is queued."""
        self._discards_input = True
        self.transport.abortConnection()


class GuardedInput(ClosingInput):
    """The input of a port that browsers and port scanners may find, too.

    :ivar guard: looks at the first bytes; None once they are decided.
    """

    guard: ProtocolGuard | None

    def is_discarded(self, data: bytes) -> bool:
        """Whether `data`, which was received, must not be handled.

        A client that speaks a foreign protocol is dropped with its first bytes, before any of them
        is handled.
        """
        if self.guard is not None and not self._discards_input:
            protocol = self.guard.foreign_protocol(data)
            if protocol is not None:
                self.session.drop_foreign(protocol)
            elif self.guard.is_decided:
                self.guard = None
        return self._discards_input


class FrameReader(ClosingInput, ABC):
    """Implements :class:`chatd.server.send_queue.Input` for a stream that is cut into frames.

    A frame is handed on only when the one before it has been handled, and only while reading is
    not paused. So one chunk of a thousand frames is throttled just like a thousand chunks.
    """

    #: Handles one frame.
    _handle_frame: Callable[[Any], None]
    _is_reading_frames = False
    _is_paused = False

    @abstractmethod
    def _received_frames(self) -> Iterator[Any]:
        """Cut frames off the data that is here, each only when it is asked for."""

    def pauseProducing(self) -> None:
        """Pause reading, also of frames that are here already."""
        self._is_paused = True
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """Resume reading, first of the frames that came before the pause."""
        self._is_paused = False
        self.transport.resumeProducing()
        self._read_frames()

    def _read_frames(self) -> None:
        if self._is_reading_frames:
            return  # a frame may resume reading while it is handled; the loop below goes on
        self._is_reading_frames = True
        try:
            frames = self._received_frames()
            while not (self._is_paused or self._discards_input):
                frame = next(frames, None)
                if frame is None:
                    return
                self._handle_frame(frame)
        except Malformed as refusal:
            self.session.refuse(refusal)
        finally:
            self._is_reading_frames = False
