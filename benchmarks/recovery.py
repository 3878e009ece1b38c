"""How fast servers and clients recover when the network fails.

    python -m benchmarks.recovery [SCENARIO...]

These are the figures of docs/explanation/reliability.rst. It needs root, iproute2 and iptables:
each host is a network namespace. For each scenario it prints how many clients recovered, and after
how many seconds.
"""

import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from statistics import median
from typing import Final

from tests.e2e.faults.chat_programs import (
    LAB,
    OFFICE,
    ClientGroup,
    client,
    member,
    move_to_other_network,
    server,
    start_clients,
    start_clients_with_two_networks,
)
from tests.e2e.faults.test_loss import SAID, by_chance, lose
from tests.e2e.namespaces import Host, Network, create_network
from tests.e2e.programs import Program

CLIENTS: Final = 200
TIMEOUT_SECONDS: Final = 150.0


def report(title: str, seconds: Sequence[float]) -> None:
    """Print how many there are, and the first, the median and the last."""
    print(
        f"{title}: {len(seconds)} (first {min(seconds):.1f} s, median {median(seconds):.1f} s, "
        f"last {max(seconds):.1f} s)",
        flush=True,
    )


def hosts(network: Network, *numbers: int) -> list[Host]:
    """Hosts in the office's subnet."""
    return [
        network.add_host(f"host{number}", {OFFICE: f"10.35.11.{number}/24"}) for number in numbers
    ]


def detected(party: Program, cut: float) -> list[float]:
    """How many seconds after `cut`, a time of day, the server found each lost connection."""
    found = [line for line in party.stderr if "(connection lost)" in line]
    return [datetime.fromisoformat(line.split()[0]).timestamp() - cut for line in found]


def report_return(groups: Sequence[tuple[ClientGroup, int]], since: float) -> None:
    """Report on the clients that lost their connection and are online again.

    :param groups: the clients, each with their number of events before.
    """
    lost = [when for group, before in groups for when in group.first_times("out", before).values()]
    back = [when for group, before in groups for when in group.times("in", before).values()]
    report("  detected by the clients", [when - since for when in lost])
    report("  online again", [when - since for when in back])
    notes = [what for group, before in groups for _, _, what in group.events(before)]
    print(
        f"  attempts: {notes.count('out') - len(lost) + CLIENTS}, refused because of their own old "
        f"connection: {sum('is taken' in what for what in notes)}, "
        f"because the server was full: {sum('full' in what for what in notes)}"
    )


def half_open(network: Network) -> None:
    """The hosts of 20 idle clients and of one that sends are cut off."""
    at_server, at_clients, at_moon = hosts(network, 1, 2, 3)
    party = server(at_server)
    clients, moon = start_clients(at_clients, 20), member(at_moon, "moon")
    clients.wait_for_all("in")
    before, cut, since = clients.event_count, time.time(), time.monotonic()
    at_clients.detach()
    at_moon.detach()
    moon.send_line("is anybody there?")
    clients.wait_for_all("out", before, TIMEOUT_SECONDS)
    moon.expect_stderr("Not connected", within=TIMEOUT_SECONDS)
    party.wait_until(lambda: len(detected(party, cut)) == 21, "all have left", TIMEOUT_SECONDS)
    report("half-open, detected by the server", detected(party, cut))
    lost = clients.first_times("out", before)
    report("  by idle clients", [when - since for when in lost.values()])


def restart(network: Network, *options: str) -> None:
    """The server is killed, and started again at once."""
    at_server, at_clients = hosts(network, 1, 2)
    first = server(at_server, *options)
    clients = start_clients(at_clients, CLIENTS)
    clients.wait_for_all("in")
    before, since = clients.event_count, time.monotonic()
    first.send_signal(signal.SIGKILL)
    first.wait()
    server(at_server, *options)
    clients.wait_for_all("in", before, TIMEOUT_SECONDS)
    print(f"server killed and restarted {' '.join(options)}")
    report_return([(clients, before)], since)


