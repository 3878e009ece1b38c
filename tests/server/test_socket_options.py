"""The options of real sockets: both ends of a dead connection must notice it, on every port."""

import socket
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import SSL4ClientEndpoint, TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.internet.tcp import Server
from twisted.test.ssl_helpers import ClientTLSContext, certPath

from chatd.chat import limits
from chatd.chat.commands import Enter
from chatd.client.protocol import ServerConnection
from chatd.discovery.subnets import Subnet
from chatd.server.chat import Chat, ServerSettings
from chatd.server.factory import JIM, PLAIN, DialectFactory
from chatd.server.service import ChatServer, ExtraPort, ListenSettings
from chatd.web.http import HTTPFactory
from tests.fakes import on_reactor
from tests.ports import HOST, free_port, free_udp_port
from tests.server.harness import hello
from tests.server.sockets import reactor
from tests.timeouts import TIMEOUT_SECONDS
from tests.web.http_clients import UPGRADE_HEADERS, request


class _Caller(Protocol):
    """Says something, and waits for the first answer: then the server has set its options."""

    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self, said: bytes) -> None:
        self._said = said
        self.answered: Deferred[None] = Deferred()
        self.answered.addTimeout(TIMEOUT_SECONDS, reactor)

    def connectionMade(self) -> None:
        self.transport.write(self._said)

    def dataReceived(self, data: bytes) -> None:
        if not self.answered.called:
            self.answered.callback(None)


class _NativeClient:
    """The client of a connection; it waits for the welcome."""

    def __init__(self) -> None:
        self.welcomed: Deferred[None] = Deferred()

    def reached(self) -> None:
        """Nothing depends on it here."""

    def handshake_failed(self, connection: ServerConnection, reason: str) -> None:
        raise NotImplementedError

    def connected(self, connection: ServerConnection, fingerprint: str) -> None:
        connection.send(Enter("moon"))

    def frame_received(self, frame: object) -> None:
        if not self.welcomed.called:
            self.welcomed.callback(None)

    def connection_lost(self, connection: ServerConnection, reason: str) -> None:
        pass


def _seconds_until_dead(transport: Any) -> float:
    """After how long the kernel gives up a peer that acknowledges nothing; 0 for never."""
    handle = transport.getHandle()
    assert handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    timeout: int = handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    return timeout / 1_000


def _accepted() -> list[Server]:
    return [each for each in reactor.getReaders() if isinstance(each, Server)]


@on_reactor
async def test_every_port_and_the_client_notice_a_peer_that_is_gone() -> None:
    secure = free_port()
    tls = f"ssl:{secure}:privateKey={certPath}:certKey={certPath}:interface={HOST}"
    ports = {"jim": free_port(), "plain": free_port(), "web": free_port()}
    server = ChatServer(
        reactor,
        ListenSettings(
            (Subnet(IPv4Address(HOST), IPv4Network("127.0.0.0/8")),),
            free_port(),
            free_udp_port(),
            (
                ExtraPort("jim", partial(DialectFactory, port_type=JIM), ports["jim"]),
                ExtraPort("plain", partial(DialectFactory, port_type=PLAIN), ports["plain"]),
                ExtraPort("web", HTTPFactory, ports["web"]),
                ExtraPort("tls", partial(DialectFactory, port_type=PLAIN), tls),
            ),
        ),
        Chat(ServerSettings("party"), reactor, lambda: 0),
    )
    server.startService()
    presence = b'{"action": "presence", "time": 1, "user": {"account_name": "comet"}}'
    page = f"{HOST}:{ports['web']}"
    callers = {
        server.port: hello("ice"),
        ports["jim"]: presence,
        ports["plain"]: b"",
        # Until they are WebSockets, the page's connections have short timeouts of their own.
        ports["web"]: request("/socket", UPGRADE_HEADERS | {"Origin": f"http://{page}"}, host=page),
        secure: b"\n",
    }
    connections = []
    try:
        for port, opening in callers.items():
            endpoint = (
                SSL4ClientEndpoint(reactor, HOST, port, ClientTLSContext())
                if port == secure
                else TCP4ClientEndpoint(reactor, HOST, port)
            )
            caller = _Caller(opening)
            connections.append(await connectProtocol(endpoint, caller))
            await caller.answered
        client = _NativeClient()
        native: Any = await connectProtocol(
            TCP4ClientEndpoint(reactor, HOST, server.port), ServerConnection(client)
        )
        await client.welcomed
        accepted = _accepted()
        assert {each.getHost().port for each in accepted} == callers.keys()
        for transport in (*accepted, native.transport):
            assert 0 < _seconds_until_dead(transport) < limits.DEAD_PEER_SECONDS / 2
        native.close()
    finally:
        for connection in connections:
            connection.transport.abortConnection()
        await server.stopService()
        while _accepted():  # the page's port closes its own later
            await deferLater(reactor, 0)
