"""A node that was away gets what it lacks from the archives of the others."""

from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from chatd.chat import limits
from chatd.chat.commands import JoinRoom, LeaveRoom, SendMessage
from chatd.chat.events import Message
from chatd.chat.names import LOBBY
from chatd.log.missing_messages import PeerFailed
from chatd.log.operations import Handle
from tests.fakes import log_lines
from tests.log.cluster import Cluster, ClusterNode, texts
from tests.log.memory_engine import MemoryEngine


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def lines() -> Iterator[list[str]]:
    with log_lines() as lines:
        yield lines


def say_many(cluster: Cluster, node: ClusterNode, member: int, *said: str, room: str = "") -> None:
    """Say it, and have a snapshot take the place of the log."""
    for text in said:
        cluster.do(node, Handle(member, SendMessage(text, room or LOBBY)))
    cluster.save_snapshot(node)


def was_away(cluster: Cluster, *said: str) -> tuple[ClusterNode, int, MemoryEngine]:
    """Node a, its member, and the store of b, which has only the first message."""
    a, b = cluster.started("a", "b")
    ice = cluster.enter(a, "ice")
    cluster.say(a, ice, "before")
    cluster.until(lambda: b.kept)
    cluster.kill(b)
    say_many(cluster, a, ice, *said)
    return a, ice, b.store


def numbers(node: ClusterNode) -> list[int]:
    return [each.message.seq for each in node.kept]


def test_a_node_that_was_away_gets_what_was_said_meanwhile(
    cluster: Cluster, lines: list[str]
) -> None:
    a, ice, store = was_away(cluster, *"abcde")
    [b] = cluster.started("b", store=store)
    assert texts(b.kept) == ["before", *"abcde"]
    assert b.kept == a.kept
    assert b.store.missing == {}
    assert b.peers[0].is_closed
    assert "5 messages came from other nodes" in lines
    cluster.say(a, ice, "live")
    cluster.advance(1)
    assert numbers(b) == [1, 2, 3, 4, 5, 6, 7]


def test_a_new_node_gets_everything(cluster: Cluster, lines: list[str]) -> None:
    a, ice, _ = was_away(cluster, *"abc")
    cluster.do(a, Handle(ice, JoinRoom("#Tea")))
    say_many(cluster, a, ice, "green", "black", "white", room="#Tea")
    [c] = cluster.started("c")
    assert sorted(texts(c.kept)) == ["a", "b", "before", "black", "c", "green", "white"]
    assert c.store.is_sorted
    assert not any("lacks" in line for line in lines)


def test_a_node_that_lacks_nothing_asks_nobody(cluster: Cluster) -> None:
    a, b = cluster.started("a", "b")
    ice = cluster.enter(a, "ice")
    cluster.say(a, ice, "hello")
    cluster.advance(1)
    cluster.kill(b)
    cluster.save_snapshot(a)
    [again] = cluster.started("b", store=b.store)
    assert again.peers == []


def test_what_one_node_lacks_comes_from_another(cluster: Cluster) -> None:
    a, _, store = was_away(cluster, *"abcdefg")
    gone = [each for each in a.kept if each.message.seq in (3, 4, 6)]
    a.store.messages = [each for each in a.kept if each not in gone]
    [c] = cluster.started("c", store=MemoryEngine())
    assert numbers(c) == [1, 2, 5, 7, 8]
    c.store.messages = gone[:2]
    [b] = cluster.started("b", store=store)
    assert numbers(b) == [1, 2, 3, 4, 5, 7, 8]


def test_what_nobody_has_is_said_once_and_stays_known(cluster: Cluster, lines: list[str]) -> None:
    a, _, store = was_away(cluster, *"abcde")
    a.store.messages = [each for each in a.kept if each.message.seq not in (3, 4, 6)]
    [b] = cluster.started("b", store=store)
    cluster.advance(200)
    said = [line for line in lines if "lacks" in line]
    assert said == ["this node lacks messages that no other node gives it: #lobby 3 to 4, #lobby 6"]
    gap = b.log.gap("#Lobby")
    assert gap is not None
    assert (gap.first, gap.last) == (3, 6)


def test_a_node_that_is_alone_says_what_it_lacks(cluster: Cluster, lines: list[str]) -> None:
    a, _, store = was_away(cluster, *"abc")
    cluster.kill(a)
    [b] = cluster.started("b", store=store)
    cluster.advance(10)
    said = [line for line in lines if "lacks" in line]
    assert said == ["this node lacks messages that no other node gives it: #lobby 2 to 4"]
    cluster.started("a", store=a.store)
    cluster.advance(1)
    assert numbers(b) == [1, 2, 3, 4]
    assert b.log.gap("#lobby") is None


