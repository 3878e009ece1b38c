"""``make cluster``: try a cluster on one machine.

    python -m tests.cluster.one_machine [--nickname ice]

Three servers of etcd, three nodes and three clients run on loopback, on addresses of their own. One
client is the user's; on a pipe the lines that the others receive are printed, too. A node or a
server of etcd that is killed is started again 10 s later. Everything ends with the user's client,
and nothing stays behind. It needs Debian's package ``etcd-server``.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final, NoReturn

from chatd.stderr import write_line
from chatd.taps import environment
from tests.cluster.programs import etcd_address, etcd_command, make_cluster, node_command
from tests.e2e.programs import CHATD, Program
from tests.ports import IFADDRS, free_udp_port, loopback

NAMES: Final = ("a", "b", "c")
GUESTS: Final = ("guest-2", "guest-3")
#: Time after which a killed program is started again: by then the others have noticed.
_RESTART_SECONDS: Final = 10.0


class Trial:
    """The programs of a cluster on this machine, without the user's client.

    :param shows: whether to print what the guests receive.
    """

    def __init__(self, directory: Path, *, shows: bool) -> None:
        self._directory = directory
        self._shows = shows
        self._members = {name: loopback(1 + number) for number, name in enumerate(NAMES)}
        self._discovery = ("--discovery-port", str(free_udp_port()))
        self._commands: dict[str, list[str]] = {}
        self._programs: dict[str, Program] = {}
        self._ended_at: dict[str, float] = {}
        self.address = etcd_address(list(self._members.values()))

    def start(self) -> None:
        """Start etcd, then the nodes, then a guest on each of two nodes.

        :raises AssertionError: if one of them does not get ready; it says what was printed.
        """
        for name, address in self._members.items():
            directory = self._directory / f"etcd-{name}"
            self._start(f"etcd {name}", etcd_command(name, address, directory, self._members))
        make_cluster(Program, self.address)
        for name, address in self._members.items():
            here = ("--ifaddrs", f"{address}/8", *self._discovery)
            self._start(f"node {name}", node_command(name, self.address, *here))
        for name in NAMES:
            self._programs[f"node {name}"].expect_stderr("is the node")
        for guest in GUESTS:  # one after the other, as each goes to the freest node
            self._start(guest, self.client(guest))
            self._programs[guest].expect_stderr("Connected to campus")

    def _start(self, name: str, command: list[str]) -> None:
        def show(line: str) -> None:
            if self._shows and name in GUESTS:
                sys.stdout.write(f"[{name}] {line}\n")
                sys.stdout.flush()

        self._commands[name] = command
        self._programs[name] = Program(command, show=show)

    def client(self, nickname: str) -> list[str]:
        """The command of a client of the cluster."""
        return [
            *(*CHATD, "client", "--server", "campus", "--nickname", nickname),
            *(*IFADDRS, *self._discovery),
        ]

    def describe(self) -> str:
        """A text that says what the user can do now."""
        chatd = Path(sys.executable).with_name("chatd")
        shown = chatd.relative_to(Path.cwd()) if chatd.is_relative_to(Path.cwd()) else chatd
        lines = ["A cluster of three nodes is running, with a client each; one is yours."]
        lines += ["To lose a node and watch its clients move, in other terminals:", ""]
        lines += [f"    watch {shown} servers {' '.join((*IFADDRS, *self._discovery))}"]
        lines += [
            f"    kill -9 {program.pid}".ljust(24) + f"# {name}"
            for name, program in self._programs.items()
            if name.startswith("node")
        ]
        lines += ["", "It is started again 10 s later. So is a server of etcd:", ""]
        lines += [
            f"    kill -9 {program.pid}".ljust(24) + f"# {name}"
            for name, program in self._programs.items()
            if name.startswith("etcd")
        ]
        lines += ["", "How the log is:", ""]
        lines += [f"    {shown} cluster status --cluster {self.address} --id campus"]
        return "\n".join(lines)

    def tend(self) -> None:
        """Start the programs again that ended 10 s ago."""
        now = monotonic()
        for name, program in self._programs.items():
            if program.has_ended and name not in self._ended_at:
                self._ended_at[name] = now
        for name, ended_at in list(self._ended_at.items()):
            if now - ended_at >= _RESTART_SECONDS:
                del self._ended_at[name]
                self._programs[name].close()
                self._start(name, self._commands[name])

    def wait_for_guests(self, nickname: str) -> None:
        """Wait until the guests have received all that this user has said."""
        for guest in GUESTS:
            self._programs[guest].expect_stdout(f"[Server]: {nickname} has left")

    def close(self) -> None:
        """End everything: the guests first, and etcd last."""
        self._shows = False
        for program in reversed(self._programs.values()):
            program.close()


def run(nickname: str, directory: Path) -> int:
    """Run a cluster for as long as the user's client runs, and return that client's status."""
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    with ExitStack() as stack:
        trial = Trial(directory, shows=not is_terminal)
        stack.callback(trial.close)
        write_line("Starting three servers of etcd, three nodes and two clients …")
        trial.start()
        write_line(trial.describe())
        with subprocess.Popen(trial.client(nickname)) as client:
            stack.callback(client.terminate)
            while True:
                try:
                    status = client.wait(1.0)
                except subprocess.TimeoutExpired:
                    trial.tend()
                else:
                    break
        if status == 0:
            trial.wait_for_guests(nickname)
        return status


def _end(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def main(words: Sequence[str] | None = None) -> None:
    """Try a cluster."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.cluster.one_machine",
        description="Try a cluster of three nodes on this machine.",
    )
    parser.add_argument("-n", "--nickname", default=environment.nickname())
    options = parser.parse_args(words)
    if shutil.which("etcd") is None:
        sys.exit("make cluster needs etcd; on Debian: apt install etcd-server")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    with TemporaryDirectory() as directory:
        # The files of the nodes and clients are deleted with it, too.
        os.environ["XDG_STATE_HOME"] = directory
        try:
            status = run(options.nickname, Path(directory))
        except KeyboardInterrupt:
            status = 130
        except AssertionError as error:
            sys.exit(f"make cluster: {error}")
    sys.exit(status)


if __name__ == "__main__":
    main()
