"""The server as a service with real sockets, on the loopback interface only."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from twisted.internet.error import ConnectError
from twisted.internet.task import deferLater

from chatd.chat import limits
from chatd.discovery.subnets import Subnet
from chatd.server.chat import Chat, ServerSettings
from chatd.server.service import CannotListen, ChatServer, ListenSettings
from tests.fakes import on_reactor
from tests.ports import HOST, free_port, free_udp_port, loopback
from tests.server.sockets import call, enter, reactor

OTHER_HOST = loopback(2)
_LOOPBACK = IPv4Network("127.0.0.0/8")


def _server(*hosts: str, port: int, **settings: Any) -> ChatServer:
    return ChatServer(
        reactor,
        ListenSettings(
            tuple(Subnet(IPv4Address(host), _LOOPBACK) for host in hosts),
            port,
            discovery_port=free_udp_port(),
        ),
        Chat(
            ServerSettings("party", **settings), reactor, lambda: round(1_000 * reactor.seconds())
        ),
    )


@asynccontextmanager
async def _running(*hosts: str, **settings: Any) -> AsyncIterator[ChatServer]:
    server = _server(*hosts, port=free_port(), **settings)
    server.startService()
    try:
        yield server
    finally:
        if server.running:
            await server.stopService()


@on_reactor
async def test_clients_of_different_addresses_chat_until_the_server_stops() -> None:
    async with _running(HOST, OTHER_HOST) as server:
        ice = await enter(HOST, server.port, "ice")
        moon = await enter(OTHER_HOST, server.port, "moon")
        assert (await ice.hears("entered")) == {"nickname": "moon"}
        moon.send("message", {"text": "hello"})
        assert (await ice.hears("message"))["text"] == "hello"
        ice.send("message", {"text": "hello yourself"})
        assert (await moon.hears("message"))["source"] == "ice"
        await server.stopService()
        for client in (ice, moon):
            assert (await client.hears("goodbye")) == {"reason": "server is stopping"}
            await client.is_gone()
    with pytest.raises(ConnectError, match="refused"):
        await call(HOST, server.port)


@on_reactor
async def test_no_other_address_of_this_host_reaches_the_server() -> None:
    async with _running(HOST) as server:
        for host in ("127.0.0.1", OTHER_HOST):
            with pytest.raises(ConnectError, match="refused"):
                await call(host, server.port)


@on_reactor
async def test_the_error_for_an_over_long_line_arrives_while_the_sender_still_sends() -> None:
    async with _running(HOST) as server:
        ice = await enter(HOST, server.port, "ice")
        ice.transport.write(b"x" * 4_000_000)
        assert (await ice.hears("error"))["code"] == "line-too-long"
        await ice.is_gone()


@pytest.fixture
def brief_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AWAY_SECONDS", 1)


@pytest.mark.usefixtures("brief_absence")
@on_reactor
async def test_a_closed_connection_is_announced() -> None:
    async with _running(HOST) as server:
        ice = await enter(HOST, server.port, "ice")
        moon = await enter(HOST, server.port, "moon")
        moon.transport.abortConnection()
        assert (await ice.hears("left")) == {"nickname": "moon", "reason": "connection lost"}


@on_reactor
async def test_a_client_that_does_not_read_is_disconnected_and_the_others_lose_nothing() -> None:
    async with _running(HOST, flood=0) as server:
        slow = await enter(HOST, server.port, "slow")
        # The kernel would take more than all that is said here for a reader that is slow.
        slow.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.transport.pauseProducing()
        ice = await enter(HOST, server.port, "ice")
        moon = await enter(HOST, server.port, "moon")
        count = 1_000
        for _ in range(count):
            ice.send("message", {"text": "\N{ICE CUBE}" * limits.MESSAGE_CHARACTERS})
        assert (await ice.hears("left")) == {"nickname": "slow", "reason": "too slow"}
        for number in range(1, count + 1):
            assert (await moon.hears("message"))["seq"] == number
        slow.transport.resumeProducing()
        await slow.is_gone()


@on_reactor
async def test_a_port_that_is_taken_on_one_address_leaves_nothing_listening() -> None:
    with socket.socket() as other:
        other.bind((OTHER_HOST, 0))
        other.listen()
        server = _server(HOST, OTHER_HOST, port=other.getsockname()[1])
        with pytest.raises(CannotListen):
            server.startService()
        await deferLater(reactor, 0)
        with pytest.raises(ConnectError, match="refused"):
            await call(HOST, other.getsockname()[1])
