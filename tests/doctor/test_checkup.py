"""What ``chatd doctor`` does on the network, and what it writes down of it."""

from ipaddress import IPv4Address, IPv4Interface
from typing import Any

import pytest
from twisted.internet import error as errors
from twisted.internet.address import IPv4Address as Endpoint
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.discovery.subnets import HostAddress
from chatd.doctor.checkup import Checkup
from chatd.doctor.findings import Cause, Reach, Stranger, Subject, interfaces
from chatd.wire import discovery
from tests.discovery.client import SERVER, Unreachable, offer
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


class Examination:
    """An examination of a host on a network of its own; it takes three seconds."""

    def __init__(self, host: list[HostAddress] = HOST[1:3], wait: float = 3.0) -> None:
        self.reactor: Any = Unreachable()
        own = {each.address.ip for each in host}
        self.checkup = Checkup(self.reactor, interfaces(host), own, PORT, wait)
        self.found: list[tuple[Subject, ...]] = []

    def start(self) -> None:
        self.checkup.start().addCallback(self.found.append)

    def open(self, address: str = ETH0) -> list[FakeUdpPort]:
        return [port for port in self.reactor.udp if port.interface == address and port.is_open]

    def hears(self, data: bytes, source: str = SERVER[0], request: int = 0, on: str = ETH0) -> None:
        """A datagram that answers the request of that number."""
        self.open(on)[request].protocol.datagramReceived(data, (source, 4_000))

    def passes(self, seconds: float) -> None:
        self.reactor.advance(seconds)

    def accepts(self, number: int = 0) -> StringTransport:
        """The server takes a connection."""
        _, _, factory, _, _ = self.reactor.tcpClients[number]
        protocol = factory.buildProtocol(Endpoint("TCP", SERVER[0], 7777))
        transport = StringTransport()
        protocol.makeConnection(transport)
        if transport.disconnecting:
            protocol.connectionLost(Failure(ConnectionDone()))
        return transport

    def fails(self, reason: Exception, number: int = 0) -> None:
        """A connection cannot be made."""
        _, _, factory, _, _ = self.reactor.tcpClients[number]
        factory.clientConnectionFailed(self.reactor.connectors[number], Failure(reason))

    def subject(self, number: int = 0) -> Subject:
        """What was found on an interface, now that it is over."""
        [subjects] = self.found
        return subjects[number]

    def leaves_nothing(self) -> bool:
        return not self.reactor.getDelayedCalls() and all(
            not port.is_open for port in self.reactor.udp
        )


def test_every_subnet_is_asked_three_times_within_the_time() -> None:
    examination = Examination()
    examination.start()
    expected = [
        (ETH0, discovery.DISCOVER, ("10.35.11.255", PORT)),
        (ETH1, discovery.DISCOVER, ("192.168.1.255", PORT)),
    ]
    for number in range(1, limits.DOCTOR_REQUESTS + 1):
        assert sent(examination.reactor) == expected * number
        examination.passes(1)
    assert [subject.sent for subject in examination.found[0]] == [3, 3]
    assert examination.leaves_nothing()


def test_what_a_client_would_not_search_is_listed_and_not_asked() -> None:
    examination = Examination(HOST)
    examination.start()
    examination.passes(3)
    assert [
        (each.interface.name, each.interface.is_asked, each.sent) for each in examination.found[0]
    ] == [
        ("lo", True, 3),
        ("eth0", True, 3),
        ("eth1", True, 3),
        ("eth2", False, 0),
        ("tun0", False, 0),
    ]


def test_a_server_is_written_down_with_what_it_offered_last_and_how_often_it_answered() -> None:
    examination = Examination()
    examination.start()
    examination.hears(offer())
    examination.accepts()
    examination.passes(1)
    examination.hears(offer(free=3), request=1)
    examination.passes(2)
    [answer] = examination.subject().answers
    assert (answer.server_id, answer.place, answer.slots) == ("party", "10.35.11.113:7777", 5)
    assert (answer.free, answer.count, examination.subject().heard) == (3, 2, 2)


def test_the_round_trip_is_the_shortest_from_a_request_to_the_answer_to_that_very_one() -> None:
    examination = Examination()
    examination.start()
    examination.passes(1)
    examination.passes(0.25)
    examination.hears(offer(), request=0)  # late: the second request is already out
    examination.accepts()
    examination.passes(0.25)
    examination.hears(offer(), request=1)
    examination.passes(0.5)
    examination.passes(0.75)
    examination.hears(offer(), request=2)
    examination.passes(0.25)
    [answer] = examination.subject().answers
    assert answer.round_trip == pytest.approx(0.5)


def test_each_server_is_connected_to_once_and_the_connection_closed_at_once() -> None:
    examination = Examination()
    examination.start()
    for request in range(2):
        examination.hears(offer(port=40_000), request=request)
        examination.passes(1)
    [(host, port, _, timeout, _)] = examination.reactor.tcpClients
    assert (host, port, timeout) == ("10.35.11.113", 40_000, limits.CONNECT_SECONDS)
    transport = examination.accepts()
    assert transport.disconnecting
    assert transport.value() == b""
    examination.passes(1)
    [answer] = examination.subject().answers
    assert answer.reach is Reach.CONNECTED
    assert answer.connect == pytest.approx(2)


