"""What ``chatd doctor`` does on the network, and what it reports."""

from ipaddress import IPv4Address, IPv4Interface
from typing import Any

import pytest
from twisted.internet import error as errors
from twisted.internet.address import IPv4Address as Endpoint
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.discovery.subnets import HostAddress
from chatd.doctor.findings import (
    InterfaceReport,
    RejectedDatagram,
    SendErrorCause,
    TcpResult,
    interfaces,
)
from chatd.doctor.probe import NetworkProbe
from chatd.wire import discovery
from tests.discovery.client import SERVER, FailingUdpReactor, offer
from tests.discovery.hosts import PORT, sent, subnets
from tests.fakes import FakeUdpPort

ETH0, ETH1 = "10.35.11.112", "192.168.1.123"
HOST = [
    HostAddress("lo", IPv4Interface("127.0.0.1/8"), True),
    HostAddress("eth0", IPv4Interface(f"{ETH0}/24"), True),
    HostAddress("eth1", IPv4Interface(f"{ETH1}/24"), True),
    HostAddress("eth2", IPv4Interface("172.16.0.9/16"), False),
    HostAddress("tun0", IPv4Interface("10.8.0.6/32"), True),
]


class Probe:
    """A probe of a host on a simulated network; it takes three seconds."""

    def __init__(self, host: list[HostAddress] = HOST[1:3], wait: float = 3.0) -> None:
        self.reactor: Any = FailingUdpReactor()
        own = {each.address.ip for each in host}
        self._probe = NetworkProbe(self.reactor, interfaces(host), own, PORT, wait)
        self.results: list[tuple[InterfaceReport, ...]] = []

    def start(self) -> None:
        self._running = Deferred.fromCoroutine(self._probe.run())
        self._running.addCallback(self.results.append)

    def cancel(self) -> list[Failure]:
        """Cancel the probe; returns its failure."""
        failures: list[Failure] = []
        self._running.addErrback(failures.append)
        self._running.cancel()
        return failures

    def sockets(self, address: str = ETH0) -> list[FakeUdpPort]:
        return [port for port in self.reactor.udp if port.interface == address and port.is_open]

    def receive(self, data: bytes, source: str = SERVER[0], query: int = 0, on: str = ETH0) -> None:
        """Receive a datagram that answers the query of that number."""
        self.sockets(on)[query].protocol.datagramReceived(data, (source, 4_000))

    def advance(self, seconds: float) -> None:
        self.reactor.advance(seconds)

    def accept(self, number: int = 0) -> StringTransport:
        """The server accepts a connection."""
        _, _, factory, _, _ = self.reactor.tcpClients[number]
        protocol = factory.buildProtocol(Endpoint("TCP", SERVER[0], 7777))
        transport = StringTransport()
        protocol.makeConnection(transport)
        if transport.disconnecting:
            protocol.connectionLost(Failure(ConnectionDone()))
        return transport

    def fail_to_connect(self, reason: Exception, number: int = 0) -> None:
        _, _, factory, _, _ = self.reactor.tcpClients[number]
        factory.clientConnectionFailed(self.reactor.connectors[number], Failure(reason))

    def report(self, number: int = 0) -> InterfaceReport:
        """The report on one interface, once the probe has ended."""
        [reports] = self.results
        return reports[number]

    def leaves_nothing(self) -> bool:
        return not self.reactor.getDelayedCalls() and all(
            not port.is_open for port in self.reactor.udp
        )


def test_every_subnet_is_queried_three_times_within_the_time() -> None:
    probe = Probe()
    probe.start()
    expected = [
        (ETH0, discovery.DISCOVER, ("10.35.11.255", PORT)),
        (ETH1, discovery.DISCOVER, ("192.168.1.255", PORT)),
    ]
    for number in range(1, limits.DOCTOR_REQUESTS + 1):
        assert sent(probe.reactor) == expected * number
        probe.advance(1)
    assert [report.sent for report in probe.results[0]] == [3, 3]
    assert probe.leaves_nothing()


