"""A server that hangs for a while, as when its laptop is suspended, and then goes on."""

import signal
from collections.abc import Callable

from tests.e2e.faults.chat_programs import SERVER_IP, member, server
from tests.e2e.namespaces import Host
from tests.e2e.programs import CHATD


def test_members_stay_connected_and_their_messages_arrive_in_order(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    party = server(server_host)
    ice, moon = member(host(2), "ice"), member(host(3), "moon")
    ice.expect_stdout("moon has entered")
    party.send_signal(signal.SIGSTOP)
    said = [f"line {number}" for number in range(10)]
    for line in said:
        ice.send_line(line)
    newcomer = host(4).start(*CHATD, "client", SERVER_IP, "-n", "sun", "--reconnect")
    newcomer.expect_stderr(f"{SERVER_IP}:7777 did not answer within 3 s")
    party.send_signal(signal.SIGCONT)
    moon.expect_stdout(f"ice: {said[-1]}")
    assert [line for line in moon.stdout if line.startswith("ice: ")] == [f"ice: {s}" for s in said]
    assert len(ice.stderr) == len(moon.stderr) == 2, "nothing but the search and the connection"


def test_earlier_attempts_of_a_client_do_not_keep_it_out(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    party = server(server_host)
    ice = member(host(2), "ice")
    party.send_signal(signal.SIGSTOP)
    newcomers = [
        host(number).start(*CHATD, "client", SERVER_IP, "-n", nickname, "--reconnect")
        for number, nickname in ((3, "moon"), (4, "sun"))
    ]
    for newcomer in newcomers:
        seen = 0
        for _ in range(2):  # the server has accepted none of these connections yet
            newcomer.expect_stderr("did not answer within 3 s. Trying again", after=seen)
            seen = len(newcomer.stderr)
    party.send_signal(signal.SIGCONT)
    for newcomer in newcomers:
        newcomer.expect_stderr("Connected to")
        newcomer.send_line("at last")
    for nickname in ("moon", "sun"):
        ice.expect_stdout(f"{nickname}: at last")
