"""The figures of docs/explanation/reliability.rst: ``python -m tests.e2e.faults.figures [NAME]``.

One line for each run of a scenario: what happened, and after how many seconds.
"""

import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from statistics import median
from typing import Final

from tests.e2e.faults.people import LAB, OFFICE, SERVER, Crowd, client, crowd, member, server
from tests.e2e.faults.test_loss import SAID, by_chance, lose
from tests.e2e.hosts import Host, Lan, lan
from tests.e2e.programs import Program

COUNT: Final = 200
PATIENCE: Final = 150.0


def report(what: str, seconds: Sequence[float]) -> None:
    """One line: of how many, and when the first, the middle and the last."""
    sys.stdout.write(
        f"{what}: {len(seconds)} (first {min(seconds):.1f} s, median {median(seconds):.1f} s, "
        f"last {max(seconds):.1f} s)\n"
    )
    sys.stdout.flush()


def office(network: Lan, *numbers: int) -> list[Host]:
    return [network.host(f"host{number}", {OFFICE: f"10.35.11.{number}/24"}) for number in numbers]


def left(party: Program, cut: float) -> list[float]:
    """How long after `cut`, a time of day, the server found out of each."""
    found = [line for line in party.err if "(connection lost)" in line]
    return [datetime.fromisoformat(line.split()[0]).timestamp() - cut for line in found]


def returned(guests: Crowd, before: int, since: float) -> None:
    """Report on those who were out and are in again."""
    lost = guests.first_times("out", before)
    report("  noticed by the clients", [when - since for when in lost.values()])
    report("  in again", [when - since for when in guests.times("in", before).values()])
    notes = [what for _, _, what in guests.notes(before)]
    sys.stdout.write(
        f"  tries: {notes.count('out') - len(lost) + COUNT}, refused as a ghost: "
        f"{sum('is taken' in what for what in notes)}, "
        f"as full: {sum('full' in what for what in notes)}\n"
    )


def half_open(network: Lan) -> None:
    """Twenty idle clients and a busy one, all cut off."""
    at_server, at_guests, at_moon = office(network, 1, 2, 3)
    party = server(at_server)
    guests, moon = crowd(at_guests, 20), member(at_moon, "moon")
    guests.all_are("in")
    before, cut, since = guests.so_far, time.time(), time.monotonic()
    at_guests.cut()
    at_moon.cut()
    moon.type("is anybody there?")
    guests.all_are("out", before, PATIENCE)
    moon.says("may not have arrived", within=PATIENCE)
    party.until(lambda: len(left(party, cut)) == 21, "all have left", PATIENCE)
    report("half-open, found by the server", left(party, cut))
    lost = guests.first_times("out", before)
    report("  by idle clients", [when - since for when in lost.values()])


def killed(network: Lan, *options: str) -> None:
    """A server that is killed, and started again at once."""
    at_server, at_guests = office(network, 1, 2)
    first = server(at_server, *options)
    guests = crowd(at_guests, COUNT)
    guests.all_are("in")
    before, since = guests.so_far, time.monotonic()
    first.signal(signal.SIGKILL)
    first.status()
    server(at_server, *options)
    guests.all_are("in", before, PATIENCE)
    sys.stdout.write(f"killed and started again {' '.join(options)}\n")
    returned(guests, before, since)


def killed_anyhow(network: Lan) -> None:
    """The same where each client has an address of its own, as far as the server minds."""
    killed(network, "--accept-rate", "0")


def ghosts(network: Lan) -> None:
    """All are cut off, and come another way."""
    at_server = network.host("server", {OFFICE: f"{SERVER}/24", LAB: "192.168.1.1/24"})
    party = server(at_server, "--slots", str(COUNT + 10))
    at = network.host("crowd", {OFFICE: "10.35.11.2/24", LAB: "192.168.1.2/24"})
    at.cut("eth1")
    guests = crowd(at, COUNT)
    guests.all_are("in")
    before, cut, since = guests.so_far, time.time(), time.monotonic()
    at.cut("eth0")
    at.join("eth1")
    guests.all_are("in", before, PATIENCE)
    report("cut off, found by the server", left(party, cut))
    returned(guests, before, since)


def found(network: Lan, percent: int) -> None:
    """Discovery where packets are lost by chance in both directions."""
    at_server, at_guests = office(network, 1, 2)
    server(at_server, "--accept-rate", "0")
    lose("udp", by_chance(percent), at_server, at_guests)
    guests = crowd(at_guests, COUNT)
    guests.all_are("in", within=PATIENCE)
    began = min(when for _, when, _ in guests.notes())
    seconds = [when - began for when in guests.first_times("in").values()]
    report(f"found and in, {percent} % lost", seconds)
    sys.stdout.write(f"  within three periods: {sum(each < 9 for each in seconds)}\n")


def losses(one: Program, after: int = 0) -> int:
    """How often a client's connection was lost, from line number `after` on."""
    return sum("No connection" in line for line in one.err[after:])


def talked(network: Lan, percent: int) -> None:
    """A hundred lines where packets are lost by chance in both directions."""
    at_server, at_moon, at_ice = office(network, 1, 2, 3)
    party = server(at_server, "--flood", "0")
    moon = member(at_moon, "moon")
    lose("tcp", by_chance(percent), at_server, at_moon, at_ice)
    ice = client(at_ice, "ice")
    ice.says("Connected", within=PATIENCE)
    since, before = time.monotonic(), len(ice.err)
    for line in SAID:
        ice.type(line)
    ice.end_input()
    ice.status(PATIENCE)
    taken = time.monotonic() - since
    named = {line.strip() for line in ice.err} & set(SAID)
    last = [f"ice: {line}" for line in SAID if line not in named][-1]
    moon.until(lambda: last in moon.out or losses(moon) > 0, last, PATIENCE)
    heard = [line.removeprefix("ice: ") for line in moon.out if re.match("ice: ", line)]
    accepted = [line for line in party.err if "ice: 'line" in line]
    sys.stdout.write(
        f"100 lines, {percent} % lost: accepted {len(accepted)}, heard {len(heard)}, twice "
        f"{len(heard) - len(set(heard))}, in order {heard == sorted(heard, key=SAID.index)}, "
        f"named {len(named)}, connections lost by who speaks {losses(ice, before)}, "
        f"by who listens {losses(moon)}; {taken:.1f} s\n"
    )


SCENARIOS: Final[dict[str, Callable[[Lan], None]]] = {
    "half-open": half_open,
    "killed": killed,
    "killed-anyhow": killed_anyhow,
    "ghosts": ghosts,
    "found-5": lambda network: found(network, 5),
    "found-30": lambda network: found(network, 30),
    "talked-5": lambda network: talked(network, 5),
    "talked-30": lambda network: talked(network, 30),
}


def main(*names: str) -> None:
    for name in names or SCENARIOS:
        with lan([OFFICE, LAB]) as network:
            SCENARIOS[name](network)


if __name__ == "__main__":
    main(*sys.argv[1:])
