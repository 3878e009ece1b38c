"""What the tutorial shows is what happens."""

import re
import shlex
import socket
import subprocess
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.e2e.programs import CHATD, programs
from tests.ports import free_port, free_udp_port
from tests.timeouts import TIMEOUT_SECONDS

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "tutorial.rst").read_text(encoding="utf-8")
PLAYED = re.compile(
    r"^\.\. code-block:: console\n   :class: played\n\n   \$ (.*)\n((?:   .*\n)+)", re.MULTILINE
)


@pytest.mark.smoke
def test_the_commands_of_the_tutorial_print_the_output_in_it() -> None:
    [server] = re.findall(r"^    chatd (server .*)$", PAGE, re.MULTILINE)
    udp, tcp, web, plain = free_udp_port(), free_port(), free_port(), free_port()
    here = ["--ifaddrs", "127.0.0.1/8", "--discovery-port", str(udp)]
    ports = server.replace("--web 8080", f"--web {web}").replace("--plain 7780", f"--plain {plain}")
    with programs() as start:
        running = start([*CHATD, *ports.split(), "--port", str(tcp), *here])
        running.expect_stderr("party answers discovery")
        for command, output in PLAYED.findall(PAGE):
            script = f'chatd() {{ {shlex.join(CHATD)} "$@" {shlex.join(here)}; }}\n{command}'
            done = subprocess.run(
                ["sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
            )
            shown = re.sub(r"^   ", "", output, flags=re.MULTILINE)
            assert without_chance(done.stdout or done.stderr, tcp) == without_chance(shown, 7777)
            assert done.returncode == (0 if done.stdout else 1)
        with urlopen(f"http://localhost:{web}/", timeout=TIMEOUT_SECONDS) as page:
            assert page.status == 200
        with socket.create_connection(("localhost", plain), TIMEOUT_SECONDS) as nc:
            assert b"nickname" in nc.recv(100)


def without_chance(text: str, port: int) -> str:
    """`text` without times of day and widths of columns; the main port has its usual number."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME", text).replace(f":{port}", ":7777")
    return re.sub(r" +", " ", text)
