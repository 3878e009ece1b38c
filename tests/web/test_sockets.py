"""The web port with real sockets, on the loopback interface only."""

import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from wsproto import events
from wsproto.connection import CLIENT, Connection

from chatd.chat import limits
from chatd.discovery.subnets import Subnet
from chatd.server.chat import Chat, ServerSettings
from chatd.server.service import ChatServer, ExtraPort, ListenSettings
from chatd.web.http import HTTPFactory
from tests.fakes import on_reactor
from tests.ports import HOST, free_port, free_udp_port
from tests.server.harness import hello
from tests.server.sockets import enter, reactor
from tests.timeouts import TIMEOUT_SECONDS
from tests.web.http_clients import UPGRADE_HEADERS, parse_responses, request

#: More connections than a server accepts at once.
CONNECTIONS = 1_000


class TCPClient(Protocol):
    """A connection to the web port that keeps everything it receives."""

    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self) -> None:
        self.received = b""
        self.lost: Deferred[None] = Deferred()
        self._awaited: tuple[bytes, Deferred[None]] | None = None

    def dataReceived(self, data: bytes) -> None:
        self.received += data
        if self._awaited is not None and self._awaited[0] in self.received:
            (_, found), self._awaited = self._awaited, None
            found.callback(None)

    def wait_for(self, data: bytes) -> Deferred[None]:
        """Fires when `data` has been received."""
        found: Deferred[None] = Deferred()
        self._awaited = (data, found)
        self.dataReceived(b"")
        return found.addTimeout(TIMEOUT_SECONDS, reactor)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(None)

    def wait_closed(self) -> Deferred[None]:
        """Fires when the connection is closed."""
        return self.lost.addTimeout(TIMEOUT_SECONDS, reactor)


@asynccontextmanager
async def running() -> AsyncIterator[tuple[ChatServer, int]]:
    """A server with a web port, and that port."""
    subnet = Subnet(IPv4Address(HOST), IPv4Network("127.0.0.0/8"))
    server = ChatServer(
        reactor,
        ListenSettings(
            (subnet,),
            free_port(),
            discovery_port=free_udp_port(),
            extra_ports=(ExtraPort("web", HTTPFactory, None),),
        ),
        Chat(ServerSettings("party"), reactor, lambda: 0),
    )
    server.startService()
    try:
        [(_, port)] = server.addresses("web")
        yield server, port
    finally:
        if server.running:
            await server.stopService()
            await deferLater(reactor, 0)  # in this turn, aborted connections are lost


async def connect(port: int) -> TCPClient:
    client: TCPClient = await connectProtocol(TCP4ClientEndpoint(reactor, HOST, port), TCPClient())
    return client


@contextmanager
def raised_file_limit() -> Iterator[None]:
    """Let this process have both ends of all connections open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = 4 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, 4 * CONNECTIONS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, limit), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@on_reactor
async def test_a_browser_loads_the_page_and_chats_until_the_server_stops() -> None:
    async with running() as (server, port):
        ice = await enter(HOST, server.port, "ice")
        client = await connect(port)
        host = f"{HOST}:{port}"
        client.transport.write(request("/api/users", {"Connection": "close"}, host=host))
        await client.wait_closed()
        [response] = parse_responses(client.received)
        assert response.json["users"][0]["nickname"] == "ice"

        idle = await connect(port)
        idle.transport.write(request("/health", host=host))
        await idle.wait_for(b'"status":"ok"')
        browser, frames = await connect(port), Connection(CLIENT)
        browser.transport.write(request("/socket", UPGRADE_HEADERS, host=host))
        text = hello("moon").decode()
        browser.transport.write(bytes(frames.send(events.TextMessage(text))))
        assert (await ice.hears("entered")) == {"nickname": "moon"}
        ice.send("message", {"text": "hello"})
        await browser.wait_for(b'"hello"')

        await server.stopService()
        await browser.wait_for(b'"server is stopping"')
        await browser.wait_for(b"\x88\x02\x03\xe8")
        browser.transport.loseConnection()
        await gatherResults([browser.wait_closed(), idle.wait_closed(), ice.is_gone()])


@on_reactor
async def test_a_thousand_unfinished_connections_do_not_disturb_the_chat() -> None:
    with raised_file_limit():
        async with running() as (server, port):
            ice = await enter(HOST, server.port, "ice")
            moon = await enter(HOST, server.port, "moon")
            half = request("/socket", UPGRADE_HEADERS, host=f"{HOST}:{port}")
            clients = []
            for number in range(CONNECTIONS):
                client = await connect(port)
                # Some stop inside the head, some before the first frame.
                client.transport.write(half[: -number % len(half)] if number % 2 else half)
                clients.append(client)
                if number % 100 == 0:
                    ice.send("message", {"text": f"number {number}"})
                    assert (await moon.hears("message"))["text"] == f"number {number}"
            chat = server.chat
            assert chat.hub.member_count == 2
            assert chat.hub.free_slots() == limits.SLOTS - 2
            assert len(chat.sessions) <= limits.UNREGISTERED_CONNECTIONS + 2
            rejected = chat.counters["closed silently"] + chat.counters["too-many-connections"]
            assert (
                rejected
                >= CONNECTIONS - limits.HTTP_CONNECTIONS - 2 * limits.UNREGISTERED_CONNECTIONS
            )
            for client in clients:
                client.transport.abortConnection()
            await gatherResults([client.wait_closed() for client in clients])
            ice.transport.loseConnection()
            moon.transport.loseConnection()
            await gatherResults([ice.is_gone(), moon.is_gone()])
