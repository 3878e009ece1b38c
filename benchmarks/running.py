"""A peer's server, running on its own core."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from benchmarks.compiling import BUILD, HERE
from benchmarks.measure import free_port, listens
from benchmarks.peers import Peer, Place, find

ADDRESS: Final = "127.0.9.1"
START_SECONDS: Final = 20
POLL_SECONDS: Final = 0.02
SAID_CHARACTERS: Final = 500
#: What a server may still be doing just after it listens.
SETTLING_SECONDS: Final = 0.5


class FailedError(Exception):
    """Something did not work for this peer; the text says what, and goes into the results."""


@dataclass(frozen=True)
class Server:
    """A server that listens."""

    place: Place
    process: subprocess.Popen[bytes]

    def ended(self) -> str:
        """A clause that says how the server ended, or nothing while it runs."""
        status = self.process.poll()
        if status is None:
            return ""
        return f"; the server has ended, status {status}; it said: {said(self.place)}"


def said(place: Place) -> str:
    """The last of what a server wrote to its standard output and error."""
    text = (place.directory / "output").read_text(errors="replace").strip()
    return text[-SAID_CHARACTERS:] or "nothing"


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """What is started meanwhile stays on `core`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def server_of(peer: Peer, core: int) -> Iterator[Server]:
    """Run a peer's server until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # mosquitto, started as root, reads as somebody else
        place = Place(
            ADDRESS,
            free_port(ADDRESS, socket.SOCK_STREAM),
            free_port("", socket.SOCK_DGRAM),
            directory,
        )
        words = peer.command(place)
        with (directory / "output").open("wb") as output:
            process = start([find(words[0]) or words[0], *words[1:]], core, output, directory)
        try:
            _wait_until_listening(process, place)
            yield Server(place, process)
        finally:
            process.kill()
            process.wait()


def start(
    words: list[str], core: int, output: IO[bytes], directory: Path
) -> "subprocess.Popen[bytes]":
    """Start a program on a core."""
    with pinned(core):
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env=environment(),
        )


def environment() -> dict[str, str]:
    """With it a chatd is the one of this checkout, unless PYTHONPATH names another."""
    return {"PYTHONPATH": str(HERE.parent), **os.environ}


def told_by_chatd(*words: str) -> str:
    """What chatd prints when it is given `words`."""
    return subprocess.run(
        [sys.executable, "-m", "chatd", *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=BUILD,  # not this directory: Python looks there first
        env=environment(),
    ).stdout


def _wait_until_listening(process: "subprocess.Popen[bytes]", place: Place) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not listens(place.address, place.port):
        if process.poll() is not None or time.monotonic() > deadline:
            state = "has ended" if process.poll() is not None else "does not listen"
            raise FailedError(f"the server {state}; it said: {said(place)}")
        time.sleep(POLL_SECONDS)
    time.sleep(SETTLING_SECONDS)
