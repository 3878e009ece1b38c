"""Two hundred clients that all lose their server at once: everyone is in again."""

import signal
from collections.abc import Callable

from tests.e2e.faults.chat_programs import (
    free_slots,
    move_to_other_network,
    server,
    start_clients,
    start_clients_with_two_networks,
)
from tests.e2e.namespaces import Host, Network

COUNT = 200
#: The server protects an address from more than 20 offers a second.
HOSTS = 10

#: How soon after it has noticed that its link is dead a client is in again; it waits for up to 5 s.
BACK_SECONDS = 10


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


def test_all_clients_that_are_cut_off_are_soon_back_by_another_network(network: Network) -> None:
    hosts, groups = start_clients_with_two_networks(network, COUNT, HOSTS)
    before = [group.event_count for group in groups]
    move_to_other_network(hosts)
    for group, count in zip(groups, before, strict=True):
        group.wait_for_all("in", count)
        lost, back = group.first_times("out", count), group.first_times("in", count)
        assert max(back[number] - lost[number] for number in lost) < BACK_SECONDS
        notes = [note for _, _, note in group.events(count)]
        assert not any("is taken" in note or "full" in note for note in notes), "no ghosts"
    assert free_slots(hosts[0]) == [10]
