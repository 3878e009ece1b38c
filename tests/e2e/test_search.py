"""Searching in a chat that was kept, with real programs: a client on a pipe, and the page's API."""

import json
import signal
from pathlib import Path
from urllib.request import urlopen

from tests.e2e.programs import CHATD, programs
from tests.ports import HOST, IFADDRS, free_port, free_udp_port


def test_what_was_said_before_a_restart_is_found_by_a_client_and_by_http(tmp_path: Path) -> None:
    port, web = free_port(), free_port()
    server = [
        *(*CHATD, "server", *IFADDRS, "--id", "kept", "--store", str(tmp_path / "kept.db")),
        *("--port", str(port), "--web", str(web), "--discovery-port", str(free_udp_port())),
    ]
    client = [*CHATD, "client", HOST, str(port), *IFADDRS, "--nickname"]
    with programs() as start:
        first = start(server)
        first.expect_stderr("kept answers discovery")
        ice = start([*client, "ice"])
        for line in ("green tea", "/join #dev", "tea in dev", "coffee"):
            ice.send_line(line)
        ice.close_stdin()
        assert ice.wait() == 0
        first.send_signal(signal.SIGTERM)
        assert first.wait() == 0

        start(server).expect_stderr("kept answers discovery")
        moon = start([*client, "moon"])
        moon.send_line("/search tea from:ice since:1h")
        moon.send_line('/search "not said"')
        moon.close_stdin()
        assert moon.wait() == 0
        assert [line.split(" ", 2)[2] for line in moon.stdout if "ice: " in line] == [
            "#lobby ice: green tea",
            "#dev ice: tea in dev",
        ]
        assert "[Server]: Nothing was found." in moon.stdout
        with urlopen(f"http://{HOST}:{web}/api/search?words=tea&room=%23dev") as response:
            found = json.load(response)
        assert [message["text"] for message in found["messages"]] == ["tea in dev"]
