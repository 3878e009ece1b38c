"""A log that cannot be written does not stop the chat, and continues when it can be."""

import os
import resource
import select
import signal
import subprocess
import termios
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest

from tests.e2e.native_peer import Peer, enter
from tests.e2e.programs import CHATD, Program, programs
from tests.ports import IFADDRS, free_port, free_udp_port
from tests.timeouts import TIMEOUT_SECONDS

#: How large a file may get, as a disk that is nearly full.
_FULL_BYTES = 8_192

#: Enough messages for more than the log's buffer, and for the kernel's buffer of a pipe.
_MANY_MESSAGES, _LONG_TEXT = 1_200, "x" * 4_000

_READY = b"answers discovery"


def _server(port: int) -> list[str]:
    words = [*CHATD, "server", *IFADDRS, "--port", str(port), "--flood", "0"]
    return [*words, "--discovery-port", str(free_udp_port())]


@dataclass
class Logged:
    """A server with a log file, and the functions that a test needs."""

    port: int
    log: Path
    server: Program
    start: Callable[..., Program]

    def expect_in_log(self, text: str) -> None:
        """Wait until the log file, or the one that replaces it, has a line with `text`."""
        self.start(["tail", "-n", "+1", "-F", str(self.log)]).expect_stdout(text)


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Logged]:
    """A server that listens, and logs to a file."""
    with programs() as start:
        port, log = free_port(), tmp_path / "chat.log"
        started = Logged(port, log, start([*_server(port), "--log-file", str(log)]), start)
        started.expect_in_log("answers discovery")
        yield started


def _say(peer: Peer, text: str) -> None:
    peer.send("message", {"text": text}, id=1)
    peer.receive("ok")


def test_a_full_disk_costs_only_lines_of_the_log(logged: Logged) -> None:
    ice, server = enter(logged.port, "ice"), logged.server
    hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (_FULL_BYTES, hard))
    for _ in range(20):
        _say(ice, "x" * 1_000)
    server.expect_stderr(f"the log {logged.log} cannot be written")
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (hard, hard))
    _say(ice, "there is room again")
    logged.expect_in_log("ice: 'there is room again'")
    ice.close()
    assert " missing here, because the log could not be" in logged.log.read_text()
    assert len(server.stderr) == 1, "it is said once"


def test_a_removed_log_file_is_created_again(logged: Logged) -> None:
    ice = enter(logged.port, "ice")
    logged.log.unlink()
    _say(ice, "hello")
    logged.expect_in_log("ice: 'hello'")
    ice.close()
    assert logged.server.stderr == []


# --- a reader that stops reading ----------------------------------------------------------------


@dataclass
class Reader:
    """What reads a server's log.

    :ivar stop: have the next write wait; `resume`, end that.
    """

    process: "subprocess.Popen[bytes]"
    descriptor: int
    stop: Callable[[], None] = lambda: None
    resume: Callable[[], None] = lambda: None

    def read_until(self, text: bytes) -> bytes:
        """Everything up to and including `text`."""
        read, end = b"", monotonic() + TIMEOUT_SECONDS
        while text not in read:
            assert select.select([self.descriptor], [], [], end - monotonic())[0], read[-1_000:]
            read += os.read(self.descriptor, 65_536)
        return read


@contextmanager
def _pipe(port: int, directory: Path) -> Iterator[Reader]:
    reading, writing = os.pipe()
    with subprocess.Popen(_server(port), stderr=writing) as process:
        os.close(writing)
        yield Reader(process, reading)
        os.close(reading)


@contextmanager
def _fifo(port: int, directory: Path) -> Iterator[Reader]:
    fifo = directory / "log"
    os.mkfifo(fifo)
    # The server opens it first: it does not wait for a reader.
    with subprocess.Popen([*_server(port), "--log-file", str(fifo)]) as process:
        reading = os.open(fifo, os.O_RDONLY)
        yield Reader(process, reading)
        os.close(reading)


@contextmanager
def _terminal(port: int, directory: Path) -> Iterator[Reader]:
    window, terminal = os.openpty()
    with subprocess.Popen(_server(port), stderr=terminal) as process:
        yield Reader(
            process,
            window,
            lambda: termios.tcflow(terminal, termios.TCOOFF),  # what Ctrl-S does
            lambda: termios.tcflow(terminal, termios.TCOON),
        )
        os.close(terminal)
        os.close(window)


@pytest.mark.parametrize("log", [_pipe, _fifo, _terminal])
def test_a_log_that_nobody_reads_stops_neither_the_chat_nor_its_end(
    log: Callable[[int, Path], AbstractContextManager[Reader]], tmp_path: Path
) -> None:
    port = free_port()
    with log(port, tmp_path) as reader:
        try:
            reader.read_until(_READY)
            reader.stop()
            ice, sun = enter(port, "ice"), enter(port, "sun")
            for _ in range(_MANY_MESSAGES):
                _say(ice, _LONG_TEXT)
                sun.receive("message")
            reader.resume()
            read = reader.read_until(b" lines are missing here, because the log could not be")
            # The lines before it are whole and in order.
            assert read.count(_LONG_TEXT.encode() + b"'") > _FULL_BYTES // len(_LONG_TEXT)
            _say(ice, "it moves again")
            reader.read_until(b"it moves again")
            reader.stop()
            for _ in range(_MANY_MESSAGES):
                _say(ice, _LONG_TEXT)
            sun.close()
            ice.close()
            reader.process.send_signal(signal.SIGTERM)
            assert reader.process.wait(TIMEOUT_SECONDS) == 0
        finally:
            with suppress(ProcessLookupError):
                reader.process.kill()
