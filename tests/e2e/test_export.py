"""``chatd export`` beside a running server, and ``chatd import`` for one that has stopped."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.native_peer import Peer, enter
from tests.e2e.programs import CHATD, Program, programs
from tests.ports import IFADDRS, free_port, free_udp_port
from tests.timeouts import TIMEOUT_SECONDS

Start = Callable[..., tuple[Program, int]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a server of the id ``kept``, and returns it with its port."""
    with programs() as start_one:

        def server(*words: str) -> tuple[Program, int]:
            port = free_port()
            program = start_one(
                [
                    *(*CHATD, "server", *IFADDRS, "--id", "kept", "--flood", "0"),
                    *("--port", str(port), "--discovery-port", str(free_udp_port()), *words),
                ]
            )
            program.expect_stderr("kept answers discovery")
            return program, port

        yield server


def chatd(*words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*CHATD, *words], input=stdin, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
    )


def say(peer: Peer, text: str, room: str = "#lobby") -> int:
    peer.send("message", {"text": text, "room": room}, id=text)
    while (frame := peer.receive("ok"))["id"] != text:
        pass
    seq: int = frame["data"]["seq"]
    return seq


@pytest.mark.smoke
def test_a_running_server_is_exported_and_a_stopped_one_goes_on_with_what_was_imported(
    start: Start, tmp_path: Path
) -> None:
    program, port = start()
    ice, moon = enter(port, "ice"), enter(port, "moon")
    for number in range(1, 6):
        assert say(ice, f"word {number}") == number
    ice.send("private", {"to": ["moon"], "text": "for moon alone"}, id="private")
    moon.receive("private")
    exports = {
        name: chatd("export", "kept", "--format", name) for name in ("text", "jsonl", "html")
    }
    for each in exports.values():
        assert (each.returncode, each.stderr) == (0, "")
        assert "word 5" in each.stdout
        assert "for moon alone" not in each.stdout
    exported = exports["jsonl"].stdout
    assert [json.loads(each)["seq"] for each in exported.splitlines()] == [1, 2, 3, 4, 5]
    assert say(ice, "afterwards") == 6
    refused = chatd("import", "kept", stdin=exported)
    assert refused.returncode == 1
    assert "; stop it first; nothing was added\n" in refused.stderr
    for peer in (ice, moon):
        peer.close()
    program.send_signal(signal.SIGTERM)
    assert program.wait() == 0
    again = chatd("import", "kept", stdin=exported)
    assert (again.returncode, again.stderr) == (0, "")
    assert ": 0. There already: 5.\n" in again.stdout
    other = tmp_path / "other.sqlite"
    assert chatd("import", str(other), stdin=exported).returncode == 0
    program, port = start("--store", str(other))
    ice = enter(port, "ice")
    ice.send("history", {}, id="history")
    texts = [each["text"] for each in ice.receive("history")["data"]["messages"]]
    assert texts == [f"word {number}" for number in range(1, 6)]
    assert say(ice, "and on") == 6
    ice.close()


def test_a_reader_that_stops_reading_is_told_in_one_line(start: Start) -> None:
    _, port = start()
    ice = enter(port, "ice")
    for number in range(1, 200):
        ice.send("message", {"text": "x" * 1_000}, id=number)
        ice.receive("ok")
    with subprocess.Popen(
        [*CHATD, "export", "kept"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        export.stdout.close()
        err = export.stderr.read()
    assert export.returncode == 1
    assert err == "chatd: standard output cannot be written: Broken pipe\n"
    ice.close()
