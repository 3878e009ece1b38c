"""Finding the server: by its id, by choice, or by a direct address."""

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any, Final

import pytest

from chatd.client.finder import BroadcastFinder, DirectAddress
from chatd.client.lifecycle import ServerAddress
from chatd.client.status import Searching
from chatd.client.ui import Choice
from chatd.discovery.subnets import HostAddress, Subnet
from chatd.wire.discovery import DISCOVER, VERSION, Offer, encode_offer
from tests.fakes import FakeUdpReactor, FakeUI

SUBNET: Final = Subnet(IPv4Address("10.35.11.112"), IPv4Network("10.35.11.0/24"))
ETH0: Final = HostAddress("eth0", IPv4Interface("10.35.11.112/24"), True)
JUST: Final = 0.001


class Search:
    """A finder in a search for `server_id`.

    :ivar found: the servers it has found.
    :ivar failed: the reasons why it gave up.
    """

    def __init__(
        self, server_id: str | None, is_interactive: bool = False, broken: bool = False
    ) -> None:
        self.reactor: Any = FakeUdpReactor()
        if broken:
            self.reactor.broken.add("10.35.11.112")
        self.ui = FakeUI(is_interactive)
        self.found: list[ServerAddress] = []
        self.failed: list[str] = []
        self.finder = BroadcastFinder(
            self.reactor, lambda: [SUBNET], 7777, server_id, self.ui, lambda: [ETH0]
        )
        self.start()

    def start(self) -> None:
        self.finder.find(self._take, self.failed.append)

    def _take(self, server: ServerAddress) -> None:
        self.found.append(server)
        self.finder.stop()  # as the lifecycle does

    def offer(self, server_id: str, host: int = 111, free: int = 4) -> None:
        address = f"10.35.11.{host}"
        offer = Offer(VERSION, server_id, address, 7777, 5, free)
        port = self.reactor.open_udp("10.35.11.112")
        port.protocol.datagramReceived(encode_offer(offer), (address, 7777))

    def query_count(self) -> int:
        return sum(
            datagram == DISCOVER for port in self.reactor.udp for datagram, _ in port.written
        )

    def advance(self, seconds: float) -> None:
        self.reactor.advance(seconds)


PARTY: Final = ServerAddress("10.35.11.111", 7777, "party")
WORK: Final = ServerAddress("10.35.11.113", 7777, "work")


def test_a_direct_address_is_found_at_once() -> None:
    found: list[ServerAddress] = []
    finder = DirectAddress(PARTY)
    finder.find(found.append, lambda reason: None)
    finder.stop()
    assert found == [PARTY]


def test_only_the_named_server_is_taken_and_at_once() -> None:
    search = Search("party")
    search.offer("work", 113)
    search.offer("Party", 114)
    assert search.found == []
    search.offer("party")
    assert search.found == [PARTY]


def test_after_a_server_is_taken_no_query_is_sent_and_no_timeout_runs() -> None:
    search = Search("party")
    search.offer("party")
    query_count = search.query_count()
    search.advance(60)
    assert search.query_count() == query_count == 1
    assert search.reactor.getDelayedCalls() == []
    assert all(not port.is_open for port in search.reactor.udp)


def test_a_full_server_is_reported_once_and_taken_when_it_has_a_free_slot() -> None:
    search = Search("party")
    before = len(search.ui.notices)
    for _ in range(3):
        search.offer("party", free=0)
        search.advance(3)
    assert search.ui.notices[before:] == ["party is full; waiting for a free slot …"]
    assert search.found == []
    search.offer("party", free=1)
    assert search.found == [PARTY]


def test_it_sends_a_query_every_three_seconds_until_an_answer_comes() -> None:
    search = Search("party")
    assert search.query_count() == 1
    search.advance(3 - JUST)
    assert search.query_count() == 1
    search.advance(JUST)
    assert search.query_count() == 2
    search.advance(3)
    assert search.query_count() == 3
    search.finder.stop()


def test_the_user_is_told_where_it_searches_and_gets_advice_once_if_no_server_answers() -> None:
    search = Search("party")
    assert search.ui.notices == ["Searching for party on 10.35.11.0/24 …"]
    for _ in range(3):
        search.advance(3)
    assert search.ui.notices[1:] == [
        "No answer within 3 s; still searching.",
        "  query sent on eth0 (10.35.11.112/24) to 10.35.11.255, UDP port 7777",
        "Usual causes: a firewall on either host that blocks UDP port 7777; a Wi-Fi network that "
        "isolates its clients from each other; a VPN.",
        "Run chatd doctor to find the cause. If you know the server's address, connect to it "
        "directly: chatd client ADDRESS [PORT]",
    ]
    search.finder.stop()


def test_the_advice_is_given_once_in_a_run() -> None:
    search = Search("party")
    search.advance(3)
    search.finder.stop()
    before = len(search.ui.notices)
    search.start()
    search.advance(9)
    assert search.ui.notices[before:] == [
        "Searching for party on 10.35.11.0/24 …",
        "No answer within 3 s; still searching.",
    ]
    search.finder.stop()


def test_an_interface_that_cannot_send_is_named_with_the_reason() -> None:
    search = Search("party", broken=True)
    search.advance(3)
    [line] = [notice for notice in search.ui.notices if "query failed" in notice]
    assert line.startswith("  query failed on eth0 (10.35.11.112/24): ")
    assert "Cannot assign address" in line
    search.finder.stop()


