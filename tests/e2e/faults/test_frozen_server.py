"""A server that hangs for a while, as when its laptop is suspended, and then goes on."""

import signal
from collections.abc import Callable

from tests.e2e.faults.people import SERVER, member, server
from tests.e2e.hosts import Host
from tests.e2e.programs import CHATD


def test_who_is_in_notices_nothing_and_what_they_said_meanwhile_arrives_in_order(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    party = server(server_host)
    ice, moon = member(host(2), "ice"), member(host(3), "moon")
    ice.shows("moon has entered")
    party.signal(signal.SIGSTOP)
    said = [f"line {number}" for number in range(10)]
    for line in said:
        ice.type(line)
    newcomer = host(4).run(*CHATD, "client", SERVER, "-n", "sun", "--reconnect")
    newcomer.says(f"{SERVER}:7777 said nothing within 3 s")
    party.signal(signal.SIGCONT)
    moon.shows(f"ice: {said[-1]}")
    assert [line for line in moon.out if line.startswith("ice: ")] == [f"ice: {s}" for s in said]
    assert len(ice.err) == len(moon.err) == 2, "nothing but the search and the connection"


def test_who_tried_to_get_in_meanwhile_is_not_kept_out_by_their_own_tries(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    party = server(server_host)
    ice, moon_host, sun_host = member(host(2), "ice"), host(3), host(4)
    party.signal(signal.SIGSTOP)
    newcomers = []
    for each, nickname in ((moon_host, "moon"), (sun_host, "sun")):
        newcomers.append(each.run(*CHATD, "client", SERVER, "-n", nickname, "--reconnect"))
        each.wait_for_connection(7777)
    for newcomer in newcomers:
        newcomer.says("said nothing within 3 s. Trying again")
    for each in (moon_host, sun_host):
        each.wait_for_connection(7777)  # the second try, while the first is not yet answered
    party.signal(signal.SIGCONT)
    for newcomer in newcomers:
        newcomer.says("Connected to")
        newcomer.type("at last")
    for nickname in ("moon", "sun"):
        ice.shows(f"{nickname}: at last")
