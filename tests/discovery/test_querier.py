"""The client's side of discovery: which subnets it queries, and when."""

from collections.abc import Sequence

from chatd.discovery.querier import Querier
from chatd.discovery.subnets import Subnet
from chatd.wire import discovery
from tests.discovery.client import HOME, SERVER, Client, offer
from tests.discovery.hosts import PORT, sent, subnets
from tests.fakes import log_lines

TO_WORK = ("10.35.11.112", discovery.DISCOVER, ("10.35.11.255", PORT))
TO_HOME = ("192.168.1.123", discovery.DISCOVER, ("192.168.1.255", PORT))


def test_every_subnet_is_queried_at_once_and_every_three_seconds() -> None:
    client = Client()
    client.querier.start()
    assert sent(client.reactor) == [TO_WORK, TO_HOME]
    client.reactor.pump([1.0, 1.0, 0.9])
    assert len(sent(client.reactor)) == 2
    client.reactor.pump([0.1])
    assert sorted(sent(client.reactor)) == sorted([TO_WORK, TO_HOME] * 2)
    client.pass_periods(3)
    assert len(sent(client.reactor)) == 10
    assert len(client.reactor.udp) == 2, "the sockets are used again"
    client.querier.stop()


def test_it_queries_from_a_free_port_that_may_broadcast() -> None:
    client = Client()
    client.querier.start()
    assert all(port.may_broadcast and port.port == 0 for port in client.reactor.udp)
    client.querier.stop()


def test_an_interface_that_cannot_be_opened_affects_no_other_and_is_tried_again() -> None:
    client = Client()
    client.reactor.broken.add("10.35.11.112")
    with log_lines() as lines:
        client.querier.start()
        assert sent(client.reactor) == [TO_HOME]
        client.pass_periods(3)
        assert sent(client.reactor) == [TO_HOME] * 4
    [line] = lines
    assert "10.35.11.112/24" in line
    client.reactor.broken.clear()
    client.pass_periods(1)
    assert sent(client.reactor)[-1] == TO_WORK
    client.receive(offer())
    assert len(client.offers) == 1
    client.querier.stop()


def test_an_interface_that_cannot_send_affects_no_other_and_is_tried_again() -> None:
    client = Client()
    client.reactor.failing.add("10.35.11.112")
    with log_lines() as lines:
        client.querier.start()
        client.pass_periods(3)
    assert sent(client.reactor) == [TO_HOME] * 4
    [line] = lines
    assert "10.35.11.112/24" in line
    assert "unreachable" in line
    assert len([port for port in client.reactor.udp if port.is_open]) == 1
    client.reactor.failing.clear()
    client.pass_periods(1)
    assert TO_WORK in sent(client.reactor)
    client.querier.stop()


def test_an_interface_that_fails_later_is_logged_once_and_once_more_when_it_fails_again() -> None:
    client = Client()
    client.querier.start()
    client.reactor.failing.add("10.35.11.112")
    client.reactor.open_udp("10.35.11.112").fails = OSError(100, "Network is down")
    with log_lines() as lines:
        client.pass_periods(1)
        assert len(lines) == 1
        client.reactor.failing.clear()
        client.pass_periods(2)
        assert len(lines) == 1
        client.reactor.open_udp("10.35.11.112").fails = OSError(100, "Network is down")
        client.pass_periods(1)
        assert len(lines) == 2
    client.querier.stop()


def test_when_all_interfaces_fail_they_are_tried_again() -> None:
    client = Client()
    client.reactor.broken |= {"10.35.11.112", "192.168.1.123"}
    client.querier.start()
    client.pass_periods(2)
    assert client.querier.queried == []
    client.reactor.broken.clear()
    client.pass_periods(1)
    assert client.querier.queried == list(HOME)
    client.querier.stop()


def test_the_subnets_are_read_again_in_each_period() -> None:
    client = Client(HOME[:1])
    client.querier.start()
    client.known = HOME[1:]
    client.pass_periods(1)
    assert sent(client.reactor) == [TO_WORK, TO_HOME]
    assert client.querier.queried == list(HOME[1:])
    assert [port.interface for port in client.reactor.closed] == ["10.35.11.112"]
    client.known = HOME
    client.pass_periods(1)
    assert client.querier.queried == [HOME[1], HOME[0]]
    client.known = ()
    client.pass_periods(1)
    assert client.querier.queried == []
    assert not [port for port in client.reactor.udp if port.is_open]
    client.querier.stop()


def test_a_network_without_broadcast_is_not_queried() -> None:
    client = Client(subnets("10.0.0.1/32", "10.0.1.1/31"))
    client.querier.start()
    assert client.reactor.udp == []
    client.querier.stop()


def test_after_stop_nothing_is_sent_or_received() -> None:
    client = Client()
    client.querier.start()
    [sender] = [port for port in client.reactor.udp if port.interface == "10.35.11.112"]
    assert client.querier.stop().called
    assert not [port for port in client.reactor.udp if port.is_open]
    client.pass_periods(3)
    sender.protocol.datagramReceived(offer(), SERVER)  # it was under way
    assert len(sent(client.reactor)) == 2
    assert client.offers == []
    assert client.reactor.getDelayedCalls() == []
    assert client.querier.stop().called


def test_after_stop_no_further_offer_is_reported() -> None:
    client = Client()
    offers: list[discovery.Offer] = []

    def stop_at_first(received: discovery.Offer) -> None:
        offers.append(received)
        querier.stop()

    querier = Querier(client.reactor, lambda: HOME, PORT, stop_at_first)
    querier.start()
    sender = client.reactor.open_udp("10.35.11.112")
    for _ in range(3):
        sender.protocol.datagramReceived(offer(), SERVER)
    assert len(offers) == 1


def test_it_can_be_started_again_and_starting_twice_queries_once() -> None:
    client = Client()
    client.querier.start()
    client.querier.start()
    assert len(sent(client.reactor)) == 2
    client.querier.stop()
    client.querier.start()
    assert len(sent(client.reactor)) == 4
    client.querier.stop()


def test_an_error_in_reading_addresses_is_tried_again_in_the_next_period() -> None:
    client = Client()
    troubles = [OSError(24, "Too many open files")]

    def known() -> Sequence[Subnet]:
        if troubles:
            raise troubles.pop()
        return HOME

    querier = Querier(client.reactor, known, PORT, client.offers.append)
    with log_lines() as lines:
        querier.start()
        client.pass_periods(1)
    assert any("Too many open files" in line for line in lines)
    assert sent(client.reactor) == [TO_WORK, TO_HOME]
    querier.stop()
