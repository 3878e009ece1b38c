"""Two servers with the same id."""

import signal
from collections.abc import Callable

from tests.e2e.faults.chat_programs import free_slots, member, server
from tests.e2e.namespaces import Host
from tests.e2e.programs import CHATD


def test_clients_enter_either_server_and_the_other_when_it_stops(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    servers = {"10.35.11.1": server(server_host), "10.35.11.2": server(host(2))}
    places = host(4)
    ice, moon = member(host(3), "ice"), member(places, "moon")
    assert sum(free_slots(places)) == 2 * 1_000 - 2
    [at] = [address for address in servers if f"({address}:" in ice.stderr[-1]]
    servers.pop(at).send_signal(signal.SIGTERM)
    [other] = servers
    ice.expect_stderr("server is stopping")
    ice.expect_stderr(f"Connected to party ({other}:7777) as ice.")
    moon.expect_stderr(f"Connected to party ({other}:7777) as moon.")
    ice.send_line("here we are")
    moon.expect_stdout("ice: here we are")


def test_the_doctor_reports_both_servers(server_host: Host, host: Callable[[int], Host]) -> None:
    for at in (server_host, host(2)):
        server(at)
    doctor = host(3).start(*CHATD, "doctor", "--server", "party", "--wait", "2")
    assert doctor.wait() == 0
    assert "2 servers have the id party (10.35.11.1:7777, 10.35.11.2:7777)" in "\n".join(
        doctor.stdout
    )
