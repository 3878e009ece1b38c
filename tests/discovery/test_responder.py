"""The server's side of discovery: which queries get a reply, and from where."""

import random
from ipaddress import IPv4Address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from twisted.logger import LogLevel

from chatd.chat import limits
from chatd.discovery.responder import Responder
from chatd.discovery.subnets import Subnet
from chatd.wire import discovery
from tests.discovery.hosts import PORT, datagram, deliver, sent, subnets
from tests.fakes import FakeUdpReactor, log_lines

QUERY = datagram("discover", version=1)
CLIENT = ("10.35.11.112", 5_000)


class _Server:
    """A responder on a fake network."""

    def __init__(self, *values: str, broken: tuple[str, ...] = ()) -> None:
        self.reactor = FakeUdpReactor()
        self.reactor.broken |= set(broken)
        known = subnets(*(values or ("10.35.11.113/24", "192.168.1.124/24")))
        draw = random.Random(1).random  # noqa: S311  # the same in each run
        self.responder = Responder(self.reactor, known, PORT, self._offer, draw)
        self.responder.start()

    def _offer(self, subnet: Subnet) -> discovery.Offer:
        return discovery.Offer(1, "work", str(subnet.address), 7777, 9, 8)

    def receive(
        self,
        data: bytes = QUERY,
        source: tuple[str, int] = CLIENT,
        broadcast: str = "10.35.11.255",
    ) -> None:
        deliver(self.reactor, broadcast, data, source)

    def replies(self) -> list[tuple[str, tuple[str, int]]]:
        """Of each reply, the sender's address and the receiver."""
        return [(interface, address) for interface, _, address in sent(self.reactor)]


def test_a_query_gets_one_unicast_reply_from_the_address_in_that_subnet() -> None:
    server = _Server()
    server.receive()
    [(interface, data, address)] = sent(server.reactor)
    assert (interface, address) == ("10.35.11.113", CLIENT)
    assert discovery.decode_offer(data).address == "10.35.11.113"
    server.receive(source=("192.168.1.123", 6_000), broadcast="192.168.1.255")
    assert server.replies()[1:] == [("192.168.1.124", ("192.168.1.123", 6_000))]
    assert dict(server.responder.counters) == {"answered": 2}
    server.responder.stop()


def test_every_query_gets_a_reply() -> None:
    server = _Server()
    for port in range(5_000, 5_010):
        server.receive(source=("10.35.11.112", port))
    assert server.replies() == [
        ("10.35.11.113", ("10.35.11.112", port)) for port in range(5_000, 5_010)
    ]
    server.responder.stop()


def test_it_receives_broadcasts_only_and_replies_from_a_port_of_its_own() -> None:
    server = _Server()
    assert {(port.interface, port.port) for port in server.reactor.udp} == {
        ("10.35.11.255", PORT),
        ("10.35.11.113", 0),
        ("192.168.1.255", PORT),
        ("192.168.1.124", 0),
    }
    assert not any(port.may_broadcast for port in server.reactor.udp)
    server.responder.stop()


def test_datagrams_to_the_reply_port_are_ignored() -> None:
    server = _Server()
    deliver(server.reactor, "10.35.11.113", QUERY, CLIENT)
    assert server.replies() == []
    server.responder.stop()