def restart_without_accept_rate(network: Network) -> None:
    """The same as if each client had an address of its own."""
    restart(network, "--accept-rate", "0")


def reroute(network: Network, at_hosts: int) -> None:
    """All clients are cut off, and can reach the server over another network."""
    crowd, groups = start_clients_with_two_networks(network, CLIENTS, at_hosts, TIMEOUT_SECONDS)
    before, since = [(group, group.event_count) for group in groups], time.monotonic()
    move_to_other_network(crowd)
    for group, count in before:
        group.wait_for_all("in", count, TIMEOUT_SECONDS)
    print(f"cut off on {at_hosts} hosts")
    report_return(before, since)


def discovery(network: Network, percent: int) -> None:
    """Discovery, where datagrams are lost in both directions."""
    at_server, at_clients = hosts(network, 1, 2)
    server(at_server, "--accept-rate", "0")
    lose("udp", by_chance(percent), at_server, at_clients)
    clients = start_clients(at_clients, CLIENTS)
    clients.wait_for_all("in", within=TIMEOUT_SECONDS)
    began = min(when for _, when, _ in clients.events())
    seconds = [when - began for when in clients.first_times("in").values()]
    report(f"found and online, {percent} % lost", seconds)
    print(f"  within three periods: {sum(each < 9 for each in seconds)}")


def losses(program: Program, after: int = 0) -> int:
    """How often a client lost its connection, from line number `after` on."""
    return sum("Trying again in" in line for line in program.stderr[after:])


def messages(network: Network, percent: int) -> None:
    """A hundred messages, where packets are lost in both directions."""
    at_server, at_moon, at_ice = hosts(network, 1, 2, 3)
    party = server(at_server, "--flood", "0")
    moon = member(at_moon, "moon")
    lose("tcp", by_chance(percent), at_server, at_moon, at_ice)
    ice = client(at_ice, "ice")
    ice.expect_stderr("Connected", within=TIMEOUT_SECONDS)
    since, before = time.monotonic(), len(ice.stderr)
    for line in SAID:
        ice.send_line(line)
    ice.close_stdin()
    ice.wait(TIMEOUT_SECONDS)
    seconds = time.monotonic() - since
    reported = {line.strip() for line in ice.stderr} & set(SAID)
    last = [f"ice: {line}" for line in SAID if line not in reported][-1]
    moon.wait_until(lambda: last in moon.stdout or losses(moon) > 0, last, TIMEOUT_SECONDS)
    received = [line.removeprefix("ice: ") for line in moon.stdout if re.match("ice: ", line)]
    accepted = [line for line in party.stderr if "ice: 'line" in line]
    print(
        f"100 messages, {percent} % lost: accepted {len(accepted)}, received {len(received)}, "
        f"twice {len(received) - len(set(received))}, in order "
        f"{received == sorted(received, key=SAID.index)}, reported as undelivered {len(reported)}, "
        f"connections lost by the sender {losses(ice, before)}, by the receiver {losses(moon)}; "
        f"{seconds:.1f} s"
    )


SCENARIOS: Final[dict[str, Callable[[Network], None]]] = {
    "half-open": half_open,
    "restart": restart,
    "restart-without-accept-rate": restart_without_accept_rate,
    "reroute": lambda network: reroute(network, 10),
    "reroute-from-one-address": lambda network: reroute(network, 1),
    "discovery-5": lambda network: discovery(network, 5),
    "discovery-30": lambda network: discovery(network, 30),
    "messages-5": lambda network: messages(network, 5),
    "messages-30": lambda network: messages(network, 30),
}


def main(*names: str) -> None:
    for name in names or SCENARIOS:
        with create_network([OFFICE, LAB]) as network:
            SCENARIOS[name](network)


if __name__ == "__main__":
    main(*sys.argv[1:])
