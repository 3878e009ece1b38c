"""A connection of a server on a socket that is not on the network, and a reactor turned by hand."""

from collections.abc import Callable
from errno import EAGAIN, EPIPE
from typing import Any

from twisted.internet import tcp
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.posixbase import _DisconnectSelectableMixin
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.server.transport import EagerServer

#: More room than any test needs.
PLENTY = 1 << 30


class FakeSocket:
    """A TCP socket, as the kernel has it.

    :ivar room: the bytes that the kernel still takes.
    :ivar taken: the bytes that it took.
    :ivar sends: how often it was asked to.
    :ivar moods: errors that the next sends end with, one each.
    :ivar arrived: what came from the peer; empty bytes are the end.
    """

    def __init__(self, room: int = PLENTY) -> None:
        self.room = room
        self.taken = bytearray()
        self.sends = 0
        self.moods: list[OSError] = []
        self.arrived: list[bytes] = []
        self.is_half_closed = False
        self.is_closed = False
        self._error: OSError | None = None
        self._is_dead = False
        self._is_peer_gone = False

    def die(self, number: int) -> None:
        """The connection is broken; the kernel says why once, and not again."""
        self._is_dead = True
        self._error = OSError(number, "told once")

    def hang_up(self, *said: bytes) -> None:
        """The peer said that and closed; it answers to what is sent now that it is not there."""
        self.arrived += [*said, b""]
        self._is_peer_gone = True

    @property
    def has_news(self) -> bool:
        return bool(self.arrived) or self._is_dead

    @property
    def has_room(self) -> bool:
        return bool(self.room or self.moods or self._is_dead)

    def send(self, data: Any) -> int:
        assert not self.is_half_closed, "sent after the end"
        self.sends += 1
        if self._is_dead:
            raise self._told_once() or BrokenPipeError(EPIPE, "Broken pipe")
        if self.moods:
            raise self.moods.pop(0)
        if data and not self.room:
            raise BlockingIOError(EAGAIN, "Resource temporarily unavailable")
        piece = bytes(data[: self.room])
        self.room -= len(piece)
        self.taken += piece
        if self._is_peer_gone:
            self.die(EPIPE)
        return len(piece)

    def recv(self, count: int) -> bytes:
        if self.arrived:
            return self.arrived.pop(0) or self._end()
        error = self._told_once()
        if error is not None:
            raise error
        assert self._is_dead, "read without news"
        return b""

    def _end(self) -> bytes:
        self.arrived.append(b"")
        return b""

    def _told_once(self) -> OSError | None:
        error, self._error = self._error, None
        return error

    def shutdown(self, how: int) -> None:
        self.is_half_closed = True

    def close(self) -> None:
        self.is_closed = True

    def fileno(self) -> int:
        return -1 if self.is_closed else 99

    def setblocking(self, flag: bool) -> None:
        assert not flag

    def setsockopt(self, level: int, option: int, value: object) -> None:
        """It has no options."""


class FakeReactor(MemoryReactorClock, _DisconnectSelectableMixin):
    """A reactor that only turns when it is told to."""

    def turn(self) -> None:
        """What a reactor does once: calls that are due, then who can read, then who can write."""
        self.advance(0)
        for reader in list(self.getReaders()):
            if reader.socket.has_news:
                self._heed(reader, reader.doRead, is_read=True)
        for writer in list(self.getWriters()):
            if writer.socket.has_room:
                self._heed(writer, writer.doWrite, is_read=False)

    def _heed(self, descriptor: Any, do: Callable[[], Any], *, is_read: bool) -> None:
        why = do()
        if why:
            self._disconnectSelectable(descriptor, why, is_read)


class RecordingProtocol(Protocol):
    """Takes note of what it hears; `on_data`, if set, is called with each piece."""

    transport: Any
    on_data: Callable[[bytes], None] | None = None

    def __init__(self) -> None:
        self.heard = bytearray()
        self.lost: type[BaseException] | None = None

    @property
    def is_lost(self) -> bool:
        return self.lost is not None

    def dataReceived(self, data: bytes) -> None:
        self.heard += data
        if self.on_data is not None:
            self.on_data(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        assert self.lost is None, "lost twice"
        self.lost = reason.type


@implementer(IHalfCloseableProtocol)
class HalfCloseRecorder(RecordingProtocol):
    """One that is told of each direction's end."""

    def __init__(self) -> None:
        super().__init__()
        self.is_read_lost = False
        self.is_write_lost = False

    def readConnectionLost(self) -> None:
        self.is_read_lost = True

    def writeConnectionLost(self) -> None:
        self.is_write_lost = True


class FakeConnection:
    """One connection, ready to be written to."""

    def __init__(
        self,
        protocol: RecordingProtocol | None = None,
        room: int = PLENTY,
        kind: type[tcp.Server] = EagerServer,
    ) -> None:
        self.socket: Any = FakeSocket(room)
        self.reactor: Any = FakeReactor()
        self.protocol = protocol or RecordingProtocol()
        connect: Any = kind  # it takes the socket for a real one
        self.transport = connect(
            self.socket, self.protocol, ("127.0.0.1", 50_000), None, 0, self.reactor
        )
        self.protocol.makeConnection(self.transport)

    @property
    def sent(self) -> bytes:
        return bytes(self.socket.taken)

    @property
    def waits(self) -> bool:
        """Whether the reactor watches for the connection to be writable."""
        return self.transport in self.reactor.getWriters()

    def turn(self, turns: int = 1) -> None:
        for _ in range(turns):
            self.reactor.turn()

    def settle(self) -> None:
        """Have the kernel take everything."""
        self.socket.room = PLENTY
        self.turn(100)


class PushProducer:
    """A push producer that does what it is told when it is paused, resumed and stopped."""

    def __init__(self) -> None:
        self.pauses = 0
        self.resumes = 0
        self.on_pause: Callable[[], None] = _nothing
        self.on_resume: Callable[[], None] = _nothing
        self.on_stop: Callable[[], None] = _nothing

    def pauseProducing(self) -> None:
        self.pauses += 1
        self.on_pause()

    def resumeProducing(self) -> None:
        self.resumes += 1
        self.on_resume()

    def stopProducing(self) -> None:
        self.on_stop()


class PullProducer:
    """A pull producer of so many pieces: asked for one, it gives the next, and None at the end."""

    def __init__(self, give: Callable[[int | None], None], pieces: int) -> None:
        self._give = give
        self._pieces = pieces
        self.asked = 0
        self.is_stopped = False

    def resumeProducing(self) -> None:
        number, self.asked = self.asked, self.asked + 1
        self._give(number if number < self._pieces else None)

    def stopProducing(self) -> None:
        self.is_stopped = True


def _nothing() -> None:
    pass
