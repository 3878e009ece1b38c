"""``make chaos``: clients talk on a cluster whose machines fail one after the other.

    python -m tests.load.chaos [--minutes 30] [--seed 1]

Three hosts have a server of etcd and a node each. Nodes and servers of etcd are killed and stopped,
hosts are cut off, and all of etcd is killed. Every line must arrive at every other client, once and
in order, and no client may say that a line may not have arrived. In the end the nodes must have
equal replicas and equal archives. The hosts are network namespaces: it needs Linux, root,
``iproute2`` and ``etcd-server``. The exit status is 1, with a sentence for each fault, if anything
went wrong.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.cluster.faults import strike
from tests.cluster.hosts import NODES, ClusterHosts, all_online, cluster_hosts, read_api
from tests.e2e.programs import Program
from tests.load import report
from tests.load.broken_links import leave, settle, stop_talking

#: Hosts of talkers, and talkers on each.
_HOSTS: Final = 3
_TALKERS_EACH: Final = 4
#: Each says a line every so many seconds.
_SAY_SECONDS: Final = 0.5
#: How long everything works between two faults.
_WORKS_SECONDS: Final = (3.0, 12.0)
#: How many messages of a room are compared.
_COMPARED_MESSAGES: Final = 1_000


def run(seconds: float, seed: int, directory: Path, logs: Path | None) -> list[str]:
    """Let them talk for so long, print what happened, and return the faults."""
    random = Random(seed)  # noqa: S311  # the same faults for the same seed
    with cluster_hosts(directory) as cluster:
        cluster.start("--log-level", "debug")
        talkers = cluster.add_talkers(_HOSTS, _TALKERS_EACH, _SAY_SECONDS)
        programs = [program for _, program in talkers]
        all_online(programs, _TALKERS_EACH)
        for program in programs:
            program.send_line("talk")
        happened = _strike(cluster, random, seconds)
        mended = time.monotonic()
        said = stop_talking(programs)
        faults = settle(programs, said)
        settled = time.monotonic() - mended
        faults += cluster.ended() or _compare(cluster, talkers[0][0])
        ended = leave(programs)
        faults += ended.faults + cluster.tracebacks()
        if logs is not None:
            for number, node in enumerate(cluster.all_nodes):
                (logs / f"node-{number}.log").write_text("\n".join(node.stderr))
    lines = sum(said.values())
    report.line(
        f"{len(said)} talkers, {seconds:.0f} s, seed {seed}; {sum(happened.values())} faults: "
        + ", ".join(f"{kind} {count}" for kind, count in sorted(happened.items()))
    )
    report.line(
        f"lines: {lines}, deliveries: {lines * (len(said) - 1)}; all received {settled:.1f} s "
        "after the last fault"
    )
    report.line(
        f"connections lost {ended.counts['lost']}, resumed {ended.counts['resumed']}, entered anew "
        f"{ended.counts['entered'] - len(said)}"
    )
    report.line(
        f"the longest absence of a client {ended.longest_absence:.1f} s, the longest silence "
        f"{ended.longest_silence:.1f} s"
    )
    return faults


def _strike(cluster: ClusterHosts, random: Random, seconds: float) -> Counter[str]:
    """One fault after the other for so long; how often each kind happened."""
    happened: Counter[str] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(random.uniform(*_WORKS_SECONDS))
        fault = strike(cluster, random)
        report.line(f"  {fault.name} for {fault.seconds:.1f} s")
        happened[" ".join(word for word in fault.name.split() if word not in NODES)] += 1
        time.sleep(fault.seconds)
        fault.mend()
    return happened


def _compare(cluster: ClusterHosts, host: Any) -> list[str]:
    """Whether all nodes have the same members and messages, and have had the same replicas."""
    faults = []
    for path in ("/api/users", "/api/rooms", f"/api/messages?limit={_COMPARED_MESSAGES}"):
        answers = [read_api(host, address, path) for address in NODES.values()]
        if any(answer != answers[0] for answer in answers):
            faults.append(f"the nodes answer {path} in different ways")
    digests: dict[str, set[str]] = {}
    for node in cluster.all_nodes:
        for entries, digest in _digests(node):
            digests.setdefault(entries, set()).add(digest)
    faults += [
        f"after {entries} entries there were {len(each)} different replicas"
        for entries, each in digests.items()
        if len(each) > 1
    ]
    report.line(f"replicas compared at {len(digests)} points")
    return faults


def _digests(node: Program) -> list[Sequence[str]]:
    """After how many entries a node had which digest."""
    lines = [line for line in node.stderr if "entries have led to" in line]
    return [(line.split()[-6], line.split()[-1]) for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.load.chaos",
        description="Clients talk on a cluster that fails; every line arrives once and in order.",
    )
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--logs", type=Path, help="a directory for what the nodes say")
    options = parser.parse_args()
    report.begin(f"python -m tests.load.chaos --minutes {options.minutes:g} --seed {options.seed}")
    with TemporaryDirectory() as directory:
        faults = run(options.minutes * 60, options.seed, Path(directory), options.logs)
    sys.exit(report.end(faults))


if __name__ == "__main__":
    main()
