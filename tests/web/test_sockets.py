"""The web page with real sockets, on the loopback interface only."""

import resource
import socket
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
from tests.server.callers import PATIENCE, enter, free_port, reactor
from tests.server.hall import hello
from tests.web.visitors import UPGRADE, replies, request

HERE = "127.0.62.1"

#: More than a server takes at once.
CROWD = 1_000


class Stranger(Protocol):
    """A connection to the page's port that keeps what it hears."""

    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self) -> None:
        self.heard = b""
        self.lost: Deferred[None] = Deferred()
        self._wanted: tuple[bytes, Deferred[None]] | None = None

    def dataReceived(self, data: bytes) -> None:
        self.heard += data
        if self._wanted is not None and self._wanted[0] in self.heard:
            (_, found), self._wanted = self._wanted, None
            found.callback(None)

    def hears(self, words: bytes) -> Deferred[None]:
        """Fires when that was heard."""
        found: Deferred[None] = Deferred()
        self._wanted = (words, found)
        self.dataReceived(b"")
        return found.addTimeout(PATIENCE, reactor)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.callback(None)

    def is_gone(self) -> Deferred[None]:
        """Fires when the connection is closed."""
        return self.lost.addTimeout(PATIENCE, reactor)


@asynccontextmanager
async def running() -> AsyncIterator[tuple[ChatServer, int]]:
    """A server with a page, and the page's port."""
    subnet = Subnet(IPv4Address(HERE), IPv4Network("127.0.0.0/8"))
    server = ChatServer(
        reactor,
        ListenSettings(
            (subnet,),
            free_port(),
            discovery_port=free_port(socket.SOCK_DGRAM),
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
            await deferLater(reactor, 0)  # in which connections that were cut off are lost


async def come(port: int) -> Stranger:
    stranger: Stranger = await connectProtocol(TCP4ClientEndpoint(reactor, HERE, port), Stranger())
    return stranger


@contextmanager
def many_files() -> Iterator[None]:
    """This process may have enough sockets at once for both ends of a crowd."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = 4 * CROWD if hard == resource.RLIM_INFINITY else min(hard, 4 * CROWD)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, enough), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@on_reactor
async def test_a_browser_loads_the_page_and_chats_until_the_server_stops() -> None:
    async with running() as (server, port):
        ice = await enter(HERE, server.port, "ice")
        visitor = await come(port)
        host = f"{HERE}:{port}"
        visitor.transport.write(request("/api/users", {"Connection": "close"}, host=host))
        await visitor.is_gone()
        [reply] = replies(visitor.heard)
        assert reply.json["users"][0]["nickname"] == "ice"

        idle = await come(port)
        idle.transport.write(request("/health", host=host))
        await idle.hears(b'"status":"ok"')
        browser, frames = await come(port), Connection(CLIENT)
        browser.transport.write(request("/socket", UPGRADE, host=host))
        text = hello("moon").decode()
        browser.transport.write(bytes(frames.send(events.TextMessage(text))))
        assert (await ice.hears("entered")) == {"nickname": "moon"}
        ice.send("message", {"text": "hello"})
        await browser.hears(b'"hello"')

        await server.stopService()
        await browser.hears(b'"server is stopping"')
        await browser.hears(b"\x88\x02\x03\xe8")
        browser.transport.loseConnection()
        await gatherResults([browser.is_gone(), idle.is_gone(), ice.is_gone()])


@on_reactor
async def test_the_chat_does_not_notice_a_thousand_who_come_half_way() -> None:
    with many_files():
        async with running() as (server, port):
            ice = await enter(HERE, server.port, "ice")
            moon = await enter(HERE, server.port, "moon")
            half = request("/socket", UPGRADE, host=f"{HERE}:{port}")
            crowd = []
            for number in range(CROWD):
                stranger = await come(port)
                # Some stop in the midst of the head, some before the first frame.
                stranger.transport.write(half[: -number % len(half)] if number % 2 else half)
                crowd.append(stranger)
                if number % 100 == 0:
                    ice.send("message", {"text": f"number {number}"})
                    assert (await moon.hears("message"))["text"] == f"number {number}"
            chat = server.chat
            assert chat.hub.member_count == 2
            assert chat.hub.free_slots == limits.SLOTS - 2
            assert len(chat.sessions) <= limits.UNREGISTERED_CONNECTIONS + 2
            refused = chat.counters["closed silently"] + chat.counters["too-many-connections"]
            assert refused >= CROWD - limits.HTTP_CONNECTIONS - 2 * limits.UNREGISTERED_CONNECTIONS
            for stranger in crowd:
                stranger.transport.abortConnection()
            await gatherResults([stranger.is_gone() for stranger in crowd])
            ice.transport.loseConnection()
            moon.transport.loseConnection()
            await gatherResults([ice.is_gone(), moon.is_gone()])
