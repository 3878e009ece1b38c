"""The server and the clients on a network that fails."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tests.e2e.namespaces import Host, Network
from tests.e2e.programs import CHATD, Program
from tests.timeouts import TIMEOUT_SECONDS

OFFICE: Final = "10.35.11.0/24"
LAB: Final = "192.168.1.0/24"

#: The server's address.
SERVER_IP: Final = "10.35.11.1"

#: How many seconds both ends may take to notice that the other is gone without a FIN or a reset.
DEAD_PEER_SECONDS: Final = 60.0


def server(host: Host, *options: str) -> Program:
    """Start ``chatd server --id party``, and wait until clients can find it."""
    started = host.start(*CHATD, "server", "--id", "party", *options)
    started.expect_stderr("answers discovery")
    return started


def client(host: Host, nickname: str, *options: str) -> Program:
    """Start a client that searches for that server."""
    return host.start(*CHATD, "client", "--server", "party", "-n", nickname, *options)


def member(host: Host, nickname: str, *options: str) -> Program:
    """Start such a client, and wait until it is connected."""
    started = client(host, nickname, *options)
    started.expect_stderr("Connected to party")
    return started


#: A silent member over WebSocket; it leaves at the end of its standard input.
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
    """Start a member that uses the page's WebSocket, and wait until it has entered."""
    started = host.start(sys.executable, "-c", _PAGE, SERVER_IP, str(port), nickname)
    started.expect_stdout("in")
    return started


def free_slots(host: Host) -> list[int]:
    """The number of free slots of each server that answers."""
    listed = host.start(*CHATD, "servers", "--wait", "2", "--json")
    listed.wait()
    return [offer["free"] for offer in json.loads("\n".join(listed.stdout))]


@dataclass(frozen=True)
class ClientGroup:
    """Many clients in one program; see :mod:`tests.e2e.faults.client_group`."""

    program: Program
    count: int

    def events(self, after: int = 0) -> list[tuple[int, float, str]]:
        """Client, time and event of each line of output, from number `after` on."""
        split = [line.split(" ", 2) for line in self.program.stdout[after:]]
        return [(int(number), float(when), what) for number, when, what in split]

    def times(self, event: str, after: int = 0) -> dict[int, float]:
        """For each client, when the event last happened."""
        return {number: when for number, when, noted in self.events(after) if noted == event}

    def first_times(self, event: str, after: int = 0) -> dict[int, float]:
        """For each client, when the event first happened."""
        return {n: when for n, when, noted in reversed(self.events(after)) if noted == event}

    def wait_for_all(self, event: str, after: int = 0, within: float = TIMEOUT_SECONDS) -> None:
        """Wait until the event has happened to every client."""
        self.program.wait_until(lambda: len(self.times(event, after)) == self.count, event, within)

    @property
    def event_count(self) -> int:
        """The number of events so far."""
        return len(self.program.stdout)


def start_clients(host: Host, count: int, nickname: str = "guest") -> ClientGroup:
    """Start clients that search for the server; their nicknames are guest0, guest1, …"""
    module = ("-m", "tests.e2e.faults.client_group")
    words = (str(count), "--server", "party", "-n", nickname)
    return ClientGroup(host.start(sys.executable, *module, *words), count)


def start_clients_with_two_networks(
    network: Network, count: int, host_count: int, within: float = TIMEOUT_SECONDS
) -> tuple[list[Host], list[ClientGroup]]:
    """Start a server in both subnets, and on each host some of `count` clients, in the office's.

    Returns when all are online; the server has 10 slots more.
    """
    at_server = network.add_host("server", {OFFICE: f"{SERVER_IP}/24", LAB: "192.168.1.1/24"})
    server(at_server, "--slots", str(count + 10))
    hosts = [
        network.add_host(f"host{n}", {OFFICE: f"10.35.11.{n}/24", LAB: f"192.168.1.{n}/24"})
        for n in range(10, 10 + host_count)
    ]
    for host in hosts:
        host.detach("eth1")
    groups = [start_clients(host, count // host_count, f"g{n}-") for n, host in enumerate(hosts)]
    for group in groups:
        group.wait_for_all("in", within=within)
    return hosts, groups


def move_to_other_network(hosts: Iterable[Host]) -> None:
    """Cut the hosts off from the office's network, and attach them to the other one."""
    for host in hosts:
        host.detach("eth0")
        host.attach("eth1")
