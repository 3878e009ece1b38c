"""Drive the load generator, ``load.c``, against one server."""

import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Final

import msgspec

from benchmarks.compiling import BUILD
from benchmarks.peers import Peer
from benchmarks.running import FailedError, Server, pinned

#: The generator gives up first and says why; this is for a generator that hangs.
PATIENCE_SECONDS: Final = 400.0


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """What a stretch of time brought and cost; times in seconds."""

    seconds: float
    messages: int
    deliveries: int
    bytes: int
    server_cpu: float
    server_user: float
    server_system: float
    load_cpu: float
    machine_cpu: float
    #: Of a joining: until nothing more was sent.
    settled_seconds: float = 0.0
    settled_server_cpu: float = 0.0
    #: Of messages at a fixed rate: how late the generator was at worst, and each message's time
    #: from when it was due to its last reader.
    late: float = 0.0
    latencies: tuple[float, ...] = ()


class _Failure(msgspec.Struct, frozen=True):
    error: str


@dataclass(frozen=True)
class Load:
    """A load generator and its members."""

    process: subprocess.Popen[bytes]
    commands: IO[bytes]
    answers: IO[bytes]

    def join(self) -> Stretch:
        """Connect and register everybody."""
        return self._ask("join")

    def window(self, in_flight: int, warm: float, seconds: float) -> Stretch:
        """Keep so many messages under way."""
        return self._ask(f"window {in_flight} {warm} {seconds}")

    def rate(self, each_second: float, warm: float, seconds: float) -> Stretch:
        """Say so many messages each second, however long they take."""
        return self._ask(f"rate {each_second} {warm} {seconds}")

    def idle(self, seconds: float) -> Stretch:
        """Have the members do nothing."""
        return self._ask(f"idle {seconds}")

    def _ask(self, command: str) -> Stretch:
        with suppress(BrokenPipeError):  # it has ended, and its last line says why
            self.commands.write(f"{command}\n".encode())
            self.commands.flush()
        if not select.select([self.answers], [], [], PATIENCE_SECONDS)[0]:
            raise FailedError(f"no answer to {command!r} in {PATIENCE_SECONDS:.0f} s")
        line = self.answers.readline()
        if not line:
            raise FailedError("the load generator died")
        if line.startswith(b'{"error"'):
            raise FailedError(msgspec.json.decode(line, type=_Failure).error)
        return msgspec.json.decode(line, type=Stretch)


@contextmanager
def load_on(server: Server, peer: Peer, members: int, core: int) -> Iterator[Load]:
    """Run a load generator until the end of the block. Nobody has joined yet."""
    words = [str(BUILD / "load"), "--server", f"{server.place.address}:{server.place.port}"]
    words += ["--pid", str(server.process.pid), "--members", str(members)]
    words += ["--at-once", str(peer.at_once), "--senders", str(peer.senders)]
    words += ["--message", peer.message.hex(), *(["--echo"] if peer.echo else [])]
    for said, awaited in peer.steps:
        words += ["--step", f"{said.hex()}:{awaited.hex()}"]
    with pinned(core):
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Load(process, process.stdin, process.stdout)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.close()
