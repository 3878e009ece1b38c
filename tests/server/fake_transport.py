"""A server connection on a fake socket, and a reactor whose turns a test makes."""

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

#: More bytes than any test needs.
PLENTY = 1 << 30


class FakeSocket:
    """A TCP socket, as a kernel would behave.

    :ivar room: the number of bytes that the kernel still takes.
    :ivar taken: the bytes that it took.
    :ivar sends: the number of calls of send.
    :ivar next_errors: the errors of the next sends, one each.
    :ivar incoming: what the peer has sent; empty bytes are its end.
    """

    def __init__(self, room: int = PLENTY) -> None:
        self.room = room
        self.taken = bytearray()
        self.sends = 0
        self.next_errors: list[OSError] = []
        self.incoming: list[bytes] = []
        self.is_half_closed = False
        self.is_closed = False
        self._error: OSError | None = None
        self._is_dead = False
        self._is_peer_gone = False

    def die(self, number: int) -> None:
        """Break the connection: the kernel reports the error once."""
        self._is_dead = True
        self._error = OSError(number, "told once")

    def hang_up(self, *said: bytes) -> None:
        """The peer has sent that and closed; it answers everything sent to it with a reset."""
        self.incoming += [*said, b""]
        self._is_peer_gone = True

    @property
    def has_news(self) -> bool:
        return bool(self.incoming) or self._is_dead

    @property
    def has_room(self) -> bool:
        return bool(self.room or self.next_errors or self._is_dead)

    def send(self, data: Any) -> int:
        assert not self.is_half_closed, "sent after the end"
        self.sends += 1
        if self._is_dead:
            raise self._told_once() or BrokenPipeError(EPIPE, "Broken pipe")
        if self.next_errors:
            raise self.next_errors.pop(0)
        if data and not self.room:
            raise BlockingIOError(EAGAIN, "Resource temporarily unavailable")
        piece = bytes(data[: self.room])
        self.room -= len(piece)
        self.taken += piece
        if self._is_peer_gone:
            self.die(EPIPE)
        return len(piece)

    def recv(self, count: int) -> bytes:
        if self.incoming:
            return self.incoming.pop(0) or self._end()
        error = self._told_once()
        if error is not None:
            raise error
        assert self._is_dead, "read without news"
        return b""

    def _end(self) -> bytes:
        self.incoming.append(b"")
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
        """Ignored."""


class FakeReactor(MemoryReactorClock, _DisconnectSelectableMixin):
    """A reactor that runs only by :meth:`turn`."""

    def turn(self) -> None:
        """Run one turn: the calls that are due, then the readers, then the writers."""
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
    """Records what it receives; `on_data`, if set, is called with each piece."""

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
    """The same for each direction's end."""

    def __init__(self) -> None:
        super().__init__()
        self.is_read_lost = False
        self.is_write_lost = False

    def readConnectionLost(self) -> None:
        self.is_read_lost = True

    def writeConnectionLost(self) -> None:
        self.is_write_lost = True


class FakeConnection:
    """A server connection on a fake socket, with a protocol of its own."""

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
        """Let the kernel take everything."""
        self.socket.room = PLENTY
        self.turn(100)


class PushProducer:
    """A push producer that calls back when it is paused, resumed and stopped."""

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
    """A pull producer of a number of pieces: it gives the next when asked, and None at the end."""

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
