"""Private rooms and removed messages in a log: kept, restored, and the same on every node."""

from collections.abc import Iterator
from typing import Any

import pytest

from chatd.chat import limits
from chatd.chat.commands import (
    Command,
    JoinRoom,
    LeaveRoom,
    ListRooms,
    ReadHistory,
    SendMessage,
    WhoIs,
)
from chatd.chat.errors import NoSuchRoom
from chatd.chat.events import Message
from chatd.chat.moderation_errors import NotHost, WrongKey
from chatd.chat.order_commands import ChangeRoom, GrantHost, RemoveFound
from chatd.log.archive_changes import bounded
from chatd.log.engine import ArchiveChange, ArchivedMessage, PrivateLife, RemovedMessage
from chatd.log.operations import Handle
from tests.fakes import log_lines
from tests.log.cluster import Cluster, ClusterNode
from tests.log.kept_server import FULL, Server, either_way, enter, restart
from tests.log.memory_engine import MemoryEngine


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def lines() -> Iterator[list[str]]:
    with log_lines() as lines:
        yield lines


def do(cluster: Cluster, node: ClusterNode, member: int, *commands: Command) -> list[Any]:
    return [cluster.do(node, Handle(member, command)) for command in commands]


def public(node: ClusterNode, room: str) -> list[str]:
    """What anybody can read of a room in the store of that node."""
    read: list[str] = []
    node.store.last(room, 99).addCallback(lambda found: read.extend(each.text for each in found))
    return read


# --- one server -----------------------------------------------------------------------------------


@either_way
def test_after_a_restart_a_keyed_room_is_for_its_members_and_needs_its_word(
    is_killed: bool,
) -> None:
    server = Server(MemoryEngine())
    server.open()
    ice = enter(server, "ice", 1)
    server.do(
        *(
            Handle(ice, command)
            for command in (
                JoinRoom("#secret"),
                SendMessage("before", "#secret"),
                ChangeRoom("#secret", key="sesame", slow=60),
                SendMessage("after", "#secret"),
            )
        )
    )
    again = restart(server, is_killed)
    sun = enter(again, "sun", 2)
    rooms, refused, wrong, joined = again.do(
        Handle(sun, ListRooms()),
        Handle(sun, ReadHistory("#secret")),
        Handle(sun, JoinRoom("#secret", "word")),
        Handle(sun, JoinRoom("#secret", "sesame")),
    )
    assert [each.room for each in rooms.rooms] == ["#lobby"]
    assert isinstance(refused, NoSuchRoom)
    assert isinstance(wrong, WrongKey)
    assert not joined.created
    assert [text for _, text in again.history(sun, "#secret")] == ["before", "after"]


@either_way
def test_after_a_restart_a_removed_message_has_no_text(is_killed: bool) -> None:
    server = Server(MemoryEngine())
    server.open()
    ice = enter(server, "ice", 1)
    server.do(Handle(ice, GrantHost()))
    [said] = server.do(Handle(ice, SendMessage("oops")))
    server.do(Handle(ice, RemoveFound("#lobby", said.seq, "ice", said.time)))
    again = restart(server, is_killed)
    sun = enter(again, "sun", 2)
    assert again.history(sun) == [(1, "")]
    assert [each.message.text for each in again.engine.messages] == [""]


