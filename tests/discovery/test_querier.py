"""The client's side of discovery: whom it asks, when, and until when (SPEC §2)."""

from collections.abc import Sequence

from chatd.discovery.querier import Querier
from chatd.discovery.subnets import Subnet
from chatd.wire import discovery
from tests.discovery.client import HOME, SERVER, Client, offer
from tests.discovery.hosts import PORT, sent, subnets
from tests.fakes import log_lines

TO_WORK = ("10.35.11.112", discovery.DISCOVER, ("10.35.11.255", PORT))
TO_HOME = ("192.168.1.123", discovery.DISCOVER, ("192.168.1.255", PORT))


def test_every_subnet_is_asked_at_once_and_every_three_seconds() -> None:
    client = Client()
    client.seeker.start()
    assert sent(client.reactor) == [TO_WORK, TO_HOME]
    client.reactor.pump([1.0, 1.0, 0.9])
    assert len(sent(client.reactor)) == 2
    client.reactor.pump([0.1])
    assert sorted(sent(client.reactor)) == sorted([TO_WORK, TO_HOME] * 2)
    client.rounds(3)
    assert len(sent(client.reactor)) == 10
    assert len(client.reactor.udp) == 2, "the same sockets ask again"
    client.seeker.stop()


def test_it_asks_from_a_free_port_that_may_broadcast() -> None:
    client = Client()
    client.seeker.start()
    assert all(port.may_broadcast and port.port == 0 for port in client.reactor.udp)
    client.seeker.stop()


def test_an_interface_that_cannot_be_opened_stops_no_other_and_is_tried_again() -> None:
    client = Client()
    client.reactor.broken.add("10.35.11.112")
    with log_lines() as lines:
        client.seeker.start()
        assert sent(client.reactor) == [TO_HOME]
        client.rounds(3)
        assert sent(client.reactor) == [TO_HOME] * 4
    [line] = lines
    assert "10.35.11.112/24" in line
    client.reactor.broken.clear()
    client.rounds(1)
    assert sent(client.reactor)[-1] == TO_WORK
    client.hears(offer())
    assert len(client.offers) == 1
    client.seeker.stop()


def test_an_interface_that_cannot_send_stops_no_other_and_is_tried_again() -> None:
    client = Client()
    client.reactor.mute.add("10.35.11.112")
    with log_lines() as lines:
        client.seeker.start()
        client.rounds(3)
    assert sent(client.reactor) == [TO_HOME] * 4
    [line] = lines
    assert "10.35.11.112/24" in line
    assert "unreachable" in line
    assert len([port for port in client.reactor.udp if port.is_open]) == 1
    client.reactor.mute.clear()
    client.rounds(1)
    assert TO_WORK in sent(client.reactor)
    client.seeker.stop()


def test_an_interface_that_fails_later_is_logged_once_and_once_more_when_it_fails_again() -> None:
    client = Client()
    client.seeker.start()
    client.reactor.mute.add("10.35.11.112")
    client.reactor.open_udp("10.35.11.112").fails = OSError(100, "Network is down")
    with log_lines() as lines:
        client.rounds(1)
        assert len(lines) == 1
        client.reactor.mute.clear()
        client.rounds(2)
        assert len(lines) == 1
        client.reactor.open_udp("10.35.11.112").fails = OSError(100, "Network is down")
        client.rounds(1)
        assert len(lines) == 2
    client.seeker.stop()


def test_when_all_interfaces_fail_it_goes_on_trying() -> None:
    client = Client()
    client.reactor.broken |= {"10.35.11.112", "192.168.1.123"}
    client.seeker.start()
    client.rounds(2)
    assert client.seeker.queried == []
    client.reactor.broken.clear()
    client.rounds(1)
    assert client.seeker.queried == list(HOME)
    client.seeker.stop()


def test_the_subnets_are_read_anew_at_each_period() -> None:
    client = Client(HOME[:1])
    client.seeker.start()
    client.known = HOME[1:]
    client.rounds(1)
    assert sent(client.reactor) == [TO_WORK, TO_HOME]
    assert client.seeker.queried == list(HOME[1:])
    assert [port.interface for port in client.reactor.closed] == ["10.35.11.112"]
    client.known = HOME
    client.rounds(1)
    assert client.seeker.queried == [HOME[1], HOME[0]]
    client.known = ()
    client.rounds(1)
    assert client.seeker.queried == []
    assert not [port for port in client.reactor.udp if port.is_open]
    client.seeker.stop()


def test_a_network_without_broadcast_is_not_asked() -> None:
    client = Client(subnets("10.0.0.1/32", "10.0.1.1/31"))
    client.seeker.start()
    assert client.reactor.udp == []
    client.seeker.stop()


def test_nothing_happens_after_the_stop() -> None:
    client = Client()
    client.seeker.start()
    [asker] = [port for port in client.reactor.udp if port.interface == "10.35.11.112"]
    assert client.seeker.stop().called
    assert not [port for port in client.reactor.udp if port.is_open]
    client.rounds(3)
    asker.protocol.datagramReceived(offer(), SERVER)  # it was under way
    assert len(sent(client.reactor)) == 2
    assert client.offers == []
    assert client.reactor.getDelayedCalls() == []
    assert client.seeker.stop().called


def test_who_stops_it_at_the_first_offer_hears_no_second_one() -> None:
    client = Client()
    offers: list[discovery.Offer] = []

    def enough(heard: discovery.Offer) -> None:
        offers.append(heard)
        seeker.stop()

    seeker = Querier(client.reactor, lambda: HOME, PORT, enough)
    seeker.start()
    asker = client.reactor.open_udp("10.35.11.112")
    for _ in range(3):
        asker.protocol.datagramReceived(offer(), SERVER)
    assert len(offers) == 1


def test_it_can_be_started_again_and_starting_twice_asks_once() -> None:
    client = Client()
    client.seeker.start()
    client.seeker.start()
    assert len(sent(client.reactor)) == 2
    client.seeker.stop()
    client.seeker.start()
    assert len(sent(client.reactor)) == 4
    client.seeker.stop()


def test_when_the_addresses_cannot_be_read_once_it_goes_on_at_the_next_period() -> None:
    client = Client()
    troubles = [OSError(24, "Too many open files")]

    def known() -> Sequence[Subnet]:
        if troubles:
            raise troubles.pop()
        return HOME

    seeker = Querier(client.reactor, known, PORT, client.offers.append)
    with log_lines() as lines:
        seeker.start()
        client.rounds(1)
    assert any("Too many open files" in line for line in lines)
    assert sent(client.reactor) == [TO_WORK, TO_HOME]
    seeker.stop()
