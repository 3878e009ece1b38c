"""A chatd server in a process of its own, and what it costs."""

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

#: One host for each of several runs at the same time.
HOST: Final = os.environ.get("CHATD_ABUSE_HOST", "127.0.71.1")
_ROOT: Final = Path(__file__).parent.parent.parent
PORTS: Final = {"main": 7_171, "plain": 7_172, "jim": 7_173, "web": 7_174}
_DISCOVERY_PORT: Final = 7_171
_PATIENCE_SECONDS: Final = 60.0
_READY: Final = b"answers discovery"


class Held(msgspec.Struct, frozen=True):
    """What a server holds: timers, watched descriptors, open files; `garbage` was just freed."""

    delayed_calls: int
    readers: int
    files: int
    garbage: int


class Hosted:
    """A server that runs.

    :ivar log: where its log is.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process = process
        self.process = psutil.Process(process.pid)
        self.log = log

    def address(self, side: str = "main") -> tuple[str, int]:
        """Where one of its ports is."""
        return HOST, PORTS[side]

    def held(self) -> Held:
        """What it holds now."""
        assert self._process.stdout is not None
        self._process.send_signal(signal.SIGUSR1)
        return msgspec.json.decode(self._process.stdout.readline(), type=Held)

    def resident_bytes(self) -> int:
        """Its memory in RAM."""
        return int(self.process.memory_info().rss)

    def own_bytes(self) -> int:
        """Its memory that no other process shares."""
        return int(self.process.memory_full_info().uss)

    def cpu_seconds(self) -> float:
        """The CPU time that it has used so far."""
        return process_seconds(self._process.pid)

    def end(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def status(self) -> int:
        """Wait for its end: the exit status."""
        return self._process.wait(_PATIENCE_SECONDS)

    def tracebacks(self) -> int:
        """How many are in its log."""
        return self.log.read_bytes().count(b"Traceback")


@contextmanager
def hosted(log: Path, *words: str, files: int | None = None) -> Iterator[Hosted]:
    """Run a server with these options until the end of the block.

    :param files: how many it may have open.
    """
    command = [sys.executable, "-m", "benchmarks.abuse.reporting_server"]
    command += ["--ifaddrs", f"{HOST}/8", "--id", "abuse", "--port", str(PORTS["main"])]
    command += ["--discovery-port", str(_DISCOVERY_PORT), *words]
    for side in ("plain", "jim", "web"):
        command += [f"--{side}", str(PORTS[side])]
    if files is not None:
        command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=output, cwd=_ROOT, env=environment
        )
    try:
        _await_start(process, log)
        yield Hosted(process, log)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _await_start(process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while _READY not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server does not start: {log.read_text()[-500:]}")
        select.select([], [], [], 0.02)
