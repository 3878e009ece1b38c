"""All nodes of a cluster have one key for TLS: one with another key does not begin."""

import pytest

from tests.log.cluster import Cluster


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def test_a_node_with_another_key_does_not_begin_and_says_what_to_do(cluster: Cluster) -> None:
    [a] = cluster.started("a", key="1" * 64)
    b = cluster.add("b", key="2" * 64)
    cluster.until(lambda: b.failures)
    assert b.failures == [
        "Node a of this cluster has another key for TLS, and clients would take one of the two for "
        "an impostor: copy its key to this host, and start again."
    ]
    assert not a.failures


@pytest.mark.parametrize("key", ["1" * 64, ""])
def test_nodes_with_the_same_key_and_nodes_without_tls_begin(cluster: Cluster, key: str) -> None:
    cluster.started("a", key="1" * 64)
    [b] = cluster.started("b", key=key)
    assert not b.failures


def test_the_key_of_a_node_that_was_killed_and_lost_does_not_count(cluster: Cluster) -> None:
    [a] = cluster.started("a", key="1" * 64)
    cluster.kill(a)
    [b] = cluster.started("b", key="2" * 64)
    assert not b.failures
