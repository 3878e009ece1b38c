"""A server without a free file descriptor keeps its members, and accepts others later."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.native_peer import Peer, enter
from tests.e2e.programs import CHATD, Program, programs
from tests.ports import IFADDRS, free_port, free_udp_port

#: Files that the server may have open; beside connections it needs about fifteen.
_FILES = 40


@pytest.fixture
def start() -> Iterator[Callable[[int], Program]]:
    """Starts a server that may have few files open, at that port."""
    with programs() as started:

        def server(port: int) -> Program:
            words = [*CHATD, "server", *IFADDRS, "--port", str(port), "--id", "small"]
            words += ["--discovery-port", str(free_udp_port())]
            program = started(["sh", "-c", f'ulimit -n {_FILES}; exec "$@"', "sh", *words])
            program.expect_stderr("small answers discovery")
            return program

        yield server


def _try_to_enter(port: int, nickname: str) -> Peer | None:
    try:
        return enter(port, nickname)
    except (OSError, AssertionError):  # closed at once
        return None


def test_members_go_on_chatting_and_others_can_enter_when_descriptors_are_free_again(
    start: Callable[[int], Program],
) -> None:
    port = free_port()
    server = start(port)
    server.expect_stderr(f"this process may have only {_FILES}")
    ice, moon = enter(port, "ice"), enter(port, "moon")
    crowd = [peer for peer in (_try_to_enter(port, f"guest-{n}") for n in range(_FILES)) if peer]
    assert 0 < len(crowd) < _FILES, "who cannot be served is not kept waiting"
    ice.send("message", {"text": "crowded in here"}, id=1)
    assert ice.receive("ok")["data"]["seq"] == 1
    assert moon.receive("message")["data"]["text"] == "crowded in here"
    for each in crowd:
        each.close()
    for _ in crowd:
        moon.receive("left")
    sun = enter(port, "sun")
    assert not [line for line in server.stderr if "Traceback" in line or "Could not" in line]
    for member in (ice, moon, sun):
        member.close()
