"""A peer's server in a process of its own, on its own core."""

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
from typing import Final

from benchmarks.compiling import BUILD, HERE
from benchmarks.machine import free_port, is_listening
from benchmarks.peers import Peer, ServerConfig, find

ADDRESS: Final = "127.0.9.1"
START_SECONDS: Final = 20
POLL_SECONDS: Final = 0.02
OUTPUT_CHARACTERS: Final = 500
#: For what a server still does after it has begun to listen.
SETTLING_SECONDS: Final = 0.5


class MeasurementError(Exception):
    """A peer could not be measured; the text says why and goes into the results."""


@dataclass(frozen=True)
class Server:
    """A server that listens."""

    config: ServerConfig
    process: subprocess.Popen[bytes]

    def describe_exit(self) -> str:
        """A clause on how the server ended; empty while it runs."""
        status = self.process.poll()
        if status is None:
            return ""
        return f"; the server exited with status {status}; its output: {output_of(self.config)}"


def output_of(config: ServerConfig) -> str:
    """The last of what a server wrote to its standard output and error."""
    text = (config.directory / "output").read_text(errors="replace").strip()
    return text[-OUTPUT_CHARACTERS:] or "none"


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Processes that are started in the block run on `core`."""
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
        directory.chmod(0o755)  # mosquitto, if started as root, reads as another user
        config = ServerConfig(
            ADDRESS,
            free_port(ADDRESS, socket.SOCK_STREAM),
            free_port("", socket.SOCK_DGRAM),
            directory,
        )
        program, *arguments = peer.command(config)
        with (directory / "output").open("wb") as output, pinned(core):
            process = subprocess.Popen(
                [find(program) or program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=directory,
                env=environment(peer.checkout),
            )
        try:
            _wait_until_listening(process, config)
            yield Server(config, process)
        finally:
            process.kill()
            process.wait()


def environment(checkout: Path | None = None) -> dict[str, str]:
    """Has Python import chatd from `checkout`, or else from this one."""
    return {**os.environ, "PYTHONPATH": str(checkout or HERE.parent)}


def chatd_output(*arguments: str) -> str:
    """The standard output of ``chatd`` with these arguments."""
    return subprocess.run(
        [sys.executable, "-m", "chatd", *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=BUILD,  # not the current directory, from which Python would import first
        env=environment(),
    ).stdout


def _wait_until_listening(process: "subprocess.Popen[bytes]", config: ServerConfig) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_listening(config.address, config.port):
        if process.poll() is not None or time.monotonic() > deadline:
            state = "exited" if process.poll() is not None else "does not listen"
            raise MeasurementError(f"the server {state}; its output: {output_of(config)}")
        time.sleep(POLL_SECONDS)
    time.sleep(SETTLING_SECONDS)
