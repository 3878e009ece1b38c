"""``make links``: 20 clients talk on links that lose packets and break every few seconds.

    python -m tests.load.broken_links [--minutes 10] [--loss 5] [--seed 1]

Every line of each must arrive at every other one, once and in order, and no client may say that a
line may not have arrived. The hosts are network namespaces: it needs Linux, root, ``iproute2`` and
``iptables``. The exit status is 1, with a sentence for each fault, if anything went wrong.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.e2e.faults.chat_programs import OFFICE, SERVER_IP, server
from tests.e2e.faults.test_loss import by_chance, lose
from tests.e2e.namespaces import Host, Network, create_network
from tests.e2e.programs import Program
from tests.load import report

#: Hosts of talkers, and talkers on each: a program for each host.
_HOSTS: Final = 5
_TALKERS_EACH: Final = 4
#: Each says a line every so many seconds.
_SAY_SECONDS: Final = 2.0
#: How long the link of a host works between two breaks.
_WORKS_SECONDS: Final = (2.0, 8.0)
#: How long a cable is taken out. TCP bridges less than ``SILENT_SERVER_SECONDS``.
_CUT_SECONDS: Final = (0.5, 12.0)
#: How long packets are answered with a reset; in it, every talker says something.
_RESET_SECONDS: Final = 2.5
#: How long they may take to receive everything in the end.
_SETTLING_SECONDS: Final = 180.0


@dataclass
class Link:
    """The link of a host, which breaks in several ways.

    :ivar due: when something happens to it next, by the monotonic clock.
    :ivar breaks: how often it broke in which way.
    """

    host: Host
    addresses: tuple[str, str]
    random: Random
    due: float = 0.0
    breaks: Counter[str] = field(default_factory=Counter)
    _mend: Callable[[], None] | None = None

    def act(self, now: float) -> None:
        """Break it, or mend it."""
        if self._mend is not None:
            self._mend()
            self._mend = None
            self.due = now + self.random.uniform(*_WORKS_SECONDS)
            return
        kind = self.random.choice((self._cut, self._reset, self._move))
        self.breaks[kind.__name__.strip("_")] += 1
        self.due = now + kind()

    def mend(self) -> None:
        """Let it work from now on."""
        if self._mend is not None:
            self._mend()
            self._mend = None

    def _cut(self) -> float:
        """Take the cable out at the switch: nobody is told."""
        self.host.detach()
        self._mend = self.host.attach
        return self.random.uniform(*_CUT_SECONDS)

    def _reset(self) -> float:
        """Answer every packet of either end with a reset."""
        rules = [
            (chain, *where, "-p", "tcp", "-j", "REJECT", "--reject-with", "tcp-reset")
            for chain, where in (("INPUT", ("-i", "eth0")), ("OUTPUT", ("-o", "eth0")))
        ]
        for rule in rules:
            self.host.firewall(*rule)

        def remove() -> None:
            for rule in rules:
                self.host.remove_rule(*rule)

        self._mend = remove
        return _RESET_SECONDS

    def _move(self) -> float:
        """Give the host another address."""
        before, after = self.addresses
        self.host.change_address(before, after)
        self.addresses = after, before
        self._mend = lambda: None
        return 0.0


def connected_talkers(network: Network) -> Iterator[tuple[Host, Program]]:
    """The hosts, each with its program, all of whose talkers are online."""
    started = []
    for number in range(_HOSTS):
        host = network.add_host(f"host{number}", {OFFICE: f"10.35.11.{10 + number}/24"})
        words = [_TALKERS_EACH, number * _TALKERS_EACH, _SAY_SECONDS, "--server", "party"]
        program = host.start(sys.executable, "-m", "tests.load.talkers", *map(str, words))
        started.append((host, program))
    for _, program in started:
        _wait_for(program, lambda said: len(_all(said, "online")) == _TALKERS_EACH, "all online")
    yield from started


def _objects(program: Program) -> list[dict[str, Any]]:
    return [json.loads(line) for line in program.stdout]


def _all(objects: list[dict[str, Any]], key: str) -> list[Any]:
    return [each[key] for each in objects if key in each]


def _wait_for(
    program: Program,
    happened: Callable[[list[dict[str, Any]]], bool],
    what: str,
    seconds: float = 60.0,
) -> None:
    program.wait_until(lambda: happened(_objects(program)), what, seconds)


def _ask_what_is_missing(program: Program, said: dict[str, int]) -> dict[str, Any]:
    count = len(_all(_objects(program), "missing"))
    program.send_line(json.dumps(said))
    _wait_for(program, lambda objects: len(_all(objects, "missing")) > count, "what is missing")
    return [each for each in _objects(program) if "missing" in each][-1]


def settle(programs: list[Program], said: dict[str, int]) -> list[str]:
    """Wait until everything is confirmed and received; what is missing if that takes too long."""
    end = time.monotonic() + _SETTLING_SECONDS
    while True:
        missing: list[str] = []
        for program in programs:
            last = _ask_what_is_missing(program, said)
            missing += [
                f"not confirmed: {name}, {how}" for name, how in last["unconfirmed"].items()
            ]
            missing += [f"{name} has not received {n}" for name, n in last["missing"].items()]
        if not missing or time.monotonic() > end:
            return missing
        time.sleep(1.0)


@contextmanager
def broken_network(loss: int, store: Path | None) -> Iterator[list[tuple[Host, Program]]]:
    """A server and talkers that are online, on a network that loses so many percent both ways."""
    with create_network([OFFICE]) as network:
        at_server = network.add_host("server", {OFFICE: f"{SERVER_IP}/24"})
        kept = "none" if store is None else str(store / "party.sqlite")
        party = server(at_server, "--store", kept, "--accept-rate", "0")
        hosts = list(connected_talkers(network))
        if loss:
            lose("all", by_chance(loss), at_server, *(host for host, _ in hosts))
        yield hosts
        if any("Traceback" in line for line in party.stderr):
            raise AssertionError("the server logged a traceback")


def break_links(links: Sequence[Link], seconds: float) -> Counter[str]:
    """Break the links for so long, then let all of them work; how often they broke in which way."""
    begin = time.monotonic()
    for link in links:
        link.due = begin + link.random.uniform(*_WORKS_SECONDS)
    while (now := time.monotonic()) < begin + seconds:
        link = min(links, key=lambda each: each.due)
        if link.due > now:
            time.sleep(min(link.due - now, 0.2))
        else:
            link.act(now)
    for link in links:
        link.mend()
    return sum((link.breaks for link in links), Counter())


def stop_talking(programs: Sequence[Program]) -> dict[str, int]:
    """How many lines each talker has said in all."""
    said: dict[str, int] = {}
    for program in programs:
        program.send_line("stop")
        _wait_for(program, lambda objects: bool(_all(objects, "said")), "how much they said")
        said |= _all(_objects(program), "said")[0]
    return said


@dataclass
class Ended:
    """What the talkers reported when they left.

    :ivar counts: how often they lost a connection, resumed, and entered.
    """

    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    longest_absence: float = 0.0
    longest_silence: float = 0.0


def leave(programs: Sequence[Program]) -> Ended:
    """Let all talkers leave."""
    ended = Ended()
    for program in programs:
        program.close_stdin()
        if program.wait(within=_SETTLING_SECONDS):
            ended.faults.append(f"a program of talkers failed: {program.stderr[-3:]}")
        objects = _objects(program)
        ended.faults += _all(objects, "fault")
        for one in (each for each in objects if "left" in each):
            if one["status"]:
                ended.faults.append(f"{one['left']} left with status {one['status']}")
            ended.longest_absence = max(ended.longest_absence, one["longest_absence"])
            ended.longest_silence = max(ended.longest_silence, one["longest_silence"])
            ended.counts.update({key: one.get(key, 0) for key in ("lost", "resumed", "entered")})
    return ended


def run(seconds: float, loss: int, seed: int, store: Path | None) -> list[str]:
    """Let them talk for so long, print what happened, and return the faults."""
    random = Random(seed)  # noqa: S311  # the same breaks for the same seed
    with broken_network(loss, store) as hosts:
        programs = [program for _, program in hosts]
        links = [
            Link(host, (f"10.35.11.{10 + n}/24", f"10.35.11.{110 + n}/24"), random)
            for n, (host, _) in enumerate(hosts)
        ]
        for program in programs:
            program.send_line("talk")
        breaks = break_links(links, seconds)
        mended = time.monotonic()
        said = stop_talking(programs)
        faults = settle(programs, said)
        settled = time.monotonic() - mended
        ended = leave(programs)
    report.line(
        f"{len(said)} talkers on {len(links)} hosts, {loss} % lost both ways, {seconds:.0f} s, "
        f"seed {seed}, {'in memory' if store is None else 'kept in a file'}"
    )
    report.line("links: " + ", ".join(f"{kind} {n}" for kind, n in sorted(breaks.items())))
    report.line(
        f"lines: {sum(said.values())}, deliveries: {sum(said.values()) * (len(said) - 1)}; "
        f"all received {settled:.1f} s after the last break"
    )
    report.line(
        f"connections lost {ended.counts['lost']}, resumed {ended.counts['resumed']}, entered anew "
        f"{ended.counts['entered'] - len(said)}; the longest absence {ended.longest_absence:.1f} s"
    )
    return faults + ended.faults


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.load.broken_links",
        description="Clients talk on links that break; every line arrives once and in order.",
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--loss", type=int, action="append", help="percent; default: 5 and 30")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    losses = options.loss or [5, 30]
    report.begin(
        f"python -m tests.load.broken_links --minutes {options.minutes:g} --seed {options.seed} "
        + " ".join(f"--loss {loss}" for loss in losses)
    )
    faults = []
    for loss in losses:
        with TemporaryDirectory() as directory:
            faults += run(options.minutes * 60, loss, options.seed, Path(directory))
    sys.exit(report.end(faults))


if __name__ == "__main__":
    main()
