"""A server without a network: connections made by hand, and a clock that tests advance."""

import json
import re
import socket
from collections.abc import Callable
from itertools import count
from types import TracebackType
from typing import Any, Self, TypeVar

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.chat import limits
from chatd.log.engine import Store
from chatd.log.shared_engine import SharedEngine
from chatd.server.chat import Chat, ServerSettings
from chatd.server.factory import JIM, MAIN, PLAIN, ChatFactory, PortType
from chatd.server.irc_port import IRC
from chatd.server.protocol import LineProtocol, ObjectProtocol
from chatd.web.websocket import connect_without_slot
from tests.wire.formats import read_websocket

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
    """A socket that records its options."""

    def __init__(self) -> None:
        self.options: dict[int, int] = {}

    def setsockopt(self, level: int, option: int, value: int) -> None:
        assert level == socket.IPPROTO_TCP
        self.options[option] = value


@implementer(ITCPTransport)
class TcpStringTransport(StringTransport):
    """A transport that can be half-closed, as TCP can.

    :ivar is_half_closed: whether it is closed for writing.
    :ivar segments: each write, as a peer receives it that reads at once.
    :ivar is_full: whether it pauses its producer after each write.
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
        if not self.disconnecting:  # a real one ignores this, StringTransport raises
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


class Client:
    """A native client: the other end of one connection."""

    def __init__(self, connection: LineProtocol | ObjectProtocol, address: IPv4Address) -> None:
        self.connection = connection
        self.address = f"{address.host}:{address.port}"
        self.transport = TcpStringTransport(address)
        self.is_lost = False
        connection.makeConnection(self.transport)
        self.end_turn()

    def send(self, frame_type: str, data: object = None, request_id: object = None) -> None:
        """Send one frame."""
        self.send_bytes(line(frame_type, data, request_id))

    def hello(self, nickname: str, request_id: object = None) -> None:
        """Send a hello."""
        self.send("hello", {"nickname": nickname, "version": 1}, request_id)

    def say(self, text: str, request_id: object = None) -> None:
        """Send a message to the lobby."""
        self.send("message", {"text": text}, request_id)

    def send_bytes(self, data: bytes) -> None:
        """Send any bytes, in one piece."""
        self.connection.dataReceived(data)
        self.end_turn()

    def end_turn(self) -> None:
        """End the turn of the reactor, so that the server writes."""
        clock: Any = self.connection.session.chat.clock
        clock.advance(0)

    def heard(self) -> list[Frame]:
        """The frames that were received since the last call."""
        data = self.transport.value()
        self.transport.clear()
        assert not data or data.endswith(b"\n"), "half a frame"
        return [json.loads(each) for each in data.splitlines()]

    def heard_of(self, frame_type: str) -> list[Any]:
        """The data of the frames of one type among them."""
        return [frame.get("data") for frame in self.heard() if frame["type"] == frame_type]

    def errors(self) -> list[str]:
        """The codes of the errors among them."""
        return [data["code"] for data in self.heard_of("error")]

    def stop_reading(self) -> None:
        """Stop reading: the transport is full, and pauses its producer."""
        self.producer.pauseProducing()

    def resume_reading(self) -> None:
        """Read again: the transport resumes its producer."""
        self.producer.resumeProducing()

    @property
    def producer(self) -> Any:
        """The producer of the transport: the send queue."""
        return self.transport.producer

    def is_read(self) -> bool:
        """Whether the server is reading from this connection."""
        return self.transport.producerState == "producing"

    def is_dropped(self) -> bool:
        """Whether the server has closed or half-closed the connection."""
        return self.transport.is_half_closed or self.transport.disconnecting

    def is_cut_off(self) -> bool:
        """Whether the server has aborted the connection."""
        return self.transport.disconnected

    def hang_up(self) -> None:
        """Close the connection, or notice that the server has closed it."""
        self.is_lost = True
        self.connection.connectionLost(Failure(ConnectionDone()))
        self.end_turn()


AnyClient = TypeVar("AnyClient", bound=Client)


class Harness:
    """A server in memory, and its clients.

    As a context manager it checks in the end that nothing is left, such as a timer. All clients
    have one address, so there is no accept rate unless one is given.

    :param store: keeps the chat, which is then to be opened.
    :param cpu_seconds: returns the processor time that the server has used; by default, all of it.
    :param shared: the log of the cluster of which the server is a node.
    """

    def __init__(
        self,
        store: Store | None = None,
        cpu_seconds: Callable[[], float] | None = None,
        shared: SharedEngine | None = None,
        **settings: Any,
    ) -> None:
        settings.setdefault("accept_rate", 0)
        self.clock = Clock()
        self.chat = Chat(
            ServerSettings("party", **settings),
            self.clock,
            lambda: STARTED + round(1_000 * self.clock.seconds()),
            store,
            cpu_seconds,
            shared,
        )
        tokens = count(1)
        self.chat.new_token = lambda: f"token {next(tokens)}"
        self.clients: list[Client] = []
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
        """Disconnect everyone; then nothing may be left."""
        for client in self.clients:
            if not client.is_lost:
                client.hang_up()
        self.clock.advance(limits.AWAY_SECONDS)
        self.chat.end()  # the sessions of those who have left would wait for an hour
        self.chat.hub.tick(self.chat.now())
        assert not self.clock.getDelayedCalls()
        assert self.free == self.chat.settings.slots
        assert not self.chat.sessions

    def try_connect(self, host: str = "10.35.11.112") -> Client | None:
        """A connection to the main port, if the server accepts it."""
        return self.try_connect_to(Client, MAIN, host)

    def try_connect_to(self, kind: type[AnyClient], port: PortType, host: str) -> AnyClient | None:
        """A client of some kind on any port, if the server accepts the connection."""
        self.last_port += 1
        address = IPv4Address("TCP", host, self.last_port)
        connection = ChatFactory(self.chat, port).buildProtocol(address)
        if connection is None:
            return None
        assert isinstance(connection, LineProtocol | ObjectProtocol)
        client = kind(connection, address)
        self.clients.append(client)
        return client

    def connect(self, host: str = "10.35.11.112") -> Client:
        """A connection to the main port that the server accepts."""
        client = self.try_connect(host)
        assert client is not None
        return client

    def enter(self, nickname: str) -> Client:
        """A member, after its welcome."""
        client = self.connect()
        client.hello(nickname)
        [welcome] = client.heard()
        assert welcome["type"] == "welcome"
        return client

    def enter_all(self, *nicknames: str) -> list[Client]:
        """Several members; what they have received is cleared."""
        clients = [self.enter(nickname) for nickname in nicknames]
        for client in clients:
            client.heard()
        return clients

    def pass_time(self, seconds: float, each: Callable[[], None] = lambda: None) -> None:
        """Advance the clock second by second, and call `each` after each of them."""
        for _ in range(round(seconds)):
            self.clock.advance(1)
            each()

    @property
    def free(self) -> int:
        """How many slots are free."""
        return self.chat.hub.free_slots()


HOST = "127.0.0.1"


class BasicClient(Client):
    """A basic client."""

    def say(self, text: str, request_id: object = None) -> None:
        self.send("message", text)

    def shown(self) -> list[str]:
        """The lines that its user sees since the last call; only message frames may arrive."""
        frames = self.heard()
        for frame in frames:
            assert frame.keys() == {"type", "data"}
            assert frame["type"] == "message"
            assert frame["data"].keys() == {"source", "message"}
        return [f"{frame['data']['source']}: {frame['data']['message']}" for frame in frames]


class PlainClient(Client):
    """A user of ``nc``."""

    def type(self, *lines: str) -> None:
        """Type whole lines."""
        for line in lines:
            self.send_bytes(f"{line}\n".encode())

    def enter(self, nickname: str) -> None:
        """Type a nickname, and wait until the server takes it."""
        self.type(nickname)
        self.wait_to_enter()

    def wait_to_enter(self) -> None:
        """Keep the connection open until the server takes the nickname."""
        clock: Any = self.connection.session.chat.clock
        clock.advance(limits.PLAIN_NICKNAME_MILLISECONDS / 1_000)
        self.end_turn()  # a timeout fires one turn late
        self.end_turn()

    def shown(self) -> list[str]:
        """The lines that were received since the last call, without refusals of Telnet options."""
        data = re.sub(rb"\xff[\xfc\xfe].", b"", self.transport.value(), flags=re.DOTALL)
        self.transport.clear()
        assert not data or data.endswith(b"\n"), "half a line"
        return data.decode().split("\n")[:-1]


class JimClient(Client):
    """A JIM client, which takes each segment for one object."""

    def ask(self, verb: str, /, key: str = "action", **said: object) -> None:
        """Send one object."""
        self.send_bytes(json.dumps({key: verb, "time": 1.5, **said}).encode())

    def present(self, nickname: str, key: str = "action") -> None:
        """Send a presence."""
        self.ask("presence", key, user={"account_name": nickname})

    def heard(self) -> list[Frame]:
        """The objects that were received since the last call, one in each segment."""
        segments, self.transport.segments = self.transport.segments, []
        assert not [each for each in segments if len(each) > limits.JIM_SENT_BYTES]
        return [json.loads(each) for each in segments]

    def codes(self) -> list[int]:
        """The codes of the responses among them."""
        return [each["response"] for each in self.heard() if "response" in each]


class IrcClient(Client):
    """An IRC client."""

    def tell(self, *lines: str) -> list[str]:
        """Send whole lines, and read what came."""
        for line in lines:
            self.send_bytes(f"{line}\r\n".encode())
        return self.shown()

    def shown(self) -> list[str]:
        """The lines that were received since the last call."""
        data: bytes = self.transport.value()
        self.transport.clear()
        assert not data or data.endswith(b"\r\n"), "half a line"
        return data.decode().split("\r\n")[:-1]


def connect_irc(harness: Harness) -> IrcClient:
    """A connection to the IRC port."""
    return _come(harness, IrcClient, IRC)


def enter_irc(harness: Harness, nickname: str, *rooms: str) -> IrcClient:
    """An IRC member in `rooms`, after all answers."""
    client = connect_irc(harness)
    assert client.tell(f"NICK {nickname}", f"USER {nickname} 0 * :{nickname}")
    for room in rooms:
        assert client.tell(f"JOIN {room}")
    return client


def connect_basic(harness: Harness) -> BasicClient:
    """A connection to the main port."""
    return _come(harness, BasicClient, MAIN)


def enter_silent_basic(harness: Harness) -> BasicClient:
    """A basic member under its address, after the notice that it entered."""
    client = connect_basic(harness)
    harness.clock.advance(limits.DIALECT_DETECTION_MILLISECONDS / 1_000)
    assert client.shown() == [f"[Server]: {client.address} has entered the chat"]
    return client


def connect_plain(harness: Harness) -> PlainClient:
    """A connection to the plain port."""
    return _come(harness, PlainClient, PLAIN)


def enter_plain(harness: Harness, nickname: str) -> PlainClient:
    """A plain member, after its welcome."""
    client = connect_plain(harness)
    client.enter(nickname)
    assert client.shown()
    return client


def connect_jim(harness: Harness) -> JimClient:
    """A connection to the JIM port."""
    return _come(harness, JimClient, JIM)


def enter_jim(harness: Harness, nickname: str, *rooms: str, key: str = "action") -> JimClient:
    """A JIM member in `rooms`, after all responses."""
    client = connect_jim(harness)
    client.present(nickname, key)
    for room in rooms:
        client.ask("join", key, room=room)
    drain_jim_queues(harness)
    assert client.codes()
    return client


def drain_jim_queues(harness: Harness, seconds: float = 1) -> None:
    """Let the JIM clients be sent what is queued for them."""
    for _ in range(round(seconds * 20)):
        harness.clock.advance(0.05)


def _come(harness: Harness, kind: type[AnyClient], port: PortType) -> AnyClient:
    client = harness.try_connect_to(kind, port, HOST)
    assert client is not None
    return client


class Browser(Client):
    """A browser after the handshake: each line it sends is the payload of one message."""

    def heard(self) -> list[Frame]:
        data = self.transport.value()
        self.transport.clear()
        return read_websocket(data)


def connect_browser(harness: Harness, host: str = "10.35.11.112") -> Browser:
    """An unregistered connection of a browser.

    :raises Refusal: if there are too many of them.
    """
    harness.last_port += 1
    address = IPv4Address("TCP", host, harness.last_port)
    session = connect_without_slot(harness.chat, f"{address.host}:{address.port}")
    client = Browser(LineProtocol(session), address)
    harness.clients.append(client)
    return client


def connect_watcher(harness: Harness) -> Browser:
    """A watcher, after the reply."""
    client = connect_browser(harness)
    client.send("watch")
    [watching] = client.heard()
    assert watching["type"] == "watching"
    return client
