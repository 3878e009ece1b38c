"""A server without a network: connections made by hand, and a clock to advance."""

import json
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.server.chat import Chat, ServerSettings
from chatd.server.factory import MAIN, ChatFactory, PortType
from chatd.server.protocol import LineProtocol, ObjectProtocol

Frame = dict[str, Any]

#: When the server of every test was started, in milliseconds since 1970.
STARTED = 1_700_000_000_000


def line(frame_type: str, data: object = None, request_id: object = None) -> bytes:
    """One frame as a client sends it."""
    frame: Frame = {"type": frame_type}
    if data is not None:
        frame["data"] = data
    if request_id is not None:
        frame["id"] = request_id
    return json.dumps(frame).encode() + b"\n"


def hello(nickname: str) -> bytes:
    """The first frame of a client."""
    return line("hello", {"nickname": nickname, "version": 1})


class Handle:
    """A socket, as far as its options are concerned."""

    def __init__(self) -> None:
        self.options: dict[int, int] = {}

    def setsockopt(self, level: int, option: int, value: int) -> None:
        assert level == socket.IPPROTO_TCP
        self.options[option] = value


@implementer(ITCPTransport)
class TcpStringTransport(StringTransport):
    """A transport that is closed as TCP is: for writing first, while what comes is still read.

    :ivar is_half_closed: whether it is closed for writing.
    :ivar segments: each write, as it arrives at a peer that reads as fast as it comes.
    :ivar is_full: whether each write is one too many, of which it tells its producer.
    """

    def __init__(self, peer: IPv4Address) -> None:
        super().__init__(peerAddress=peer)
        self.is_half_closed = self.is_full = False
        self.segments: list[bytes] = []
        self.handle = Handle()

    def write(self, data: bytes) -> None:
        assert not self.is_half_closed
        self.segments.append(data)
        super().write(data)
        if self.is_full and self.producer is not None:
            self.producer.pauseProducing()

    def resumeProducing(self) -> None:
        if not self.disconnecting:  # which a real one minds in silence
            super().resumeProducing()

    def loseWriteConnection(self) -> None:
        self.is_half_closed = True

    def getHandle(self) -> Handle:
        return self.handle

    def setTcpNoDelay(self, enabled: bool) -> None:
        pass

    def getTcpNoDelay(self) -> bool:
        return True

    def setTcpKeepAlive(self, enabled: bool) -> None:
        pass

    def getTcpKeepAlive(self) -> bool:
        return True


class Guest:
    """Who is at the other end of one connection."""

    def __init__(self, connection: LineProtocol | ObjectProtocol, address: IPv4Address) -> None:
        self.connection = connection
        self.address = f"{address.host}:{address.port}"
        self.transport = TcpStringTransport(address)
        self.is_lost = False
        connection.makeConnection(self.transport)

    def send(self, frame_type: str, data: object = None, request_id: object = None) -> None:
        """Send one frame."""
        self.send_bytes(line(frame_type, data, request_id))

    def hello(self, nickname: str, request_id: object = None) -> None:
        """Ask to be let in."""
        self.send("hello", {"nickname": nickname, "version": 1}, request_id)

    def say(self, text: str, request_id: object = None) -> None:
        """Say something in the lobby."""
        self.send("message", {"text": text}, request_id)

    def send_bytes(self, data: bytes) -> None:
        """Send anything, in one piece."""
        self.connection.dataReceived(data)
        self.end_turn()

    def end_turn(self) -> None:
        """Let the server write what it has for everyone in this turn of its reactor."""
        clock: Any = self.connection.session.chat.clock
        clock.advance(0)

    def heard(self) -> list[Frame]:
        """What the server has sent since this was last asked."""
        data = self.transport.value()
        self.transport.clear()
        assert not data or data.endswith(b"\n"), "half a frame"
        return [json.loads(each) for each in data.splitlines()]

    def heard_of(self, frame_type: str) -> list[Any]:
        """The data of the frames of one type among those."""
        return [frame.get("data") for frame in self.heard() if frame["type"] == frame_type]

    def errors(self) -> list[str]:
        """The codes of the refusals among those."""
        return [data["code"] for data in self.heard_of("error")]

    def stop_reading(self) -> None:
        """Let the connection fill up, as its transport tells the server."""
        self.producer.pauseProducing()

    def read_on(self) -> None:
        """Read again, as its transport tells the server."""
        self.producer.resumeProducing()

    @property
    def producer(self) -> Any:
        """What the transport tells when to send and when to wait."""
        return self.transport.producer

    def is_read(self) -> bool:
        """Whether the server reads what this connection sends."""
        return self.transport.producerState == "producing"

    def is_dropped(self) -> bool:
        """Whether the server has closed the connection, in whatever way."""
        return self.transport.is_half_closed or self.transport.disconnecting

    def is_cut_off(self) -> bool:
        """Whether the server has closed the connection without sending what waits."""
        return self.transport.disconnected

    def hang_up(self) -> None:
        """Be gone, or notice that the server is."""
        self.is_lost = True
        self.connection.connectionLost(Failure(ConnectionDone()))
        self.end_turn()


AnyGuest = TypeVar("AnyGuest", bound=Guest)


class Hall:
    """A server and everyone who is connected to it.

    As a context, it checks that nobody leaves a timer running. Everyone comes from one address, so
    the accept rate has no limit unless one is given.
    """

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("accept_rate", 0)
        self.clock = Clock()
        self.chat = Chat(
            ServerSettings("party", **settings),
            self.clock,
            lambda: STARTED + round(1_000 * self.clock.seconds()),
        )
        self.guests: list[Guest] = []
        self.last_port = 40_000  # of the next connection, less one

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()

    def close(self) -> None:
        """Everyone goes; then nothing may be left."""
        for guest in self.guests:
            if not guest.is_lost:
                guest.hang_up()
        assert not self.clock.getDelayedCalls()
        assert self.free == self.chat.settings.slots
        assert not self.chat.sessions

    def try_to_connect(self, host: str = "10.35.11.112") -> Guest | None:
        """A connection, if the server takes it."""
        return self.try_to_come(Guest, MAIN, host)

    def try_to_come(self, kind: type[AnyGuest], port: PortType, host: str) -> AnyGuest | None:
        """A connection to one kind of port, if the server takes it."""
        self.last_port += 1
        address = IPv4Address("TCP", host, self.last_port)
        connection = ChatFactory(self.chat, port).buildProtocol(address)
        if connection is None:
            return None
        assert isinstance(connection, LineProtocol | ObjectProtocol)
        guest = kind(connection, address)
        self.guests.append(guest)
        return guest

    def connect(self, host: str = "10.35.11.112") -> Guest:
        """A connection that the server takes."""
        guest = self.try_to_connect(host)
        assert guest is not None
        return guest

    def enter(self, nickname: str) -> Guest:
        """A member, who has heard its welcome."""
        guest = self.connect()
        guest.hello(nickname)
        [welcome] = guest.heard()
        assert welcome["type"] == "welcome"
        return guest

    def enter_all(self, *nicknames: str) -> list[Guest]:
        """Several members, who have heard of each other."""
        guests = [self.enter(nickname) for nickname in nicknames]
        for guest in guests:
            guest.heard()
        return guests

    def pass_time(self, seconds: float, each: Callable[[], None] = lambda: None) -> None:
        """Let whole seconds go by, one after the other, and do `each` after each."""
        for _ in range(round(seconds)):
            self.clock.advance(1)
            each()

    @property
    def free(self) -> int:
        """How many slots are free."""
        return self.chat.hub.free_slots
