"""A member's round trip while datagrams flood the discovery port.

    python -m tests.load.datagram_floods

Each message must be confirmed within 50 ms in 99 of 100 cases, whatever is sent.
"""

import select
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.machine import cores
from benchmarks.report import percentile
from benchmarks.server_process import pinned
from tests.load import report
from tests.load.datagram_flooder import DATAGRAMS
from tests.load.dialects import LOBBY, NATIVE
from tests.load.member import Member
from tests.load.server_process import ServerProcess, run_server

#: Enough to stop a server that reads all that there is: 14,000 sufficed.
_PER_SECOND: Final = 20_000
_LEAST_PER_SECOND: Final = 14_000
_WARM_SECONDS: Final = 1.0
_SECONDS: Final = 8.0
_PAUSE_SECONDS: Final = 0.01
_P99_MILLISECONDS: Final = 50.0
_PATIENCE_SECONDS: Final = 2.0


def round_trips(server: ServerProcess, seconds: float) -> list[float]:
    """The milliseconds from each of a member's messages to its confirmation.

    One that is not confirmed within two seconds counts as infinitely late.
    """
    member = Member(NATIVE, "ice", server.address())
    times: list[float] = []
    begin = time.perf_counter()
    number = 0
    while time.perf_counter() - begin < seconds:
        number += 1
        sent = time.perf_counter()
        member.send_message(LOBBY, number)
        while number not in member.confirmed:
            left = sent + _PATIENCE_SECONDS - time.perf_counter()
            if left <= 0 or member.is_closed:
                return [*times, float("inf")]
            select.select([member.socket], [], [], left)
            member.read()
        times.append(1_000 * (time.perf_counter() - sent))
        time.sleep(_PAUSE_SECONDS)
    member.quit()
    return times


def measure(kind: str | None, log: Path) -> list[str]:
    """Print one row of the table, and return the faults.

    :param kind: one of `DATAGRAMS`, or None for no flood.
    """
    core = cores()
    rate = 0
    with pinned(core.server), run_server(log, "--flood", "0") as server, pinned(core.load):
        round_trips(server, _WARM_SECONDS)
        if kind is None:
            times = round_trips(server, _SECONDS)
        else:
            command = [sys.executable, "-m", "tests.load.datagram_flooder", kind]
            command += [str(_PER_SECOND), str(_SECONDS + _WARM_SECONDS)]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as flood:
                time.sleep(_WARM_SECONDS)
                times = round_trips(server, _SECONDS - _WARM_SECONDS)
                output, _ = flood.communicate()
            rate = int(output)
    times.sort()
    median, p99, maximum = (percentile(times, part) for part in (50, 99, 100))
    name = kind or "none"
    report.line(f"{name:8} {rate:12,} {len(times):12} {median:8.2f} {p99:8.2f} {maximum:8.2f}")
    faults = []
    if kind is not None and rate < _LEAST_PER_SECOND:
        faults.append(f"{name}: only {rate} datagrams a second could be sent")
    if p99 >= _P99_MILLISECONDS:
        faults.append(f"{name}: the 99th percentile is {p99:.0f} ms")
    return faults


def main() -> None:
    report.begin("python -m tests.load.datagram_floods")
    report.line("milliseconds from a member's message to its confirmation")
    report.line("flood     datagrams/s  round trips   median      p99  maximum")
    faults = []
    with TemporaryDirectory() as directory:
        for kind in (None, *DATAGRAMS):
            faults += measure(kind, Path(directory) / "log")
    sys.exit(report.end(faults))


if __name__ == "__main__":
    main()
