"""Who is on the network while it fails: a server, its clients, and what is promised of them."""

import json
import sys
from dataclasses import dataclass
from typing import Final

from tests.e2e.hosts import Host
from tests.e2e.programs import CHATD, PATIENCE, Program

OFFICE: Final = "10.35.11.0/24"
LAB: Final = "192.168.1.0/24"

#: Where the server is.
SERVER: Final = "10.35.11.1"

#: A peer that is gone without a word is found within so many seconds, at both ends (SPEC §9).
HALF_OPEN: Final = 60.0


def server(host: Host, *options: str) -> Program:
    """``chatd server --id party``, once it can be found."""
    started = host.run(*CHATD, "server", "--id", "party", *options)
    started.says("answers discovery")
    return started


def client(host: Host, nickname: str, *options: str) -> Program:
    """A client that looks for the party, and whose lines are piped in."""
    return host.run(*CHATD, "client", "--server", "party", "-n", nickname, *options)


def member(host: Host, nickname: str, *options: str) -> Program:
    """Such a client, once it is in."""
    started = client(host, nickname, *options)
    started.says("Connected to party")
    return started


#: A page that is entered and says nothing, until its standard input ends.
_PAGE: Final = """
import sys
from tests.e2e.pages import Browser
page = Browser(sys.argv[1], int(sys.argv[2]))
page.enter(sys.argv[3])
sys.stdout.write("in\\n")
sys.stdout.flush()
sys.stdin.read()
"""


def browser(host: Host, port: int, nickname: str) -> Program:
    """Somebody at the server's page, once they are in."""
    started = host.run(sys.executable, "-c", _PAGE, SERVER, str(port), nickname)
    started.shows("in")
    return started


def free_places(host: Host) -> list[int]:
    """How many places each server that answers has free."""
    listed = host.run(*CHATD, "servers", "--wait", "0.5", "--json")
    listed.status()
    return [offer["free"] for offer in json.loads("\n".join(listed.out))]


@dataclass(frozen=True)
class Crowd:
    """Many clients in one program; see :mod:`tests.e2e.faults.crowd`."""

    program: Program
    count: int

    def notes(self, after: int = 0) -> list[tuple[int, float, str]]:
        """What became of whom, from line number `after` on: the number, when, and what."""
        split = [line.split(" ", 2) for line in self.program.out[after:]]
        return [(int(number), float(when), what) for number, when, what in split]

    def times(self, what: str, after: int = 0) -> dict[int, float]:
        """When that happened to each; the last time."""
        return {number: when for number, when, noted in self.notes(after) if noted == what}

    def first_times(self, what: str, after: int = 0) -> dict[int, float]:
        """When that happened to each; the first time."""
        return {n: when for n, when, noted in reversed(self.notes(after)) if noted == what}

    def all_are(self, what: str, after: int = 0, within: float = PATIENCE) -> None:
        """Wait until that has happened to each of them."""
        self.program.until(lambda: len(self.times(what, after)) == self.count, what, within)

    @property
    def so_far(self) -> int:
        """How many lines there are so far."""
        return len(self.program.out)


def crowd(host: Host, count: int, *options: str) -> Crowd:
    """So many clients that look for the party; they are called guest0, guest1, ..."""
    module = ("-m", "tests.e2e.faults.crowd")
    words = (str(count), "--server", "party", "-n", "guest", *options)
    return Crowd(host.run(sys.executable, *module, *words), count)
