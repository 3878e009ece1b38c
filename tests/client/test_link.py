"""A dead connection is given up soon, where its session can be resumed."""

import socket
from collections.abc import Iterator
from contextlib import closing
from ipaddress import IPv4Interface
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from chatd import tcp
from chatd.chat import limits
from chatd.client.link import LinkMonitor
from chatd.discovery.subnets import HostAddress
from chatd.tcp import Silence
from tests.client.service_harness import TOKEN, online
from tests.fakes import on_reactor
from tests.ports import HOST
from tests.server.sockets import reactor

ETH = HostAddress("eth0", IPv4Interface("10.35.11.2/24"), is_up=True)
ETH_DOWN = HostAddress("eth0", IPv4Interface("10.35.11.2/24"), is_up=False)
WLAN = HostAddress("wlan0", IPv4Interface("192.168.1.2/24"), is_up=True)

MISSING = "this host no longer has the address 10.35.11.2"
SILENT = "no sign of the server for 8 s"


class Link:
    """A connection that is looked after, and this host, which the test changes."""

    def __init__(self, *host: HostAddress) -> None:
        self.local_address = "10.35.11.2"
        self.host = list(host)
        self.host_fails = False
        self.silence_now: Silence | None = Silence(0, is_peer_due=False)
        self.pings = 0
        self.aborts: list[str] = []
        self.clock = Clock()
        self.monitor = LinkMonitor(self.clock, self._host)
        self.monitor.start(self)

    def _host(self) -> list[HostAddress]:
        if self.host_fails:
            raise OSError(24, "Too many open files")
        return list(self.host)

    def silence(self) -> Silence | None:
        return self.silence_now

    def ping(self) -> None:
        self.pings += 1

    def abort(self, reason: str) -> None:
        self.aborts.append(reason)

    def pass_time(self, seconds: int) -> None:
        self.clock.pump([1] * seconds)

    def pass_silently(self, seconds: int, is_peer_due: bool = True) -> None:
        """Hear nothing of the server for so long."""
        for _ in range(seconds):
            before = self.silence_now.seconds if self.silence_now else 0
            self.silence_now = Silence(before + 1, is_peer_due)
            self.clock.advance(1)


@pytest.fixture
def link() -> Iterator[Link]:
    made = Link(ETH, WLAN)
    yield made
    made.monitor.stop()
    assert not made.clock.getDelayedCalls()


@pytest.mark.parametrize("host", [[WLAN], [ETH_DOWN, WLAN], []])
def test_a_connection_whose_address_is_gone_or_down_is_given_up_within_two_seconds(
    link: Link, host: list[HostAddress]
) -> None:
    link.pass_time(60)
    link.host[:] = host
    link.pass_time(2)
    assert link.aborts == [MISSING]


def test_an_address_that_is_renewed_ends_nothing(link: Link) -> None:
    for host in ([WLAN], [ETH, WLAN]) * 3:
        link.host[:] = host
        link.pass_time(1)
    assert link.aborts == []


def test_a_host_that_cannot_be_looked_at_ends_nothing(link: Link) -> None:
    link.host_fails = True
    link.pass_time(60)
    assert link.aborts == []


def test_an_address_that_was_never_seen_ends_nothing() -> None:
    link = Link(WLAN)
    link.pass_time(60)
    link.monitor.stop()
    assert link.aborts == []


def test_when_the_addresses_of_the_host_change_the_server_is_asked_for_a_sign(link: Link) -> None:
    link.pass_time(60)
    assert link.pings == 0
    link.host.remove(WLAN)
    link.pass_time(10)
    assert link.pings == 1
    assert link.aborts == []


def test_a_server_that_is_heard_or_need_not_say_anything_is_not_given_up(link: Link) -> None:
    for _ in range(60):
        link.silence_now = Silence(0.4, is_peer_due=True)
        link.pass_time(1)
    link.pass_silently(600, is_peer_due=False)
    link.silence_now = None
    link.pass_time(60)
    assert link.aborts == []


def test_a_server_that_acknowledges_nothing_is_given_up_after_eight_seconds(link: Link) -> None:
    link.pass_silently(60, is_peer_due=False)
    link.pass_silently(limits.SILENT_SERVER_SECONDS - 1)
    assert link.aborts == []
    link.pass_silently(2)
    assert link.aborts == [SILENT]
    link.pass_silently(60)
    assert link.aborts == [SILENT], "it is no longer looked after"


def test_a_server_that_is_heard_meanwhile_has_all_the_time_again(link: Link) -> None:
    for _ in range(10):
        link.silence_now = Silence(0, is_peer_due=True)
        link.pass_silently(limits.SILENT_SERVER_SECONDS - 1)
    assert link.aborts == []


# --- a client, and the system ---------------------------------------------------------------------


def connect(session: str, **options: Any) -> tuple[Any, list[HostAddress]]:
    host = [HostAddress("eth0", IPv4Interface("10.0.0.1/24"), is_up=True)]
    client = online(session, host=lambda: list(host), **options)
    client.advance(1)
    return client, host


def test_a_client_that_can_resume_looks_for_another_way_at_once() -> None:
    client, host = connect(TOKEN)
    host.clear()
    client.reactor.pump([1, 1])
    assert client.transport.disconnected
    client.lose_connection()
    client.resume()
    assert client.service.session.is_online


@pytest.mark.parametrize(("session", "once"), [("", False), (TOKEN, True)])
def test_a_client_that_would_lose_something_hopes_that_the_link_comes_back(
    session: str, once: bool
) -> None:
    client, host = connect(session, once=once)
    host.clear()
    client.reactor.pump([1] * 60)
    assert client.service.session.is_online
    assert not client.transport.disconnecting


def test_a_transport_that_is_not_tcp_has_no_silence() -> None:
    assert tcp.silence(StringTransport()) is None


@on_reactor
async def test_the_system_says_how_long_the_peer_was_silent_and_what_it_has_to_acknowledge() -> (
    None
):
    with closing(socket.create_server((HOST, 0))) as listening:
        endpoint = TCP4ClientEndpoint(reactor, *listening.getsockname())
        client: Any = await connectProtocol(endpoint, Protocol())
        silence = tcp.silence(client.transport)
        if silence is None:
            pytest.skip("this system does not say")
        assert silence.seconds < 10
        assert not silence.is_peer_due
        await _end(client)


async def _end(client: Any) -> None:
    lost: Deferred[None] = Deferred()
    client.connectionLost = lambda reason: lost.callback(None)
    client.transport.abortConnection()
    await lost
