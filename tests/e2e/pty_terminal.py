"""A program in a pseudo-terminal, with a terminal emulator that keeps its screen.

Tests wait for what the screen shows, never for a time.
"""

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final

import pyte

from tests.e2e.programs import end_process
from tests.timeouts import TIMEOUT_SECONDS

CONTROL_C: Final = "\x03"
CONTROL_D: Final = "\x04"
CONTROL_Z: Final = "\x1a"
ENTER: Final = "\r"
TAB: Final = "\t"
UP: Final = "\x1b[A"
DOWN: Final = "\x1b[B"


def bracketed_paste(text: str) -> str:
    """The characters that a terminal sends when the user pastes `text`."""
    return f"\x1b[200~{text}\x1b[201~"


class Terminal:
    """A terminal with a program in it.

    :ivar screen: the emulator's screen.
    :ivar raw: every byte that the program wrote.
    :ivar modes: the terminal's modes before the program started.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        columns: int = 80,
        rows: int = 24,
        reports_size: bool = True,
    ) -> None:
        self._master, self._slave = os.openpty()
        self.screen = pyte.HistoryScreen(columns, rows, history=10_000)
        self.raw = b""
        self._stream = pyte.ByteStream(self.screen)
        if reports_size:
            self.resize(columns, rows)
        self.modes = termios.tcgetattr(self._slave)
        self._process = subprocess.Popen(
            # In a session of its own, whose terminal is this one: Ctrl-C and a resize reach it.
            ["setsid", "--ctty", *command],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env={**os.environ, "PYTHONPATH": str(Path.cwd()), "TERM": "xterm-256color"}
            | dict(environment),
        )

    # --- output ---------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The lines on the screen, after those that have scrolled off its top."""
        above = ["".join(row[x].data for x in range(len(row))) for row in self.screen.history.top]
        return "\n".join(line.rstrip() for line in [*above, *self.screen.display]).rstrip()

    @property
    def lines(self) -> list[str]:
        """The lines of `text` that are not empty."""
        return [line for line in self.text.split("\n") if line]

    def expect(self, text: str) -> None:
        """Wait until the screen shows `text`, wherever its lines and words are wrapped."""
        expected = "".join(text.split())
        self.wait_until(lambda: expected in "".join(self.text.split()), text)

    def expect_last_lines(self, *lines: str) -> None:
        """Wait until the last lines begin with these."""

        def are_there() -> bool:
            last = self.lines[-len(lines) :]
            return len(last) == len(lines) and all(
                seen.strip().startswith(line) for seen, line in zip(last, lines, strict=True)
            )

        self.wait_until(are_there, " / ".join(lines))

    def wait_until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until output makes `happened` true."""
        end = monotonic() + TIMEOUT_SECONDS
        while not happened():
            if monotonic() > end or (self._process.poll() is not None and not self._read(0)):
                if happened():
                    return
                raise AssertionError(f"{what!r} is not on the screen:\n{self.text}")
            self._read(0.1)

    def _read(self, seconds: float) -> bool:
        """Draw the next output within `seconds` seconds; false if there was none."""
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        with suppress(OSError):  # the other end was closed
            data = os.read(self._master, 65_536)
            self.raw += data
            self._stream.feed(data)
            return bool(data)
        return False

    # --- input ----------------------------------------------------------------------------------

    def send_keys(self, keys: str) -> None:
        """Type these keys."""
        data = keys.encode()
        end = monotonic() + TIMEOUT_SECONDS
        while data:
            assert monotonic() < end, "the program reads nothing"
            self._read(0)  # or it could not go on writing, and so not read, either
            if select.select([], [self._master], [], 0.01)[1]:
                # Small pieces: a pseudo-terminal takes a few kilobytes at a time.
                data = data[os.write(self._master, data[:1024]) :]
                end = monotonic() + TIMEOUT_SECONDS

    def send_line(self, line: str) -> None:
        """Type a line, and Enter."""
        self.send_keys(line + ENTER)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)
        if rows and columns:
            self.screen.resize(rows, columns)

    def send_signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait until the program ends, and return its exit status."""
        self.wait_until(lambda: self._process.poll() is not None, "the end")
        while self._read(0):
            pass
        return self._process.wait()

    def wait_without_reading(self) -> int:
        """Wait until the program ends, though nobody reads what it writes."""
        return self._process.wait(TIMEOUT_SECONDS)

    def hang_up(self) -> None:
        """Close the terminal; the kernel sends the program SIGHUP."""
        for end in (self._slave, self._master):
            os.close(end)
        self._slave = self._master = -1

    def wait_after_hang_up(self) -> int:
        """After :meth:`hang_up`, wait until the program ends, and return its exit status."""
        return self._process.wait(TIMEOUT_SECONDS)

    @property
    def current_modes(self) -> list[Any]:
        """The terminal's modes now."""
        return termios.tcgetattr(self._slave)

    def restore_modes(self) -> None:
        """Set the terminal's modes to those before the program started."""
        termios.tcsetattr(self._slave, termios.TCSANOW, self.modes)

    def close(self) -> None:
        """End the program and close the terminal."""
        end_process(self._process)
        if self._master >= 0:
            self.hang_up()


#: Starts a program in a terminal; the options are those of :class:`Terminal`.
StartTerminal = Callable[..., Terminal]


@contextmanager
def terminals() -> Iterator[StartTerminal]:
    """A function that opens terminals. All are closed at the end, also when the test fails."""
    opened: list[Terminal] = []

    def start(*arguments: Any, **options: Any) -> Terminal:
        opened.append(Terminal(*arguments, **options))
        return opened[-1]

    try:
        yield start
    finally:
        for terminal in opened:
            terminal.close()
