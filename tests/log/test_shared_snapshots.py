"""Snapshots take the place of what was said before them."""

import pytest
from twisted.internet.defer import Deferred

from chatd.chat import limits
from chatd.chat.commands import (
    SendMessage,
    SendPrivate,
)
from chatd.chat.hub import Hub
from chatd.log.operations import Handle
from tests.log.cluster import Cluster

#: An entry whose operations are arrays in arrays in arrays.
DEEP = b"\x95\xa1a\x01\x01\x00" + 100_000 * b"\x91"


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def frequent_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SNAPSHOT_ENTRIES", 100)


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
