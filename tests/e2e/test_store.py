"""A server that is killed and started again: nothing that it confirmed is lost."""

import json
import random
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any, Final

import pytest

from tests.e2e.native_peer import Peer, enter
from tests.e2e.programs import CHATD, TWISTD, Program, programs
from tests.ports import HOST, IFADDRS, free_port, free_udp_port
from tests.timeouts import TIMEOUT_SECONDS

TALKERS: Final = 5
SERVERS: Final = {"chatd": (*CHATD, "server"), "twistd": (*TWISTD, "-n", "chatserver")}

Start = Callable[..., tuple[Program, int]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a server of the id ``kept``, and returns it with its port."""
    with programs() as start_one:

        def server(*words: str, command: tuple[str, ...] = SERVERS["chatd"]) -> tuple[Program, int]:
            port = free_port()
            program = start_one(
                [
                    *(*command, *IFADDRS, "--id", "kept", "--flood", "0", "--port", str(port)),
                    *("--discovery-port", str(free_udp_port()), *words),
                ]
            )
            return program, port

        yield server


class Talker:
    """A member that sends a message as soon as the last one is confirmed, as ``nc`` could.

    :ivar confirmed: the numbers of its messages that were, with their texts.
    """

    def __init__(self, port: int, nickname: str) -> None:
        self.nickname = nickname
        self.confirmed: dict[int, str] = {}
        self._count = 0
        self._rest = b""
        self.socket = socket.create_connection((HOST, port), TIMEOUT_SECONDS)
        self._send({"type": "hello", "data": {"nickname": nickname, "version": 1}})

    def read(self) -> bool:
        """Read what has come; the answer is whether there may be more."""
        try:
            data = self.socket.recv(65_536)
            *lines, self._rest = (self._rest + data).split(b"\n")
            for each in lines:
                self._hear(json.loads(each))
        except OSError:  # the server is killed
            return False
        return bool(data)

    def _hear(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "ok":
            self.confirmed[frame["data"]["seq"]] = frame["id"]
        if frame["type"] in ("ok", "welcome"):
            self._count += 1
            text = f"{self.nickname} {self._count}"
            self._send({"type": "message", "data": {"text": text}, "id": text})

    def _send(self, frame: object) -> None:
        self.socket.sendall(json.dumps(frame).encode() + b"\n")


def talk_until_killed(port: int, program: Program, life: int, enough: int) -> dict[int, str]:
    """Kill the server after so many confirmations; returns all that there were."""
    talkers = [Talker(port, f"talker-{life}-{number}") for number in range(TALKERS)]
    is_killed = False
    with DefaultSelector() as selector:
        for talker in talkers:
            selector.register(talker.socket, EVENT_READ, talker)
        while selector.get_map():
            ready = selector.select(TIMEOUT_SECONDS)
            assert ready, "the server neither answers nor ends"
            for key, _ in ready:
                if not key.data.read():
                    selector.unregister(key.fileobj)
                    key.data.socket.close()
            if not is_killed and sum(len(each.confirmed) for each in talkers) >= enough:
                program.send_signal(signal.SIGKILL)
                is_killed = True
    program.wait()
    return {seq: text for each in talkers for seq, text in each.confirmed.items()}


def whole_history(peer: Peer) -> dict[int, str]:
    """All messages of the lobby, by their numbers."""
    found: dict[int, str] = {}
    while True:
        peer.send("history", {"before": min(found)} if found else {}, id="history")
        page: list[dict[str, Any]] = []
        while True:
            data = peer.receive("history")["data"]
            page += data["messages"]
            if not data.get("more"):
                break
        if not page:
            return found
        assert not {each["seq"] for each in page} & found.keys()
        found |= {each["seq"]: each["text"] for each in page}


@pytest.mark.parametrize("command", SERVERS.values(), ids=SERVERS)
def test_what_was_confirmed_before_the_server_was_killed_is_in_the_history_under_its_number(
    command: tuple[str, ...], start: Start, tmp_path: Path
) -> None:
    path = tmp_path / "chat.sqlite"
    confirmed: dict[int, str] = {}
    for life in range(3):
        program, port = start("--store", str(path), command=command)
        program.expect_stderr(f"this chat is kept in {path}")
        program.expect_stderr("kept answers discovery")
        enough = random.randint(1, 400)  # noqa: S311  # any moment will do
        newly = talk_until_killed(port, program, life, enough)
        assert min(newly) > max(confirmed, default=0), "numbers go on"
        confirmed |= newly
    program, port = start("--store", str(path), command=command)
    program.expect_stderr("kept answers discovery")
    ice = enter(port, "ice")
    found = whole_history(ice)
    assert confirmed.items() <= found.items()
    assert sorted(found) == list(range(1, max(found) + 1))
    assert len(set(found.values())) == len(found), "none is doubled"
    ice.send("message", {"text": "and on"}, id=1)
    assert ice.receive("ok")["data"]["seq"] == max(found) + 1
    ice.send("users", {}, id=2)
    users = ice.receive("users")["data"]["users"]
    assert [each["nickname"] for each in users if not each["away"]] == ["ice"]
    ice.close()


def test_only_this_user_can_read_the_file(start: Start, state_home: Path) -> None:
    program, port = start()
    program.expect_stderr("this chat is kept in")
    ice = enter(port, "ice")
    ice.send("message", {"text": "hello"}, id=1)
    ice.receive("ok")
    ice.close()
    files = [each for each in state_home.rglob("*") if each.is_file() and "kept" in each.name]
    assert "kept.sqlite" in {each.name for each in files}
    assert {oct(stat.S_IMODE(each.stat().st_mode)) for each in files} == {oct(0o600)}


def test_a_second_server_of_the_same_id_keeps_nothing_and_says_so(start: Start) -> None:
    first, port = start()
    first.expect_stderr("this chat is kept in")
    second, second_port = start()
    second.expect_stderr("nothing is kept of this chat: Another server keeps its chat in ")
    ice = enter(second_port, "ice")
    ice.send("message", {"text": "said in the second one"}, id=1)
    ice.receive("ok")
    ice.close()
    second.send_signal(signal.SIGTERM)
    assert second.wait() == 0
    moon = enter(port, "moon")
    assert whole_history(moon) == {}
    moon.close()


def test_a_second_server_on_a_file_that_was_named_is_refused(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "chat.sqlite"
    first, _ = start("--store", str(path))
    first.expect_stderr("this chat is kept in")
    second, _ = start("--store", str(path))
    assert second.wait() == 1
    sentence = f"Another server keeps its chat in {path}; name another file with --store."
    refusals = [each for each in second.stderr if "chatd server: --store: " in each]
    assert refusals
    assert all(each.endswith(f"chatd server: --store: {sentence}") for each in refusals)
    assert not [each for each in second.stderr if "listens on" in each or "Traceback" in each]


def test_a_server_makes_no_file_if_nothing_is_to_be_kept(start: Start, state_home: Path) -> None:
    program, port = start("--store", "none")
    program.expect_stderr("kept answers discovery")
    ice = enter(port, "ice")
    ice.send("message", {"text": "hello"}, id=1)
    ice.receive("ok")
    ice.close()
    program.send_signal(signal.SIGTERM)
    assert program.wait() == 0
    assert not [each for each in program.stderr if "is kept" in each]
    assert not [each for each in state_home.rglob("*") if "sqlite" in each.name]


def test_launch_makes_no_file(state_home: Path) -> None:
    with programs() as start_one:
        launch = start_one(
            [
                *(*CHATD, "launch", *IFADDRS, "--port", str(free_port()), "-n", "ice"),
                *("--discovery-port", str(free_udp_port())),
            ]
        )
        launch.send_line("hello")
        launch.close_stdin()
        assert launch.wait() == 0
    assert not [each for each in state_home.rglob("*") if "sqlite" in each.name]
