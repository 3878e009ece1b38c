"""How long messages take while other members send as fast as they can.

python -m tests.load.floods
"""

import json
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.machine import cores, raise_file_limit
from benchmarks.report import percentile
from benchmarks.server_process import pinned
from tests.load import report
from tests.load.dialects import LOBBY, NATIVE
from tests.load.member import Member
from tests.load.server_process import ServerProcess, run_server

_FLOODERS: Final = (0, 1, 10, 100)
_MEMBERS: Final = 50
#: One message a second from each of the ordinary members.
_PER_SECOND: Final = _MEMBERS
_WARM_SECONDS: Final = 3.0
_SECONDS: Final = 20.0


class OrdinaryMembers:
    """Members that send in turn, and note when each of the others receives it.

    :ivar latencies: in seconds, of each message to each member.
    """

    def __init__(self, server: ServerProcess) -> None:
        self._poll = select.epoll()
        self.members = [
            Member(NATIVE, f"ordinary-{number}", server.address()) for number in range(_MEMBERS)
        ]
        self._by_descriptor = {member.socket.fileno(): member for member in self.members}
        for descriptor in self._by_descriptor:
            self._poll.register(descriptor, select.EPOLLIN)
        self._sent: dict[int, float] = {}
        self.latencies: list[float] = []

    def chat(self, seconds: float) -> None:
        """Send for so long, and receive everything."""
        begin = time.perf_counter()
        for count in range(int(seconds * _PER_SECOND)):
            self._read_until(begin + count / _PER_SECOND)
            number = len(self._sent) + 1
            self._sent[number] = time.perf_counter()
            self.members[number % _MEMBERS].send_message(LOBBY, number)
        self._read_until(begin + seconds + 1)

    def _read_until(self, end: float) -> None:
        while (remaining := end - time.perf_counter()) > 0:
            for descriptor, _ in self._poll.poll(remaining):
                member = self._by_descriptor[descriptor]
                known = len(member.received)
                member.read()
                now = time.perf_counter()
                self.latencies.extend(now - self._sent[each] for each in member.received[known:])
                if member.is_closed:
                    self._poll.unregister(descriptor)


@contextmanager
def flooders(count: int, characters: int = 20) -> Iterator["subprocess.Popen[bytes]"]:
    """Flooders in a process of their own, after all have entered."""
    command = [sys.executable, "-m", "tests.load.flooder", str(count), str(characters)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


def end_flood(process: "subprocess.Popen[bytes]") -> dict[str, int]:
    """End the flood; return the bytes ``written``, and the connections ``closed`` by the server."""
    output, _ = process.communicate(timeout=60)
    found: dict[str, int] = json.loads(output)
    return found


def measure(count: int, log: Path) -> list[str]:
    """Print one row of the table, and return the faults."""
    core = cores()
    with pinned(core.server), run_server(log, "--slots", "200") as server, pinned(core.load):
        ordinary = OrdinaryMembers(server)
        with flooders(count) as process:
            ordinary.chat(_WARM_SECONDS)
            ordinary.latencies.clear()
            cpu = server.cpu_seconds()
            ordinary.chat(_SECONDS)
            cpu = server.cpu_seconds() - cpu
            flood = end_flood(process)
    dropped = sum(member.is_closed for member in ordinary.members) + flood["closed"]
    times = sorted(ordinary.latencies)
    median, p99, maximum = (percentile(times, part) * 1e3 for part in (50, 99, 100))
    report.line(
        f"{count:9} {median:10.2f} {p99:10.2f} {maximum:10.2f} "
        f"{100 * cpu / (_SECONDS + 1):9.0f} {flood['written'] / 2**20:12.1f} {dropped:8}"
    )
    lost = int(_SECONDS * _PER_SECOND) * (_MEMBERS - 1) - len(times)
    faults = [f"{count} flooders: {dropped} members were dropped"] if dropped else []
    return faults + ([f"{count} flooders: {lost} messages were not received"] if lost else [])


def main() -> None:
    raise_file_limit()
    report.begin("python -m tests.load.floods")
    report.line(
        f"{_MEMBERS} ordinary members send one message a second each, for {_SECONDS:.0f} s; "
        "flooders send as fast as they can, --flood 10; milliseconds from the sender to each of "
        "the others"
    )
    report.line(" flooders     median        p99    maximum  server %  MiB written  dropped")
    faults = []
    with TemporaryDirectory() as directory:
        for count in _FLOODERS:
            faults += measure(count, Path(directory) / "log")
    sys.exit(report.end(faults))


if __name__ == "__main__":
    main()
