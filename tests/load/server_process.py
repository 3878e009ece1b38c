"""A chatd server in a process of its own, and the resources that it uses."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import psutil

from benchmarks.machine import process_seconds

#: Two load tests at the same time need two loopback addresses.
HOST: Final = os.environ.get("CHATD_LOAD_HOST", "127.0.71.1")
PORTS: Final = {"main": 7_171, "plain": 7_172, "jim": 7_173, "web": 7_174}
_ROOT: Final = Path(__file__).parent.parent.parent
_DISCOVERY_PORT: Final = 7_171
#: Where its discovery queries are sent: the broadcast address of 127.0.0.0/8.
BROADCAST: Final = ("127.255.255.255", _DISCOVERY_PORT)
_TIMEOUT_SECONDS: Final = 60.0
#: The last line that a server logs before it is ready.
_READY: Final = b"answers discovery"


class Resources(msgspec.Struct, frozen=True):
    """What a server holds; `garbage` is the number of objects that a collection has just freed."""

    delayed_calls: int
    readers: int
    files: int
    garbage: int


class ServerProcess:
    """A running server.

    :ivar process: the same process, for psutil.
    :ivar log: the path of its log.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process = process
        self.process = psutil.Process(process.pid)
        self.log = log

    def address(self, port: str = "main") -> tuple[str, int]:
        """The address of one of `PORTS`."""
        return HOST, PORTS[port]

    def resources(self) -> Resources:
        """What it holds now."""
        assert self._process.stdout is not None
        self._process.send_signal(signal.SIGUSR1)
        return msgspec.json.decode(self._process.stdout.readline(), type=Resources)

    def resident_bytes(self) -> int:
        """Its resident memory (RSS)."""
        return int(self.process.memory_info().rss)

    def unique_bytes(self) -> int:
        """Its memory that is shared with no other process (USS)."""
        return int(self.process.memory_full_info().uss)

    def cpu_seconds(self) -> float:
        """The CPU time used so far."""
        return process_seconds(self._process.pid)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._process.terminate()

    def exit_status(self) -> int:
        """Wait for its end."""
        return self._process.wait(_TIMEOUT_SECONDS)

    def tracebacks(self) -> int:
        """The number of tracebacks in its log."""
        return self.log.read_bytes().count(b"Traceback")


@contextmanager
def run_server(log: Path, *options: str, files: int | None = None) -> Iterator[ServerProcess]:
    """Run a server until the end of the block.

    :param files: its limit of open files.
    """
    command = [sys.executable, "-m", "tests.load.instrumented_server"]
    command += ["--ifaddrs", f"{HOST}/8", "--id", "load", "--port", str(PORTS["main"])]
    command += ["--discovery-port", str(_DISCOVERY_PORT), "--store", "none", *options]
    for port in ("plain", "jim", "web"):
        command += [f"--{port}", str(PORTS[port])]
    if files is not None:
        command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=output, cwd=_ROOT, env=environment
        )
    try:
        _wait_until_ready(process, log)
        yield ServerProcess(process, log)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _wait_until_ready(process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while _READY not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server does not start: {log.read_text()[-500:]}")
        select.select([], [], [], 0.02)
