"""A real cluster, on hosts of its own, of which each part fails: nothing is lost or doubled.

In each test clients talk the whole time. Every line must arrive at every other client, once and in
order; no client may say that a line may not have arrived; no node may log a traceback; and in the
end all nodes must have the same chat. ``python -m tests.load.chaos`` has the figures.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.cluster import faults
from tests.cluster.faults import Fault
from tests.cluster.hosts import ClusterHosts
from tests.cluster.living_through import live_through
from tests.cluster.vanished_page import PROMISED_SECONDS, page_after_power_cut
from tests.load.chaos import strike_often, strike_once

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [
        pytest.param(faults.kill_node, 12, id="a node is killed"),
        pytest.param(faults.end_node, 5, id="a node ends in order"),
        pytest.param(faults.stop_node, 10, id="a node stands still"),
        pytest.param(faults.kill_leader, 5, id="etcd's leader is killed"),
        pytest.param(faults.kill_all_etcd, 3, id="all of etcd is killed"),
        pytest.param(faults.cut_off, 15, id="a host is cut off"),
    ],
)
def test_nothing_is_lost_or_doubled_when(
    kind: Callable[[ClusterHosts, str, float], Fault], seconds: float, tmp_path: Path
) -> None:
    ended, lines, _ = live_through(tmp_path, lambda cluster: strike_once(cluster, kind, seconds))
    assert ended.faults == []
    assert lines > 0


@pytest.mark.parametrize("writes", [False, True], ids=["who reads", "who writes at that moment"])
def test_when_the_power_of_a_machine_is_cut_its_page_is_in_elsewhere_within_a_minute(
    writes: bool, tmp_path: Path
) -> None:
    assert page_after_power_cut(tmp_path, writes=writes) < PROMISED_SECONDS


def test_nothing_is_lost_or_doubled_in_a_minute_of_chaos(tmp_path: Path) -> None:
    ended, _, _ = live_through(
        tmp_path,
        lambda cluster: strike_often(cluster, Random(3), 60),  # noqa: S311
    )
    assert ended.faults == []
