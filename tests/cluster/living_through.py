"""Clients that talk on a cluster while something happens to it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.cluster.hosts import (
    NODES,
    ClusterHosts,
    all_online,
    cluster_hosts,
    read_api,
    wait_until_caught_up,
)
from tests.e2e.namespaces import Host
from tests.e2e.programs import Program
from tests.load.broken_links import Ended, leave, settle, stop_talking

#: Hosts of talkers, and talkers on each.
HOSTS: Final = 3
TALKERS_EACH: Final = 4
#: Each says a line every so many seconds.
_SAY_SECONDS: Final = 0.5
#: How many messages of a room are compared.
_COMPARED_MESSAGES: Final = 1_000


def live_through(
    directory: Path,
    happen: Callable[[ClusterHosts], object],
    logs: Path | None = None,
) -> tuple[Ended, int, float]:
    """Have clients talk while `happen` runs.

    :param logs: a directory for what the nodes have said.
    :return: what the clients reported, with all faults; how many lines they said; and how many
        seconds after the end everything was received.
    """
    with cluster_hosts(directory) as cluster:
        cluster.start("--log-level", "debug")
        talkers = cluster.add_talkers(HOSTS, TALKERS_EACH, _SAY_SECONDS)
        programs = [program for _, program in talkers]
        all_online(programs, TALKERS_EACH)
        for program in programs:
            program.send_line("talk")
        happen(cluster)
        mended = time.monotonic()
        said = stop_talking(programs)
        faults = settle(programs, said)
        settled = time.monotonic() - mended
        faults += cluster.ended()
        if not faults:
            for name, address in NODES.items():
                cluster.wait_for_node(name)  # it may have been started a moment ago
                wait_until_caught_up(talkers[0][0], address)  # or was cut off until then
            faults += _compare(cluster, talkers[0][0])
        ended = leave(programs)
        ended.faults += faults + cluster.tracebacks()
        if logs is not None:
            for number, node in enumerate(cluster.all_nodes):
                (logs / f"node-{number}.log").write_text("\n".join(node.stderr))
    return ended, sum(said.values()), settled


def _compare(cluster: ClusterHosts, host: Host) -> list[str]:
    """Whether all nodes have the same members and messages, and have had the same replicas."""
    faults = []
    for path in ("/api/users", "/api/rooms", f"/api/messages?limit={_COMPARED_MESSAGES}"):
        answers: list[Any] = [read_api(host, address, path) for address in NODES.values()]
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
    return faults


def _digests(node: Program) -> list[tuple[str, str]]:
    """After how many entries a node had which digest."""
    lines = [line for line in node.stderr if "entries have led to" in line]
    return [(line.split()[-6], line.split()[-1]) for line in lines]
