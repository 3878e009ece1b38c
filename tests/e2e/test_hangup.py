"""Terminals that are closed while a program runs in them."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.native_peer import Peer
from tests.e2e.programs import CHATD, programs
from tests.e2e.pty_terminal import StartTerminal
from tests.ports import HOST, IFADDRS, free_port, free_udp_port


def test_closing_the_terminal_quits_the_chat(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    ice.hang_up()
    assert moon.receive("left")["data"] == {"nickname": "ice", "reason": "quit"}
    assert ice.wait_after_hang_up() >= 0, "no signal had to end it"


def test_a_server_started_with_nohup_survives_its_terminal() -> None:
    port, udp = str(free_port()), ("--discovery-port", str(free_udp_port()))
    with programs() as start:
        server = start(["nohup", *CHATD, "server", *IFADDRS, "--id", "party", "--port", port, *udp])
        server.expect_stderr("Chat for chatd clients listens on")
        server.send_signal(signal.SIGHUP)
        client = start([*CHATD, "client", HOST, port, *IFADDRS, "-n", "ice"])
        client.expect_stderr("Connected to")
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0


def test_a_signal_that_the_starter_had_ignored_stays_ignored() -> None:
    """A script has SIGINT ignored for what it starts in its background."""
    port, udp = str(free_port()), ("--discovery-port", str(free_udp_port()))
    shell = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
    with programs() as start:
        server = start([*shell, *CHATD, "server", *IFADDRS, "--port", port, *udp])
        server.expect_stderr("listens on")
        server.send_signal(signal.SIGINT)
        client = start([*CHATD, "client", HOST, port, *IFADDRS, "-n", "ice"])
        client.expect_stderr("Connected to")
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
def test_no_socket_takes_the_place_of_a_standard_stream_that_is_closed(closed: str) -> None:
    port, udp = str(free_port()), ("--discovery-port", str(free_udp_port()))
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh"]
    with programs() as start:
        server = start([*shell, *CHATD, "server", *IFADDRS, "--port", port, *udp])
        client = start([*CHATD, "client", HOST, port, *IFADDRS, "-n", "ice", "--reconnect"])
        client.expect_stderr("Connected to")
        for number in range(len(closed.split())):
            stream = {"<&-": 0, ">&-": 1, "2>&-": 2}[closed.split()[number]]
            assert Path(f"/proc/{server.pid}/fd/{stream}").readlink() == Path(os.devnull)