def test_the_numbers_of_a_room_that_has_begun_again_are_no_gap(
    cluster: Cluster, lines: list[str]
) -> None:
    a, b = cluster.started("a", "b")
    ice = cluster.enter(a, "ice")
    cluster.do(a, Handle(ice, JoinRoom("#tea")))
    cluster.do(a, Handle(ice, SendMessage("green", "#tea")))
    cluster.until(lambda: b.kept)
    cluster.kill(b)
    cluster.do(a, Handle(ice, LeaveRoom("#tea")))
    cluster.do(a, Handle(ice, JoinRoom("#dev")))
    say_many(cluster, a, ice, "two", "three", "four", room="#dev")
    cluster.do(a, Handle(ice, LeaveRoom("#dev")))
    cluster.do(a, Handle(ice, JoinRoom("#tea")))
    say_many(cluster, a, ice, "black", room="#tea")
    [again] = cluster.started("b", store=b.store)
    assert texts(again.kept) == ["green", "black"]
    assert again.kept[-1].message.seq > 2
    assert again.log.gap("#tea") is None
    assert not any("lacks" in line for line in lines)


def message(seq: int, room: str = "#lobby", time: int = 1_000_001, text: str = "lie") -> Message:
    return Message(room, seq, time, "ice", text)


@pytest.mark.parametrize(
    "page",
    [
        [message(4, room="#tea")],
        [message(7)],
        [message(3), message(3)],
        [message(4), message(3)],
        [message(0)],
        [message(-1), message(2)],
        [message(4, time=2**60)],
        [message(4, time=1_900_000_000_000)],
        [message(4, text="")],
        [message(4, text="\x00")],
        [message(4, text="x" * 5_000)],
        [Message("#lobby", 4, 1_000_001, "", "from nobody")],
        [Message("#lobby", 4, 1_000_001, "#ice", "from a room")],
    ],
)
def test_nothing_is_kept_of_an_answer_that_cannot_be_right(
    cluster: Cluster, lines: list[str], page: list[Message]
) -> None:
    a, _, store = was_away(cluster, *"abcde")
    a.says = lambda room, before: succeed(tuple(page))
    [b] = cluster.started("b", store=store)
    cluster.advance(1)
    assert numbers(b) == [1]
    assert b.peers[0].is_closed
    assert (
        "node a gives no messages that are missing here: its answer is not what it was asked for"
        in lines
    )


def test_a_node_that_does_not_answer_is_asked_again_later(
    cluster: Cluster, lines: list[str]
) -> None:
    a, _, store = was_away(cluster, *"abcde")
    a.says = lambda room, before: fail(PeerFailed("the connection is lost"))
    [b] = cluster.started("b", store=store)
    cluster.advance(5)
    assert numbers(b) == [1]
    assert "node a gives no messages that are missing here: the connection is lost" in lines
    a.says = None
    cluster.advance(limits.FETCH_RETRY_SECONDS + 1)
    assert numbers(b) == [1, 2, 3, 4, 5, 6]


def test_a_node_that_stops_asks_nothing_any_more(cluster: Cluster) -> None:
    a, _, store = was_away(cluster, *"abcde")
    a.says = lambda room, before: Deferred()
    [b] = cluster.started("b", store=store)
    b.log.stop()
    cluster.advance(3)
    assert b.peers[0].is_closed
    assert not b.clock.getDelayedCalls()


def test_the_chat_goes_on_while_messages_are_fetched(cluster: Cluster) -> None:
    a, ice, store = was_away(cluster, *"abcde")
    late: Deferred[tuple[Message, ...]] = Deferred()
    a.says = lambda room, before: late
    [b] = cluster.started("b", store=store)
    cluster.say(a, ice, "live")
    cluster.advance(1)
    assert numbers(b) == [1, 7]
    a.says = None
    late.callback(tuple(each.message for each in a.kept[4:6]))
    assert numbers(b) == [1, 2, 3, 4, 5, 6, 7]


def test_no_more_is_fetched_than_is_allowed(
    cluster: Cluster, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FETCHED_MESSAGES", 3)
    _, _, store = was_away(cluster, *"abcdefgh")
    [b] = cluster.started("b", store=store)
    assert numbers(b) == [1, 6, 7, 8, 9]
    assert lines[-1] == "this node lacks messages that no other node gives it: #lobby 2 to 5"


def test_what_is_missing_is_fetched_when_the_node_is_started_again(cluster: Cluster) -> None:
    a, ice, store = was_away(cluster, *"abcde")
    a.says = lambda room, before: fail(PeerFailed("the connection is lost"))
    [b] = cluster.started("b", store=store)
    cluster.say(a, ice, "live")
    cluster.advance(1)
    assert numbers(b) == [1, 7]
    cluster.kill(b)
    cluster.save_snapshot(a)
    a.says = None
    [again] = cluster.started("b", store=store)
    assert numbers(again) == [1, 2, 3, 4, 5, 6, 7]


def test_a_store_that_fails_meanwhile_stops_nothing(cluster: Cluster, lines: list[str]) -> None:
    a, _, store = was_away(cluster, *"abcde")
    late: Deferred[tuple[Message, ...]] = Deferred()
    a.says = lambda room, before: late
    [b] = cluster.started("b", store=store)
    store.problem = "the disk is full"
    a.says = None
    late.callback(tuple(each.message for each in a.kept[4:6]))
    assert "no messages can be kept: the disk is full" in lines
    store.problem = ""
    cluster.advance(limits.FETCH_RETRY_SECONDS + 1)
    assert numbers(b) == [1, 2, 3, 4, 5, 6]
    assert not b.failures
