"""How long a cluster takes to notice that a node is dead, and a node to join.

    python -m benchmarks.cluster_times [--runs 5]

Three servers of etcd and the nodes run on loopback addresses, all on the processors of this
machine.

First, a node is killed at which a client is that never comes back. Another client asks for its
nickname at another node, twenty times a second, until it gets it.

Then a node is started where the log has a snapshot of 20,000 members, of whom all are away. From
the start of the process until it welcomes the first client, and how long it keeps that client
waiting while it removes the 20,000, whose time to come back is over. The same without a snapshot.
"""

import argparse
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final

from twisted.internet import task
from twisted.internet.defer import Deferred

from benchmarks.cluster import (
    ETCD,
    NODES,
    PORT,
    SLOTS,
    START_SECONDS,
    Processes,
    away_snapshot,
    line,
    processes,
    server_command,
)
from benchmarks.machine import description, raise_file_limit
from benchmarks.server_process import MeasurementError
from chatd.chat import limits
from chatd.etcd.address import parse_address
from chatd.etcd.admin import EtcdAdmin
from chatd.etcd.client import EtcdClient
from chatd.etcd.connecting import connector
from chatd.etcd.engine import EtcdEngine
from chatd.log import cluster_codec
from chatd.log.engine import Snapshot
from tests.cluster.programs import etcd_address, etcd_command, make_cluster
from tests.e2e.programs import Program

CLUSTER: Final = etcd_address(list(ETCD.values()))
#: Pause between two attempts.
_RETRY_SECONDS: Final = 0.05
#: For how long a client of the node that has joined is observed.
_OBSERVED_SECONDS: Final = limits.AWAY_SECONDS + 5


class Connection:
    """A native connection over a blocking socket."""

    def __init__(self, address: str) -> None:
        self._socket = socket.create_connection((address, PORT), START_SECONDS)
        self._received = b""

    def send(self, frame_type: str, data: object) -> None:
        """Send a frame that is answered."""
        frame = {"type": frame_type, "data": data, "id": 1}
        self._socket.sendall(json.dumps(frame).encode() + b"\n")

    def receive_any(self) -> dict[str, Any]:
        """The next frame.

        :raises OSError: if the connection ends.
        """
        while b"\n" not in self._received:
            data = self._socket.recv(1 << 16)
            if not data:
                raise ConnectionResetError
            self._received += data
        frame, _, self._received = self._received.partition(b"\n")
        decoded: dict[str, Any] = json.loads(frame)
        return decoded

    def receive(self, *types: str) -> dict[str, Any]:
        """The next frame of one of these types; others are skipped."""
        while (frame := self.receive_any())["type"] not in types:
            pass
        return frame

    def enter(self, nickname: str) -> bool:
        """Whether the node welcomes this client under that nickname."""
        self.send("hello", {"nickname": nickname, "version": 1})
        return bool(self.receive("welcome", "error")["type"] == "welcome")

    def has_received(self) -> bool:
        """Whether there is something to read."""
        return bool(self._received or select.select([self._socket], [], [], 0)[0])

    def close(self) -> None:
        """Close it."""
        self._socket.close()


@contextmanager
def etcd() -> Iterator[Processes]:
    """Three servers of etcd with an empty log."""
    with processes() as programs:
        for name, address in ETCD.items():
            programs.start(name, etcd_command(name, address, programs.directory / name, ETCD))
        make_cluster(Program, CLUSTER)
        yield programs


def start_node(programs: Processes, name: str, life: int = 0) -> int:
    """Start a node, and return its process; `life` tells it from others of the same name."""
    options = ["--id", "campus", "--cluster", CLUSTER, "--node", name]
    options += ["--store", str(programs.directory / f"{name}.sqlite")]
    command = server_command(NODES[name], *options)
    return programs.start(f"{name}-{life}", command).pid


