"""Files from one client to another, by way of a real server and its page."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.programs import CHATD, Program, programs
from tests.ports import HOST, IFADDRS, free_port, free_udp_port


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    with programs() as start:
        yield start


@pytest.mark.smoke
@pytest.mark.parametrize("tls", ["on", "off"])
def test_a_file_goes_from_one_pipe_to_another(
    start: Callable[..., Program], tmp_path: Path, tls: str
) -> None:
    tcp, udp = str(free_port()), str(free_udp_port())
    web_tls = ["--web-tls", str(free_port())] if tls == "on" else []
    server = start(
        [
            *(*CHATD, "server", *IFADDRS, "--id", "party", "--store", "none", "--tls", tls),
            *("--port", tcp, "--discovery-port", udp, "--web", str(free_port()), *web_tls),
        ]
    )
    server.expect_stderr("party answers discovery")
    client = [*CHATD, "client", *IFADDRS, "--discovery-port", udp, "--server", "party"]
    sheet = tmp_path / "work sheet.pdf"
    sheet.write_bytes(os.urandom(1_234_567))

    ice = start([*client, "-n", "ice"])
    ice.send_line("/join #dev")
    ice.send_line(f"/send {sheet} #dev")
    scheme = "https" if tls == "on" else "http"
    ice.expect_stdout(f"#dev ice: work sheet.pdf (1.2 MB): {scheme}://{HOST}:")

    moon = start([*client, "-n", "moon"])
    saved = tmp_path / "saved"
    saved.mkdir()
    moon.send_line("/join #dev")
    moon.send_line(f"/get 1 {saved}")
    moon.send_line(f"/get 1 {saved}")
    moon.close_stdin()
    assert moon.wait() == 0
    assert sorted(each.name for each in saved.iterdir()) == [
        "work sheet (2).pdf",
        "work sheet.pdf",
    ]
    assert all(each.read_bytes() == sheet.read_bytes() for each in saved.iterdir())
    ice.close_stdin()
    assert ice.wait() == 0