NO_REPLY = {
    "another subnet": (QUERY, ("10.35.12.112", 5_000), "foreign subnet"),
    "the Internet": (QUERY, ("8.8.8.8", 5_000), "foreign subnet"),
    "nobody": (QUERY, ("0.0.0.0", 68), "foreign subnet"),  # noqa: S104  # a source
    "the broadcast address": (QUERY, ("10.35.11.255", 5_000), "foreign subnet"),
    "the network address": (QUERY, ("10.35.11.0", 5_000), "foreign subnet"),
    "IPv6": (QUERY, ("fe80::1", 5_000), "foreign subnet"),
    "nothing": (b"", CLIENT, "malformed"),
    "no JSON": (b"\x00\xff" * 20, CLIENT, "malformed"),
    "not UTF-8": (
        b'{"type": "discover", "data": {"version": 1}, "x": "\xff"}',
        CLIENT,
        "malformed",
    ),
    "deep nesting": (b"[" * 1_000, CLIENT, "malformed"),
    "no version": (datagram("discover"), CLIENT, "malformed"),
    "a version that is text": (datagram("discover", version="1"), CLIENT, "malformed"),
    "an offer": (
        datagram("offer", version=1, id="x", address="10.35.11.112", port=1, slots=1, free=1),
        CLIENT,
        "malformed",
    ),
    "two queries": (QUERY * 2, CLIENT, "malformed"),
    "a later version": (datagram("discover", version=2), CLIENT, "other version"),
    "too much": (datagram("discover", version=1, x="x" * 1_024), CLIENT, "oversized"),
}


@pytest.mark.parametrize(("data", "source", "reason"), NO_REPLY.values(), ids=NO_REPLY)
def test_invalid_queries_get_no_reply_and_are_counted(
    data: bytes, source: tuple[str, int], reason: str
) -> None:
    server = _Server()
    server.receive(data, source)
    assert server.replies() == []
    assert dict(server.responder.counters) == {reason: 1}
    server.receive()
    assert len(server.replies()) == 1
    server.responder.stop()


def test_unknown_keys_are_ignored_so_that_later_versions_can_add_some() -> None:
    server = _Server()
    query = datagram("discover", version=1, wants=["jim"])
    server.receive(query + b" " * (1_024 - len(query)))
    assert len(server.replies()) == 1
    server.responder.stop()


@given(st.binary(max_size=1_100), st.ip_addresses(v=4).map(str) | st.just("10.35.11.112"))
def test_no_random_datagram_gets_a_reply_or_raises(data: bytes, host: str) -> None:
    assume(b"discover" not in data)  # Hypothesis knows the words of the code, and makes a query
    server = _Server()
    server.receive(data, (host, 5_000))
    assert server.replies() == []
    assert server.responder.counters.total() == 1
    server.responder.stop()


@given(st.ip_addresses(v=4))
def test_only_a_host_of_a_known_subnet_gets_a_reply(sender: IPv4Address) -> None:
    server = _Server("10.0.0.1/8", "192.168.0.1/16")
    server.receive(source=(str(sender), 5_000), broadcast="10.255.255.255")
    known = [each for each in subnets("10.0.0.1/8", "192.168.0.1/16") if each.is_host(sender)]
    assert server.replies() == [(str(each.address), (str(sender), 5_000)) for each in known]
    server.responder.stop()


@pytest.mark.parametrize("broken", ["10.35.11.255", "10.35.11.113"])
def test_a_subnet_that_fails_at_the_start_affects_no_other_and_is_tried_again(broken: str) -> None:
    with log_lines() as lines:
        server = _Server(broken=(broken,))
        server.receive(source=("192.168.1.123", 6_000), broadcast="192.168.1.255")
        assert len(server.replies()) == 1
        server.reactor.pump([1.0, 1.0, 1.0, 3.0])
        [line] = lines
        assert "10.35.11.113/24" in line
        server.reactor.broken.clear()
        server.reactor.pump([1.0, 1.0, 0.9])
        assert len(lines) == 1
        server.reactor.pump([0.1])
        assert "again" in lines[-1]
    server.receive()
    assert server.replies()[1:] == [("10.35.11.113", CLIENT)]
    server.responder.stop()


def test_a_query_while_the_interface_is_down_is_counted() -> None:
    server = _Server(broken=("10.35.11.113",))
    server.receive()
    assert server.replies() == []
    assert dict(server.responder.counters) == {"interface down": 1}
    server.responder.stop()


