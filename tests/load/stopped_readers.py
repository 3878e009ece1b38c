"""A thousand members stop reading, while ten others send as fast as they can.

    python -m tests.load.stopped_readers

The server's memory must stay below a bound, and each other member must learn once that a member was
dropped.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.machine import raise_file_limit
from tests.load import report
from tests.load.dialects import NATIVE
from tests.load.floods import end_flood, flooders
from tests.load.member import Member
from tests.load.server_process import ServerProcess, run_server

_STOPPED: Final = 1_000
_FLOODERS: Final = 10
_READERS: Final = 10
_CHARACTERS: Final = 4_000
_SMALL_BUFFER_BYTES: Final = 4_096
_TIMEOUT_SECONDS: Final = 100.0
_MIB: Final = 2**20
#: The most that the server may use: for each member OUTBOUND_BYTES in the send queue, and in its
#: transport a batch and what is joined with it; and the rest of the server.
_MEMBER_BYTES: Final = 1_048_576 + 3 * 65_536
_SERVER_BYTES: Final = 100 * _MIB
_BOUND_BYTES: Final = _STOPPED * _MEMBER_BYTES + _SERVER_BYTES


class Reader:
    """A member that counts what it receives.

    :ivar left: the members that left, and why.
    :ivar frames: how many frames of each type came.
    """

    def __init__(self, name: str, server: ServerProcess) -> None:
        self.member = Member(NATIVE, name, server.address())
        self.left: dict[str, str] = {}
        self.frames: Counter[str] = Counter()
        self._partial_line = b""

    def read(self) -> None:
        """Read and count what has come."""
        while not self.member.is_closed and (data := self.member.read()):
            *lines, self._partial_line = (self._partial_line + data).split(b"\n")
            for line in lines:
                frame = json.loads(line)
                self.frames[frame["type"]] += 1
                if frame["type"] == "left":
                    assert frame["data"]["nickname"] not in self.left
                    self.left[frame["data"]["nickname"]] = frame["data"]["reason"]


def run(server: ServerProcess) -> list[str]:
    """Run the test, print its figures, and return the faults."""
    readers = [Reader(f"reader-{number}", server) for number in range(_READERS)]
    stopped = [
        Member(NATIVE, f"stopped-{number}", server.address(), _SMALL_BUFFER_BYTES)
        for number in range(_STOPPED)
    ]
    _read_until(lambda: readers[-1].frames["entered"] >= _STOPPED, readers)
    before = server.resident_bytes()
    begin = time.monotonic()
    maximum = 0
    with flooders(_FLOODERS, _CHARACTERS) as process:
        while not _all_dropped(readers) and time.monotonic() < begin + _TIMEOUT_SECONDS:
            maximum = max(maximum, server.resident_bytes())
            _read_until(lambda: True, readers)
        seconds = time.monotonic() - begin
        _read_until(lambda: False, readers, seconds=3)
        flood = end_flood(process)
    after = server.resident_bytes()
    reasons = Counter(readers[0].left.values())
    report.line(
        f"server memory (resident): {before / _MIB:.0f} MiB before, {maximum / _MIB:.0f} MiB at "
        f"most, {after / _MIB:.0f} MiB after; bound {_BOUND_BYTES / _MIB:.0f} MiB"
    )
    report.line(f"the last of {_STOPPED} was dropped after {seconds:.1f} s; {dict(reasons)}")
    report.line(f"what a reader received: {dict(readers[0].frames)}")
    faults = [
        f"{reader.member.name} learned of {len(reader.left)} members that left"
        for reader in readers
        if len(reader.left) != _STOPPED
    ]
    if maximum > _BOUND_BYTES:
        faults.append("the server's memory exceeded the bound")
    if flood["closed"] or any(reader.member.is_closed for reader in readers):
        faults.append("a member that reads was dropped")
    if set(reasons) != {"too slow"}:
        faults.append("a member left for another reason")
    if set(readers[0].frames) - {"welcome", "entered", "left", "message"}:
        faults.append("a reader received other frames")
    for member in stopped:
        member.reset()
    return faults


def _all_dropped(readers: list[Reader]) -> bool:
    return all(len(reader.left) >= _STOPPED for reader in readers)


def _read_until(is_done: Callable[[], bool], readers: list[Reader], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for reader in readers:
            reader.read()
        time.sleep(0.05)
        if is_done():
            return


def main() -> None:
    raise_file_limit()
    report.begin("python -m tests.load.stopped_readers")
    report.line(
        f"{_STOPPED} members stop reading, {_FLOODERS} send {_CHARACTERS} characters at a time as "
        f"fast as they can, {_READERS} read"
    )
    with (
        TemporaryDirectory() as directory,
        run_server(Path(directory) / "log", "--slots", "1100") as server,
    ):
        faults = run(server)
    sys.exit(report.end(faults))


if __name__ == "__main__":
    main()