def test_what_could_not_be_kept_for_long_is_still_private_and_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only the last messages wait for the store, but none is public that was not."""
    monkeypatch.setattr(limits, "UNARCHIVED_MESSAGES", 2)
    server = Server(MemoryEngine())
    server.open()
    ice = enter(server, "ice", 1)
    server.do(
        Handle(ice, GrantHost()),
        Handle(ice, JoinRoom("#secret")),
        Handle(ice, SendMessage("before", "#secret")),
    )
    [said] = server.do(Handle(ice, SendMessage("oops")))
    server.engine.problem = FULL
    server.do(
        Handle(ice, ChangeRoom("#secret", key="sesame")),
        Handle(ice, RemoveFound("#lobby", said.seq, "ice", said.time)),
    )
    for number in range(9):
        server.do(Handle(ice, SendMessage(f"tea {number}", "#secret")))
    server.engine.problem = ""
    server.clock.advance(limits.STORE_RETRY_SECONDS)
    server.settle()
    kept = [(each.message.room, each.message.text) for each in server.engine.messages]
    assert kept == [
        ("#secret", "before"),
        ("#lobby", ""),
        ("#secret", "tea 7"),
        ("#secret", "tea 8"),
    ]
    life = server.log.hub.archived.life("#secret")
    assert server.engine.private_lives == {life}


def test_what_waits_for_a_store_is_bounded() -> None:
    message = ArchivedMessage(2, Message("#tea", 1, 1, "ice", "green"))
    count = limits.UNARCHIVED_MESSAGES
    others: list[ArchiveChange] = [PrivateLife("#tea", 2), RemovedMessage("#tea", 1, "ice")]
    kept = bounded([message, *others] * (count + 1))
    assert len(kept) == count + 2
    assert kept[count:] == others


# --- several nodes --------------------------------------------------------------------------------


def test_a_private_room_and_a_removal_hold_on_every_node(cluster: Cluster) -> None:
    a, b = cluster.started("a", "b")
    ice, sun = cluster.enter(a, "ice"), cluster.enter(b, "sun")
    do(cluster, a, ice, JoinRoom("#secret"), ChangeRoom("#secret", key="sesame"))
    [said] = do(cluster, a, ice, SendMessage("for us", "#secret"))
    cluster.advance(1)
    refused, info, wrong = do(
        cluster, b, sun, ReadHistory("#secret"), WhoIs("ice"), JoinRoom("#secret", "word")
    )
    assert isinstance(refused, NoSuchRoom)
    assert info.rooms == ("#lobby",)
    assert isinstance(wrong, WrongKey)
    assert public(a, "#secret") == public(b, "#secret") == []
    do(cluster, a, ice, RemoveFound("#secret", said.seq, "ice", said.time))
    cluster.advance(1)
    assert [each.message.text for each in b.kept] == [""]
    assert b.outbox.removed == [("#secret", said.seq, "ice")]
    [again] = do(cluster, b, sun, RemoveFound("#secret", said.seq, "ice", said.time))
    assert isinstance(again, NoSuchRoom)
    assert cluster.are_equal()


@pytest.mark.parametrize("has_ended", [False, True])
def test_a_node_that_was_away_learns_what_is_private_by_now(
    cluster: Cluster, has_ended: bool
) -> None:
    """It has kept messages that everybody could read then."""
    a, b = cluster.started("a", "b")
    ice = cluster.enter(a, "ice")
    do(cluster, a, ice, JoinRoom("#tea"), SendMessage("before", "#tea"))
    cluster.until(lambda: b.kept)
    cluster.kill(b)
    do(cluster, a, ice, ChangeRoom("#tea", key="sesame"), SendMessage("after", "#tea"))
    if has_ended:
        do(cluster, a, ice, LeaveRoom("#tea"), JoinRoom("#tea"))
    cluster.save_snapshot(a)
    [again] = cluster.started("b", store=b.store)
    assert public(again, "#tea") == []
    sun = cluster.enter(again, "sun")
    if has_ended:
        [joined] = do(cluster, again, sun, JoinRoom("#tea"))
        assert not joined.created
    else:
        [joined] = do(cluster, again, sun, JoinRoom("#tea", "sesame"))
    [history] = do(cluster, again, sun, ReadHistory("#tea"))
    assert history.messages == ()  # "before" is followed by a gap
    assert cluster.are_equal()


def test_a_node_that_was_away_learns_what_was_removed(cluster: Cluster) -> None:
    a, b = cluster.started("a", "b")
    ice = cluster.enter(a, "ice")
    said = cluster.say(a, ice, "oops")
    cluster.until(lambda: b.kept)
    cluster.kill(b)
    do(cluster, a, ice, RemoveFound("#lobby", said.seq, "ice", said.time))
    cluster.save_snapshot(a)
    [again] = cluster.started("b", store=b.store)
    assert [each.message.text for each in again.kept] == [""]
    sun = cluster.enter(again, "sun")
    [history] = do(cluster, again, sun, ReadHistory())
    assert [(each.text, each.removed) for each in history.messages] == [("", "ice")]
    [refused] = do(cluster, again, sun, RemoveFound("#lobby", said.seq, "sun", said.time))
    assert isinstance(refused, NotHost)
    assert cluster.are_equal()


def test_a_message_that_comes_late_from_another_node_is_removed_as_well(cluster: Cluster) -> None:
    a, b = cluster.started("a", "b")
    ice = cluster.enter(a, "ice")
    cluster.say(a, ice, "before")
    cluster.until(lambda: b.kept)
    cluster.kill(b)
    said = cluster.say(a, ice, "oops")
    kept = list(a.kept)
    do(cluster, a, ice, RemoveFound("#lobby", said.seq, "ice", said.time))
    a.store.messages = kept  # as if it had answered before it knew
    cluster.save_snapshot(a)
    [again] = cluster.started("b", store=b.store)
    assert [each.message.text for each in again.kept] == ["before", ""]


def test_what_a_new_node_got_from_others_becomes_private_with_the_room(cluster: Cluster) -> None:
    [a] = cluster.started("a")
    ice = cluster.enter(a, "ice")
    do(cluster, a, ice, JoinRoom("#tea"), SendMessage("in its first life", "#tea"))
    do(cluster, a, ice, LeaveRoom("#tea"), JoinRoom("#tea"), SendMessage("in its second", "#tea"))
    cluster.save_snapshot(a)
    [new] = cluster.started("new")
    assert public(new, "#tea") == ["in its first life", "in its second"]
    do(cluster, a, ice, ChangeRoom("#tea", key="sesame"))
    cluster.advance(1)
    assert public(new, "#tea") == public(a, "#tea") == ["in its first life"]


def test_no_node_asks_others_for_what_is_private_but_knows_that_it_lacks_it(
    cluster: Cluster, lines: list[str]
) -> None:
    a, b = cluster.started("a", "b")
    ice = cluster.enter(a, "ice")
    do(cluster, a, ice, JoinRoom("#secret"), ChangeRoom("#secret", key="sesame"))
    do(cluster, a, ice, SendMessage("one", "#secret"))
    cluster.until(lambda: b.kept)
    cluster.kill(b)
    do(cluster, a, ice, SendMessage("two", "#secret"))
    cluster.save_snapshot(a)
    [again] = cluster.started("b", store=b.store)
    cluster.advance(5)
    assert [room for room, _ in a.was_asked] == []
    assert not [line for line in lines if "lacks" in line]
    gap = again.log.gap("#secret")
    assert gap is not None
    assert (gap.first, gap.last) == (2, 2)  # a member that resumes here is told of it
