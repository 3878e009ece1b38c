"""An endpoint description may put a port behind TLS."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import SSL4ClientEndpoint, TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from twisted.test.ssl_helpers import ClientTLSContext, certPath

from chatd.chat import limits
from chatd.discovery.subnets import Subnet
from chatd.server.chat import Chat, ServerSettings
from chatd.server.factory import PLAIN, DialectFactory
from chatd.server.service import ChatServer, ExtraPort, ListenSettings
from tests.fakes import log_lines, on_reactor
from tests.ports import HOST, free_port, free_udp_port
from tests.server.sockets import reactor
from tests.timeouts import TIMEOUT_SECONDS


class _Person(LineReceiver):
    """Somebody with a program for TLS, who sees lines."""

    delimiter = b"\n"

    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self) -> None:
        self.gone: Deferred[None] = Deferred()
        self.seen: list[str] = []
        self._awaited: tuple[str, Deferred[None]] | None = None

    def lineReceived(self, line: bytes) -> None:
        self.seen.append(line.decode())
        if self._awaited is not None and self._awaited[0] in self.seen[-1]:
            awaited, self._awaited = self._awaited[1], None
            awaited.callback(None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.gone.callback(None)

    async def sees(self, text: str) -> None:
        if not any(text in line for line in self.seen):
            self._awaited = text, Deferred()
            await self._awaited[1].addTimeout(TIMEOUT_SECONDS, reactor)


@asynccontextmanager
async def _server(secret: int, **settings: Any) -> AsyncIterator[ChatServer]:
    """A server with a plain port behind TLS, at the port `secret`."""
    where = f"ssl:{secret}:privateKey={certPath}:certKey={certPath}:interface={HOST}"
    server = ChatServer(
        reactor,
        ListenSettings(
            (Subnet(IPv4Address(HOST), IPv4Network("127.0.0.0/8")),),
            free_port(),
            free_udp_port(),
            (ExtraPort("plain", partial(DialectFactory, port_type=PLAIN), where),),
        ),
        Chat(ServerSettings("party", **settings), reactor, lambda: 0),
    )
    server.startService()
    try:
        yield server
    finally:
        await server.stopService()


@on_reactor
async def test_clients_chat_over_tls_are_sent_the_goodbye_and_free_their_slot() -> None:
    secret = free_port()
    async with _server(secret, slots=1) as server:
        for nickname in ("ice", "moon"):
            endpoint = SSL4ClientEndpoint(reactor, HOST, secret, ClientTLSContext())
            person = await connectProtocol(endpoint, _Person())
            await person.sees("Your nickname?")
            person.sendLine(nickname.encode())
            await person.sees(f"You are {nickname}")
            person.sendLine(b"hello")
            await person.sees(f"{nickname}: hello")
            person.sendLine(b"/quit")
            await person.sees("Goodbye (quit)")
            await person.gone.addTimeout(TIMEOUT_SECONDS, reactor)
        assert server.chat.hub.free_slots() == 1


@on_reactor
async def test_a_connection_too_many_is_closed_silently_over_tls_as_well() -> None:
    secret = free_port()
    with log_lines() as lines:
        async with _server(secret, slots=0) as server:
            crowd = [
                await connectProtocol(TCP4ClientEndpoint(reactor, HOST, secret), _Person())
                for _ in range(limits.REJECTED_CONNECTIONS + 2)
            ]
            for person in crowd[-2:]:  # who say nothing, not even what TLS begins with
                await person.gone.addTimeout(TIMEOUT_SECONDS, reactor)
            assert server.chat.counters["closed silently"] == 2
            for person in crowd:
                person.transport.abortConnection()
            await gatherResults([person.gone for person in crowd[:-2]])
    assert not [line for line in lines if "rror" in line]
