"""A client that was given an address, of a node of a cluster: where it goes when it loses that."""

from collections.abc import Sequence
from typing import Final

import pytest

from chatd.chat import server_events
from chatd.client.finder import DirectAddress
from chatd.client.lifecycle import ServerAddress

GIVEN: Final = ServerAddress("10.0.0.1", 7777)
GYM: Final = ServerAddress("10.0.0.2", 7777)
CANTEEN: Final = ServerAddress("10.0.0.3", 7778)


def first(choices: Sequence[ServerAddress]) -> ServerAddress:
    return choices[0]


def node(name: str, *addresses: str) -> server_events.Node:
    return server_events.Node(name, addresses, ())


NODES: Final = (
    node("library", "10.0.0.1:7777"),
    node("gym", "10.0.0.2:7777"),
    node("canteen", "10.0.0.3:7778"),
)


def entered(
    *nodes: server_events.Node, own: ServerAddress = GIVEN, given: ServerAddress = GIVEN
) -> DirectAddress:
    """A finder of a client that has entered at `own`, in a cluster of these nodes."""
    finder = DirectAddress(given, first)
    finder.nodes.entered(own, server_events.Cluster("Ku2", "library", nodes))
    return finder


def find(finder: DirectAddress) -> ServerAddress:
    found: list[ServerAddress] = []
    finder.find(found.append, lambda reason: None)
    [server] = found
    return server


def attempts(finder: DirectAddress) -> list[ServerAddress]:
    """The addresses that are tried after a loss without waiting in between."""
    tried = []
    while finder.nodes.hurry():
        tried.append(find(finder))
        assert len(tried) < 100, "it never waits"
    return tried


def test_after_a_loss_its_own_address_is_tried_once_and_then_the_others() -> None:
    assert attempts(entered(*NODES)) == [GIVEN, GYM, CANTEEN]


def test_the_others_are_tried_in_any_order() -> None:
    finder = DirectAddress(GIVEN, lambda choices: choices[-1])
    finder.nodes.entered(GIVEN, server_events.Cluster("Ku2", "library", NODES))
    assert attempts(finder) == [GIVEN, CANTEEN, GYM]


def test_after_a_wait_all_of_them_are_tried_again() -> None:
    finder = entered(*NODES)
    attempts(finder)
    assert [find(finder), *attempts(finder)] == [GIVEN, GYM, CANTEEN]


def test_the_given_address_is_tried_though_no_node_tells_it() -> None:
    host = ServerAddress("chat.example", 7777)
    finder = entered(*NODES, own=GYM, given=host)
    assert attempts(finder) == [GYM, host, GIVEN, CANTEEN]


def test_a_node_that_comes_or_goes_is_known_at_once() -> None:
    finder = entered(*NODES[:2])
    finder.nodes.changed((NODES[0], NODES[2]))
    assert attempts(finder) == [GIVEN, CANTEEN]


def test_without_a_cluster_only_the_given_address_is_tried_after_a_wait() -> None:
    finder = DirectAddress(GIVEN, first)
    assert find(finder) == GIVEN
    finder.nodes.entered(GIVEN, None)
    assert attempts(finder) == []
    assert find(finder) == GIVEN


def test_a_server_that_is_no_node_any_more_is_alone_again() -> None:
    finder = entered(*NODES)
    finder.nodes.entered(GIVEN, None)
    finder.nodes.changed(NODES)
    assert attempts(finder) == []


@pytest.mark.parametrize(
    "text",
    [
        *("", "10.0.0.9", "10.0.0.9:", "10.0.0.9:0", "10.0.0.9:65536", "10.0.0.9:-1", ":7777"),
        *("party.example:7777", "10.0.0.9:7777:1", "[::1]:7777", "127.0.0.1:7777"),
        " 10.0.0.9:7777",
    ],
)
def test_an_address_that_cannot_be_connected_to_is_ignored(text: str) -> None:
    assert attempts(entered(NODES[0], node("odd", text))) == [GIVEN]


def test_the_addresses_of_this_host_count_for_who_was_there() -> None:
    """A cluster on one machine, to try it."""
    own = ServerAddress("127.0.0.1", 7001)
    nodes = (node("a", "127.0.0.1:7001"), node("b", "127.0.0.1:7002"), node("c", "10.0.0.3:7777"))
    finder = entered(*nodes, own=own, given=own)
    others = [ServerAddress("127.0.0.1", 7002), ServerAddress("10.0.0.3", 7777)]
    assert attempts(finder) == [own, *others]


def test_a_server_that_tells_any_number_of_addresses_fills_no_memory() -> None:
    many = node("many", *(f"10.1.{number // 250}.{number % 250}:1" for number in range(5_000)))
    finder = entered(many, own=GYM)
    tried = attempts(finder)
    assert len(tried) <= 64
    again = {find(finder), *attempts(finder)}
    assert again == set(tried), "after a wait all of them are tried again"
