"""A server that is told to stop while 200 talk as fast as they are answered and 1,000 listen.

    python -m benchmarks.abuse.ending

Everyone must be told, and what was confirmed to its sender must have reached everyone else.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.abuse.hosted import Hosted, hosted
from benchmarks.abuse.member import Member
from benchmarks.abuse.report import Report
from benchmarks.abuse.tongues import LOBBY, NATIVE
from benchmarks.machine import raise_file_limit

_SENDERS: Final = 200
_LISTENERS: Final = 1_000
_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 60.0
_AT_ONCE: Final = 50
_GOODBYE: Final = b'{"type":"goodbye","data":{"reason":"server is stopping"}}\n'


class Hall:
    """Senders and listeners, each of them read in turn, and the last that each was told."""

    def __init__(self, server: Hosted) -> None:
        self.members: list[Member] = []
        self.last: dict[Member, bytes] = {}
        self._number = 0
        for number in range(_SENDERS + _LISTENERS):
            self.members.append(Member(NATIVE, f"m{number}", server.address()))
            if number % _AT_ONCE == 0:
                self.read()
        self.senders = self.members[:_SENDERS]

    def read(self) -> bool:
        """Have everybody read; the answer is whether anybody is still connected."""
        for member in self.members:
            if not member.is_over:
                data = member.read()
                self.last[member] = (self.last.get(member, b"") + data)[-len(_GOODBYE) :]
        return any(not member.is_over for member in self.members)

    def talk(self) -> None:
        """Whoever has had everything confirmed says the next thing."""
        for member in self.senders:
            if len(member.confirmed) == len(member.said):
                self._number += 1
                member.say(LOBBY, self._number)


def run(server: Hosted, report: Report) -> list[str]:
    """Have them talk, and the server stop: what was not as it should be."""
    hall = Hall(server)
    begin = time.monotonic()
    while time.monotonic() < begin + 2:
        hall.read()
    begin = time.monotonic()
    while time.monotonic() < begin + _SECONDS:
        hall.talk()
        hall.read()
    talked = time.monotonic() - begin
    # The first turn hears what was confirmed until now; from here on all are in the room.
    server.end()
    stopped = time.monotonic()
    while hall.read() and time.monotonic() < stopped + _PATIENCE_SECONDS:
        hall.talk()
    told = time.monotonic() - stopped
    status = server.status()
    took = time.monotonic() - stopped
    said = {number for member in hall.senders for number in member.said}
    confirmed = {number for member in hall.senders for number in member.confirmed}
    report.say(
        f"{len(confirmed)} messages confirmed in {talked:.0f} s, {len(said - confirmed)} not; all "
        f"connections ended {told:.2f} s after the signal, the process {took:.2f} s after, "
        f"status {status}"
    )
    untold = [member for member in hall.members if hall.last[member] != _GOODBYE]
    reset = [member for member in hall.members if member.is_cut]
    lacking = sum(bool(confirmed - member.confirmed - set(member.heard)) for member in hall.members)
    order = max((member.heard for member in hall.members[_SENDERS:]), key=len)
    astray = sum(member.heard != order for member in hall.members[_SENDERS:])
    report.say(
        f"of {len(hall.members)} members: {len(untold)} not told, {len(reset)} reset, {lacking} "
        f"lack a message that was confirmed to another, {astray} listeners heard another order"
    )
    is_right = not (untold or lacking or astray or status)
    return [] if is_right else ["see above"]


def main() -> None:
    raise_file_limit()
    faults = []
    with Report("ending", "python -m benchmarks.abuse.ending") as report:
        report.say(f"{_SENDERS} who talk, {_LISTENERS} who listen; then SIGTERM")
        for flood in ("10", "0"):
            with (
                TemporaryDirectory() as directory,
                hosted(Path(directory) / "log", "--slots", "1300", "--flood", flood) as server,
            ):
                report.say(f"--flood {flood}:")
                faults += run(server, report)
        report.say(f"faults: {len(faults)}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
