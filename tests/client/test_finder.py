"""Finding the server: by its name, by choice, or not at all."""

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any, Final

import pytest

from chatd.client.finder import BroadcastFinder, DirectAddress
from chatd.client.lifecycle import Server
from chatd.client.status import Searching
from chatd.client.ui import Choice
from chatd.discovery.subnets import HostAddress, Subnet
from chatd.wire.discovery import DISCOVER, VERSION, Offer, encode_offer
from tests.fakes import FakeUdpReactor, FakeUI

SUBNET: Final = Subnet(IPv4Address("10.35.11.112"), IPv4Network("10.35.11.0/24"))
ETH0: Final = HostAddress("eth0", IPv4Interface("10.35.11.112/24"), True)
JUST: Final = 0.001


class Search:
    """A client that looks for `wanted`, and what it found."""

    def __init__(self, wanted: str | None, can_ask: bool = False, broken: bool = False) -> None:
        self.reactor: Any = FakeUdpReactor()
        if broken:
            self.reactor.broken.add("10.35.11.112")
        self.ui = FakeUI(can_ask)
        self.found: list[Server] = []
        self.failed: list[str] = []
        self.finder = BroadcastFinder(
            self.reactor, lambda: [SUBNET], 7777, wanted, self.ui, lambda: [ETH0]
        )
        self.seek()

    def seek(self) -> None:
        self.finder.find(self._take, self.failed.append)

    def _take(self, server: Server) -> None:
        self.found.append(server)
        self.finder.stop()  # as the life does

    def offer(self, server_id: str, host: int = 111, free: int = 4) -> None:
        address = f"10.35.11.{host}"
        offer = Offer(VERSION, server_id, address, 7777, 5, free)
        port = self.reactor.open_udp("10.35.11.112")
        port.protocol.datagramReceived(encode_offer(offer), (address, 7777))

    def asked(self) -> int:
        return sum(
            datagram == DISCOVER for port in self.reactor.udp for datagram, _ in port.written
        )

    def passes(self, seconds: float) -> None:
        self.reactor.advance(seconds)


PARTY: Final = Server("10.35.11.111", 7777, "party")
WORK: Final = Server("10.35.11.113", 7777, "work")


def test_a_direct_address_is_found_at_once() -> None:
    found: list[Server] = []
    finder = DirectAddress(PARTY)
    finder.find(found.append, lambda reason: None)
    finder.stop()
    assert found == [PARTY]


def test_the_server_named_is_taken_as_soon_as_it_answers_and_no_other_is() -> None:
    search = Search("party")
    search.offer("work", 113)
    search.offer("Party", 114)
    assert search.found == []
    search.offer("party")
    assert search.found == [PARTY]


def test_once_a_server_is_taken_nothing_is_asked_and_nothing_runs() -> None:
    search = Search("party")
    search.offer("party")
    asked = search.asked()
    search.passes(60)
    assert search.asked() == asked == 1
    assert search.reactor.getDelayedCalls() == []
    assert all(not port.is_open for port in search.reactor.udp)


def test_a_full_server_is_told_of_once_and_taken_when_a_place_frees() -> None:
    search = Search("party")
    before = len(search.ui.notices)
    for _ in range(3):
        search.offer("party", free=0)
        search.passes(3)
    assert search.ui.notices[before:] == ["party is full; waiting for a free slot …"]
    assert search.found == []
    search.offer("party", free=1)
    assert search.found == [PARTY]


def test_it_asks_again_every_three_seconds_until_an_answer_comes() -> None:
    search = Search("party")
    assert search.asked() == 1
    search.passes(3 - JUST)
    assert search.asked() == 1
    search.passes(JUST)
    assert search.asked() == 2
    search.passes(3)
    assert search.asked() == 3
    search.finder.stop()


def test_the_person_is_told_what_is_searched_where_and_once_that_nobody_answers() -> None:
    search = Search("party")
    assert search.ui.notices == ["Searching for party on 10.35.11.0/24 …"]
    for _ in range(3):
        search.passes(3)
    said = search.ui.notices[1:]
    assert said == [
        "No answer within 3 s; still searching.",
        "  asked on eth0 (10.35.11.112/24): everyone at 10.35.11.255, UDP port 7777",
        "What usually blocks it: a firewall, here or there, on UDP port 7777; a Wi-Fi that "
        "isolates its clients from each other; a VPN.",
        "chatd doctor finds out which. If you know its address, no search is needed: chatd client "
        "ADDRESS [PORT]",
    ]
    search.finder.stop()


def test_the_advice_is_given_once_in_a_run() -> None:
    search = Search("party")
    search.passes(3)
    search.finder.stop()
    before = len(search.ui.notices)
    search.seek()
    search.passes(9)
    assert search.ui.notices[before:] == [
        "Searching for party on 10.35.11.0/24 …",
        "No answer within 3 s; still searching.",
    ]
    search.finder.stop()


def test_an_interface_that_could_not_be_asked_is_named_with_the_reason() -> None:
    search = Search("party", broken=True)
    search.passes(3)
    [told] = [said for said in search.ui.notices if "could not ask" in said]
    assert told.startswith("  could not ask on eth0 (10.35.11.112/24): ")
    assert "Cannot assign address" in told
    search.finder.stop()


