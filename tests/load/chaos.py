"""``make chaos``: clients talk on a cluster whose machines fail one after the other.

    python -m tests.load.chaos [--minutes 30] [--seed 1] [--logs DIRECTORY]
    python -m tests.load.chaos --each

Three hosts have a server of etcd and a node each. Nodes and servers of etcd are killed and stopped,
hosts are cut off, and all of etcd is killed. Every line must arrive at every other client, once and
in order, and no client may say that a line may not have arrived. In the end the nodes must have
equal replicas, and answer alike. With ``--each``, each kind of fault happens once to a new cluster,
and the power of a host is cut whose node a page has been at; that one also needs ``chromium``. The
hosts are network namespaces: it needs Linux, root, ``iproute2`` and ``etcd-server``. The exit
status is 1, with a sentence for each fault, if anything went wrong.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from tests.cluster import faults
from tests.cluster.faults import Fault
from tests.cluster.hosts import NODES, ClusterHosts
from tests.cluster.living_through import HOSTS, TALKERS_EACH, live_through
from tests.cluster.vanished_page import PROMISED_SECONDS, page_after_power_cut
from tests.load import report
from tests.load.broken_links import Ended

#: How long everything works between two faults, and before and after a single one.
_WORKS_SECONDS: Final = (3.0, 12.0)
_QUIET_SECONDS: Final = 5.0

#: Each fault that happens alone: to which host, and for how many seconds.
EACH: Final[tuple[tuple[Callable[[ClusterHosts, str, float], Fault], float], ...]] = (
    (faults.kill_node, 15.0),
    (faults.end_node, 10.0),
    (faults.stop_node, 10.0),
    (faults.kill_leader, 10.0),
    (faults.kill_all_etcd, 3.0),
    (faults.cut_off, 15.0),
)


def strike_often(cluster: ClusterHosts, random: Random, seconds: float) -> Counter[str]:
    """One fault after the other for so long; how often each kind happened."""
    happened: Counter[str] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(random.uniform(*_WORKS_SECONDS))
        fault = faults.strike(cluster, random)
        report.line(f"  {fault.name} for {fault.seconds:.1f} s")
        happened[" ".join(word for word in fault.name.split() if word not in NODES)] += 1
        time.sleep(fault.seconds)
        fault.mend()
    return happened


def strike_once(
    cluster: ClusterHosts, kind: Callable[[ClusterHosts, str, float], Fault], seconds: float
) -> None:
    """One fault, with some time before and after it."""
    time.sleep(_QUIET_SECONDS)
    fault = kind(cluster, "b", seconds)
    report.line(f"{fault.name} for {fault.seconds:.1f} s")
    time.sleep(fault.seconds)
    fault.mend()
    time.sleep(_QUIET_SECONDS)


def describe(ended: Ended, lines: int, settled: float) -> None:
    """Print what the clients reported."""
    talkers = HOSTS * TALKERS_EACH
    report.line(
        f"lines: {lines}, deliveries: {lines * (talkers - 1)}; all received {settled:.1f} s "
        "after the end"
    )
    report.line(
        f"connections lost {ended.counts['lost']}, resumed {ended.counts['resumed']}, entered anew "
        f"{ended.counts['entered'] - talkers}; the longest absence of a client "
        f"{ended.longest_absence:.1f} s, the longest silence {ended.longest_silence:.1f} s"
    )


def run(seconds: float, seed: int, directory: Path, logs: Path | None) -> list[str]:
    """Let them talk for so long, print what happened, and return the faults."""
    happened: Counter[str] = Counter()
    random = Random(seed)  # noqa: S311  # the same faults for the same seed
    ended, lines, settled = live_through(
        directory, lambda cluster: happened.update(strike_often(cluster, random, seconds)), logs
    )
    report.line(
        f"{HOSTS * TALKERS_EACH} talkers, {seconds:.0f} s, seed {seed}; "
        f"{sum(happened.values())} faults: "
        + ", ".join(f"{kind} {count}" for kind, count in sorted(happened.items()))
    )
    describe(ended, lines, settled)
    return ended.faults


def run_each() -> list[str]:
    """Each kind of fault by itself."""
    found = []
    for kind, seconds in EACH:
        with TemporaryDirectory() as directory:
            ended, lines, settled = live_through(
                Path(directory),
                lambda cluster, kind=kind, seconds=seconds: strike_once(cluster, kind, seconds),  # type: ignore[misc]  # bound at once
            )
        describe(ended, lines, settled)
        found += ended.faults
    return found + run_page()


def run_page() -> list[str]:
    """The node of a page vanishes without a word."""
    found = []
    for writes, user in ((False, "reads"), (True, "writes a line at that moment")):
        with TemporaryDirectory() as directory:
            seconds = page_after_power_cut(Path(directory), writes=writes)
        report.line(
            f"the node of a page vanishes whose user {user}: in at another one after "
            f"{seconds:.1f} s"
        )
        if seconds > PROMISED_SECONDS:
            found.append(f"the page needed {seconds:.1f} s")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.load.chaos",
        description="Clients talk on a cluster that fails; every line arrives once and in order.",
    )
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--logs", type=Path, help="a directory for what the nodes say")
    parser.add_argument("--each", action="store_true", help="each kind of fault by itself")
    options = parser.parse_args()
    report.begin(f"python -m tests.load.chaos {' '.join(sys.argv[1:])}".rstrip())
    if options.each:
        sys.exit(report.end(run_each()))
    with TemporaryDirectory() as directory:
        found = run(options.minutes * 60, options.seed, Path(directory), options.logs)
    sys.exit(report.end(found))


if __name__ == "__main__":
    main()