def test_an_interface_that_a_client_would_not_search_is_listed_but_not_queried() -> None:
    probe = Probe(HOST)
    probe.start()
    probe.advance(3)
    assert [
        (each.interface.name, each.interface.is_queried, each.sent) for each in probe.results[0]
    ] == [
        ("lo", True, 3),
        ("eth0", True, 3),
        ("eth1", True, 3),
        ("eth2", False, 0),
        ("tun0", False, 0),
    ]


def test_a_server_is_reported_with_its_latest_offer_and_the_number_of_its_answers() -> None:
    probe = Probe()
    probe.start()
    probe.receive(offer())
    probe.accept()
    probe.advance(1)
    probe.receive(offer(free=3), query=1)
    probe.advance(2)
    [server] = probe.report().servers
    assert (server.server_id, server.endpoint, server.slots) == ("party", "10.35.11.113:7777", 5)
    assert (server.free, server.count, probe.report().received) == (3, 2, 2)


def test_a_node_of_a_cluster_is_reported_as_one_and_whether_it_is_cut_off_by_now() -> None:
    probe = Probe()
    probe.start()
    probe.receive(offer(node="gym", cluster="Ku2"))
    probe.accept()
    probe.advance(1)
    probe.receive(offer(node="gym", cluster="Ku2", free=0, state="cut-off"), query=1)
    probe.advance(2)
    [server] = probe.report().servers
    assert (server.node, server.cluster, server.is_cut_off) == ("gym", "Ku2", True)


def test_the_round_trip_is_the_shortest_time_from_a_query_to_its_own_answer() -> None:
    probe = Probe()
    probe.start()
    probe.advance(1)
    probe.advance(0.25)
    probe.receive(offer(), query=0)  # late: the second query has been sent
    probe.accept()
    probe.advance(0.25)
    probe.receive(offer(), query=1)
    probe.advance(0.5)
    probe.advance(0.75)
    probe.receive(offer(), query=2)
    probe.advance(0.25)
    [server] = probe.report().servers
    assert server.round_trip == pytest.approx(0.5)


def test_each_server_gets_one_connection_which_is_closed_at_once() -> None:
    probe = Probe()
    probe.start()
    for query in range(2):
        probe.receive(offer(port=40_000), query=query)
        probe.advance(1)
    [(host, port, _, timeout, _)] = probe.reactor.tcpClients
    assert (host, port, timeout) == ("10.35.11.113", 40_000, limits.CONNECT_SECONDS)
    transport = probe.accept()
    assert transport.disconnecting
    assert transport.value() == b""
    probe.advance(1)
    [server] = probe.report().servers
    assert server.tcp_result is TcpResult.CONNECTED
    assert server.connect_time == pytest.approx(2)


@pytest.mark.parametrize(
    ("reason", "result"),
    [
        (errors.ConnectionRefusedError(), TcpResult.REFUSED),
        (errors.TimeoutError(), TcpResult.TIMED_OUT),
        (errors.TCPTimedOutError(), TcpResult.TIMED_OUT),
        (errors.NoRouteError(), TcpResult.FAILED),
        (errors.ConnectError(24, "Too many open files"), TcpResult.FAILED),
    ],
)
def test_the_result_of_a_connection_is_reported(reason: Exception, result: TcpResult) -> None:
    probe = Probe()
    probe.start()
    probe.receive(offer())
    probe.advance(3)
    assert probe.results == [], "the probe waits for the connection"
    probe.fail_to_connect(reason)
    [server] = probe.report().servers
    assert (server.tcp_result, server.connect_time) == (result, None)


def test_a_server_on_this_host_is_local() -> None:
    probe = Probe(HOST)
    probe.start()
    probe.receive(offer(ETH0), ETH0)
    probe.receive(offer("127.0.0.7"), "127.0.0.7", on="127.0.0.1")
    probe.receive(offer())
    for number in range(3):
        probe.accept(number)
    probe.advance(3)
    assert [
        (server.address, server.is_local)
        for report in probe.results[0]
        for server in report.servers
    ] == [("127.0.0.7", True), (ETH0, True), (SERVER[0], False)]