def first_welcome(address: str, nickname: str) -> Connection:
    """A client of that node, which tries to enter until it is welcome."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError):
            connection = Connection(address)
            if connection.enter(nickname):
                return connection
            connection.close()
        time.sleep(_RETRY_SECONDS / 5)
    raise MeasurementError(f"{address} welcomes nobody")


def measure_freed_name(runs: int) -> None:
    """The times from SIGKILL of a node to the other nodes' knowing, and to a free nickname."""
    known, freed = [], []
    with etcd() as programs:
        for name in ("n2", "n3"):
            start_node(programs, name)
        for run in range(runs):
            pid = start_node(programs, "n1", run)
            with closing(first_welcome(NODES["n1"], f"gone{run}")):
                known_after, freed_after = _lose_node(pid, run)
            known.append(known_after)
            freed.append(freed_after)
    line(
        f"a node is killed: the others know after {_spread(known)}, the nickname of a client that "
        f"does not come back is free after {_spread(freed)}"
    )


def _lose_node(pid: int, run: int) -> tuple[float, float]:
    with (
        closing(first_welcome(NODES["n2"], f"watcher{run}")) as watcher,
        closing(first_welcome(NODES["n3"], f"third{run}")),
        closing(Connection(NODES["n3"])) as successor,
    ):
        while watcher.has_received():
            watcher.receive_any()
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        known = 0.0
        while not successor.enter(f"gone{run}"):
            while not known and watcher.has_received():
                if watcher.receive_any()["type"] == "nodes":
                    known = time.monotonic() - killed
            time.sleep(_RETRY_SECONDS)
        return known, time.monotonic() - killed


def measure_join(runs: int, members: int) -> None:
    """The times from the start of a process to its first welcome, and how long it then stalls."""
    joins, stalls = [], []
    for _ in range(runs):
        with etcd() as programs:
            if members:
                command = [sys.executable, "-m", "benchmarks.cluster_times", "--fill", str(members)]
                if programs.start("fill", command).wait():
                    raise MeasurementError((programs.directory / "fill.out").read_text()[-500:])
            started = time.monotonic()
            start_node(programs, "n2")
            with closing(first_welcome(NODES["n2"], "first")) as client:
                joins.append(time.monotonic() - started)
                stalls.append(longest_wait(client))
    line(
        f"a node joins with {members or 'no'} members: the first welcome after {_spread(joins)}; "
        f"in the next {_OBSERVED_SECONDS} s a line was confirmed after {_spread(stalls)} at most"
    )


def longest_wait(client: Connection) -> float:
    """The longest time in which a line of this client is confirmed."""
    longest, end = 0.0, time.monotonic() + _OBSERVED_SECONDS
    while time.monotonic() < end:
        sent = time.monotonic()
        client.send("message", {"room": "#lobby", "text": "still there"})
        client.receive("ok")
        longest = max(longest, time.monotonic() - sent)
        time.sleep(_RETRY_SECONDS)
    return longest


async def fill(reactor: Any, members: int) -> None:
    """Save a snapshot in which so many members are away."""
    address = parse_address(CLUSTER, {})
    client = EtcdClient(reactor, address, connector(reactor, address))
    engine = EtcdEngine(reactor, client, "campus")
    first = await engine.load()
    entry = cluster_codec.encode_entry("n1", 0, 0, 0, cluster_codec.join_operations(()))
    await engine.append(entry)  # the new snapshot is that of a later position
    log = await EtcdAdmin(reactor, client, "campus").look()
    data = away_snapshot(first, members, time.time_ns() // 1_000_000)
    await engine.save(Snapshot(log.entry, data))
    await engine.close()


def _spread(seconds: list[float]) -> str:
    return f"{median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster_times", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--fill", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill:
        task.react(lambda reactor: Deferred.fromCoroutine(fill(reactor, options.fill)))
    raise_file_limit()
    here = description()
    line(f"$ python -m benchmarks.cluster_times {' '.join(sys.argv[1:])}".rstrip())
    line(
        f"{datetime.now(UTC):%Y-%m-%d}, {here['processor']}, {here['cores']} shared cores for "
        f"three etcd and the nodes, load before {os.getloadavg()[0]:.1f}, {options.runs} runs"
    )
    measure_freed_name(options.runs)
    measure_join(options.runs, 0)
    measure_join(options.runs, SLOTS)
    line(f"load after {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
