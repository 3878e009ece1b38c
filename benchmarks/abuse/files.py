"""A server that has used up its file descriptors: whom it has it keeps, and it is not busy.

python -m benchmarks.abuse.files
"""

import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.abuse.hosted import HOST, PORTS, Hosted, hosted
from benchmarks.abuse.member import Member
from benchmarks.abuse.report import Report
from benchmarks.abuse.tongues import LOBBY, NATIVE

_FILES: Final = 64
_COMERS: Final = 100
_SECONDS: Final = 10.0
_EACH_SECOND: Final = 100


def run(server: Hosted, report: Report) -> list[str]:
    """Use them up, go on, free them: what was not as it should be."""
    ice, moon = (Member(NATIVE, name, server.address()) for name in ("ice", "moon"))
    crowd = [_connect() for _ in range(_COMERS)]
    time.sleep(1)
    kept = [one for one in crowd if _is_open(one)]
    report.say(
        f"{_FILES} descriptors allowed: {server.process.num_fds()} open; of {_COMERS} connections "
        f"{len(kept)} are kept, the others were closed at once"
    )
    idle = _cpu(server, lambda: None)
    report.say(f"server CPU, nobody comes: {idle:.1f} %")
    busy = _cpu(server, lambda: _connect().close())
    report.say(f"server CPU, {_EACH_SECOND} more come each second: {busy:.1f} %")
    ice.say(LOBBY, 1)
    time.sleep(0.5)
    ice.read()
    moon.read()
    has_talked = list(moon.heard) == [1] and ice.confirmed == {1}
    for one in crowd:
        one.close()
    time.sleep(1)
    sun = Member(NATIVE, "sun", server.address())
    sun.say(LOBBY, 2)
    time.sleep(0.5)
    moon.read()
    is_open_again = list(moon.heard) == [1, 2]
    report.say(f"members went on chatting: {has_talked}; others were let in later: {is_open_again}")
    report.say(f"tracebacks in the log: {server.tracebacks()}; lines: {_lines(server.log)}")
    is_right = has_talked and is_open_again and not server.tracebacks()
    return [] if is_right and idle < 5 else ["see above"]


def _connect() -> socket.socket:
    return socket.create_connection((HOST, PORTS["main"]), 5)


def _is_open(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        while one.recv(65_536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _cpu(server: Hosted, act: Callable[[], None]) -> float:
    """The server's CPU in percent of a core, while `act` is done again and again."""
    before, begin = server.cpu_seconds(), time.monotonic()
    while time.monotonic() < begin + _SECONDS:
        act()
        time.sleep(1 / _EACH_SECOND)
    return 100 * (server.cpu_seconds() - before) / (time.monotonic() - begin)


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n")


def main() -> None:
    with Report("files", "python -m benchmarks.abuse.files") as report:
        with (
            TemporaryDirectory() as directory,
            hosted(Path(directory) / "log", files=_FILES) as server,
        ):
            faults = run(server, report)
        report.say(f"faults: {len(faults)}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