def test_an_offer_that_cannot_be_sent_is_counted() -> None:
    server = _Server()
    server.reactor.open_udp("10.35.11.113").fails = OSError(101, "Network is unreachable")
    server.receive()
    assert dict(server.responder.counters) == {"unsent (Network is unreachable)": 1}
    server.reactor.open_udp("10.35.11.113").fails = None
    server.receive()
    assert server.replies() == [("10.35.11.113", CLIENT)]
    server.responder.stop()


@pytest.mark.parametrize("order", [1, -1])
def test_overlapping_subnets_reply_once_from_the_longest_prefix(order: int) -> None:
    server = _Server(*["10.1.1.1/8", "10.35.11.113/24", "10.35.0.9/16"][::order])
    for broadcast in ("10.255.255.255", "10.35.255.255", "10.35.11.255"):
        server.receive(broadcast=broadcast)
    assert server.replies() == [("10.35.11.113", CLIENT)] * 3
    server.responder.stop()


def test_two_addresses_in_one_subnet_reply_once() -> None:
    server = _Server("10.35.11.113/24", "10.35.11.114/24")
    server.receive()
    assert len(server.replies()) == 1
    server.responder.stop()


def test_two_subnets_with_one_broadcast_address_reply_once() -> None:
    server = _Server("10.35.255.1/24", "10.35.0.1/16")
    server.receive(source=("10.35.255.7", 5_000), broadcast="10.35.255.255")
    server.receive(source=("10.35.7.7", 5_000), broadcast="10.35.255.255")
    assert [interface for interface, _ in server.replies()] == ["10.35.255.1", "10.35.0.1"]
    server.responder.stop()


def test_networks_without_broadcast_open_nothing() -> None:
    server = _Server("10.0.0.1/32", "10.0.1.1/31")
    assert server.reactor.udp == []
    server.responder.stop()


def test_stop_closes_all_sockets_and_opens_none_again() -> None:
    server = _Server(broken=("192.168.1.255",))
    stopped = server.responder.stop()
    assert stopped.called
    assert not [port for port in server.reactor.udp if port.is_open]
    opened = len(server.reactor.udp)
    server.reactor.broken.clear()
    server.reactor.pump([3.0] * 3)
    assert len(server.reactor.udp) == opened
    assert server.reactor.getDelayedCalls() == []


def test_an_address_is_sent_a_bounded_number_of_offers_and_others_are_still_answered() -> None:
    server = _Server()
    for _ in range(1_000):
        server.receive()
    assert len(server.replies()) == limits.ADDRESS_OFFERS_PER_SECOND
    server.receive(source=("10.35.11.111", 5_000))
    assert server.replies()[-1][1] == ("10.35.11.111", 5_000)
    server.reactor.advance(1)
    server.receive()
    assert server.replies()[-1][1] == CLIENT
    assert server.responder.counters["too many from one address"] > 900
    server.responder.stop()


def test_a_class_that_starts_at_once_is_answered_and_a_flood_is_bounded() -> None:
    server = _Server("10.35.0.1/16")
    for number in range(900):
        source = (f"10.35.{1 + number // 250}.{1 + number % 250}", 5_000)
        server.receive(source=source, broadcast="10.35.255.255")
    assert len(server.replies()) == 900
    for number in range(10_000):
        source = (f"10.35.{10 + number // 250}.{1 + number % 250}", 5_000)
        server.receive(source=source, broadcast="10.35.255.255")
    answered = len(server.replies())
    assert 0.9 * limits.OFFERS_PER_SECOND < answered <= limits.OFFERS_PER_SECOND
    assert server.responder.counters["too many"] == 10_900 - answered
    server.responder.stop()