def test_the_status_shows_the_search_and_how_many_servers_were_found() -> None:
    search = Search(None, is_interactive=True)
    assert search.ui.statuses == [Searching("", 1)]
    search.offer("party")
    search.offer("work", 113)
    assert search.ui.statuses[1:] == [Searching("", 1, 1), Searching("", 1, 2)]
    search.finder.stop()


def test_without_a_name_offers_are_collected_for_a_second_after_the_first() -> None:
    search = Search(None)
    search.advance(2)
    search.offer("party")
    search.advance(1 - JUST)
    assert search.found == []
    search.advance(JUST)
    assert search.found == [PARTY]


def test_without_a_name_a_server_that_answers_twice_is_one_server() -> None:
    search = Search(None)
    search.offer("party")
    search.offer("party")
    search.advance(1)
    assert search.found == [PARTY]


def test_a_full_server_is_taken_if_it_may_hold_the_users_own_slot() -> None:
    search = Search("party")
    search.finder.stop()
    search.finder.find(search._take, search.failed.append, holds_slot=True)
    search.offer("party", free=0)
    assert search.found == [PARTY]


def test_without_a_name_full_servers_do_not_count() -> None:
    search = Search(None)
    search.offer("work", 113, free=0)
    search.advance(2)
    search.offer("party")
    search.advance(1)
    assert search.found == [PARTY]


@pytest.mark.parametrize(
    ("answer", "server"), [("1", PARTY), ("2", WORK), ("work", WORK), (" party ", PARTY)]
)
def test_of_several_servers_the_user_chooses_by_number_or_name(
    answer: str, server: ServerAddress
) -> None:
    search = Search(None, is_interactive=True)
    search.offer("party")
    search.offer("work", 113)
    search.advance(1)
    assert search.ui.choices == [
        Choice("party", "10.35.11.111:7777  4 of 5 slots free"),
        Choice("work", "10.35.11.113:7777  4 of 5 slots free"),
    ]
    assert search.ui.prompts == ["Which server? (number or name)"]
    assert search.found == []
    search.ui.answer(answer)
    assert search.found == [server]


def test_servers_are_listed_as_they_answer_and_can_be_chosen_at_once() -> None:
    search = Search(None, is_interactive=True)
    for number, name in enumerate(("party", "work", "play"), 111):
        search.offer(name, number)
    assert [choice.name for choice in search.ui.choices] == ["party", "work", "play"]
    search.ui.answer("3")
    assert [server.server_id for server in search.found] == ["play"]
    assert search.reactor.getDelayedCalls() == []


@pytest.mark.parametrize("answer", ["", "0", "3", "Party", "play\x1b"])
def test_an_invalid_choice_is_asked_for_again(answer: str) -> None:
    search = Search(None, is_interactive=True)
    search.offer("party")
    search.offer("work", 113)
    search.advance(1)
    search.ui.answer(answer)
    assert "is not one of them" in search.ui.prompts[-1]
    assert "\x1b" not in search.ui.prompts[-1]
    search.ui.answer("2")
    assert search.found == [WORK]


def test_servers_that_are_named_like_numbers_can_all_be_chosen() -> None:
    chosen = set()
    for answer in ("1", "2"):
        search = Search(None, is_interactive=True)
        search.offer("2", 111)
        search.offer("1", 113)
        search.advance(1)
        search.ui.answer(answer)
        chosen |= {server.server_id for server in search.found}
    assert chosen == {"1", "2"}


def test_no_query_is_sent_while_the_user_chooses() -> None:
    search = Search(None, is_interactive=True)
    search.offer("party")
    search.offer("work", 113)
    search.advance(1)
    query_count = search.query_count()
    search.advance(60)
    assert search.query_count() == query_count
    search.ui.answer("1")
    assert search.found == [PARTY]


def test_off_a_terminal_several_servers_are_listed_and_none_is_taken() -> None:
    search = Search(None)
    search.offer("party")
    search.offer("work", 113)
    search.advance(1)
    assert search.found == []
    assert search.failed == [
        "Several servers answered: party, work. Choose one with --server NAME."
    ]
    search.finder.stop()
    assert search.reactor.getDelayedCalls() == []


@pytest.mark.parametrize("is_interactive", [True, False])
def test_the_choice_is_kept_for_reconnecting(is_interactive: bool) -> None:
    search = Search(None, is_interactive)
    search.offer("party")
    if is_interactive:
        search.offer("work", 113)
    search.advance(1)
    if is_interactive:
        search.ui.answer("party")
    search.start()
    search.offer("work", 113)
    search.advance(2)
    assert search.found == [PARTY]
    search.offer("party", 120)
    assert search.found == [PARTY, ServerAddress("10.35.11.120", 7777, "party")]


def test_stopping_before_anything_was_found_leaves_nothing_behind() -> None:
    search = Search(None)
    search.offer("party")
    search.finder.stop()
    search.advance(60)
    assert (search.found, search.failed) == ([], [])
    assert all(not port.is_open for port in search.reactor.udp)


def test_a_hostile_name_is_harmless_where_it_is_listed() -> None:
    # A server id may hold no control characters, but an offer's sender may try.
    search = Search(None, is_interactive=True)
    search.offer("party")
    search.offer("wo\x1b[2Jrk", 113)
    search.advance(1)
    assert search.found == [PARTY]
