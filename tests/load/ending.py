"""The server is stopped while 200 members send as fast as they are confirmed and 1,000 receive.

    python -m tests.load.ending

Each member must receive a ``goodbye``, and each confirmed message must have reached all others.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.machine import raise_file_limit
from tests.load import report
from tests.load.dialects import LOBBY, NATIVE
from tests.load.member import Member
from tests.load.server_process import ServerProcess, run_server

_SENDERS: Final = 200
_RECEIVERS: Final = 1_000
_SECONDS: Final = 5.0
_TIMEOUT_SECONDS: Final = 60.0
_AT_ONCE: Final = 50
_GOODBYE: Final = b'{"type":"goodbye","data":{"reason":"server is stopping"}}\n'


class Members:
    """Senders and receivers, each read in turn, and the last bytes that each received."""

    def __init__(self, server: ServerProcess) -> None:
        self.all: list[Member] = []
        self.last: dict[Member, bytes] = {}
        self._number = 0
        for number in range(_SENDERS + _RECEIVERS):
            self.all.append(Member(NATIVE, f"m{number}", server.address()))
            if number % _AT_ONCE == 0:
                self.read()
        self.senders = self.all[:_SENDERS]
        self.receivers = self.all[_SENDERS:]

    def read(self) -> bool:
        """Read from every member; return whether any is still connected."""
        for member in self.all:
            if not member.is_closed:
                data = member.read()
                self.last[member] = (self.last.get(member, b"") + data)[-len(_GOODBYE) :]
        return any(not member.is_closed for member in self.all)

    def send(self) -> None:
        """Each sender whose messages are all confirmed sends the next one."""
        for member in self.senders:
            if len(member.confirmed) == len(member.sent):
                self._number += 1
                member.send_message(LOBBY, self._number)


def run(server: ServerProcess) -> list[str]:
    """Send, stop the server, print the figures, and return the faults."""
    members = Members(server)
    begin = time.monotonic()
    while time.monotonic() < begin + 2:
        members.read()
    # All have entered before the first message, so that each must reach all.
    begin = time.monotonic()
    while time.monotonic() < begin + _SECONDS:
        members.send()
        members.read()
    seconds = time.monotonic() - begin
    server.terminate()
    stopped = time.monotonic()
    while members.read() and time.monotonic() < stopped + _TIMEOUT_SECONDS:
        members.send()
    closed = time.monotonic() - stopped
    status = server.exit_status()
    exited = time.monotonic() - stopped
    sent = {number for member in members.senders for number in member.sent}
    confirmed = {number for member in members.senders for number in member.confirmed}
    report.line(
        f"{len(confirmed)} messages confirmed in {seconds:.0f} s, {len(sent - confirmed)} not; all "
        f"connections closed {closed:.2f} s after the signal, the process exited {exited:.2f} s "
        f"after it, status {status}"
    )
    without_goodbye = sum(members.last[member] != _GOODBYE for member in members.all)
    reset = sum(member.is_truncated for member in members.all)
    lacking = sum(
        bool(confirmed - member.confirmed - set(member.received)) for member in members.all
    )
    order = max((member.received for member in members.receivers), key=len)
    disordered = sum(member.received != order for member in members.receivers)
    report.line(
        f"of {len(members.all)} members: {without_goodbye} without a goodbye, {reset} reset, "
        f"{lacking} lack a message that was confirmed to another, {disordered} receivers have "
        "another order"
    )
    faults = {
        "members were not told": without_goodbye,
        "members lack confirmed messages": lacking,
        "receivers disagree on the order": disordered,
        "the exit status is not 0": status,
    }
    return [fault for fault, count in faults.items() if count]


def main() -> None:
    raise_file_limit()
    report.begin("python -m tests.load.ending")
    report.line(f"{_SENDERS} members send, {_RECEIVERS} receive; then SIGTERM")
    faults = []
    for flood in ("10", "0"):
        with (
            TemporaryDirectory() as directory,
            run_server(Path(directory) / "log", "--slots", "1300", "--flood", flood) as server,
        ):
            report.line(f"--flood {flood}:")
            faults += run(server)
    sys.exit(report.end(faults))


if __name__ == "__main__":
    main()