@pytest.mark.parametrize(
    ("reason", "reach"),
    [
        (errors.ConnectionRefusedError(), Reach.REFUSED),
        (errors.TimeoutError(), Reach.TIMED_OUT),
        (errors.TCPTimedOutError(), Reach.TIMED_OUT),
        (errors.NoRouteError(), Reach.FAILED),
        (errors.ConnectError(24, "Too many open files"), Reach.FAILED),
    ],
)
def test_what_became_of_a_connection_is_written_down(reason: Exception, reach: Reach) -> None:
    examination = Examination()
    examination.start()
    examination.hears(offer())
    examination.passes(3)
    assert examination.found == [], "it waits for the connection"
    examination.fails(reason)
    [answer] = examination.subject().answers
    assert (answer.reach, answer.connect) == (reach, None)


def test_a_server_on_this_host_is_known_as_such() -> None:
    examination = Examination(HOST)
    examination.start()
    examination.hears(offer(ETH0), ETH0)
    examination.hears(offer("127.0.0.7"), "127.0.0.7", on="127.0.0.1")
    examination.hears(offer())
    for number in range(3):
        examination.accepts(number)
    examination.passes(3)
    assert [
        (answer.address, answer.is_here)
        for subject in examination.found[0]
        for answer in subject.answers
    ] == [("127.0.0.7", True), (ETH0, True), (SERVER[0], False)]


def test_what_a_client_would_not_believe_is_counted_by_source_and_reason() -> None:
    examination = Examination()
    examination.start()
    examination.hears(b"hello")
    examination.hears(b"hello", request=0)
    examination.hears(offer("172.17.0.2"))
    examination.hears(offer("10.35.12.1"), "10.35.12.1")
    examination.hears(offer(version=2), on=ETH1)
    examination.passes(3)
    assert dict(examination.subject().strangers) == {
        Stranger("malformed", SERVER[0]): 2,
        Stranger("false address", SERVER[0], "party", "172.17.0.2", 7777): 1,
        Stranger("foreign subnet", "10.35.12.1", "party", "10.35.12.1", 7777): 1,
    }
    assert dict(examination.subject(1).strangers) == {Stranger("other version", SERVER[0]): 1}
    assert [subject.heard for subject in examination.found[0]] == [4, 1]
    assert examination.reactor.tcpClients == [], "what is not believed is not connected to"


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (1, Cause.NOT_PERMITTED),
        (13, Cause.NOT_PERMITTED),
        (101, Cause.NO_ROUTE),
        (113, Cause.NO_ROUTE),
        (100, Cause.DOWN),
        (19, Cause.DOWN),
        (105, Cause.OTHER),
    ],
)
def test_an_interface_that_cannot_send_is_written_down_and_stops_no_other(
    number: int, cause: Cause
) -> None:
    examination = Examination()
    examination.reactor.mute.add(ETH0)
    examination.reactor.trouble = OSError(number, "as the system says")
    examination.start()
    examination.passes(3)
    eth0, eth1 = examination.found[0]
    assert (eth0.sent, eth0.unsent) == (0, 3)
    assert eth0.trouble is not None
    assert (eth0.trouble.cause, eth0.trouble.words) == (cause, "as the system says")
    assert (eth1.sent, eth1.unsent, eth1.trouble) == (3, 0, None)
    assert examination.leaves_nothing()


def test_an_address_that_has_gone_is_written_down_and_one_that_comes_back_is_asked() -> None:
    examination = Examination()
    examination.reactor.broken.add(ETH0)
    examination.start()
    examination.reactor.broken.clear()
    examination.passes(3)
    subject = examination.subject()
    assert (subject.sent, subject.unsent) == (2, 1)
    assert subject.trouble is not None
    assert subject.trouble.cause is Cause.DOWN


def test_the_more_servers_and_the_more_strangers_there_are_the_fewer_are_remembered() -> None:
    examination = Examination()
    examination.start()
    for number in range(limits.MAX_OFFERS + 9):
        examination.hears(offer(id=f"server-{number}"))
        examination.hears(offer("172.17.0.2", id=f"server-{number}"))
    for number in range(limits.MAX_OFFERS):
        examination.fails(errors.ConnectionRefusedError(), number)
    examination.passes(3)
    subject = examination.subject()
    assert subject.heard == 2 * (limits.MAX_OFFERS + 9)
    assert len(subject.answers) == len(subject.strangers) == limits.MAX_OFFERS
    assert len(examination.reactor.tcpClients) == limits.MAX_OFFERS


@pytest.mark.parametrize("moment", [0.0, 1.5, 3.5])
def test_broken_off_it_leaves_nothing_behind(moment: float) -> None:
    examination = Examination()
    examination.start()
    examination.hears(offer())
    examination.passes(moment)
    stopped: list[object] = []
    examination.checkup.stop().addCallback(stopped.append)
    assert len(stopped) == 1
    assert examination.leaves_nothing()
    assert examination.found == [] or moment > 3
    examination.passes(60)
    assert len(sent(examination.reactor)) <= 2 * limits.DOCTOR_REQUESTS


def test_the_interface_of_an_address_that_was_named_is_found() -> None:
    [eth1, loopback, down] = interfaces(
        HOST, subnets("192.168.1.123/30", "127.0.0.9/8", "172.16.0.9/16")
    )
    assert (eth1.name, eth1.is_up, str(eth1.subnet)) == ("eth1", True, "192.168.1.123/30")
    assert (loopback.name, loopback.subnet.address) == ("lo", IPv4Address("127.0.0.9"))
    assert (down.name, down.is_up, down.is_asked) == ("eth2", False, True)
