"""The main port speaks TLS with a client that does, and plain TCP with others, unless forbidden."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from twisted.internet.address import IPv4Address as TcpAddress
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol, wrapClientTLS
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.discovery.subnets import Subnet
from chatd.server.chat import Chat, ServerSettings
from chatd.server.factory import MainFactory
from chatd.server.service import ChatServer, ListenSettings, TlsSettings
from chatd.tls.certificate import self_signed
from chatd.tls.contexts import ServerContext, client_options, peer_fingerprint
from chatd.tls.server_key import make_key
from tests.ports import HOST, free_port, free_udp_port
from tests.server.harness import TcpStringTransport, hello, line
from tests.server.sockets import SocketClient, call, enter, on_reactor, reactor

IDENTITY = self_signed(make_key(), "party", [], [], datetime.now(UTC))


@asynccontextmanager
async def _server(**settings: Any) -> AsyncIterator[ChatServer]:
    context = ServerContext(IDENTITY)
    server = ChatServer(
        reactor,
        ListenSettings(
            (Subnet(IPv4Address(HOST), IPv4Network("127.0.0.0/8")),),
            free_port(),
            free_udp_port(),
            tls=TlsSettings(context),
        ),
        Chat(ServerSettings("party", **settings), reactor, lambda: 0),
    )
    server.startService()
    try:
        yield server
    finally:
        await server.stopService()


async def _call_with_tls(port: int) -> SocketClient:
    endpoint = wrapClientTLS(client_options(), TCP4ClientEndpoint(reactor, HOST, port))
    client: SocketClient = await connectProtocol(endpoint, SocketClient())
    return client


async def _enter_with_tls(port: int, nickname: str) -> SocketClient:
    client = await _call_with_tls(port)
    client.transport.write(hello(nickname))
    await client.hears("welcome")
    return client


@on_reactor
async def test_clients_with_and_without_tls_chat_with_each_other() -> None:
    async with _server() as server:
        ice = await _enter_with_tls(server.port, "ice")
        assert peer_fingerprint(ice.transport) == IDENTITY.fingerprint
        moon = await enter(HOST, server.port, "moon")
        moon.send("message", {"text": "hello"})
        assert (await ice.hears("message"))["text"] == "hello"
        ice.send("message", {"text": "x" * 4_000})
        assert len((await moon.hears("message"))["text"]) == 4_000
        ice.send("quit")
        assert (await ice.hears("goodbye"))["reason"] == "quit"
        await ice.is_gone()
        assert (await moon.hears("left"))["nickname"] == "ice"
        moon.send("quit")
        await moon.is_gone()


@on_reactor
async def test_a_client_that_says_nothing_over_tls_enters_as_basic() -> None:
    async with _server() as server:
        silent = await _call_with_tls(server.port)
        said = await silent.hears("message")
        assert said["source"] == "[Server]"
        assert said["message"].endswith("has entered the chat")


@on_reactor
async def test_the_first_record_may_arrive_byte_by_byte() -> None:
    async with _server() as server:
        proxy = await connectProtocol(TCP4ClientEndpoint(reactor, HOST, server.port), _Bytewise())
        client: Any = TLSMemoryBIOFactory(
            client_options(), True, Factory.forProtocol(SocketClient), reactor
        ).buildProtocol(None)
        proxy.client = client
        client.makeConnection(proxy)
        client.wrappedProtocol.transport.write(hello("ice"))
        await client.wrappedProtocol.hears("welcome")
        client.wrappedProtocol.send("quit")
        await client.wrappedProtocol.hears("goodbye")


class _Bytewise(Protocol):
    """A transport that sends each byte by itself."""

    client: Any
    transport: Any

    def write(self, data: bytes) -> None:
        for place in range(len(data)):
            self.transport.write(data[place : place + 1])

    def dataReceived(self, data: bytes) -> None:
        self.client.dataReceived(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)


@on_reactor
async def test_half_a_handshake_costs_its_slot_for_five_seconds_at_most() -> None:
    async with _server(slots=1) as server:
        client = await call(HOST, server.port)
        client.transport.write(b"\x16\x03\x01\x02\x00\x01")
        await client.is_gone()
        assert server.chat.free_slots == 1


@pytest.mark.parametrize(
    "garbage", [b"\x16garbage" * 100, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00" + b"\n" * 50]
)
@on_reactor
async def test_garbage_in_place_of_a_handshake_ends_the_connection(garbage: bytes) -> None:
    async with _server() as server:
        client = await call(HOST, server.port)
        client.transport.write(garbage)
        await client.is_gone()


def _required(first: bytes, host: str) -> list[dict[str, Any]]:
    """What a client at `host` is told that sends `first` without TLS, where TLS is required."""
    clock = Clock()
    chat = Chat(ServerSettings("party"), clock, lambda: 0)
    factory = MainFactory(chat, ServerContext(IDENTITY), requires_tls=True)
    connection = factory.buildProtocol(TcpAddress("TCP", host, 5_000))
    assert connection is not None
    transport = TcpStringTransport(TcpAddress("TCP", host, 5_000))
    connection.makeConnection(transport)
    if first:
        connection.dataReceived(first)
    clock.advance(limits.DIALECT_DETECTION_MILLISECONDS / 1_000)
    clock.advance(0)
    told = [json.loads(each) for each in transport.value().splitlines()]
    connection.connectionLost(Failure(ConnectionDone()))
    clock.advance(0)
    assert not chat.rejected_sessions
    return told


def test_where_tls_is_required_others_are_refused_in_their_words() -> None:
    (error,) = _required(hello("ice"), "10.0.0.9")
    assert error["type"] == "error"
    assert error["data"]["code"] == "tls-required"
    assert "speaks TLS only" in error["data"]["message"]
    for first in (b"", line("set-name", {"name": "ice"}), line("message", {"text": "hi"})):
        (said,) = _required(first, "10.0.0.9")
        assert "speaks TLS only" in said["data"]["message"]


def test_where_tls_is_required_this_host_need_not_speak_it() -> None:
    assert _required(hello("ice"), "127.0.0.1")[0]["type"] == "welcome"


@on_reactor
async def test_a_token_of_tls_is_refused_without() -> None:
    async with _server() as server:
        resume = {"session": "", "seen": {}, "private": 0}
        ice = await _call_with_tls(server.port)
        ice.send("hello", {"nickname": "ice", "version": 1, "resume": resume})
        token = (await ice.hears("welcome"))["session"]
        ice.transport.abortConnection()
        await ice.is_gone()
        again = {"nickname": "ice", "version": 1, "resume": {**resume, "session": token}}
        thief = await call(HOST, server.port)
        thief.send("hello", again)
        assert (await thief.hears("error"))["code"] == "nickname-taken"
        ice = await _call_with_tls(server.port)
        ice.send("hello", again)
        assert (await ice.hears("welcome"))["resumed"] is True
