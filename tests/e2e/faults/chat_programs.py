"""Who is on the network while it fails: a server, its clients, and what is promised of them."""

import json
import sys
from dataclasses import dataclass
from typing import Final

from tests.e2e.namespaces import Host
from tests.e2e.programs import CHATD, Program
from tests.timeouts import TIMEOUT_SECONDS

OFFICE: Final = "10.35.11.0/24"
LAB: Final = "192.168.1.0/24"

#: Where the server is.
SERVER_IP: Final = "10.35.11.1"

#: How many seconds both ends may take to notice that the other is gone without a FIN or a reset.
DEAD_PEER_SECONDS: Final = 60.0


def server(host: Host, *options: str) -> Program:
    """``chatd server --id party``, once it can be found."""
    started = host.start(*CHATD, "server", "--id", "party", *options)
    started.expect_stderr("answers discovery")
    return started


def client(host: Host, nickname: str, *options: str) -> Program:
    """A client that looks for the party, and whose lines are piped in."""
    return host.start(*CHATD, "client", "--server", "party", "-n", nickname, *options)


def member(host: Host, nickname: str, *options: str) -> Program:
    """Such a client, once it is in."""
    started = client(host, nickname, *options)
    started.expect_stderr("Connected to party")
    return started


#: A page that is entered and says nothing, until its standard input ends.
_PAGE: Final = """
import sys
from tests.e2e.websocket_client import WebSocketClient
page = WebSocketClient(sys.argv[1], int(sys.argv[2]))
page.enter(sys.argv[3])
sys.stdout.write("in\\n")
sys.stdout.flush()
sys.stdin.read()
"""


def web_member(host: Host, port: int, nickname: str) -> Program:
    """Somebody at the server's page, once they are in."""
    started = host.start(sys.executable, "-c", _PAGE, SERVER_IP, str(port), nickname)
    started.expect_stdout("in")
    return started


def free_slots(host: Host) -> list[int]:
    """How many places each server that answers has free."""
    listed = host.start(*CHATD, "servers", "--wait", "2", "--json")
    listed.wait()
    return [offer["free"] for offer in json.loads("\n".join(listed.stdout))]


@dataclass(frozen=True)
class ClientGroup:
    """Many clients in one program; see :mod:`tests.e2e.faults.client_group`."""

    program: Program
    count: int

    def events(self, after: int = 0) -> list[tuple[int, float, str]]:
        """What became of whom, from line number `after` on: the number, when, and what."""
        split = [line.split(" ", 2) for line in self.program.stdout[after:]]
        return [(int(number), float(when), what) for number, when, what in split]

    def times(self, what: str, after: int = 0) -> dict[int, float]:
        """When that happened to each; the last time."""
        return {number: when for number, when, noted in self.events(after) if noted == what}

    def first_times(self, what: str, after: int = 0) -> dict[int, float]:
        """When that happened to each; the first time."""
        return {n: when for n, when, noted in reversed(self.events(after)) if noted == what}

    def wait_for_all(self, what: str, after: int = 0, within: float = TIMEOUT_SECONDS) -> None:
        """Wait until that has happened to each of them."""
        self.program.wait_until(lambda: len(self.times(what, after)) == self.count, what, within)

    @property
    def event_count(self) -> int:
        """How many lines there are so far."""
        return len(self.program.stdout)


def start_clients(host: Host, count: int, *options: str) -> ClientGroup:
    """So many clients that look for the party; they are called guest0, guest1, ..."""
    module = ("-m", "tests.e2e.faults.client_group")
    words = (str(count), "--server", "party", "-n", "guest", *options)
    return ClientGroup(host.start(sys.executable, *module, *words), count)
