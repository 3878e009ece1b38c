"""A link that goes down without a word, as when a cable is pulled: both ends find out."""

from collections.abc import Callable
from time import monotonic

import pytest

from tests.e2e.faults.people import HALF_OPEN, browser, crowd, free_places, member, server
from tests.e2e.hosts import Host


@pytest.mark.timeout(240)  # twice what it takes to find out
def test_both_ends_find_out_within_a_minute_places_and_names_are_free_and_all_come_back(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    """Idle links, one with words under way, and those that the notices of the first are sent to."""
    server(server_host, "--slots", "40", "--web", "8080")
    idle_host, busy_host, watching_host = host(2), host(3), host(4)
    guests = crowd(idle_host, 20)
    guests.all_are("in")
    browser(idle_host, 8080, "star")
    moon = member(busy_host, "moon")
    sun = member(watching_host, "sun")
    moon.shows("sun has entered")
    assert free_places(watching_host) == [17]

    before = guests.so_far
    idle_host.cut()
    busy_host.cut()
    end = monotonic() + HALF_OPEN
    moon.type("is anybody there?")
    sun.type("@moon where are you?")
    gone = ["moon", "star", *(f"guest{number}" for number in range(20))]
    for nickname in gone:
        sun.shows(f"{nickname} has left the chat (connection lost)", within=end - monotonic())
    guests.all_are("out", before, within=end - monotonic())
    moon.says("they may not have arrived", within=end - monotonic())
    assert "  is anybody there?" in moon.err

    assert free_places(watching_host) == [39]
    member(watching_host, "moon")
    before = guests.so_far
    idle_host.join()
    guests.all_are("in", before)
    assert free_places(watching_host) == [18]
    assert not any("moon: " in line for line in sun.out)
