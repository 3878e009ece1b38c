"""A server without a free file descriptor: its members chat on, and it does not spin.

python -m tests.load.descriptors
"""

import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.load import report
from tests.load.dialects import LOBBY, NATIVE
from tests.load.member import Member
from tests.load.server_process import HOST, PORTS, ServerProcess, run_server

_FILES: Final = 64
_CONNECTIONS: Final = 100
_SECONDS: Final = 10.0
_PER_SECOND: Final = 100
_MAX_IDLE_PERCENT: Final = 5


def run(server: ServerProcess) -> list[str]:
    """Use up the descriptors, then free them; print the figures and return the faults."""
    ice, moon = (Member(NATIVE, name, server.address()) for name in ("ice", "moon"))
    connections = [_connect() for _ in range(_CONNECTIONS)]
    time.sleep(1)
    kept = [each for each in connections if _is_open(each)]
    report.line(
        f"{_FILES} descriptors allowed: {server.process.num_fds()} open; of {_CONNECTIONS} "
        f"connections {len(kept)} are open, the others were closed at once"
    )
    idle = _cpu_percent(server, lambda: None)
    report.line(f"server CPU without new connections: {idle:.1f} %")
    busy = _cpu_percent(server, lambda: _connect().close())
    report.line(f"server CPU with {_PER_SECOND} new connections a second: {busy:.1f} %")
    ice.send_message(LOBBY, 1)
    time.sleep(0.5)
    ice.read()
    moon.read()
    chats = list(moon.received) == [1] and ice.confirmed == {1}
    for each in connections:
        each.close()
    time.sleep(1)
    sun = Member(NATIVE, "sun", server.address())
    sun.send_message(LOBBY, 2)
    time.sleep(0.5)
    moon.read()
    accepts = list(moon.received) == [1, 2]
    lines, tracebacks = server.log.read_bytes().count(b"\n"), server.tracebacks()
    report.line(f"members chatted on: {chats}; a new member could enter later: {accepts}")
    report.line(f"tracebacks in the log: {tracebacks}; lines: {lines}")
    faults = {
        "members could not chat": not chats,
        "no new member could enter afterwards": not accepts,
        "there are tracebacks in the log": tracebacks,
        "the server was busy without new connections": idle >= _MAX_IDLE_PERCENT,
    }
    return [fault for fault, is_so in faults.items() if is_so]


def _connect() -> socket.socket:
    return socket.create_connection((HOST, PORTS["main"]), 5)


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        while connection.recv(65_536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _cpu_percent(server: ServerProcess, action: Callable[[], None]) -> float:
    """The server's CPU in percent of a core, while `action` is repeated."""
    before, begin = server.cpu_seconds(), time.monotonic()
    while time.monotonic() < begin + _SECONDS:
        action()
        time.sleep(1 / _PER_SECOND)
    return 100 * (server.cpu_seconds() - before) / (time.monotonic() - begin)


def main() -> None:
    report.begin("python -m tests.load.descriptors")
    with (
        TemporaryDirectory() as directory,
        run_server(Path(directory) / "log", files=_FILES) as server,
    ):
        faults = run(server)
    sys.exit(report.end(faults))


if __name__ == "__main__":
    main()
