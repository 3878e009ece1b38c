"""The server's side of discovery: who is answered, from where, and who is not (SPEC §2)."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.discovery.responder import Responder
from chatd.discovery.subnets import Subnet
from chatd.wire import discovery
from tests.discovery.hosts import PORT, datagram, deliver, sent, subnets
from tests.fakes import FakeUdpReactor, log_lines

QUESTION = datagram("discover", version=1)
ASKER = ("10.35.11.112", 5_000)


class _Server:
    """A responder that runs on a network of its own, and what it has sent."""

    def __init__(self, *values: str, broken: tuple[str, ...] = ()) -> None:
        self.reactor = FakeUdpReactor()
        self.reactor.broken |= set(broken)
        known = subnets(*(values or ("10.35.11.113/24", "192.168.1.124/24")))
        self.responder = Responder(self.reactor, known, PORT, self._offer)
        self.responder.start()

    def _offer(self, subnet: Subnet) -> discovery.Offer:
        return discovery.Offer(1, "work", str(subnet.address), 7777, 9, 8)

    def hears(
        self,
        data: bytes = QUESTION,
        source: tuple[str, int] = ASKER,
        broadcast: str = "10.35.11.255",
    ) -> None:
        deliver(self.reactor, broadcast, data, source)

    def answers(self) -> list[tuple[str, tuple[str, int]]]:
        """From which address answers went, and where to."""
        return [(interface, address) for interface, _, address in sent(self.reactor)]


def test_a_question_is_answered_once_by_unicast_from_the_address_in_that_subnet() -> None:
    server = _Server()
    server.hears()
    [(interface, data, address)] = sent(server.reactor)
    assert (interface, address) == ("10.35.11.113", ASKER)
    assert discovery.decode_offer(data).address == "10.35.11.113"
    server.hears(source=("192.168.1.123", 6_000), broadcast="192.168.1.255")
    assert server.answers()[1:] == [("192.168.1.124", ("192.168.1.123", 6_000))]
    assert dict(server.responder.counters) == {"answered": 2}
    server.responder.stop()


def test_every_question_gets_its_answer() -> None:
    server = _Server()
    for port in range(5_000, 5_010):
        server.hears(source=("10.35.11.112", port))
    assert server.answers() == [
        ("10.35.11.113", ("10.35.11.112", port)) for port in range(5_000, 5_010)
    ]
    server.responder.stop()


def test_it_listens_for_broadcasts_only_and_answers_from_a_private_port() -> None:
    server = _Server()
    assert {(port.interface, port.port) for port in server.reactor.udp} == {
        ("10.35.11.255", PORT),
        ("10.35.11.113", 0),
        ("192.168.1.255", PORT),
        ("192.168.1.124", 0),
    }
    assert not any(port.may_broadcast for port in server.reactor.udp)
    server.responder.stop()


def test_what_is_sent_to_the_private_port_is_not_read() -> None:
    server = _Server()
    deliver(server.reactor, "10.35.11.113", QUESTION, ASKER)
    assert server.answers() == []
    server.responder.stop()


NO_ANSWER = {
    "another subnet": (QUESTION, ("10.35.12.112", 5_000), "foreign subnet"),
    "the Internet": (QUESTION, ("8.8.8.8", 5_000), "foreign subnet"),
    "nobody": (QUESTION, ("0.0.0.0", 68), "foreign subnet"),  # noqa: S104  # a source
    "the broadcast address": (QUESTION, ("10.35.11.255", 5_000), "foreign subnet"),
    "the network address": (QUESTION, ("10.35.11.0", 5_000), "foreign subnet"),
    "IPv6": (QUESTION, ("fe80::1", 5_000), "foreign subnet"),
    "nothing": (b"", ASKER, "malformed"),
    "no JSON": (b"\x00\xff" * 20, ASKER, "malformed"),
    "not UTF-8": (b'{"type": "discover", "data": {"version": 1}, "x": "\xff"}', ASKER, "malformed"),
    "deep nesting": (b"[" * 1_000, ASKER, "malformed"),
    "no version": (datagram("discover"), ASKER, "malformed"),
    "a version that is text": (datagram("discover", version="1"), ASKER, "malformed"),
    "an offer": (
        datagram("offer", version=1, id="x", address="10.35.11.112", port=1, slots=1, free=1),
        ASKER,
        "malformed",
    ),
    "two questions": (QUESTION * 2, ASKER, "malformed"),
    "a later version": (datagram("discover", version=2), ASKER, "other version"),
    "too much": (datagram("discover", version=1, x="x" * 1_024), ASKER, "oversized"),
}


@pytest.mark.parametrize(("data", "source", "reason"), NO_ANSWER.values(), ids=NO_ANSWER)
def test_some_get_no_answer_and_are_counted(
    data: bytes, source: tuple[str, int], reason: str
) -> None:
    server = _Server()
    server.hears(data, source)
    assert server.answers() == []
    assert dict(server.responder.counters) == {reason: 1}
    server.hears()
    assert len(server.answers()) == 1
    server.responder.stop()


def test_unknown_keys_are_ignored_so_that_later_versions_can_add_some() -> None:
    server = _Server()
    question = datagram("discover", version=1, wants=["jim"])
    server.hears(question + b" " * (1_024 - len(question)))
    assert len(server.answers()) == 1
    server.responder.stop()


@given(st.binary(max_size=1_100), st.ip_addresses(v=4).map(str) | st.just("10.35.11.112"))
def test_no_datagram_makes_it_raise_or_answer(data: bytes, host: str) -> None:
    server = _Server()
    server.hears(data, (host, 5_000))
    assert server.answers() == []
    assert server.responder.counters.total() == 1
    server.responder.stop()


@given(st.ip_addresses(v=4))
def test_only_a_host_of_a_known_subnet_is_answered(asker: IPv4Address) -> None:
    server = _Server("10.0.0.1/8", "192.168.0.1/16")
    server.hears(source=(str(asker), 5_000), broadcast="10.255.255.255")
    known = [each for each in subnets("10.0.0.1/8", "192.168.0.1/16") if each.is_host(asker)]
    assert server.answers() == [(str(each.address), (str(asker), 5_000)) for each in known]
    server.responder.stop()


@pytest.mark.parametrize("broken", ["10.35.11.255", "10.35.11.113"])
def test_one_subnet_that_fails_at_the_start_stays_alone_and_is_tried_again(broken: str) -> None:
    with log_lines() as lines:
        server = _Server(broken=(broken,))
        server.hears(source=("192.168.1.123", 6_000), broadcast="192.168.1.255")
        assert len(server.answers()) == 1
        server.reactor.pump([1.0, 1.0, 1.0, 3.0])
        [line] = lines
        assert "10.35.11.113/24" in line
        server.reactor.broken.clear()
        server.reactor.pump([1.0, 1.0, 0.9])
        assert len(lines) == 1
        server.reactor.pump([0.1])
        assert "again" in lines[-1]
    server.hears()
    assert server.answers()[1:] == [("10.35.11.113", ASKER)]
    server.responder.stop()


def test_a_question_that_is_heard_while_its_interface_is_down_is_counted() -> None:
    server = _Server(broken=("10.35.11.113",))
    server.hears()
    assert server.answers() == []
    assert dict(server.responder.counters) == {"interface down": 1}
    server.responder.stop()


def test_an_answer_that_cannot_be_sent_stops_nothing() -> None:
    server = _Server()
    server.reactor.open_udp("10.35.11.113").fails = OSError(101, "Network is unreachable")
    server.hears()
    assert dict(server.responder.counters) == {"unsent (Network is unreachable)": 1}
    server.reactor.open_udp("10.35.11.113").fails = None
    server.hears()
    assert server.answers() == [("10.35.11.113", ASKER)]
    server.responder.stop()


@pytest.mark.parametrize("order", [1, -1])
def test_overlapping_subnets_answer_once_from_the_longest_prefix(order: int) -> None:
    server = _Server(*["10.1.1.1/8", "10.35.11.113/24", "10.35.0.9/16"][::order])
    for broadcast in ("10.255.255.255", "10.35.255.255", "10.35.11.255"):
        server.hears(broadcast=broadcast)
    assert server.answers() == [("10.35.11.113", ASKER)] * 3
    server.responder.stop()


def test_two_addresses_in_one_subnet_answer_once() -> None:
    server = _Server("10.35.11.113/24", "10.35.11.114/24")
    server.hears()
    assert len(server.answers()) == 1
    server.responder.stop()


def test_two_subnets_with_one_broadcast_address_answer_once() -> None:
    server = _Server("10.35.255.1/24", "10.35.0.1/16")
    server.hears(source=("10.35.255.7", 5_000), broadcast="10.35.255.255")
    server.hears(source=("10.35.7.7", 5_000), broadcast="10.35.255.255")
    assert [interface for interface, _ in server.answers()] == ["10.35.255.1", "10.35.0.1"]
    server.responder.stop()


def test_networks_without_broadcast_open_nothing() -> None:
    server = _Server("10.0.0.1/32", "10.0.1.1/31")
    assert server.reactor.udp == []
    server.responder.stop()


def test_stopping_closes_everything_and_tries_nothing_again() -> None:
    server = _Server(broken=("192.168.1.255",))
    stopped = server.responder.stop()
    assert stopped.called
    assert not [port for port in server.reactor.udp if port.is_open]
    opened = len(server.reactor.udp)
    server.reactor.broken.clear()
    server.reactor.pump([3.0] * 3)
    assert len(server.reactor.udp) == opened
    assert server.reactor.getDelayedCalls() == []
