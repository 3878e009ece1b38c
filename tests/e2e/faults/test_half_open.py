"""A link that goes down without a word, as when a cable is pulled: both ends find out."""

from collections.abc import Callable
from time import monotonic

from chatd.chat import limits
from tests.e2e.faults.chat_programs import (
    DEAD_PEER_SECONDS,
    free_slots,
    member,
    server,
    start_clients,
    web_member,
)
from tests.e2e.namespaces import Host


def test_both_ends_notice_a_dead_link_within_a_minute_and_all_clients_return(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    """Idle links, one with words under way, and those that the notices of the first are sent to."""
    server(server_host, "--slots", "40", "--web", "8080")
    idle_host, busy_host, watching_host = host(2), host(3), host(4)
    guests = start_clients(idle_host, 20)
    guests.wait_for_all("in")
    web_member(idle_host, 8080, "star")
    moon = member(busy_host, "moon")
    sun = member(watching_host, "sun")
    moon.expect_stdout("sun has entered")
    assert free_slots(watching_host) == [17]

    before = guests.event_count
    idle_host.detach()
    busy_host.detach()
    end = monotonic() + DEAD_PEER_SECONDS + limits.AWAY_SECONDS
    moon.send_line("is anybody there?")
    sun.send_line("@moon where are you?")
    gone = ["moon", "star", *(f"guest{number}" for number in range(20))]
    for nickname in gone:
        sun.expect_stdout(
            f"{nickname} has left the chat (connection lost)", within=end - monotonic()
        )
    guests.wait_for_all("out", before, within=end - monotonic())
    moon.expect_stderr("Not connected: no sign of the server for 8 s")

    assert free_slots(watching_host) == [39]
    another = member(watching_host, "moon")
    another.close_stdin()
    another.wait()
    before = guests.event_count
    idle_host.attach()
    guests.wait_for_all("in", before)
    busy_host.attach()
    sun.expect_stdout("moon: is anybody there?")
    moon.expect_stderr("Reconnected to party")
    assert free_slots(watching_host) == [18]
    assert sum("moon: " in line for line in sun.stdout) == 1
    assert not any("may not have arrived" in line for line in moon.stderr)
