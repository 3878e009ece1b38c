"""Whole clients and a whole server in memory, over links that deliver late and break.

Every byte is delivered when the test says so. A connection can be cut between any two bytes: what
is under way is lost then, and each end notices when the test says so, or when its timeouts say so.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, Self

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ClientFactory
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatd.chat.commands import SendMessage, SendPrivate
from chatd.chat.names import LOBBY
from chatd.client.finder import DirectAddress
from chatd.client.lifecycle import ServerAddress
from chatd.client.service import ChatClient
from chatd.server.factory import ChatFactory
from tests.client.session_harness import type_line
from tests.fakes import FakeUI
from tests.log.memory_engine import MemoryEngine
from tests.server.harness import Handle, Harness, TcpStringTransport
from tests.server.test_kept_chat import KeptHarness

SERVER: Final = ServerAddress("10.35.11.1", 7777)

#: More turns than any exchange takes.
_TURNS: Final = 10_000


class _Handle(Handle):
    """A socket that does not say what is unacknowledged."""

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        return b""


class End:
    """One end of a connection: a protocol, and what it has sent that is not delivered yet."""

    def __init__(self, protocol: Any, peer: IPv4Address) -> None:
        self.protocol = protocol
        self.transport = TcpStringTransport(peer)
        self.transport.handle = _Handle()
        self.is_lost = False

    @property
    def is_aborted(self) -> bool:
        return self.transport.disconnected

    @property
    def is_closing(self) -> bool:
        return self.transport.disconnecting or self.transport.is_half_closed

    @property
    def is_reading(self) -> bool:
        return self.transport.producerState == "producing"

    def take(self, count: int) -> bytes:
        """Take up to `count` bytes of what is under way."""
        waiting: bytes = self.transport.value()
        self.transport.clear()
        self.transport.io.write(waiting[count:])
        return waiting[:count]

    def lose(self, reason: Exception) -> None:
        """Notice that the connection is lost."""
        if not self.is_lost:
            self.is_lost = True
            self.transport.clear()
            self.protocol.connectionLost(Failure(reason))


class Connection:
    """A connection between a client and the server.

    :ivar is_cut: whether nothing passes any more, and nobody is told.
    """

    def __init__(self, client: Any, server: Any, address: IPv4Address) -> None:
        self.client = End(client, IPv4Address("TCP", SERVER.host, SERVER.port))
        self.server = End(server, address)
        self.is_cut = False
        server.makeConnection(self.server.transport)
        client.makeConnection(self.client.transport)

    def deliver(self, sender: End, receiver: End, count: int = 1 << 20) -> bool:
        """Deliver up to so many bytes; returns whether anything happened."""
        if self.is_cut or sender.is_lost:
            return False
        if receiver.is_lost:
            sender.lose(ConnectionLost())
            return True
        data = sender.take(count) if receiver.is_reading else b""
        if data:
            receiver.protocol.dataReceived(data)
        elif sender.is_closing and not sender.transport.value():
            receiver.lose(ConnectionDone())
            sender.lose(ConnectionDone())
            return True
        return bool(data)

    def end_turn(self) -> None:
        """Let the ends notice what they have aborted; a cut link does not say it to the other."""
        for one, other in ((self.client, self.server), (self.server, self.client)):
            if one.is_aborted:
                one.lose(ConnectionAborted())
                if not self.is_cut:
                    other.lose(ConnectionLost())

    def notice(self, end: End) -> None:
        """Let an end notice that the connection is cut."""
        self.is_cut = True
        end.lose(ConnectionLost())


class LinkReactor:
    """The reactor of one client.

    :ivar attempt: the factory of a connection that is not made yet.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.attempt: ClientFactory | None = None

    def seconds(self) -> float:
        return self._clock.seconds()

    def callLater(self, seconds: float, call: Callable[..., Any], *words: Any) -> IDelayedCall:
        return self._clock.callLater(seconds, call, *words)

    def connectTCP(
        self, host: str, port: int, factory: ClientFactory, timeout: float, bindAddress: object
    ) -> Self:
        self.attempt = factory
        factory.startedConnecting(self)  # type: ignore[arg-type]  # the connector is this, too
        return self

    def stopConnecting(self) -> None:
        self.attempt = None

    def getDestination(self) -> IPv4Address:
        return IPv4Address("TCP", SERVER.host, SERVER.port)


