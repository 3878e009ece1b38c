"""A thousand members who read nothing any more, and ten who write as fast as they can.

    python -m benchmarks.abuse.stopped

The server's memory must stay under a bound, and the others hear of each who is dropped, once.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.abuse.floods import flooders, told_at_the_end
from benchmarks.abuse.hosted import Hosted, hosted
from benchmarks.abuse.member import Member
from benchmarks.abuse.report import Report
from benchmarks.abuse.tongues import NATIVE
from benchmarks.machine import raise_file_limit

_STOPPED: Final = 1_000
_FLOODERS: Final = 10
_READERS: Final = 10
_CHARACTERS: Final = 4_000
_SMALL_BUFFER_BYTES: Final = 4_096
_PATIENCE_SECONDS: Final = 100.0
_MIB: Final = 2**20
#: What the server may use: what waits for one member is at most OUTBOUND_BYTES, and what its
#: transport has taken over no more than a batch and what is joined with it; and the server itself.
_EACH_BYTES: Final = 1_048_576 + 3 * 65_536
_ITSELF_BYTES: Final = 100 * _MIB
_BOUND_BYTES: Final = _STOPPED * _EACH_BYTES + _ITSELF_BYTES


class Reader:
    """An ordinary member that counts what it hears.

    :ivar left: who left, and why.
    :ivar kinds: how many frames of each type came.
    """

    def __init__(self, name: str, server: Hosted) -> None:
        self.member = Member(NATIVE, name, server.address())
        self.left: dict[str, str] = {}
        self.kinds: Counter[str] = Counter()
        self._rest = b""

    def read(self) -> None:
        """Take in what has come."""
        while not self.member.is_over and (data := self.member.read()):
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                frame = json.loads(line)
                self.kinds[frame["type"]] += 1
                if frame["type"] == "left":
                    assert frame["data"]["nickname"] not in self.left
                    self.left[frame["data"]["nickname"]] = frame["data"]["reason"]


def run(server: Hosted, report: Report) -> list[str]:
    """Have them come, stop, and be dropped: what was not as it should be."""
    readers = [Reader(f"reader-{number}", server) for number in range(_READERS)]
    stopped = [
        Member(NATIVE, f"stopped-{number}", server.address(), _SMALL_BUFFER_BYTES)
        for number in range(_STOPPED)
    ]
    _until(lambda: readers[-1].kinds["entered"] >= _STOPPED, readers)
    before = server.resident_bytes()
    begin = time.monotonic()
    most = 0
    with flooders(_FLOODERS, _CHARACTERS) as process:
        while not _all_gone(readers) and time.monotonic() < begin + _PATIENCE_SECONDS:
            most = max(most, server.resident_bytes())
            _until(lambda: True, readers)
        took = time.monotonic() - begin
        _until(lambda: False, readers, seconds=3)
        told = told_at_the_end(process)
    after = server.resident_bytes()
    reasons = Counter(readers[0].left.values())
    report.say(
        f"server memory (resident): {before / _MIB:.0f} MiB before, {most / _MIB:.0f} MiB at most, "
        f"{after / _MIB:.0f} MiB after; bound {_BOUND_BYTES / _MIB:.0f} MiB"
    )
    report.say(f"the last of {_STOPPED} was dropped after {took:.1f} s; reasons: {dict(reasons)}")
    report.say(f"what a reader heard: {dict(readers[0].kinds)}")
    faults = [
        f"{reader.member.name} heard of {len(reader.left)} who left"
        for reader in readers
        if len(reader.left) != _STOPPED
    ]
    if most > _BOUND_BYTES:
        faults.append("the server used more memory than it may")
    if told["ended"] or any(reader.member.is_over for reader in readers):
        faults.append("somebody was dropped who reads")
    if set(reasons) != {"too slow"}:
        faults.append("somebody left for another reason")
    if set(readers[0].kinds) - {"welcome", "entered", "left", "message"}:
        faults.append("a reader heard something else")
    for member in stopped:
        member.vanish()
    return faults


def _all_gone(readers: list[Reader]) -> bool:
    return all(len(reader.left) >= _STOPPED for reader in readers)


def _until(is_done: Callable[[], bool], readers: list[Reader], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for reader in readers:
            reader.read()
        time.sleep(0.05)
        if is_done():
            return


def main() -> None:
    raise_file_limit()
    with Report("stopped", "python -m benchmarks.abuse.stopped") as report:
        report.say(
            f"{_STOPPED} members who read nothing any more, {_FLOODERS} who write "
            f"{_CHARACTERS} characters at a time as fast as they can, {_READERS} who read"
        )
        with (
            TemporaryDirectory() as directory,
            hosted(Path(directory) / "log", "--slots", "1100") as server,
        ):
            faults = run(server, report)
        for fault in faults:
            report.say(f"FAULT: {fault}")
        report.say(f"faults: {len(faults)}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