def test_how_the_search_stands_is_told_and_how_many_were_found() -> None:
    search = Search(None, can_ask=True)
    assert search.ui.statuses == [Searching("", 1)]
    search.offer("party")
    search.offer("work", 113)
    assert search.ui.statuses[1:] == [Searching("", 1, 1), Searching("", 1, 2)]
    search.finder.stop()


def test_without_a_name_offers_are_collected_for_a_second_after_the_first() -> None:
    search = Search(None)
    search.passes(2)
    search.offer("party")
    search.passes(1 - JUST)
    assert search.found == []
    search.passes(JUST)
    assert search.found == [PARTY]


def test_without_a_name_a_server_that_answers_twice_is_one_server() -> None:
    search = Search(None)
    search.offer("party")
    search.offer("party")
    search.passes(1)
    assert search.found == [PARTY]


def test_without_a_name_full_servers_do_not_count() -> None:
    search = Search(None)
    search.offer("work", 113, free=0)
    search.passes(2)
    search.offer("party")
    search.passes(1)
    assert search.found == [PARTY]


@pytest.mark.parametrize(
    ("answer", "server"), [("1", PARTY), ("2", WORK), ("work", WORK), (" party ", PARTY)]
)
def test_of_several_servers_the_person_chooses_by_number_or_name(
    answer: str, server: Server
) -> None:
    search = Search(None, can_ask=True)
    search.offer("party")
    search.offer("work", 113)
    search.passes(1)
    assert search.ui.choices == [
        Choice("party", "10.35.11.111:7777  4 of 5 slots free"),
        Choice("work", "10.35.11.113:7777  4 of 5 slots free"),
    ]
    assert search.ui.prompts == ["Which server? (number or name)"]
    assert search.found == []
    search.ui.answer(answer)
    assert search.found == [server]


def test_servers_are_listed_as_they_answer_and_may_be_chosen_at_once() -> None:
    search = Search(None, can_ask=True)
    for number, name in enumerate(("party", "work", "play"), 111):
        search.offer(name, number)
    assert [choice.name for choice in search.ui.choices] == ["party", "work", "play"]
    search.ui.answer("3")
    assert [server.server_id for server in search.found] == ["play"]
    assert search.reactor.getDelayedCalls() == []


@pytest.mark.parametrize("answer", ["", "0", "3", "Party", "play\x1b"])
def test_an_answer_that_is_none_of_them_is_asked_again(answer: str) -> None:
    search = Search(None, can_ask=True)
    search.offer("party")
    search.offer("work", 113)
    search.passes(1)
    search.ui.answer(answer)
    assert "is not one of them" in search.ui.prompts[-1]
    assert "\x1b" not in search.ui.prompts[-1]
    search.ui.answer("2")
    assert search.found == [WORK]


def test_servers_that_are_named_like_numbers_can_all_be_chosen() -> None:
    chosen = set()
    for answer in ("1", "2"):
        search = Search(None, can_ask=True)
        search.offer("2", 111)
        search.offer("1", 113)
        search.passes(1)
        search.ui.answer(answer)
        chosen |= {server.server_id for server in search.found}
    assert chosen == {"1", "2"}


def test_nothing_is_asked_on_the_network_while_the_person_thinks() -> None:
    search = Search(None, can_ask=True)
    search.offer("party")
    search.offer("work", 113)
    search.passes(1)
    asked = search.asked()
    search.passes(60)
    assert search.asked() == asked
    search.ui.answer("1")
    assert search.found == [PARTY]


def test_off_a_terminal_several_servers_are_listed_and_none_is_taken() -> None:
    search = Search(None)
    search.offer("party")
    search.offer("work", 113)
    search.passes(1)
    assert search.found == []
    assert search.failed == [
        "Several servers answered: party, work. Choose one with --server NAME."
    ]
    search.finder.stop()
    assert search.reactor.getDelayedCalls() == []


@pytest.mark.parametrize("can_ask", [True, False])
def test_the_choice_is_kept_for_reconnecting(can_ask: bool) -> None:
    search = Search(None, can_ask)
    search.offer("party")
    if can_ask:
        search.offer("work", 113)
    search.passes(1)
    if can_ask:
        search.ui.answer("party")
    search.seek()
    search.offer("work", 113)
    search.passes(2)
    assert search.found == [PARTY]
    search.offer("party", 120)
    assert search.found == [PARTY, Server("10.35.11.120", 7777, "party")]


def test_stopping_before_anything_was_found_leaves_nothing_behind() -> None:
    search = Search(None)
    search.offer("party")
    search.finder.stop()
    search.passes(60)
    assert (search.found, search.failed) == ([], [])
    assert all(not port.is_open for port in search.reactor.udp)


def test_a_hostile_name_is_harmless_where_it_is_listed() -> None:
    # A server id may hold no control characters, but an offer's sender may try.
    search = Search(None, can_ask=True)
    search.offer("party")
    search.offer("wo\x1b[2Jrk", 113)
    search.passes(1)
    assert search.found == [PARTY]
