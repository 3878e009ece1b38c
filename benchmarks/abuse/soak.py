"""``make soak``: 2,000 people come, talk and go for a while, and nothing may be lost or left over.

    python -m benchmarks.abuse.soak [--minutes 15] [--members 2000] [--seed 1]

Exit status 1, and a sentence for each fault, if anything was not as it should be.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.abuse.crowd import LOUD, ROOMS, Crowd
from benchmarks.abuse.hosted import Held, Hosted, hosted
from benchmarks.abuse.memory import Sample, course
from benchmarks.abuse.reckoning import faults_of, misled, unheard
from benchmarks.abuse.report import Report
from benchmarks.abuse.witness import Witness
from benchmarks.machine import raise_file_limit

#: Everybody is read, and does something or not, once in a round.
_ROUND_SECONDS: Final = 0.1
_SAMPLE_SECONDS: Final = 1.0
#: So many enter, or leave at the end, in one round.
_AT_ONCE: Final = 40
_ENDING_SECONDS: Final = 60.0
#: More than the server holds a connection for its last words.
_SETTLING_SECONDS: Final = 4.0
_SHOWN_FAULTS: Final = 10
_MIB: Final = 2**20


class Soak:
    """One run."""

    def __init__(self, server: Hosted, members: int, seed: int) -> None:
        self._server = server
        self._members = members
        self._random = Random(seed)  # noqa: S311  # the same crowd each time
        self.crowd = Crowd(server, self._random)
        self.witness = Witness("witness", server.address(), (*ROOMS, LOUD), self.crowd.starts_in)
        #: What happens, and how often in a second, in the whole crowd.
        self._rates: tuple[tuple[Callable[[], None], float], ...] = (
            (self.crowd.speak, 20.0),
            (self.crowd.speak_loudly, 25.0),
            (self.crowd.leave, 5.0),
            (self.crowd.rename, 2.0),
            (self.crowd.move, 4.0),
            (lambda: self.crowd.whisper(self.witness.presences), 2.0),
            (self.crowd.stop_reading, 0.2),
            (self.witness.stay, 0.02),
        )
        self.samples: list[Sample] = []
        self.slowest_round = 0.0

    def run(self, seconds: float) -> None:
        """Have the crowd live for so long, and go."""
        self.crowd.open_loud_room()
        self._until(lambda: self.crowd.present >= self._members, _ENDING_SECONDS, self._fill)
        begin = time.monotonic()
        end = begin + seconds
        self._until(lambda: time.monotonic() >= end, seconds + 1, lambda: self._live(begin))

    def end(self) -> None:
        """Everybody goes, and all that was sent is read."""
        self._until(lambda: False, _SETTLING_SECONDS)
        self.crowd.vanish_who_stopped()
        self._until(
            lambda: self.crowd.is_over() and not self.witness.members_now,
            _ENDING_SECONDS,
            lambda: self.crowd.say_goodbye(_AT_ONCE),
        )
        self.witness.settle()

    def settle(self) -> None:
        """Wait until the server holds nothing any more for those who are gone."""
        self._until(lambda: False, _SETTLING_SECONDS)

    def faults(self) -> list[str]:
        """What was not as it should be, among the members."""
        everybody = self.crowd.everybody.values()
        faults = list(self.witness.faults)
        for member in everybody:
            if not member.is_over:
                faults.append(f"{member.first_name} was never ended")
            faults += faults_of(member, self.witness)
        return faults + unheard(everybody, self.witness) + misled(everybody, self.crowd.whispers)

    def _fill(self) -> None:
        for _ in range(min(_AT_ONCE, self._members - self.crowd.present)):
            self.crowd.come()

    def _live(self, begin: float) -> None:
        for act, rate in self._rates:
            due = rate * _ROUND_SECONDS
            for _ in range(int(due) + (self._random.random() < due % 1)):
                act()
        self._fill()
        now = time.monotonic() - begin
        if not self.samples or now - self.samples[-1].seconds >= _SAMPLE_SECONDS:
            self.samples.append(
                Sample(now, self._server.resident_bytes(), self._server.own_bytes())
            )

    def _until(
        self, is_done: Callable[[], bool], seconds: float, act: Callable[[], None] = lambda: None
    ) -> None:
        """Round after round, until it is done or so many seconds are over."""
        end = time.monotonic() + seconds
        while not is_done() and time.monotonic() < end:
            begin = time.monotonic()
            act()
            self.crowd.read()
            self.witness.read()
            took = time.monotonic() - begin
            self.slowest_round = max(self.slowest_round, took)
            time.sleep(max(0.0, _ROUND_SECONDS - took))


def baseline(server: Hosted) -> Held:
    """What a server holds after some of each dialect have come and gone."""
    first = Soak(server, members=100, seed=0)
    first.run(2.0)
    first.end()
    first.settle()
    return server.held()


def soak(minutes: float, members: int, seed: int, log: Path, report: Report) -> list[str]:
    """Run it: what was not as it should be."""
    faults = []
    with hosted(log, "--slots", str(members + 100)) as server:
        before = baseline(server)
        run = Soak(server, members, seed)
        cpu = server.cpu_seconds()
        run.run(minutes * 60)
        cpu = server.cpu_seconds() - cpu
        run.end()
        run.settle()
        after = server.held()
        faults += run.faults()
        memory = course(run.samples)
        server.end()
        status = server.status()
        tracebacks = server.tracebacks()
    deliveries = sum(len(member.heard) for member in run.crowd.everybody.values())
    report.say(f"members at the same time: {members}; seed {seed}; minutes: {minutes:g}")
    report.say("; ".join(f"{what}: {count}" for what, count in sorted(run.crowd.counts.items())))
    report.say(
        "left: " + ", ".join(f"{why}: {n}" for why, n in sorted(run.witness.reasons.items()))
    )
    report.say(
        f"room messages: {run.witness.messages}, delivered {deliveries} times; "
        f"server CPU {cpu:.0f} s; the slowest round of the load took {run.slowest_round:.2f} s"
    )
    report.say(f"server memory: {memory}")
    report.say(f"held before: {before}; after: {after}; exit status {status}")
    if not memory.is_flat:
        faults.append("the server's memory grew")
    if (after.files, after.readers) != (before.files, before.readers):
        faults.append(f"{after.files - before.files} file descriptors leaked")
    if after.delayed_calls != before.delayed_calls:
        faults.append(f"{after.delayed_calls - before.delayed_calls} delayed calls leaked")
    if status or tracebacks:
        faults.append(f"the server ended with status {status} and logged {tracebacks} tracebacks")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description="2,000 people come, talk and go for a while.")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--members", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", type=Path, default=Path("/tmp/chatd-soak.log"))  # noqa: S108
    options = parser.parse_args()
    raise_file_limit()
    command = (
        f"python -m benchmarks.abuse.soak --minutes {options.minutes:g} "
        f"--members {options.members} --seed {options.seed}"
    )
    with Report("soak", command) as report:
        faults = soak(options.minutes, options.members, options.seed, options.log, report)
        for fault in faults[:_SHOWN_FAULTS]:
            report.say(f"FAULT: {fault}")
        report.say(f"faults: {len(faults)}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
