"""What the log says of the nodes, to a program that is none of them."""

import pytest

from chatd.chat.server_events import Node
from chatd.log.node_operations import ChangeNode
from chatd.log.node_report import NodeReports
from tests.log.cluster import STARTED, Cluster


def read(cluster: Cluster) -> dict[str, tuple[bool, int]]:
    """For each node whether it is there, and when it was heard, in seconds since the start."""
    reports = NodeReports(cluster.log.snapshot.data)
    for entry in cluster.log.entries:
        reports.read(entry.data)
    return {
        each.node.name: (each.is_there, each.heard_ms and (each.heard_ms - STARTED) // 1_000)
        for each in reports.reports()
    }


def test_at_first_there_are_none() -> None:
    assert read(Cluster()) == {}


def test_nodes_that_run_are_heard_every_second() -> None:
    cluster = Cluster()
    cluster.started("a", "b")
    cluster.advance(20)
    heard = read(cluster)
    assert {name: is_there for name, (is_there, _) in heard.items()} == {"a": True, "b": True}
    assert min(time for _, time in heard.values()) >= int(cluster.seconds) - 2


def test_a_node_that_was_killed_has_ended_when_another_one_has_noticed() -> None:
    cluster = Cluster()
    [node, _] = cluster.started("a", "b")
    cluster.kill(node)
    cluster.advance(2)
    assert read(cluster)["a"][0]
    cluster.advance(8)
    assert not read(cluster)["a"][0]
    assert read(cluster)["b"][0]


def test_a_node_whose_addresses_have_changed_is_reported_with_the_new_ones() -> None:
    cluster = Cluster()
    a, b = cluster.started("a", "b")
    cluster.do(a, ChangeNode(Node("a", ("10.35.11.9:7777",), ())))
    cluster.do(b, ChangeNode(Node("a", ("10.35.11.8:7777",), ())))
    reports = NodeReports(cluster.log.snapshot.data)
    for entry in cluster.log.entries:
        reports.read(entry.data)
    assert [each.node.addresses for each in reports.reports()] == [
        ("10.35.11.9:7777",),
        ("b:7777",),
    ]


def test_nodes_of_the_snapshot_count_and_what_is_no_entry_does_not() -> None:
    cluster = Cluster()
    nodes = cluster.started("a", "b")
    cluster.log.append(b"by hand")
    cluster.advance(3)
    snapshot = nodes[0].log._replica.snapshot()
    reports = NodeReports(snapshot.data)
    assert [(each.node.name, each.is_there, each.heard_ms) for each in reports.reports()] == [
        ("a", True, 0),
        ("b", True, 0),
    ]
    assert reports.reports()[0].slots == 9
    assert reports.reports()[0].node.addresses == ("a:7777",)
    assert set(read(cluster)) == {"a", "b"}


def test_a_snapshot_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError):
        NodeReports(b"first")
