"""Several machines are one chat."""

import pytest

from chatd.chat.commands import (
    Enter,
    JoinRoom,
    ListUsers,
    ReadHistory,
    Rename,
    SendMessage,
    SessionKeys,
)
from chatd.chat.errors import NicknameTaken, NotRegistered, Refusal
from chatd.chat.events import MemberEntered, MemberLeft, Message, Ok, Resumed
from chatd.log.operations import Handle, LoseConnection, ReserveSlot
from tests.log.cluster import Cluster, texts

#: An entry whose operations are arrays in arrays in arrays.
DEEP = b"\x95\xa1a\x01\x01\x00" + 100_000 * b"\x91"


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


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
