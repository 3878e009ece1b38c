"""``make soak``: 2,000 members enter, chat and leave for a while; nothing may be lost or leaked.

    python -m tests.load.soak [--minutes 15] [--members 2000] [--seed 1]

The exit status is 1, with a sentence for each fault, if a message was lost, doubled, out of order
or misdirected, if the server's memory grew, or if it holds more afterwards than before.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.machine import raise_file_limit
from tests.load import report
from tests.load.accounting import faults_of, misdirected, undelivered
from tests.load.memory import Sample, trend
from tests.load.order_checker import OrderChecker
from tests.load.population import LOUD_ROOM, ROOMS, Population
from tests.load.server_process import Resources, ServerProcess, run_server

#: In each round every member is read, and some do something.
_ROUND_SECONDS: Final = 0.1
_SAMPLE_SECONDS: Final = 1.0
#: How many members enter, or quit at the end, in one round.
_AT_ONCE: Final = 40
_TIMEOUT_SECONDS: Final = 60.0
#: Longer than the server keeps a connection open for unsent data.
_SETTLING_SECONDS: Final = 4.0


class Soak:
    """A population, the order checker, and the rounds in which they act."""

    def __init__(self, server: ServerProcess, members: int, seed: int) -> None:
        self._server = server
        self._members = members
        self._random = Random(seed)  # noqa: S311  # the same population for the same seed
        self.population = Population(server, self._random)
        self.checker = OrderChecker(
            "checker", server.address(), (*ROOMS, LOUD_ROOM), self.population.initial_rooms
        )
        #: Each action, and how often it is done in a second, in the whole population.
        self._rates: tuple[tuple[Callable[[], None], float], ...] = (
            (self.population.send_message, 20.0),
            (self.population.send_long_message, 25.0),
            (self.population.remove_visitor, 5.0),
            (self.population.rename, 2.0),
            (self.population.change_room, 4.0),
            (lambda: self.population.send_private(self.checker.presences), 2.0),
            (self.population.add_stopped_reader, 0.2),
            (self.checker.keep_alive, 0.02),
        )
        self.samples: list[Sample] = []
        self.slowest_round = 0.0

    def run(self, seconds: float) -> None:
        """All members enter, then chat for so long."""
        self.population.open_loud_room()
        self._run_rounds(
            lambda: self.population.size >= self._members, _TIMEOUT_SECONDS, self._fill
        )
        begin = time.monotonic()
        end = begin + seconds
        self._run_rounds(lambda: time.monotonic() >= end, seconds + 1, lambda: self._act(begin))

    def end(self) -> None:
        """All members leave, and read everything that was sent to them."""
        self.settle()
        self.population.reset_stopped_readers()
        self._run_rounds(
            lambda: self.population.is_closed() and not self.checker.member_count,
            _TIMEOUT_SECONDS,
            lambda: self.population.quit(_AT_ONCE),
        )
        self.checker.finish()

    def settle(self) -> None:
        """Wait until the server has dropped what it holds for closed connections."""
        self._run_rounds(lambda: False, _SETTLING_SECONDS)

    def faults(self) -> list[str]:
        """The faults found in the messages."""
        members = self.population.members.values()
        faults = list(self.checker.faults)
        for member in members:
            if not member.is_closed:
                faults.append(f"the connection of {member.first_name} was never closed")
            faults += faults_of(member, self.checker)
        faults += undelivered(members, self.checker)
        return faults + misdirected(members, self.population.private_recipients)

    def _fill(self) -> None:
        for _ in range(min(_AT_ONCE, self._members - self.population.size)):
            self.population.add_member()

    def _act(self, begin: float) -> None:
        for action, rate in self._rates:
            due = rate * _ROUND_SECONDS
            for _ in range(int(due) + (self._random.random() < due % 1)):
                action()
        self._fill()
        now = time.monotonic() - begin
        if not self.samples or now - self.samples[-1].seconds >= _SAMPLE_SECONDS:
            self.samples.append(
                Sample(now, self._server.resident_bytes(), self._server.unique_bytes())
            )

    def _run_rounds(
        self, is_done: Callable[[], bool], seconds: float, act: Callable[[], None] = lambda: None
    ) -> None:
        """Run rounds until `is_done`, for so many seconds at most."""
        end = time.monotonic() + seconds
        while not is_done() and time.monotonic() < end:
            begin = time.monotonic()
            act()
            self.population.read()
            self.checker.read()
            duration = time.monotonic() - begin
            self.slowest_round = max(self.slowest_round, duration)
            time.sleep(max(0.0, _ROUND_SECONDS - duration))


def baseline(server: ServerProcess) -> Resources:
    """What the server holds after members of all dialects have come and gone."""
    first = Soak(server, members=100, seed=0)
    first.run(2.0)
    first.end()
    first.settle()
    return server.resources()


def soak(minutes: float, members: int, seed: int, log: Path) -> list[str]:
    """Run the soak, print its figures, and return the faults."""
    with run_server(log, "--slots", str(members + 100)) as server:
        before = baseline(server)
        run = Soak(server, members, seed)
        cpu = server.cpu_seconds()
        run.run(minutes * 60)
        cpu = server.cpu_seconds() - cpu
        run.end()
        run.settle()
        after = server.resources()
        faults = run.faults()
        memory = trend(run.samples)
        server.terminate()
        status = server.exit_status()
        tracebacks = server.tracebacks()
    deliveries = sum(len(member.received) for member in run.population.members.values())
    report.line(f"members at the same time: {members}; seed {seed}; minutes: {minutes:g}")
    report.line("; ".join(f"{done}: {n}" for done, n in sorted(run.population.counts.items())))
    reasons = sorted(run.checker.reasons.items())
    report.line("left: " + ", ".join(f"{reason}: {count}" for reason, count in reasons))
    report.line(
        f"room messages: {run.checker.message_count}, delivered {deliveries} times; "
        f"server CPU {cpu:.0f} s; the slowest round of the load took {run.slowest_round:.2f} s"
    )
    report.line(f"server memory: {memory}")
    report.line(f"resources before: {before}; after: {after}; exit status {status}")
    if not memory.is_flat:
        faults.append("the server's memory grew")
    if (after.files, after.readers) != (before.files, before.readers):
        faults.append(f"{after.files - before.files} file descriptors leaked")
    if after.delayed_calls != before.delayed_calls:
        faults.append(f"{after.delayed_calls - before.delayed_calls} delayed calls leaked")
    if status or tracebacks:
        faults.append(f"the server exited with status {status} and logged {tracebacks} tracebacks")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.load.soak",
        description="Thousands of members enter, chat and leave; nothing may be lost or leaked.",
    )
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--members", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", type=Path, default=Path("/tmp/chatd-soak.log"))  # noqa: S108
    options = parser.parse_args()
    raise_file_limit()
    report.begin(
        f"python -m tests.load.soak --minutes {options.minutes:g} "
        f"--members {options.members} --seed {options.seed}"
    )
    sys.exit(report.end(soak(options.minutes, options.members, options.seed, options.log)))


if __name__ == "__main__":
    main()
