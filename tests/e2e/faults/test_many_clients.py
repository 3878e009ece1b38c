"""Two hundred clients that all lose their server at once: everyone is in again."""

import signal
from collections.abc import Callable

from tests.e2e.faults.chat_programs import (
    DEAD_PEER_SECONDS,
    LAB,
    OFFICE,
    SERVER_IP,
    free_slots,
    server,
    start_clients,
)
from tests.e2e.namespaces import Host, Network

COUNT = 200


def test_all_clients_reconnect_to_a_server_that_was_killed(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    at = host(2)
    first = server(server_host)
    guests = start_clients(at, COUNT)
    guests.wait_for_all("in")
    before = guests.event_count
    first.send_signal(signal.SIGKILL)
    first.wait()
    server(server_host, "--slots", str(COUNT))
    guests.wait_for_all("in", before)
    assert free_slots(at) == [0]


def test_all_clients_return_by_another_network(
    network: Network,
) -> None:
    at_server = network.add_host("server", {OFFICE: f"{SERVER_IP}/24", LAB: "192.168.1.1/24"})
    server(at_server, "--slots", str(COUNT + 10))
    at = network.add_host("crowd", {OFFICE: "10.35.11.2/24", LAB: "192.168.1.2/24"})
    at.detach("eth1")
    guests = start_clients(at, COUNT)
    guests.wait_for_all("in")
    before = guests.event_count
    at.detach("eth0")
    at.attach("eth1")
    guests.wait_for_all("in", before, within=2 * DEAD_PEER_SECONDS)
    assert any("is taken" in note for _, _, note in guests.events(before)), "there were ghosts"
    assert free_slots(at) == [10]
