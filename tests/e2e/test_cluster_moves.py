"""A client of a real cluster, on a real etcd: whoever loses a node is back on the other one."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Final

import pytest

from tests.cluster.loopback import LoopbackCluster, Node, loopback_cluster
from tests.e2e.programs import Program

#: Within this time a client that has noticed the loss is in again; on a busy machine, later.
IN_SECONDS: Final = 1.0


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LoopbackCluster]:
    with loopback_cluster(tmp_path) as cluster:
        yield cluster


STOPS: Final = {"killed": Node.kill, "stopped": Node.stop}


@pytest.mark.parametrize("stop", STOPS)
def test_a_client_whose_node_goes_says_what_was_typed_at_the_other_one(
    stop: str, cluster: LoopbackCluster
) -> None:
    ice = cluster.start_client("ice")
    own, other = cluster.node_of(ice)
    moon = cluster.add_member(other, "moon")
    ice.send_line("before")
    assert moon.receive("message")["data"]["text"] == "before"
    STOPS[stop](own)
    lost_at = monotonic()
    ice.send_line("after")
    frames = moon.receive_through("message")
    assert frames[-1]["data"]["text"] == "after"
    assert monotonic() - lost_at < 10 * IN_SECONDS
    assert not {"left", "entered"} & {frame["type"] for frame in frames}, "ice was never gone"
    moon.send("message", {"text": "welcome"})
    ice.expect_stdout("moon: welcome")


def test_a_client_with_a_direct_address_goes_on_at_the_other_node(
    cluster: LoopbackCluster,
) -> None:
    ice = cluster.start_client("ice", cluster.library.host, str(cluster.library.port))
    moon = cluster.add_member(cluster.gym, "moon")
    cluster.library.kill()
    ice.send_line("still here")
    assert moon.receive("message")["data"]["text"] == "still here"
    assert not any("Server disconnected" in line for line in ice.stderr)


def test_both_nodes_are_listed_as_one_chat(cluster: LoopbackCluster) -> None:
    listed: Program = cluster.list_servers()
    assert listed.wait() == 0
    rows = sorted(line.split()[:2] for line in listed.stdout[1:])
    assert rows == [["campus", "gym"], ["campus", "library"]]
