"""Several machines are one chat."""

import pytest
from twisted.internet.defer import Deferred

from chatd.chat import limits
from chatd.chat.commands import (
    Enter,
    JoinRoom,
    ListUsers,
    ReadHistory,
    Rename,
    SendMessage,
    SendPrivate,
    SessionKeys,
)
from chatd.chat.errors import CutOff, NicknameTaken, NotRegistered, Refusal
from chatd.chat.events import MemberEntered, MemberLeft, Message, NodesChanged, Ok, Resumed
from chatd.chat.hub import Hub
from chatd.chat.state import RULES
from chatd.log import joining, shared_log
from chatd.log.cluster_codec import first_snapshot
from chatd.log.engine import Snapshot
from chatd.log.node_operations import VERSION, Version
from chatd.log.operations import Handle, LoseConnection, ReserveSlot
from chatd.log.shared_engine import LogUnusable
from tests.fakes import log_lines
from tests.log.cluster import Cluster, ClusterNode, texts

#: An entry whose operations are arrays in arrays in arrays.
DEEP = b"\x95\xa1a\x01\x01\x00" + 100_000 * b"\x91"


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def frequent_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SNAPSHOT_ENTRIES", 100)


def test_who_enters_on_one_node_is_seen_on_the_others(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    cluster.enter(a, "ice")
    cluster.enter(b, "moon")
    cluster.advance(1)
    assert [user.nickname for user in b.log.hub.users().users] == ["ice", "moon"]
    assert cluster.are_equal()


def test_what_is_said_on_one_node_is_told_to_the_members_of_the_others(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    ice, moon = cluster.enter(a, "ice"), cluster.enter(b, "moon")
    cluster.say(a, ice, "hello")
    cluster.advance(1)
    said = [each.text for each in b.outbox.received[moon] if isinstance(each, Message)]
    assert said == ["hello"]


def test_a_message_has_the_same_number_and_time_everywhere(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b", offset=900)
    ice, moon = cluster.enter(a, "ice"), cluster.enter(b, "moon")
    for number in range(5):
        cluster.say(a, ice, f"a {number}")
        cluster.say(b, moon, f"b {number}")
    cluster.advance(1)
    assert a.kept == b.kept
    assert [each.message.seq for each in a.kept] == list(range(1, 11))
    times = [each.message.time for each in a.kept]
    assert times == sorted(times)


def test_a_nickname_is_given_once_in_the_whole_cluster(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    ice, moon = cluster.enter(a, "ice"), cluster.enter(b, "moon")
    first, second = a.ask(Handle(ice, Rename("sun"))), b.ask(Handle(moon, Rename("sun")))
    cluster.until(lambda: first and second)
    assert {type(first[0]), type(second[0])} == {Ok, NicknameTaken}


def test_nobody_is_answered_before_the_log_has_the_command(cluster: Cluster) -> None:
    node = cluster.add("a")
    ice = cluster.enter(node, "ice")
    results = node.ask(Handle(ice, SendMessage("hello")))
    node.clock.advance(0)
    node.engine.send()
    assert not results
    node.engine.deliver()
    assert isinstance(results[0], Ok)


def test_reads_are_answered_in_their_place(cluster: Cluster) -> None:
    node = cluster.add("a")
    ice = cluster.enter(node, "ice")
    answers: list[object] = []
    for command in (SendMessage("one"), ReadHistory(), SendMessage("two"), ReadHistory()):
        node.log.ask(Handle(ice, command), answers.append)
    cluster.until(lambda: len(answers) == 4)
    assert [len(getattr(each, "messages", ())) for each in answers] == [0, 1, 0, 2]


def test_reads_alone_need_no_log(cluster: Cluster) -> None:
    node = cluster.add("a")
    ice = cluster.enter(node, "ice")
    node.engine.is_connected = False
    results = node.ask(Handle(ice, ListUsers()))
    node.clock.advance(0)
    assert results[0].users[0].nickname == "ice"


def test_an_entry_whose_answer_was_lost_is_carried_out_once(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    ice = cluster.enter(a, "ice")
    a.engine.loses_answers = True
    results = a.ask(Handle(ice, SendMessage("hello")))
    cluster.advance(3)
    a.engine.loses_answers = False
    cluster.advance(3)
    assert [type(each) for each in results] == [Ok]
    assert texts(b.kept) == texts(a.kept) == ["hello"]


def test_a_node_that_is_killed_is_buried_within_6_seconds(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    cluster.enter(a, "ice")
    cluster.enter(b, "moon")
    cluster.advance(2)
    cluster.kill(b)
    assert cluster.until(lambda: len(a.log.hub.nodes.there) == 1) < 6
    gone = [each for _, each in a.outbox.sent if isinstance(each, MemberLeft)]
    assert [each.nickname for each in gone] == ["moon"]


def test_members_of_a_dead_node_resume_on_another_and_nobody_is_told(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    ice = cluster.enter(a, "ice")
    moon = cluster.enter(b, "moon", SessionKeys("m"))
    cluster.say(b, moon, "before", 1)
    cluster.kill(b)
    cluster.say(a, ice, "meanwhile")
    again = cluster.do(a, ReserveSlot("b:2", "a"))
    resumed = cluster.do(a, Handle(again, Enter("moon", keys=SessionKeys("x", "m"))))
    assert isinstance(resumed, Resumed)
    cluster.advance(20)
    left = [each for _, each in a.outbox.sent if isinstance(each, MemberLeft)]
    entered = [each.nickname for _, each in a.outbox.sent if isinstance(each, MemberEntered)]
    assert (left, entered.count("moon")) == ([], 1)
    # What is sent again is not said again.
    reply = cluster.say(a, again, "before", 1)
    assert (type(reply), reply.seq) == (Ok, 1)
    assert texts(a.kept) == ["before", "meanwhile"]


def test_the_names_of_those_who_do_not_come_back_are_free(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    cluster.enter(b, "moon", SessionKeys("m"))
    cluster.advance(1)
    cluster.kill(b)
    seconds = cluster.until(lambda: a.log.hub.nodes.there[1:] == ())
    assert seconds < 6
    cluster.advance(12)
    cluster.enter(a, "moon")


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


def test_a_node_acts_only_for_those_who_are_connected_to_it(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    ice = cluster.enter(a, "ice")
    cluster.advance(1)
    assert isinstance(cluster.do(b, Handle(ice, SendMessage("hello"))), NotRegistered)
    assert isinstance(cluster.do(b, LoseConnection(ice)), NotRegistered)
    assert isinstance(cluster.do(b, ReserveSlot("x:1", "a")), NotRegistered)


def test_each_node_has_slots_of_its_own(cluster: Cluster) -> None:
    a, b = cluster.add("a", slots=1), cluster.add("b", slots=2)
    cluster.enter(a, "ice")
    assert isinstance(cluster.do(a, ReserveSlot("x:1", "a")), Refusal)
    cluster.enter(b, "moon")
    assert (a.log.hub.free_slots("a"), a.log.hub.free_slots("b")) == (0, 1)


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


def test_a_node_that_comes_later_has_what_the_others_have(cluster: Cluster) -> None:
    a = cluster.add("a")
    ice = cluster.enter(a, "ice")
    cluster.do(a, Handle(ice, JoinRoom("#dev")))
    for number in range(50):
        cluster.say(a, ice, f"{number}")
    b = cluster.add("b")
    cluster.until(lambda: b.opened)
    cluster.advance(1)
    assert b.opened == [None]
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


@pytest.mark.usefixtures("frequent_snapshots")
def test_a_node_that_was_away_for_too_long_begins_from_the_snapshot(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    ice = cluster.enter(a, "ice")
    cluster.advance(1)
    b.is_paused = True
    for number in range(210):
        a.ask(Handle(ice, SendMessage(f"{number}")))
        a.clock.advance(0)
        a.engine.send()
        a.engine.deliver()
    assert cluster.log.trimmed
    b.is_paused = False
    cluster.advance(5)
    assert not b.failures
    assert {node.name for node in a.log.hub.nodes.there} == {"a", "b"}
    assert cluster.are_equal()


def test_private_texts_leave_the_log_within_two_minutes(cluster: Cluster) -> None:
    a = cluster.add("a")
    ice, _ = cluster.enter(a, "ice"), cluster.enter(a, "moon")
    cluster.do(a, Handle(ice, SendPrivate("a secret", ("moon",))))
    assert any(b"a secret" in each.data for each in cluster.log.entries)
    cluster.advance(181, step=0.5)
    assert not any(b"a secret" in each.data for each in cluster.log.entries)
    assert b"a secret" not in cluster.log.snapshot.data


def test_what_is_no_entry_is_ignored_by_all_nodes(cluster: Cluster) -> None:
    a, b = cluster.add("a"), cluster.add("b")
    cluster.advance(1)
    for data in (b"", b"\xc1", b"\x90", b"\x95\xa1a\x01\x02\x03\x90", b"hello", b"\x80", DEEP):
        cluster.log.append(data)
    ice = cluster.enter(a, "ice")
    cluster.say(a, ice, "hello")
    cluster.advance(1)
    assert texts(b.kept) == ["hello"]
    assert cluster.are_equal()


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


@pytest.mark.usefixtures("frequent_snapshots")
def test_the_hub_of_a_snapshot_is_that_of_all_its_entries(cluster: Cluster) -> None:
    a = cluster.add("a")
    ice = cluster.enter(a, "ice")
    for number in range(105):
        a.ask(Handle(ice, SendMessage(f"{number}")))
        a.clock.advance(0)
        a.engine.send()
        a.engine.deliver()
    assert cluster.log.snapshot.position > 1
    b = cluster.add("b")
    cluster.until(lambda: b.opened)
    cluster.advance(1)
    assert isinstance(a.log.hub, Hub)
    assert cluster.are_equal()


OTHER = Version(RULES + 1, "99.0.0")


def test_a_node_of_other_rules_does_not_begin_beside_others(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = cluster.add("a")
    cluster.until(lambda: a.opened)
    for module in (joining, shared_log):
        monkeypatch.setattr(module, "VERSION", OTHER)
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
    for module in (joining, shared_log):
        monkeypatch.setattr(module, "VERSION", OTHER)
    newer = cluster.add("a")
    cluster.until(lambda: newer.opened)
    assert newer.opened == [None]


def test_the_last_node_that_stops_waits_until_its_snapshot_is_saved(cluster: Cluster) -> None:
    a = cluster.add("a")
    cluster.until(lambda: a.opened)
    a.engine.saving = Deferred()
    ended = a.ask(a.log.ending())
    stopped: list[None] = []
    a.log.stop().addCallback(stopped.append)
    cluster.until(lambda: ended)
    cluster.advance(1)
    assert (stopped, a.engine.is_closed) == ([], False)
    a.engine.saving.callback(None)
    assert (stopped, a.engine.is_closed) == ([None], True)
    assert cluster.log.snapshot.position == cluster.log.position


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


def test_a_snapshot_is_saved_before_etcd_is_full(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SNAPSHOT_LOG_BYTES", 20_000)
    node = cluster.add("a")
    ice = cluster.enter(node, "ice")
    for _ in range(10):
        cluster.say(node, ice, "x" * 4_000)
    assert cluster.log.snapshot.position > 1
    assert sum(len(each.data) for each in cluster.log.entries) < 50_000
