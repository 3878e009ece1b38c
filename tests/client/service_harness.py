"""A client service in memory: the test is the user, the network and the server."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from twisted.internet import error
from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from chatd.chat import events, limits
from chatd.client.cluster import KnownNodes
from chatd.client.lifecycle import ServerAddress
from chatd.client.server_keys import ServerKeys
from chatd.client.service import ChatClient
from chatd.discovery.subnets import HostAddress
from chatd.tls.known_servers import KnownServers
from chatd.wire import frames
from chatd.wire.foreign_protocols import HANDSHAKE_RECORD
from tests.client.session_harness import type_line
from tests.fakes import FakeUI

#: The token of a session.
TOKEN = "a token"  # noqa: S105  # it opens nothing
PARTY = ServerAddress("10.35.11.111", 7777, "party")


class FakeFinder:
    """A finder that finds the server when the test lets it."""

    def __init__(self) -> None:
        self.nodes = KnownNodes(lambda servers: servers[0])
        self.search_count = 0
        self.holds_slot = False
        self.is_searching = False
        self._found: Callable[[ServerAddress], None] = lambda server: None
        self._failed: Callable[[str], None] = lambda reason: None

    def find(
        self,
        on_found: Callable[[ServerAddress], None],
        on_failed: Callable[[str], None],
        holds_slot: bool = False,
    ) -> None:
        self.holds_slot = holds_slot
        self._found, self._failed = on_found, on_failed
        self.search_count += 1
        self.is_searching = True

    def stop(self) -> None:
        self.is_searching = False

    def succeed(self, server: ServerAddress = PARTY) -> None:
        assert self.is_searching, "no search is running"
        self._found(server)

    def fail(self, reason: str) -> None:
        self._failed(reason)


class ClientHarness:
    """A running client, and what can happen to it.

    :ivar exit_statuses: the exit status, once it has ended.
    """

    def __init__(
        self,
        nickname: str = "ice",
        is_interactive: bool = False,
        once: bool = False,
        jitter: float = 0.5,
        default_nickname: str = "",
        ui: FakeUI | None = None,
        output_shared_with: Sequence[ChatClient] = (),
        host: Callable[[], Sequence[HostAddress]] = lambda: (),
        known_servers: KnownServers | None = None,
        host_code: str = "",
    ) -> None:
        self.reactor: Any = MemoryReactorClock()
        self.ui = ui or FakeUI(is_interactive)
        known = known_servers or KnownServers(None, self.ui.notify)
        self.finder = FakeFinder()
        self.service = ChatClient(
            self.reactor,
            nickname,
            self.finder,
            self.ui,
            lambda: jitter,
            once,
            default_nickname,
            output_shared_with,
            keys=ServerKeys(known, self.ui.notify, self.reactor),
            host=host,
            host_code=host_code,
        )
        self.exit_statuses: list[int] = []
        self.service.when_ended.addCallback(self._ended)
        self.service.startService()
        self._protocol: Any = None
        self.transport: Any = None

    def _ended(self, status: int) -> int:
        self.exit_statuses.append(status)
        return status

    # --- the network ----------------------------------------------------------------------------

    def connect(self, server: ServerAddress = PARTY, peer: IPv4Address | None = None) -> None:
        """Let the client find its server at this address, and connect."""
        self.finder.succeed(server)
        self.take_connection(server, peer)

    def take_connection(
        self, server: ServerAddress = PARTY, peer: IPv4Address | None = None
    ) -> None:
        self.connect_socket(server, peer)
        if self.transport.value()[:1] == HANDSHAKE_RECORD:  # this server does not speak TLS
            self.lose_connection(clean=True)
            self.connect_socket(server, peer)

    def connect_socket(self, server: ServerAddress, peer: IPv4Address | None = None) -> None:
        host, port, factory, *_ = self.reactor.tcpClients[-1]
        assert (host, port) == (server.host, server.port)
        self.transport = StringTransport(peerAddress=peer)
        self._protocol = factory.buildProtocol(None)
        self._protocol.makeConnection(self.transport)

    def refuse_connection(self) -> None:
        self.finder.succeed()
        connector = self.reactor.connectors[-1]
        factory = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(connector, Failure(error.ConnectionRefusedError()))

    def lose_connection(self, clean: bool = False) -> None:
        why = error.ConnectionDone() if clean else error.ConnectionLost()
        self._protocol.connectionLost(Failure(why))

    def advance(self, seconds: float) -> None:
        self.reactor.advance(seconds)

    # --- the server -----------------------------------------------------------------------------

    def receive(self, *received: frames.FromServer) -> None:
        self.receive_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in received))

    def receive_bytes(self, data: bytes) -> None:
        self._protocol.dataReceived(data)

    def refuse(self, code: str, sentence: str, suggestion: str = "") -> None:
        """Refuse the hello."""
        self.receive(frames.Error(data=frames.ErrorData(code, sentence, suggestion)))

    def welcome(
        self,
        nickname: str = "ice",
        session: str = "",
        resumed: bool = False,
        rooms: tuple[str, ...] = ("#lobby",),
    ) -> None:
        """Welcome the client; with a `session`, it can resume."""
        data = events.Welcome("party", 0, nickname, rooms, session=session, resumed=resumed)
        self.receive(frames.Welcome(data=data))

    def resume(
        self, nickname: str = "ice", session: str = TOKEN, rooms: tuple[str, ...] = ("#lobby",)
    ) -> None:
        """Let the client come back after a lost connection, and resume its session."""
        self.advance(limits.RETRY_SECONDS + 1)
        self.connect()
        self.welcome(nickname, session, resumed=True, rooms=rooms)

    def confirm(self, *requests: dict[str, Any]) -> None:
        self.receive(*(frames.Ok(id=request["id"]) for request in requests))

    def sent(self) -> list[dict[str, Any]]:
        """What the client sent since the last time."""
        frames_sent = [msgspec.json.decode(line) for line in self.transport.value().splitlines()]
        self.transport.clear()
        return frames_sent

    def sent_types(self) -> list[str]:
        return [each["type"] for each in self.sent()]

    # --- the user -------------------------------------------------------------------------------

    def type(self, *lines: str) -> None:
        for line in lines:
            type_line(self.service.session, line)

    def end_input(self) -> None:
        self.service.session.end_of_input()

    def was_notified(self, text: str) -> bool:
        return any(text in notice for notice in self.ui.notices)

    @property
    def delayed_calls(self) -> list[Any]:
        """The timeouts that are still running; none may be left once the client has ended."""
        return list(self.reactor.getDelayedCalls())


def online(session: str = "", **options: Any) -> ClientHarness:
    """A client that is online; its hello was sent and is no longer in `sent`."""
    client = ClientHarness(**options)
    client.connect()
    client.welcome(session=session)
    client.sent()
    return client
