"""A log file that cannot be written does not stop the chat, and continues when it can be."""

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.native_peer import Peer, enter
from tests.e2e.programs import CHATD, Program, programs
from tests.ports import IFADDRS, free_port, free_udp_port

#: How large a file may get, as a disk that is nearly full.
_FULL_BYTES = 8_192


@pytest.fixture
def start() -> Iterator[Callable[[int, Path], Program]]:
    """Starts a server on a port, with a log file, and waits until it listens."""
    with programs() as started:

        def server(port: int, log: Path) -> Program:
            words = [*CHATD, "server", *IFADDRS, "--port", str(port), "--flood", "0"]
            words += ["--discovery-port", str(free_udp_port()), "--log-file", str(log)]
            program = started(words)
            started(["tail", "-n", "+1", "-F", str(log)]).expect_stdout("answers discovery")
            return program

        yield server


def _say(peer: Peer, text: str) -> None:
    peer.send("message", {"text": text}, id=1)
    peer.receive("ok")


def test_a_full_disk_costs_only_lines_of_the_log(
    tmp_path: Path, start: Callable[[int, Path], Program]
) -> None:
    port, log = free_port(), tmp_path / "chat.log"
    server = start(port, log)
    ice = enter(port, "ice")
    hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (_FULL_BYTES, hard))
    for _ in range(20):
        _say(ice, "x" * 1_000)
    server.expect_stderr(f"the log {log} cannot be written")
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (hard, hard))
    _say(ice, "there is room again")
    ice.close()
    assert "ice: 'there is room again'" in log.read_text()
    assert len(server.stderr) == 1, "it is said once"


def test_a_removed_log_file_is_created_again(
    tmp_path: Path, start: Callable[[int, Path], Program]
) -> None:
    port, log = free_port(), tmp_path / "chat.log"
    server = start(port, log)
    ice = enter(port, "ice")
    log.unlink()
    _say(ice, "hello")
    assert "ice: 'hello'" in log.read_text()
    ice.close()
    assert server.stderr == []
