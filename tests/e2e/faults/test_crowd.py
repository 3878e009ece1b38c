"""Two hundred clients that all lose their server at once: everyone is in again."""

import signal
from collections.abc import Callable

import pytest

from tests.e2e.faults.people import HALF_OPEN, LAB, OFFICE, SERVER, crowd, free_places, server
from tests.e2e.hosts import Host, Lan

COUNT = 200


def test_all_come_back_to_a_server_that_was_killed(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    at = host(2)
    first = server(server_host)
    guests = crowd(at, COUNT)
    guests.all_are("in")
    before = guests.so_far
    first.signal(signal.SIGKILL)
    first.status()
    server(server_host, "--slots", str(COUNT))
    guests.all_are("in", before)
    assert free_places(at) == [0]


@pytest.mark.timeout(240)  # a ghost is found within a minute, and then comes the next try
def test_all_come_back_another_way_past_their_own_ghosts(network: Lan) -> None:
    at_server = network.host("server", {OFFICE: f"{SERVER}/24", LAB: "192.168.1.1/24"})
    server(at_server, "--slots", str(COUNT + 10))
    at = network.host("crowd", {OFFICE: "10.35.11.2/24", LAB: "192.168.1.2/24"})
    at.cut("eth1")
    guests = crowd(at, COUNT)
    guests.all_are("in")
    before = guests.so_far
    at.cut("eth0")
    at.join("eth1")
    guests.all_are("in", before, within=2 * HALF_OPEN)
    assert any("is taken" in note for _, _, note in guests.notes(before)), "there were ghosts"
    assert free_places(at) == [10]
