"""Programs in processes of their own. Tests wait for what a program prints, never for a time."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import IO, Any, Final

from tests.queued_writes import ARE_QUEUED
from tests.timeouts import TIMEOUT_SECONDS

FAULTY_CLIENT = (sys.executable, "-m", "tests.e2e.faulty_client")
_QUEUED = (sys.executable, "-m", "tests.queued_writes")
CHATD = (*_QUEUED, "chatd") if ARE_QUEUED else (sys.executable, "-m", "chatd")
TWISTD = (*_QUEUED, "twistd") if ARE_QUEUED else (str(Path(sys.executable).with_name("twistd")),)

#: How long a program may take to end when a test ends. It may be stopped, or hang.
LEAVING_SECONDS: Final = 3


class Program:
    """A running program.

    :param show: called with each line of its standard output, in a thread.
    :ivar stdout: the lines of its standard output so far.
    :ivar stderr: the lines of its standard error so far.
    """

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path | None = None,
        show: Callable[[str], None] | None = None,
    ) -> None:
        self.stdout: list[str] = []
        self.stderr: list[str] = []
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(Path.cwd()), "PYTHONUNBUFFERED": "1"},
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=each, daemon=True)
            for each in (
                (self._process.stdout, self.stdout, show),
                (self._process.stderr, self.stderr, None),
            )
        ]
        for reader in self._readers:
            reader.start()

    def _read(
        self, stream: IO[bytes], lines: list[str], show: Callable[[str], None] | None
    ) -> None:
        for line in stream:
            text = line.decode().rstrip("\n")
            if show is not None:
                show(text)
            with self._changed:
                lines.append(text)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def expect_stdout(self, text: str, after: int = 0, within: float = TIMEOUT_SECONDS) -> None:
        """Wait until a line of the standard output, from number `after` on, contains `text`."""
        self.wait_until(lambda: any(text in line for line in self.stdout[after:]), text, within)

    def expect_stderr(self, text: str, after: int = 0, within: float = TIMEOUT_SECONDS) -> None:
        """Wait until a line of the standard error, from number `after` on, contains `text`."""
        self.wait_until(lambda: any(text in line for line in self.stderr[after:]), text, within)

    def wait_until(
        self, happened: Callable[[], bool], what: str, within: float = TIMEOUT_SECONDS
    ) -> None:
        """Wait until a line of output makes `happened` true."""
        end = monotonic() + within
        with self._changed:
            while not happened():
                left = end - monotonic()
                ended = self._process.poll() is not None and not any(
                    reader.is_alive() for reader in self._readers
                )
                if left <= 0 or ended:
                    raise AssertionError(
                        f"no line with {what!r}\nout: {self.stdout}\nerr: {self.stderr}"
                    )
                self._changed.wait(min(left, 0.2))

    def send_line(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def close_stdin(self) -> None:
        """Close its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self._process.poll() is not None

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self, within: float = TIMEOUT_SECONDS) -> int:
        """Wait until it ends, and return its exit status."""
        status = self._process.wait(within)
        for reader in self._readers:
            reader.join(TIMEOUT_SECONDS)
        return status

    def close(self) -> None:
        """End it."""
        end_process(self._process)
        for reader in self._readers:
            reader.join(TIMEOUT_SECONDS)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with suppress(BrokenPipeError):  # it ended without reading all its input
                    stream.close()


def end_process(process: subprocess.Popen[Any]) -> None:
    """End it with SIGTERM, so that a client says goodbye and frees its nickname; or kill it."""
    process.terminate()
    try:
        process.wait(LEAVING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(TIMEOUT_SECONDS)


@contextmanager
def programs() -> Iterator[Callable[..., Program]]:
    """A function that starts programs. All are killed at the end, also when the test fails."""
    started: list[Program] = []

    def start(command: Sequence[str], cwd: Path | None = None) -> Program:
        started.append(Program(command, cwd))
        return started[-1]

    try:
        yield start
    finally:
        for program in started:
            program.close()
