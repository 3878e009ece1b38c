"""Finding a cluster: several machines that answer to one id, of which the client takes one."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest

from chatd.chat import server_events
from chatd.client.finder import BroadcastFinder
from chatd.client.lifecycle import ServerAddress
from chatd.client.ui import Choice
from chatd.wire.discovery import VERSION, Offer, encode_offer
from tests.client.test_finder import ETH0, JUST, SUBNET
from tests.fakes import FakeUdpReactor, FakeUI

#: How long offers of nodes are collected.
COLLECT: Final = 0.3
NODES: Final = ("library", "gym", "canteen")
ADDRESSES: Final = {name: f"10.35.11.{number}" for number, name in enumerate(NODES, 111)}


def first(choices: Sequence[Any]) -> Any:
    return choices[0]


class Search:
    """A client's searches, one after the other.

    :ivar found: where the client has gone.
    """

    def __init__(
        self,
        server_id: str | None = "campus",
        choose: Callable[[Sequence[Any]], Any] = first,
        is_interactive: bool = False,
    ) -> None:
        self.reactor: Any = FakeUdpReactor()
        self.ui = FakeUI(is_interactive)
        self.found: list[ServerAddress] = []
        self.finder = BroadcastFinder(
            *(self.reactor, lambda: [SUBNET], 7777, server_id, self.ui, lambda: [ETH0]),
            choose=choose,
        )
        self.start()

    def start(self, holds_slot: bool = False) -> None:
        self.finder.find(self._take, lambda reason: None, holds_slot)

    def _take(self, server: ServerAddress) -> None:
        self.found.append(server)
        self.finder.stop()  # as the lifecycle does

    def offer(self, node: str, free: int = 4, cluster: str = "Ku2", **data: Any) -> None:
        """A node answers; one without a name is an ordinary server."""
        address = ADDRESSES.get(node, "10.35.11.120")
        offer = Offer(
            *(VERSION, data.pop("id", "campus"), address, 7777, 5, free),
            node=node,
            cluster=cluster if node else "",
            **data,
        )
        port = self.reactor.open_udp("10.35.11.112")
        port.protocol.datagramReceived(encode_offer(offer), (address, 7777))

    def collect(self) -> None:
        self.reactor.advance(COLLECT)

    @property
    def last(self) -> str:
        """The node that the client has gone to last."""
        names = {address: name for name, address in ADDRESSES.items()}
        return names[self.found[-1].host]


def lost(node: str, *others: str) -> Search:
    """The search of a client that has entered at a node, and lost it."""
    search = Search()
    search.offer(node)
    search.collect()
    nodes = tuple(
        server_events.Node(each, (f"{ADDRESSES[each]}:7777",), ()) for each in (node, *others)
    )
    search.finder.nodes.entered(search.found[-1], server_events.Cluster("Ku2", node, nodes))
    assert search.finder.nodes.hurry()
    search.start(holds_slot=True)
    return search


def test_the_freest_node_is_taken_though_another_one_answered_first() -> None:
    search = Search()
    search.offer("library", free=1)
    search.offer("gym", free=3)
    search.offer("canteen", free=2)
    search.reactor.advance(COLLECT - JUST)
    assert search.found == []
    search.reactor.advance(JUST)
    assert search.found == [ServerAddress("10.35.11.112", 7777, "campus")]
    assert search.reactor.getDelayedCalls() == []


@pytest.mark.parametrize("number", [0, 1])
def test_of_equally_free_nodes_any_is_taken(number: int) -> None:
    search = Search(choose=lambda choices: choices[number])
    search.offer("library", free=2)
    search.offer("gym", free=3)
    search.offer("canteen", free=3)
    search.collect()
    assert search.last == ("gym", "canteen")[number]


def test_a_node_that_is_full_or_cut_off_is_not_taken() -> None:
    search = Search()
    search.offer("library", free=0)
    search.offer("gym", free=0, state="cut-off")
    search.offer("canteen", free=1)
    search.collect()
    assert search.last == "canteen"


def test_a_node_that_says_it_is_cut_off_is_not_taken_whatever_else_it_says() -> None:
    search = Search()
    search.offer("library", free=5, state="cut-off")
    search.offer("gym", free=1)
    search.collect()
    assert search.last == "gym"


def test_a_state_of_a_later_version_does_not_matter() -> None:
    search = Search()
    search.offer("library", state="lukewarm")
    search.collect()
    assert search.last == "library"


def test_while_every_node_is_full_the_client_says_so_once_and_goes_on_searching() -> None:
    search = Search()
    for _ in range(3):
        search.offer("library", free=0)
        search.offer("gym", free=0, state="cut-off")
        search.reactor.advance(3)
    assert search.ui.notices[1:] == ["campus is full; waiting for a free slot …"]
    search.offer("gym", free=1)
    search.collect()
    assert search.last == "gym"


def test_while_every_node_is_cut_off_the_client_says_that() -> None:
    search = Search()
    search.offer("library", free=0, state="cut-off")
    search.collect()
    assert search.ui.notices[1:] == ["campus is cut off from its other machines; still searching …"]
    search.finder.stop()


def test_an_ordinary_server_is_taken_at_once() -> None:
    search = Search()
    search.offer("")
    assert [server.host for server in search.found] == ["10.35.11.120"]


def test_a_node_that_did_not_take_the_client_is_not_taken_again_while_there_are_others() -> None:
    search = Search()
    for _ in range(3):  # each refuses the client, as it has become full meanwhile
        for node in NODES:
            search.offer(node, free=5 if node == "library" else 1)
        search.collect()
        search.start()
    assert [server.host for server in search.found] == list(ADDRESSES.values())
    search.offer("library")
    search.collect()
    assert search.last == "library", "there is no other one"


def test_the_clients_own_node_may_be_full_as_it_holds_the_clients_slot() -> None:
    search = lost("library", "gym")
    search.offer("gym", free=0)
    search.offer("library", free=0)
    search.collect()
    assert search.last == "library"


def test_a_free_node_is_better_than_the_clients_own_full_one() -> None:
    search = lost("library", "gym")
    search.offer("library", free=0)
    search.offer("gym", free=1)
    search.collect()
    assert search.last == "gym"


# --- several clusters ---------------------------------------------------------------------------

TWIN: Final = (
    "10.35.11.112:7777 has the id campus, too, but is another chat; this client stays with its "
    "own. Start one of them with another --id."
)


def test_of_two_clusters_with_one_id_the_first_one_counts_and_the_user_is_warned_once() -> None:
    search = Search()
    search.offer("library", free=1)
    search.offer("gym", free=5, cluster="other")
    search.offer("gym", free=5, cluster="other")
    search.collect()
    assert search.last == "library"
    assert search.ui.notices[1:] == [TWIN]


@pytest.mark.parametrize("twin", ["gym", ""])
def test_after_a_loss_the_client_stays_with_its_cluster(twin: str) -> None:
    search = lost("library")
    search.offer(twin, free=5, cluster="other")
    search.offer("library", free=1)
    search.collect()
    assert search.last == "library"
    assert len([notice for notice in search.ui.notices if "another chat" in notice]) == 1


def test_a_cluster_that_is_silent_for_long_was_made_anew() -> None:
    search = lost("library")
    search.collect()  # its address is tried, too, and refused
    search.start()
    search.reactor.advance(29)
    search.offer("library", cluster="new")
    search.collect()
    assert len(search.found) == 2
    search.reactor.advance(1)
    search.start()
    search.offer("library", cluster="new")
    search.collect()
    assert len(search.found) == 3


# --- nobody answers -----------------------------------------------------------------------------


def test_if_no_node_answers_those_that_the_server_has_told_are_tried_and_its_own_last() -> None:
    search = lost("gym", "library", "canteen")
    for _ in range(3):
        search.collect()
        search.start()
    tried = [server.host for server in search.found[1:]]
    assert tried == [ADDRESSES[name] for name in ("library", "canteen", "gym")]
    assert search.found[-1].server_id == "campus"
    search.finder.stop()


def test_they_are_tried_again_after_that_but_no_faster_than_queries_are_sent() -> None:
    search = lost("gym")
    search.collect()
    search.start()
    search.collect()
    search.reactor.advance(3 - JUST)
    assert len(search.found) == 2
    assert "No answer within 3 s; still searching." not in search.ui.notices
    search.reactor.advance(2 * JUST)
    assert len(search.found) == 3
    assert "No answer within 3 s; still searching." in search.ui.notices


def test_if_all_that_answer_are_full_those_that_do_not_answer_are_tried() -> None:
    search = lost("library", "gym", "canteen")
    search.offer("gym", free=0)
    search.collect()
    assert search.last == "library"
    search.start()
    search.offer("gym", free=0)
    search.collect()
    assert search.last == "canteen"


# --- without a name -----------------------------------------------------------------------------


def test_without_a_name_the_nodes_of_a_cluster_are_one_server() -> None:
    search = Search(None)
    search.offer("library", free=1)
    search.offer("gym", free=2)
    search.reactor.advance(1)
    assert search.last == "gym"


def test_of_several_servers_a_cluster_is_listed_with_all_its_nodes() -> None:
    search = Search(None, is_interactive=True)
    search.offer("library", free=0)
    search.offer("gym", free=2)
    search.offer("canteen", free=1)
    search.offer("", id="party")
    search.reactor.advance(1)
    assert search.ui.choices == [
        Choice("campus", "3 nodes  3 of 15 slots free"),
        Choice("party", "10.35.11.120:7777  4 of 5 slots free"),
    ]
    search.ui.answer("campus")
    assert search.last == "gym"


def test_without_a_name_a_cluster_whose_nodes_are_full_is_waited_for() -> None:
    search = Search(None)
    search.offer("library", free=0)
    search.offer("gym", free=0)
    search.reactor.advance(1)
    assert search.ui.notices[1:] == ["campus is full; waiting for a free slot …"]
    search.offer("gym", free=1)
    search.reactor.advance(1)
    assert search.last == "gym"
