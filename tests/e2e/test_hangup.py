"""A terminal that goes away: its window was closed, or the line to it broke."""

import signal
from collections.abc import Callable

from tests.e2e.peers import ADDRESS, Peer, free_port
from tests.e2e.programs import CHATD, programs
from tests.e2e.window import Window


def test_who_closes_the_window_has_said_goodbye(
    client: Callable[..., Window], peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    ice.shut()
    assert moon.hears("left")["data"] == {"nickname": "ice", "reason": "quit"}
    assert ice.status_unseen() >= 0, "no signal had to end it"


def test_a_server_that_was_started_with_nohup_outlives_its_terminal() -> None:
    port = str(free_port())
    with programs() as start:
        server = start(["nohup", *CHATD, "server", *ADDRESS, "--id", "party", "--port", port])
        server.says("party listens")
        server.signal(signal.SIGHUP)
        client = start([*CHATD, "client", ADDRESS[1].split("/")[0], port, *ADDRESS, "-n", "ice"])
        client.says("Connected to")
        server.signal(signal.SIGTERM)
        assert server.status() == 0