def test_datagrams_that_a_client_would_ignore_are_counted_by_source_and_reason() -> None:
    probe = Probe()
    probe.start()
    probe.receive(b"hello")
    probe.receive(b"hello", query=0)
    probe.receive(offer("172.17.0.2"))
    probe.receive(offer("10.35.12.1"), "10.35.12.1")
    probe.receive(offer(version=2), on=ETH1)
    probe.advance(3)
    assert dict(probe.report().rejected) == {
        RejectedDatagram("malformed", SERVER[0]): 2,
        RejectedDatagram("false address", SERVER[0], "party", "172.17.0.2", 7777): 1,
        RejectedDatagram("foreign subnet", "10.35.12.1", "party", "10.35.12.1", 7777): 1,
    }
    assert dict(probe.report(1).rejected) == {RejectedDatagram("other version", SERVER[0]): 1}
    assert [report.received for report in probe.results[0]] == [4, 1]
    assert probe.reactor.tcpClients == [], "a server whose offer is rejected gets no connection"


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (1, SendErrorCause.NOT_PERMITTED),
        (13, SendErrorCause.NOT_PERMITTED),
        (101, SendErrorCause.NO_ROUTE),
        (113, SendErrorCause.NO_ROUTE),
        (100, SendErrorCause.DOWN),
        (19, SendErrorCause.DOWN),
        (105, SendErrorCause.OTHER),
    ],
)
def test_an_interface_that_cannot_send_is_reported_and_the_others_are_queried(
    number: int, cause: SendErrorCause
) -> None:
    probe = Probe()
    probe.reactor.failing.add(ETH0)
    probe.reactor.error = OSError(number, "as the system says")
    probe.start()
    probe.advance(3)
    eth0, eth1 = probe.results[0]
    assert (eth0.sent, eth0.unsent) == (0, 3)
    assert eth0.error is not None
    assert (eth0.error.cause, eth0.error.message) == (cause, "as the system says")
    assert (eth1.sent, eth1.unsent, eth1.error) == (3, 0, None)
    assert probe.leaves_nothing()


def test_a_missing_address_is_reported_and_queried_when_it_returns() -> None:
    probe = Probe()
    probe.reactor.broken.add(ETH0)
    probe.start()
    probe.reactor.broken.clear()
    probe.advance(3)
    report = probe.report()
    assert (report.sent, report.unsent) == (2, 1)
    assert report.error is not None
    assert report.error.cause is SendErrorCause.DOWN


def test_servers_and_rejected_datagrams_are_reported_up_to_a_limit() -> None:
    probe = Probe()
    probe.start()
    for number in range(limits.MAX_OFFERS + 9):
        probe.receive(offer(id=f"server-{number}"))
        probe.receive(offer("172.17.0.2", id=f"server-{number}"))
    for number in range(limits.MAX_OFFERS):
        probe.fail_to_connect(errors.ConnectionRefusedError(), number)
    probe.advance(3)
    report = probe.report()
    assert report.received == 2 * (limits.MAX_OFFERS + 9)
    assert len(report.servers) == len(report.rejected) == limits.MAX_OFFERS
    assert len(probe.reactor.tcpClients) == limits.MAX_OFFERS


@pytest.mark.parametrize("moment", [0.0, 1.5, 3.5])
def test_a_cancelled_probe_leaves_nothing_behind(moment: float) -> None:
    probe = Probe()
    probe.start()
    probe.receive(offer())
    probe.advance(moment)
    [failure] = probe.cancel()
    assert failure.check(CancelledError)
    assert probe.leaves_nothing()
    probe.advance(60)
    assert probe.results == []
    assert len(sent(probe.reactor)) <= 2 * limits.DOCTOR_REQUESTS


def test_the_interface_of_a_named_address_is_found() -> None:
    [eth1, loopback, down] = interfaces(
        HOST, subnets("192.168.1.123/30", "127.0.0.9/8", "172.16.0.9/16")
    )
    assert (eth1.name, eth1.is_up, str(eth1.subnet)) == ("eth1", True, "192.168.1.123/30")
    assert (loopback.name, loopback.subnet.address) == ("lo", IPv4Address("127.0.0.9"))
    assert (down.name, down.is_up, down.is_queried) == ("eth2", False, True)
