"""Accounts: ``chatd account`` changes their file while a server uses it."""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.programs import CHATD, Program, programs
from tests.e2e.pty_terminal import terminals
from tests.ports import HOST, IFADDRS, free_port, free_udp_port
from tests.timeouts import TIMEOUT_SECONDS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "accounts"
    account("add", path, "ice", "cold")
    return path


def account(action: str, path: Path, name: str, password: str = "") -> None:
    """Have it done, as from a script."""
    subprocess.run(
        [*CHATD, "account", action, path, name], input=f"{password}\n", text=True, check=True
    )


@pytest.fixture
def server(path: Path) -> Iterator[Program]:
    """A server with these accounts, on a port of its own choice."""
    with programs() as start:
        options = [*IFADDRS, f"--discovery-port={free_udp_port()}", f"--auth=chatd:{path}"]
        server = start([*CHATD, "server", *options])
        server.expect_stderr(f"listens on {HOST}:")
        yield server


def port_of(server: Program) -> int:
    [line] = [line for line in server.stderr if f"listens on {HOST}:" in line]
    return int(line.partition(f"{HOST}:")[2].split()[0])


class Caller:
    """A connection that speaks the native dialect."""

    def __init__(self, server: Program) -> None:
        self._socket = socket.create_connection((HOST, port_of(server)), TIMEOUT_SECONDS)
        self._lines = self._socket.makefile("rb")

    def ask(self, frame_type: str, **data: object) -> str:
        """What is answered: the type of the frame, or the code of the refusal."""
        self._socket.sendall(json.dumps({"type": frame_type, "data": data}).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._lines.readline())
        if answer["type"] == "error":
            return str(answer["data"]["code"])
        return str(answer["type"])

    def hello(self, nickname: str) -> str:
        return self.ask("hello", nickname=nickname, version=1)

    def sign_in(self, account: str, password: str) -> str:
        return self.ask("authenticate", account=account, password=password)

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


def test_an_account_needs_its_password_and_wrong_ones_are_limited(server: Program) -> None:
    with closing(Caller(server)) as owner:
        assert owner.hello("ICE") == "password-required"
        assert owner.sign_in("ICE", "cold") == "welcome"
    with closing(Caller(server)) as caller:
        assert caller.hello("ice") in ("password-required", "nickname-taken")
        tries = [caller.sign_in("ice", "warm") for _ in range(6)]
        assert tries == ["wrong-password"] * 5 + ["too-many-attempts"]
    server.expect_stderr("wrong password from 127.0.0.1 for ice")
    assert not [line for line in server.stderr if "cold" in line or "warm" in line]


def test_a_running_server_notices_changed_accounts(server: Program, path: Path) -> None:
    account("add", path, "moon", "full")
    server.expect_stderr("has changed: 2 accounts")
    said = len(server.stderr)
    account("block", path, "ice")
    server.expect_stderr("has changed: 2 accounts", after=said)
    with closing(Caller(server)) as caller:
        assert caller.hello("moon") == "password-required"
        assert caller.sign_in("moon", "full") == "welcome"
    with closing(Caller(server)) as caller:
        assert caller.hello("ice") == "blocked"


def test_an_emptied_file_frees_no_nickname_and_removing_the_account_does(
    server: Program, path: Path
) -> None:
    content = path.read_bytes()
    path.write_bytes(b"")
    server.expect_stderr("is empty")
    with closing(Caller(server)) as caller:
        assert caller.hello("ice") == "password-required"
    path.write_bytes(content)
    server.expect_stderr("has changed: 1 accounts")
    account("remove", path, "ice")
    server.expect_stderr("has changed: 0 accounts")
    with closing(Caller(server)) as caller:
        assert caller.hello("ice") == "welcome"


def test_another_server_of_the_same_name_is_not_sent_the_password(
    path: Path, tmp_path: Path
) -> None:
    udp = f"--discovery-port={free_udp_port()}"
    with programs() as start, terminals() as open_terminal:

        def serve(accounts: Path) -> Program:
            # In memory: with the file of the first one, the second would resume the session.
            options = [*IFADDRS, udp, "--id=party", f"--port={free_port()}", "--store=none"]
            server = start([*CHATD, "server", *options, f"--auth=chatd:{accounts}"])
            server.expect_stderr(f"listens on {HOST}:")
            return server

        server = serve(path)
        command = [*CHATD, "client", *IFADDRS, udp, "--server=party", "--nickname=ice"]
        client = open_terminal(command, {"XDG_STATE_HOME": str(tmp_path / "state")})
        client.expect("ice needs its password. Your password?")
        client.send_line("cold")
        client.expect("Connected to party")
        server.send_signal(signal.SIGKILL)
        other = tmp_path / "other"
        account("add", other, "ice", "warm")
        server = serve(other)
        client.expect(f"not given it to party ({HOST}:{port_of(server)}) yet")
        client.send_line("warm")
        client.expect(f"Connected to party ({HOST}:{port_of(server)})")
        client.send_line("/quit")
        assert client.wait() == 0
        assert not [line for line in server.stderr if "wrong password" in line]


def test_a_new_password_is_typed_twice_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "accounts"
    with terminals() as open_terminal:
        terminal = open_terminal([*CHATD, "account", "add", str(path), "ice"], {})
        for question in ("Password for ice:", "Repeat password:"):
            terminal.expect(question)
            terminal.send_line("s3cret")
        assert terminal.wait() == 0
        assert b"s3cret" not in terminal.raw
    assert path.read_text().startswith("ice\tactive\t$argon2id$")
