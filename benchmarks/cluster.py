"""A cluster of three nodes on one machine: latency, throughput and CPU time.

    python -m benchmarks.cluster [--seconds 20] [--members 100] [--crowd 3000]

Three servers of etcd and three nodes run on loopback addresses, all on the processors of this
machine, and so does the load generator. Members are spread over the nodes, and 30 of them take
turns at speaking in the lobby, where all others hear them. A single server that keeps its chat in a
file is measured in the same way. Then members who say nothing enter, in rooms of 30, and 30 talk in
a room of their own.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.compiling import build
from benchmarks.load import Load, Measurement, load_command
from benchmarks.machine import description, raise_file_limit, resident_bytes
from benchmarks.peers import NATIVE, NATIVE_MESSAGE, TEXT, Step
from benchmarks.search import Nobody
from benchmarks.server_process import MeasurementError, environment
from chatd.chat.commands import Enter, JoinRoom, SessionKeys
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.server_events import Node
from chatd.log.engine import Snapshot
from chatd.log.held_outbox import HeldOutbox
from chatd.log.node_operations import VERSION, BeginNode, EndNode
from chatd.log.operations import Handle, ReserveSlot
from chatd.log.replica import Replica
from tests.cluster.programs import etcd_address, etcd_command, make_cluster
from tests.e2e.programs import Program

ETCD: Final = {f"e{number}": f"127.0.8.{number}" for number in (1, 2, 3)}
NODES: Final = {f"n{number}": f"127.0.9.{number}" for number in (1, 2, 3)}
SINGLE: Final = "127.0.9.9"
PORT: Final = 7_777
SENDERS: Final = 30
RATES: Final = (300, 1_400)
START_SECONDS: Final = 60.0
SLOTS: Final = 20_000


def hello(prefix: str) -> Step:
    """The step with which a member enters."""
    text = f'{{"type":"hello","data":{{"nickname":"{prefix}@@@@@@","version":1}}}}\n'
    return text.encode(), b'"type":"welcome"'


def join(room: str) -> Step:
    """The step with which it joins a room."""
    return f'{{"type":"join","data":{{"room":"{room}"}}}}\n'.encode(), b'"type":"joined"'


def message_to(room: str) -> bytes:
    """A message to that room."""
    return b'{"type":"message","data":{"room":"%s","text":"%s"}}\n' % (room.encode(), TEXT)


class Processes:
    """The programs of one measurement, with a directory for their files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a program; its output goes to a file."""
        with (self.directory / f"{name}.out").open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment(),
            )
        self._started.append(process)
        return process

    def wait_for(self, name: str, text: str) -> None:
        """Wait until a program has said that."""
        deadline = time.monotonic() + START_SECONDS
        path = self.directory / f"{name}.out"
        while text not in path.read_text(errors="replace"):
            if time.monotonic() > deadline:
                raise MeasurementError(f"{name}: {path.read_text(errors='replace')[-500:]}")
            time.sleep(0.05)

    def close(self) -> None:
        """Kill everything."""
        for process in self._started:
            process.send_signal(signal.SIGKILL)
            process.wait()


def server_command(address: str, *options: str) -> list[str]:
    """The command of a server without limits on one member."""
    return [
        *(sys.executable, "-m", "chatd", "server", "--ifaddrs", f"{address}/8"),
        *("--port", str(PORT), "--flood", "0", "--accept-rate", "0", "--timeout", "0"),
        *("--slots", str(SLOTS), *options),
    ]


@contextmanager
def processes() -> Iterator[Processes]:
    """Programs that are killed in the end."""
    with TemporaryDirectory(prefix="bench-") as name, closing(Processes(Path(name))) as programs:
        yield programs


def start_cluster(programs: Processes) -> list[int]:
    """Start everything; the processes of the nodes."""
    cluster = etcd_address(list(ETCD.values()))
    for name, address in ETCD.items():
        programs.start(name, etcd_command(name, address, programs.directory / name, ETCD))
    make_cluster(Program, cluster)
    nodes = []
    for name, address in NODES.items():
        options = ["--id", "campus", "--cluster", cluster, "--node", name]
        options += ["--store", str(programs.directory / f"{name}.sqlite")]
        nodes.append(programs.start(name, server_command(address, *options)).pid)
    for name in NODES:
        programs.wait_for(name, "is the node")
    return nodes


def start_single(programs: Processes) -> int:
    """Start a server that keeps its chat; its process."""
    store = str(programs.directory / "single.sqlite")
    process = programs.start("single", server_command(SINGLE, "--id", "bench", "--store", store))
    programs.wait_for("single", "answers discovery")
    return process.pid


@contextmanager
def load_on(
    addresses: Sequence[str],
    pid: int,
    members: int,
    steps: Sequence[Step],
    message: bytes,
    senders: int = SENDERS,
) -> Iterator[Load]:
    """A load generator whose members are spread over `addresses`."""
    servers = [f"{address}:{PORT}" for address in addresses]
    command = load_command(servers, pid, members, steps, message)
    with closing(Load.start([*command, "--at-once", "200", "--senders", str(senders)])) as load:
        yield load


def line(text: str) -> None:
    """Print a result at once."""
    print(text, flush=True)


def report_rate(rate: int, measured: Measurement, nodes: int) -> None:
    """Print latencies, and what a delivery has cost the first node."""
    cuts = quantiles(measured.latencies, n=100)
    own = measured.deliveries / nodes
    line(
        f"  {rate} messages/s: p50 {1_000 * cuts[49]:.0f} ms, p99 {1_000 * cuts[98]:.0f} ms; "
        f"{1e6 * measured.server_cpu / own:.2f} µs CPU a delivery on a node, "
        f"{100 * measured.server_cpu / measured.seconds:.0f} % of a core; "
        f"generator late {1_000 * measured.late:.0f} ms"
    )


def measure_lobby(addresses: Sequence[str], pid: int, members: int, seconds: float) -> None:
    """The latencies at each rate, and the most messages a second."""
    with load_on(addresses, pid, members, NATIVE, NATIVE_MESSAGE) as load:
        load.join()
        for rate in RATES:
            report_rate(rate, load.rate(rate, 2, seconds), len(addresses))
        most = load.window(1_000, 2, seconds)
        line(
            f"  at most {most.messages / most.seconds:.0f} messages/s, "
            f"{most.deliveries / most.seconds:.0f} deliveries/s"
        )


def measure_crowd(nodes: Sequence[int], crowd: int, seconds: float) -> None:
    """The same for a room of 30, while many others are there."""
    addresses = list(NODES.values())
    before = resident_bytes(nodes[0])
    steps = [hello("c"), join("#r%%%%%%")]
    with load_on(addresses, nodes[0], crowd * len(nodes), steps, NATIVE_MESSAGE, 1) as silent:
        joined = silent.join()
        grown = resident_bytes(nodes[0]) - before
        line(
            f"  {crowd * len(nodes)} entered and joined a room in {joined.seconds:.1f} s; "
            f"{resident_bytes(nodes[0]) / 2**20:.0f} MiB on a node, "
            f"{grown / crowd / len(nodes) / 1_024:.1f} KiB a member of the cluster"
        )
        idle = silent.idle(seconds)
        line(f"  idle: {100 * idle.server_cpu / idle.seconds:.1f} % of a core on a node")
        room = "#talk"
        steps = [hello("t"), join(room)]
        with load_on(addresses, nodes[0], SENDERS + 3, steps, message_to(room), SENDERS) as load:
            load.join()
            for rate in RATES:
                report_rate(rate, load.rate(rate, 2, seconds), len(nodes))


def measure_snapshot(members: int) -> None:
    """The times in which a node makes a snapshot of so many members, and restores it."""
    replica = _replica("bench")
    _add_members(replica, members)
    started = time.process_time()
    snapshot = replica.snapshot()
    saved = time.process_time()
    _replica("bench").restore(snapshot)
    restored = time.process_time()
    line(
        f"a snapshot of {members} members: {len(snapshot.data) / 1e6:.1f} MB, made in "
        f"{1_000 * (saved - started):.0f} ms, restored in {1_000 * (restored - saved):.0f} ms"
    )


def away_snapshot(first: Snapshot, members: int, now: int) -> bytes:
    """What a snapshot has whose members are away, since their node has just ended.

    :param first: the one with which the log of the cluster campus began.
    :param now: milliseconds since 1970.
    """
    replica = _replica("campus")
    replica.restore(first)
    replica.time = now
    _add_members(replica, members)
    replica.carry_out(EndNode("n1", 1), "n1")
    return replica.snapshot().data


def _add_members(replica: Replica, members: int) -> None:
    """Have so many members enter at the node n1, in rooms of 30."""
    replica.lives.begins("n1", 1, VERSION)
    replica.carry_out(BeginNode(Node("n1", (), ()), members, VERSION), "n1")
    for number in range(members):
        member = replica.carry_out(ReserveSlot(f"10.0.0.1:{number}", "n1"), "n1")
        assert isinstance(member, int)
        keys = SessionKeys(f"{number:064}")
        replica.carry_out(Handle(member, Enter(f"m{number:06}", keys=keys)), "n1")
        replica.carry_out(Handle(member, JoinRoom(f"#r{number // 30}")), "n1")


def _replica(server_id: str) -> Replica:
    held = HeldOutbox(Nobody())
    hub = Hub(HubSettings(server_id, slots=0, history=50, is_archived=True), held, 0)
    held.room_life = hub.archived.life
    return Replica(server_id, hub)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--members", type=int, default=100, help="of each node, in the lobby")
    parser.add_argument("--crowd", type=int, default=3_000, help="of each node, in rooms of 30")
    options = parser.parse_args()
    if shutil.which("etcd") is None:
        sys.exit("this needs etcd: apt install etcd-server")
    build()
    raise_file_limit()
    here = description()
    line(f"$ python -m benchmarks.cluster {' '.join(sys.argv[1:])}".rstrip())
    line(
        f"{datetime.now(UTC):%Y-%m-%d}, {here['processor']}, {here['cores']} shared cores for "
        f"three etcd, three nodes and the generator, load before {os.getloadavg()[0]:.1f}"
    )
    measure_snapshot(SLOTS)
    with processes() as programs:
        pid = start_single(programs)
        line(f"one server, {3 * options.members} members in the lobby")
        measure_lobby([SINGLE], pid, 3 * options.members, options.seconds)
    with processes() as programs:
        nodes = start_cluster(programs)
        line(f"three nodes with {options.members} members each in the lobby")
        measure_lobby(list(NODES.values()), nodes[0], 3 * options.members, options.seconds)
    with processes() as programs:
        nodes = start_cluster(programs)
        line(f"three nodes with {options.crowd} members each in rooms of 30")
        measure_crowd(nodes, options.crowd, options.seconds)


if __name__ == "__main__":
    main()
