"""Drive the load generator, ``load.c``, against one server."""

import select
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Final

import msgspec

from benchmarks.compiling import BUILD
from benchmarks.peers import HOST, Peer, Step
from benchmarks.server_process import MeasurementError, Server, pinned

#: Longer than the generator's own time-outs, which say more: this is for one that hangs.
REPLY_SECONDS: Final = 400.0


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """The messages in an interval of time, and their cost; all times in seconds.

    :ivar server_cpu: to the nanosecond; `server_user` and `server_system`: the same, to the tick.
    :ivar settled_seconds: of ``join``: until the server sent nothing more; `settled_server_cpu`:
        its CPU time until then.
    :ivar server_bytes: of ``join``: by how much the server's resident memory grew.
    :ivar late: of ``rate``: by how much the generator was behind its schedule, at most.
    :ivar latencies: of ``rate``: for each message, from when it was due to its last receiver.
    """

    seconds: float
    messages: int
    deliveries: int
    bytes: int
    server_cpu: float
    server_user: float
    server_system: float
    load_cpu: float
    machine_cpu: float
    settled_seconds: float = 0.0
    settled_server_cpu: float = 0.0
    server_bytes: int = 0
    late: float = 0.0
    latencies: tuple[float, ...] = ()


class _Failure(msgspec.Struct, frozen=True):
    error: str


@dataclass(frozen=True)
class Load:
    """A load generator and its members."""

    process: subprocess.Popen[bytes]
    commands: IO[bytes]
    replies: IO[bytes]

    @classmethod
    def start(cls, command: Sequence[str]) -> "Load":
        """Start a load generator; :meth:`close` ends it."""
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        return cls(process, process.stdin, process.stdout)

    def close(self) -> None:
        """Kill it, and close its pipes."""
        self.process.kill()
        self.process.wait()
        self.replies.close()
        with suppress(BrokenPipeError):
            self.commands.close()

    def join(self) -> Measurement:
        """Connect and register all members."""
        return self._run("join")

    def window(self, in_flight: int, warm: float, seconds: float) -> Measurement:
        """Keep so many messages in flight."""
        return self._run(f"window {in_flight} {warm} {seconds}")

    def rate(self, per_second: float, warm: float, seconds: float) -> Measurement:
        """Send so many messages a second, however long they take."""
        return self._run(f"rate {per_second} {warm} {seconds}")

    def idle(self, seconds: float) -> Measurement:
        """Send nothing."""
        return self._run(f"idle {seconds}")

    def _run(self, command: str) -> Measurement:
        with suppress(BrokenPipeError):  # a generator that has ended gave its reason in a reply
            self.commands.write(f"{command}\n".encode())
            self.commands.flush()
        if not select.select([self.replies], [], [], REPLY_SECONDS)[0]:
            raise MeasurementError(f"no reply to {command!r} in {REPLY_SECONDS:.0f} s")
        line = self.replies.readline()
        if not line:
            raise MeasurementError("the load generator died")
        if line.startswith(b'{"error"'):
            raise MeasurementError(msgspec.json.decode(line, type=_Failure).error)
        return msgspec.json.decode(line, type=Measurement)


@contextmanager
def load_on(server: Server, peer: Peer, members: int, core: int) -> Iterator[Load]:
    """Run a load generator until the end of the block. No member has joined yet."""
    host = f"{server.config.address}:{server.config.port}"
    steps = [(request.replace(HOST, host.encode()), reply) for request, reply in peer.steps]
    pid = server.process.pid
    command = load_command([host], pid, members, steps, peer.message, peer.openings)
    command += ["--at-once", str(peer.at_once), "--senders", str(peer.senders)]
    with pinned(core):
        load = Load.start([*command, *(["--echo"] if peer.echo else [])])
    with closing(load):
        yield load


def load_command(
    servers: Sequence[str],
    pid: int,
    members: int,
    steps: Sequence[Step],
    message: bytes,
    openings: Sequence[bytes] = (),
) -> list[str]:
    """The command of a load generator, without how many register at once and how many send.

    :param servers: with their ports; members are spread over them.
    :param pid: of the server whose cost is measured.
    :param openings: what members send in turn in place of the first step's text.
    """
    command = [str(BUILD / "load"), "--pid", str(pid), "--members", str(members)]
    for server in servers:
        command += ["--server", server]
    first, *others = [((request,), reply) for request, reply in steps]
    for texts, reply in ((openings or first[0], first[1]), *others):
        command += ["--step", f"{','.join(text.hex() for text in texts)}:{reply.hex()}"]
    return [*command, "--message", message.hex()]
