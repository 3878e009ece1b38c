"""Fixtures of the terminal's tests: a server, terminals with a client, and other members."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.e2e.native_peer import FakeServer, Peer, enter
from tests.e2e.programs import CHATD, Program, programs
from tests.e2e.pty_terminal import StartTerminal, Terminal, terminals
from tests.ports import HOST, IFADDRS, free_port, free_udp_port


@pytest.fixture(scope="session")
def server_ports() -> Iterator[SimpleNamespace]:
    """The ports of a server that all these tests share."""
    ports = SimpleNamespace(tcp=free_port(), udp=free_udp_port())
    with programs() as start:
        server: Program = start(
            [
                *(*CHATD, "server", *IFADDRS, "--id", "party", "--flood", "0"),
                *("--port", str(ports.tcp), "--discovery-port", str(ports.udp)),
                *("--store", "none"),
            ]
        )
        server.expect_stderr("party answers discovery")
        yield ports


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The client's state directory."""
    return tmp_path / "state"


@pytest.fixture
def open_terminal(state: Path) -> Iterator[StartTerminal]:
    """A function that starts ``chatd`` with these arguments in a new terminal."""
    with terminals() as start_in_terminal:

        def start(*words: str, env: dict[str, str] | None = None, **options: Any) -> Terminal:
            environment = {"XDG_STATE_HOME": str(state), "LOGNAME": "zoe", **(env or {})}
            return start_in_terminal([*CHATD, *words], environment, **options)

        yield start


@pytest.fixture
def client(open_terminal: StartTerminal, server_ports: SimpleNamespace) -> StartTerminal:
    """A function that starts a client in a new terminal, and waits until it is online."""

    def start(nickname: str, *words: str, **options: Any) -> Terminal:
        terminal = open_terminal(
            *("client", HOST, str(server_ports.tcp), *IFADDRS, "--nickname", nickname, *words),
            **options,
        )
        terminal.expect(f"online as {nickname}")
        terminal.expect("/help shows the commands")
        return terminal

    return start


@pytest.fixture
def peer(server_ports: SimpleNamespace) -> Iterator[Callable[[str], Peer]]:
    """A function that adds another member."""
    peers: list[Peer] = []

    def add(nickname: str) -> Peer:
        peers.append(enter(server_ports.tcp, nickname))
        return peers[-1]

    yield add
    for each in peers:
        each.close()


@pytest.fixture
def fake_server() -> Iterator[FakeServer]:
    server = FakeServer()
    yield server
    server.close()
