"""What ordinary members notice of others who write as fast as they can.

python -m benchmarks.abuse.floods
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

from benchmarks.abuse.hosted import Hosted, hosted
from benchmarks.abuse.member import Member
from benchmarks.abuse.report import Report
from benchmarks.abuse.tongues import LOBBY, NATIVE
from benchmarks.machine import cores, raise_file_limit
from benchmarks.report import percentile
from benchmarks.server_process import pinned

_FLOODERS: Final = (0, 1, 10, 100)
_ORDINARY: Final = 50
#: Each ordinary member says one thing a second.
_EACH_SECOND: Final = _ORDINARY
_WARM_SECONDS: Final = 3.0
_SECONDS: Final = 20.0


class Ordinary:
    """Members who talk now and then, and note when they hear each other.

    :ivar latencies: in seconds, of each message to each of them.
    """

    def __init__(self, server: Hosted) -> None:
        self._poll = select.epoll()
        self.members = [
            Member(NATIVE, f"ordinary-{number}", server.address()) for number in range(_ORDINARY)
        ]
        self._by_handle = {member.socket.fileno(): member for member in self.members}
        for handle in self._by_handle:
            self._poll.register(handle, select.EPOLLIN)
        self._sent: dict[int, float] = {}
        self.latencies: list[float] = []

    def talk(self, seconds: float) -> None:
        """Talk for so long, each in turn, and hear everything that was said."""
        begin = time.perf_counter()
        for count in range(int(seconds * _EACH_SECOND)):
            self._hear_until(begin + count / _EACH_SECOND)
            number = len(self._sent) + 1
            self._sent[number] = time.perf_counter()
            self.members[number % _ORDINARY].say(LOBBY, number)
        self._hear_until(begin + seconds + 1)

    def _hear_until(self, end: float) -> None:
        while (left := end - time.perf_counter()) > 0:
            for handle, _ in self._poll.poll(left):
                member = self._by_handle[handle]
                known = len(member.heard)
                member.read()
                now = time.perf_counter()
                self.latencies.extend(now - self._sent[each] for each in member.heard[known:])
                if member.is_over:
                    self._poll.unregister(handle)


@contextmanager
def flooders(count: int, characters: int = 20) -> Iterator["subprocess.Popen[bytes]"]:
    """Some flooders in a process of their own, all entered."""
    words = [sys.executable, "-m", "benchmarks.abuse.flooder", str(count), str(characters)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


def told_at_the_end(process: "subprocess.Popen[bytes]") -> dict[str, int]:
    """End the flood: what it wrote, and how many were ended by the server."""
    output, _ = process.communicate(timeout=60)
    told: dict[str, int] = json.loads(output)
    return told


def measure(count: int, log: Path, report: Report) -> bool:
    """One row of the table; the answer is whether nobody was dropped."""
    core = cores()
    with pinned(core.server), hosted(log, "--slots", "200") as server, pinned(core.load):
        ordinary = Ordinary(server)
        with flooders(count) as process:
            ordinary.talk(_WARM_SECONDS)
            ordinary.latencies.clear()
            cpu = server.cpu_seconds()
            ordinary.talk(_SECONDS)
            cpu = server.cpu_seconds() - cpu
            told = told_at_the_end(process)
        dropped = sum(member.is_over for member in ordinary.members) + told["ended"]
        ordinary.latencies.sort()
        found = [percentile(ordinary.latencies, part) * 1e3 for part in (50, 99, 100)]
        report.say(
            f"{count:9} {found[0]:10.2f} {found[1]:10.2f} {found[2]:10.2f} "
            f"{100 * cpu / (_SECONDS + 1):9.0f} {told['written'] / 2**20:12.1f} {dropped:8}"
        )
    due = int(_SECONDS * _EACH_SECOND) * (_ORDINARY - 1)
    return not dropped and len(ordinary.latencies) == due


def main() -> None:
    raise_file_limit()
    with Report("floods", "python -m benchmarks.abuse.floods") as report, TemporaryDirectory() as d:
        report.say(
            f"{_ORDINARY} ordinary members, one message a second each, for {_SECONDS:.0f} s; "
            "flooders write as fast as they can, --flood 10; milliseconds from the sender to "
            "each of the others"
        )
        report.say(" flooders     median        p99       most  server %  MiB written  dropped")
        is_right = [measure(count, Path(d) / "log", report) for count in _FLOODERS]
    sys.exit(not all(is_right))


if __name__ == "__main__":
    main()
