"""Nodes begin, are silent or cut off, and end."""

import pytest
from twisted.internet.defer import Deferred, fail

from chatd.chat import limits
from chatd.chat.commands import (
    SendMessage,
    SessionKeys,
)
from chatd.chat.errors import CutOff, NotRegistered
from chatd.chat.events import MemberLeft, Ok
from chatd.chat.server_events import Node, NodesChanged
from chatd.chat.state import RULES
from chatd.log import joining, shared_log
from chatd.log.cluster_codec import first_snapshot
from chatd.log.engine import Snapshot
from chatd.log.node_operations import VERSION, ChangeNode, Version
from chatd.log.operations import Handle, LoseConnection, ReserveSlot
from chatd.log.shared_engine import LogUnreachable, LogUnusable
from tests.fakes import log_lines
from tests.log.cluster import Cluster, ClusterNode

#: An entry whose operations are arrays in arrays in arrays.
DEEP = b"\x95\xa1a\x01\x01\x00" + 100_000 * b"\x91"

OTHER = Version(RULES + 1, "99.0.0")


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def with_other_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (joining, shared_log):
        monkeypatch.setattr(module, "VERSION", OTHER)


def test_a_node_that_is_killed_is_buried_within_6_seconds(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    cluster.enter(a, "ice")
    cluster.enter(b, "moon")
    cluster.advance(2)
    cluster.kill(b)
    assert cluster.until(lambda: len(a.log.hub.nodes.there) == 1) < 6
    gone = [each for _, each in a.outbox.sent if isinstance(each, MemberLeft)]
    assert [each.nickname for each in gone] == ["moon"]


def test_a_node_that_stood_still_begins_again(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    cluster.enter(b, "moon")
    cluster.advance(1)
    b.is_paused = True
    cluster.advance(10)
    assert len(a.log.hub.nodes.there) == 1
    b.is_paused = False
    cluster.advance(3)
    assert b.drops
    assert [node.name for node in a.log.hub.nodes.there] == ["a", "b"]
    cluster.enter(b, "moon")
    cluster.advance(1)
    assert cluster.are_equal()


def test_nobody_is_buried_because_the_log_stood_still(cluster: Cluster) -> None:
    nodes = [cluster.add(name) for name in "abc"]
    cluster.advance(3)
    for node in nodes:
        node.engine.is_connected = False
    cluster.advance(20)
    for node in nodes:
        node.engine.is_connected = True
    cluster.advance(5)
    assert [len(node.log.hub.nodes.there) for node in nodes] == [3, 3, 3]
    assert not any("silent" in text for node in nodes for text in node.told)


def test_a_node_that_is_cut_off_says_so_accepts_nobody_and_lets_its_members_go(
    cluster: Cluster,
) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    ice = cluster.enter(a, "ice")
    cluster.advance(2)
    a.engine.is_connected = False
    results = a.ask(Handle(ice, SendMessage("hello")))
    assert cluster.until(lambda: a.log.is_cut_off) < 6
    assert a.told == [
        "This server is cut off from the others: what you write is said when it is back."
    ]
    refused = a.ask(ReserveSlot("x:1", "a"))
    assert [type(each) for each in refused] == [CutOff]
    assert (a.drops, results) == (0, [])
    cluster.until(lambda: a.drops)
    assert len(b.log.hub.nodes.there) == 1


def test_a_node_is_back_when_the_log_is(cluster: Cluster) -> None:
    node = cluster.add("a")
    ice = cluster.enter(node, "ice")
    node.engine.is_connected = False
    results = node.ask(Handle(ice, SendMessage("hello")))
    cluster.until(lambda: node.log.is_cut_off)
    node.engine.is_connected = True
    cluster.advance(3)
    assert not node.log.is_cut_off
    assert node.told[-1] == "This server is back with the others."
    assert [type(each) for each in results] == [Ok]


@pytest.mark.parametrize("seconds", [1, 8], ids=["for a moment", "until it was taken for dead"])
def test_a_node_that_was_cut_off_lets_in_nobody_before_it_has_read_what_was_said(
    seconds: float, cluster: Cluster
) -> None:
    a, b = cluster.started("a", "b")
    ice = cluster.enter(a, "ice")
    cluster.advance(1)
    b.engine.is_connected = False
    for number in range(5):
        cluster.say(a, ice, f"{number}")
    cluster.advance(seconds)
    let_in: list[int] = []

    def answered(result: object) -> None:
        if isinstance(result, CutOff):  # it tries again
            b.clock.callLater(0.1, b.log.ask, ReserveSlot("x:1", "b"), answered)
        else:
            let_in.append(len(b.log.hub.read_history("#lobby", 9).messages))

    b.log.ask(ReserveSlot("x:1", "b"), answered)
    cluster.advance(1)
    assert let_in == []
    b.engine.is_connected = True
    cluster.until(lambda: let_in)
    assert let_in == [5]


def test_a_node_that_stops_is_gone_at_once(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    moon = cluster.enter(b, "moon")
    cluster.advance(1)
    ended = b.ask(b.log.ending())
    late = b.ask(LoseConnection(moon))
    cluster.until(lambda: ended)
    stopped: list[None] = []
    b.log.stop().addCallback(stopped.append)
    cluster.advance(0.2)
    assert (len(late), stopped, b.engine.is_closed) == (1, [None], True)
    assert [node.name for node in a.log.hub.nodes.there] == ["a"]
    assert not b.failures


def test_who_is_there_learns_of_nodes_that_come_and_go(cluster: Cluster) -> None:
    a = cluster.add("a")
    cluster.enter(a, "ice")
    b = cluster.add("b")
    cluster.until(lambda: b.opened)
    b.ask(b.log.ending())
    cluster.advance(1)
    changes = [each for _, each in a.outbox.sent if isinstance(each, NodesChanged)]
    assert [[node.name for node in each.nodes] for each in changes] == [["a", "b"], ["a"]]


def test_who_is_there_learns_of_the_new_addresses_of_a_node(cluster: Cluster) -> None:
    a, b = cluster.started("a", "b")
    moved = Node("a", ("10.35.11.9:7777",), ("http://10.35.11.9:8080",))
    cluster.do(a, ChangeNode(moved))
    cluster.do(a, ChangeNode(moved))
    assert b.log.hub.nodes.there == (moved, Node("b", ("b:7777",), ()))
    assert b.outbox.sent[-1][1] == NodesChanged((moved, Node("b", ("b:7777",), ())))
    assert [each for _, each in b.outbox.sent].count(b.outbox.sent[-1][1]) == 1
    assert isinstance(cluster.do(b, ChangeNode(Node("a", (), ()))), NotRegistered)
    assert cluster.are_equal()


def test_a_second_node_of_the_same_name_is_refused(cluster: Cluster) -> None:
    first = cluster.add("a")
    cluster.advance(2)
    second = cluster.add("a")
    cluster.until(lambda: second.failures)
    assert second.failures == [
        "Another server of this cluster is called a, too; give one of them another name with "
        "--node."
    ]
    assert isinstance(second.opened[0], LogUnusable)
    assert not first.failures


def test_two_nodes_of_the_same_name_that_begin_at_once_do_not_both_stay(cluster: Cluster) -> None:
    first, second = cluster.add("a"), cluster.add("a")
    cluster.until(lambda: first.failures or second.failures)
    assert len(first.failures + second.failures) == 1


def test_a_node_that_was_killed_and_is_back_begins_a_new_life(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    moon = cluster.enter(b, "moon", SessionKeys("m"))
    cluster.say(b, moon, "hello", 1)
    cluster.kill(b)
    again = cluster.add("b")
    assert cluster.until(lambda: again.opened) < 4
    assert again.opened == [None]
    assert again.log.hub.nickname(moon) == "moon"  # away, and may come back
    cluster.advance(1)
    assert cluster.are_equal()
    assert not a.failures


def test_a_node_whose_clock_is_wrong_does_not_begin(cluster: Cluster) -> None:
    cluster.add("a")
    cluster.advance(2)
    late = cluster.add("b", offset=-7_000)
    cluster.until(lambda: late.failures)
    assert late.failures == [
        "The clock of this node is 7 s behind the cluster; set it, and start again."
    ]


@pytest.mark.parametrize("jump", [3_600_000, -3_600_000])
def test_a_clock_that_jumps_does_not_take_the_chat_with_it(cluster: Cluster, jump: int) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    ice, moon = cluster.enter(a, "ice"), cluster.enter(b, "moon")
    cluster.say(a, ice, "before")
    a.offset = jump
    cluster.say(a, ice, "after")
    cluster.say(b, moon, "and here")
    times = [each.message.time for each in b.kept]
    assert times == sorted(times)
    assert times[-1] - times[0] < 5_000


def test_a_chat_that_all_nodes_have_left_goes_on_with_the_first_that_is_back(
    cluster: Cluster,
) -> None:
    a = cluster.add("a")
    ice = cluster.enter(a, "ice")
    cluster.say(a, ice, "hello")
    cluster.kill(a)
    cluster.seconds += 86_400
    again = cluster.add("b")
    cluster.until(lambda: again.opened)
    moon = cluster.enter(again, "moon")
    assert cluster.say(again, moon, "is anybody here?").seq == 2


def test_the_log_of_another_chat_is_refused(cluster: Cluster) -> None:
    cluster.log.snapshot = Snapshot(1, first_snapshot("work", "c2", 0))
    node = cluster.add("a")
    cluster.advance(1)
    assert node.failures == ["That is the cluster of 'work', and not of 'party'."]


def test_a_node_waits_for_a_log_that_does_not_answer(cluster: Cluster) -> None:
    node = ClusterNode(cluster, "a")
    node.engine.is_connected = False
    cluster.nodes.append(node)
    node.open()
    cluster.advance(5)
    assert (node.opened, node.failures) == ([], [])
    node.engine.is_connected = True
    cluster.until(lambda: node.opened == [None])


def test_a_node_that_stops_while_it_waits_for_its_log_has_not_failed(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = ClusterNode(cluster, "a")
    loading: Deferred[Snapshot] = Deferred()
    monkeypatch.setattr(node.engine, "load", lambda: loading)
    node.open()
    with log_lines() as lines:
        node.log.stop()
        loading.cancel()  # as an engine does that is closed
    assert (lines, node.failures) == ([], [])


def test_a_node_of_other_rules_does_not_begin_beside_others(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = cluster.add("a")
    cluster.until(lambda: a.opened)
    with_other_rules(monkeypatch)
    newer = cluster.add("b")
    cluster.until(lambda: newer.failures)
    assert newer.failures == [
        f"This chatd has {OTHER}, that of node a has {VERSION}. All nodes need the same ones: stop "
        "all of them, then start them with one version."
    ]
    assert not a.failures


def test_of_two_nodes_of_different_rules_that_begin_at_once_one_stays(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = cluster.add("a")
    while a.engine.sending is None or b"begin-node" not in a.engine.sending[0]:
        a.engine.send()
        a.engine.deliver()
        a.clock.advance(0.05)
    a.is_paused = True
    monkeypatch.setattr(shared_log, "VERSION", OTHER)
    b = cluster.add("b")
    cluster.until(lambda: b.opened)
    a.is_paused = False
    cluster.advance(5)
    assert (len(a.failures), b.failures) == (1, [])


def test_other_rules_begin_when_all_nodes_have_stopped(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = cluster.add("a")
    ice = cluster.enter(a, "ice")
    cluster.say(a, ice, "hello")
    ended = a.ask(a.log.ending())
    cluster.until(lambda: ended)
    assert not cluster.log.entries[-1].position > cluster.log.snapshot.position
    cluster.kill(a)
    with_other_rules(monkeypatch)
    newer = cluster.add("a")
    cluster.until(lambda: newer.opened)
    assert newer.opened == [None]


@pytest.mark.parametrize("names", [("a",), ("a", "b"), ("b",)])
def test_when_all_nodes_were_killed_other_rules_wait_for_the_earlier_ones_to_end(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    """What the earlier rules have led to since the last snapshot, only they can tell."""
    nodes = cluster.started(*names)
    ice = cluster.enter(nodes[0], "ice")
    cluster.say(nodes[0], ice, "hello")
    for node in nodes:
        cluster.kill(node)
    with monkeypatch.context() as newer_version:
        with_other_rules(newer_version)
        early = cluster.add("a")
        cluster.until(lambda: early.failures)
        cluster.kill(early)
    assert early.failures == [
        f"This chatd has {OTHER}, and the nodes that have {VERSION} were killed before the last of "
        "them could save the chat. Start one of them with its version, wait until chatd cluster "
        "status shows that the others have ended, and stop it. Then start this one."
    ]

    [again] = cluster.started(names[0])
    cluster.until(lambda: len(again.log.hub.nodes.there) == 1)
    cluster.do(again, again.log.ending())
    cluster.kill(again)
    with_other_rules(monkeypatch)
    newer = cluster.add("a")
    cluster.until(lambda: newer.opened)
    assert newer.opened == [None]


def test_when_the_last_snapshot_was_not_saved_other_rules_do_not_begin(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    [a] = cluster.started("a")
    monkeypatch.setattr(a.engine, "save", lambda snapshot: fail(LogUnreachable("etcd is full")))
    cluster.do(a, a.log.ending())
    cluster.kill(a)
    with_other_rules(monkeypatch)
    newer = cluster.add("a")
    cluster.until(lambda: newer.failures)
    assert f"the nodes that have {VERSION} were killed" in newer.failures[0]


def test_while_a_node_waits_for_one_of_its_name_the_log_is_not_silent(cluster: Cluster) -> None:
    """A log that is silent for 2 s counts as lost for its follower."""
    [a] = cluster.started("a")
    cluster.kill(a)
    again = cluster.add("a")
    positions = []
    while not again.opened:
        cluster.advance(0.05)
        positions.append(cluster.log.position)
    longest = max(positions.count(each) for each in positions) * 0.05
    assert longest < limits.ETCD_SILENT_SECONDS - 0.5


def test_a_node_that_stood_still_for_an_hour_begins_again(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    cluster.enter(a, "ice")
    cluster.enter(b, "moon", SessionKeys("m"))
    b.is_paused = True
    cluster.advance(3_700, step=0.5)
    b.is_paused = False
    cluster.advance(6)
    assert (a.failures, b.failures) == ([], [])
    assert {node.name for node in b.log.hub.nodes.there} == {"a", "b"}
    assert cluster.are_equal()
    assert [user.nickname for user in b.log.hub.users().users] == ["ice"]


def test_why_nothing_can_be_appended_is_in_the_log_once(cluster: Cluster) -> None:
    node = cluster.add("a")
    ice = cluster.enter(node, "ice")
    node.engine.is_connected = False
    with log_lines() as lines:
        node.ask(Handle(ice, SendMessage("hello")))
        cluster.advance(6)
        node.engine.is_connected = True
        cluster.advance(2)
    assert lines.count("nothing can be appended: The log does not answer.") == 1
    assert "entries can be appended again" in lines