class Talker:
    """A client, its user, and its link.

    :ivar said: the lines that the user has said to rooms, in order.
    """

    def __init__(self, chat: "FaultyChat", nickname: str) -> None:
        self.nickname = nickname
        self.said: list[tuple[str, str]] = []
        self.whispered: list[tuple[str, str]] = []
        self.statuses: list[int] = []
        self.connections: list[Connection] = []
        self.reactor: Any = LinkReactor(chat.clock)
        self.ui = FakeUI()
        self.client = ChatClient(
            self.reactor, nickname, DirectAddress(SERVER), self.ui, lambda: 0.0, host=lambda: ()
        )
        self.client.when_ended.addCallback(self.statuses.append)
        self._chat = chat
        self.client.startService()

    @property
    def is_settled(self) -> bool:
        """Whether it is online, and all that it has said is confirmed."""
        session = self.client.session
        return session.is_online and not session.unconfirmed_count

    @property
    def current(self) -> Connection | None:
        """The connection that the client has now."""
        open_ = [each for each in self.connections if not each.client.is_lost]
        return open_[-1] if open_ and not open_[-1].client.is_closing else None

    def say(self, room: str, count: int = 1) -> None:
        """Say something that nobody has said yet, or several such things."""
        for _ in range(count):
            text = f"{self.nickname}-{len(self.said)}"
            self.said.append((room, text))
            self.client.session.submit(text, SendMessage(text, room))

    def whisper(self, to: str) -> None:
        """Say something to one other."""
        text = f"{self.nickname}-{to}-{len(self.whispered)}"
        self.whispered.append((to, text))
        self.client.session.submit(text, SendPrivate(text, (to,)))

    def type(self, line: str) -> None:
        """Type a line."""
        type_line(self.client.session, line)

    def connect(self) -> bool:
        """Let the connection be made that the client asks for, if it does."""
        factory, self.reactor.attempt = self.reactor.attempt, None
        if factory is None:
            return False
        protocol = factory.buildProtocol(None)
        connection = self._chat.accept(protocol)
        self.connections.append(connection)
        return True

    def deliver_up(self, count: int = 1 << 20) -> bool:
        """Deliver to the server, on the newest connection that has something.

        What the client has sent on an older one comes later, as after packets that were lost.
        """
        return self.connect() or any(
            each.deliver(each.client, each.server, count) for each in reversed(self.connections)
        )

    def deliver_down(self, count: int = 1 << 20) -> bool:
        """Deliver to the client."""
        return any(each.deliver(each.server, each.client, count) for each in self.connections)

    def heard(self, speaker: str, room: str) -> list[str]:
        """What the user has read of another one in a room, in order."""
        return self._read(f"{speaker}: " if room == LOBBY else f"{room} {speaker}: ")

    def heard_privately(self, speaker: str) -> list[str]:
        """What another one has said to the user alone, in order."""
        return self._read(f"[private] {speaker}: ")

    def _read(self, prefix: str) -> list[str]:
        return [line.removeprefix(prefix) for line in self.ui.shown if line.startswith(prefix)]


class FaultyChat:
    """A server and its talkers.

    :param engine: keeps the chat, over restarts of the server; None for a chat in memory.
    """

    def __init__(self, *nicknames: str, engine: MemoryEngine | None = None) -> None:
        self.clock = Clock()
        self._engine = engine
        self._last_port = 40_000
        self._harness = self._start_server()
        self.talkers = [Talker(self, nickname) for nickname in nicknames]

    def _start_server(self) -> Harness:
        if self._engine is None:
            return Harness(flood=0)
        harness = KeptHarness(self._engine, Clock())
        harness.clock.advance(self.clock.seconds())
        harness.commit()
        return harness

    def restart(self) -> None:
        """Kill the server, and start another one with what it has kept."""
        for connection in self._connections():
            connection.server.is_lost = True  # nobody is there any more to notice
            connection.is_cut = True
            connection.client.lose(ConnectionLost())
        self._harness = self._start_server()

    def accept(self, client: Any) -> Connection:
        """Connect a client to the server."""
        self._last_port += 1
        address = IPv4Address("TCP", "10.35.11.112", self._last_port)
        server = ChatFactory(self._harness.chat).buildProtocol(address)
        assert server is not None
        return Connection(client, server, address)

    def _connections(self) -> Iterator[Connection]:
        for talker in self.talkers:
            yield from talker.connections

    def end_turn(self) -> None:
        """End a turn of the reactors."""
        self._harness.clock.advance(0)
        self.clock.advance(0)
        for connection in self._connections():
            connection.end_turn()

    def commit(self) -> None:
        """Let the engine keep what it was given so far."""
        if isinstance(self._harness, KeptHarness):
            self._harness.commit()

    def pass_time(self, seconds: float) -> None:
        """Let time pass for all."""
        self._harness.clock.advance(seconds)
        self.clock.advance(seconds)
        self.end_turn()

    def deliver_all(self) -> None:
        """Deliver everything, and let the server keep it, until nobody has anything to say."""
        for _ in range(_TURNS):
            moved = False
            for talker in self.talkers:
                moved |= talker.deliver_up() | talker.deliver_down()
            self.end_turn()
            self.commit()
            if not moved and not self._is_something_under_way():
                return
        raise AssertionError("it goes on for ever")

    def _is_something_under_way(self) -> bool:
        return any(
            end.transport.value() and not end.is_lost
            for each in self._connections()
            for end in (each.client, each.server)
            if not each.is_cut
        )

    def heal(self) -> None:
        """Mend every link for good, and let both ends of those that were cut notice it."""
        for connection in self._connections():
            if connection.is_cut:
                connection.notice(connection.client)
                connection.notice(connection.server)
        for _ in range(60):
            self.deliver_all()
            if all(talker.is_settled for talker in self.talkers):
                return
            self.pass_time(0.5)
        raise AssertionError("somebody does not come back")