def _share(per_second: int, forged_sources: list[str], clients: list[str], seconds: int) -> float:
    """Of queries that come just behind a forged one, in turn of `clients`, how many are answered.

    :param per_second: forged queries, at regular intervals.
    """
    server = _Server("10.35.0.1/16")
    answered = asked = 0
    for number in range(seconds * per_second):
        source = forged_sources[number % len(forged_sources)]
        server.receive(source=(source, 5_000), broadcast="10.35.255.255")
        server.reactor.rightNow += 0.01 / per_second
        if number > 2 * per_second and number % max(per_second // 100, 50) == 0:
            before = server.responder.counters["answered"]
            client = (clients[asked % len(clients)], 5_000)
            server.receive(source=client, broadcast="10.35.255.255")
            answered += server.responder.counters["answered"] - before
            asked += 1
        server.reactor.rightNow += 0.99 / per_second
    server.responder.stop()
    return answered / asked


@pytest.mark.parametrize("per_second", [1_050, 1_500, 4_000, 14_000])
def test_forged_senders_that_use_up_the_total_leave_each_query_the_same_chance(
    per_second: int,
) -> None:
    forged = [f"10.35.{10 + number // 250}.{1 + number % 250}" for number in range(50_000)]
    clients = [f"10.35.1.{number}" for number in range(1, 251)]
    fair = limits.OFFERS_PER_SECOND / per_second
    assert 0.7 * fair < _share(per_second, forged, clients, 8) < 1.3 * fair


@pytest.mark.parametrize("per_second", [30, 100])
def test_who_forges_a_client_s_own_address_leaves_its_query_the_same_chance(
    per_second: int,
) -> None:
    fair = limits.ADDRESS_OFFERS_PER_SECOND / per_second
    share = _share(per_second, [CLIENT[0]], [CLIENT[0]], 6_000 // per_second * 10)
    assert 0.6 * fair < share < 1.4 * fair


def test_many_clients_on_the_servers_own_host_are_all_answered() -> None:
    server = _Server("127.0.0.1/8", "10.35.11.113/24")
    for port in range(5_000, 5_100):
        server.receive(source=("127.0.0.1", port), broadcast="127.255.255.255")
        server.receive(source=("10.35.11.113", port))
    assert len(server.replies()) == 200
    server.responder.stop()


def test_a_flood_of_rejected_datagrams_is_counted_but_not_all_in_the_log() -> None:
    server = _Server()
    with log_lines(LogLevel.debug) as lines:
        for _ in range(1_000):
            server.receive(b"x")
    assert server.responder.counters["malformed"] == 1_000
    assert len(lines) == limits.LOGGED_DATAGRAMS_PER_SECOND
    server.responder.stop()


def test_an_offer_comes_from_another_address_in_the_subnet_if_the_first_is_gone() -> None:
    server = _Server("10.35.11.113/24", "10.35.11.114/24", "10.35.0.1/16")
    server.receive()
    [first] = [port for port in server.reactor.udp if port.interface == "10.35.11.113"]
    first.fails = OSError(22, "Invalid argument")
    server.receive()
    assert server.replies() == [("10.35.11.113", CLIENT), ("10.35.11.114", CLIENT)]
    [*_, (_, data, _)] = sent(server.reactor)
    assert discovery.decode_offer(data).address == "10.35.11.114"
    server.responder.stop()


def test_subnets_may_come_and_go() -> None:
    server = _Server("10.35.11.113/24")
    server.responder.set_subnets(subnets("192.168.1.124/24"))
    assert {port.interface for port in server.reactor.udp if port.is_open} == {
        "192.168.1.255",
        "192.168.1.124",
    }
    server.receive(source=("192.168.1.123", 6_000), broadcast="192.168.1.255")
    server.receive(broadcast="192.168.1.255")
    assert server.replies() == [("192.168.1.124", ("192.168.1.123", 6_000))]
    server.responder.stop()


def test_a_subnet_that_failed_before_it_was_gone_is_a_new_one_when_it_comes_back() -> None:
    with log_lines() as lines:
        server = _Server("10.35.11.113/24", broken=("10.35.11.255",))
        server.responder.set_subnets(())
        server.reactor.broken.clear()
        server.responder.set_subnets(subnets("10.35.11.113/24"))
    assert not [line for line in lines if "again" in line]
    server.responder.stop()
