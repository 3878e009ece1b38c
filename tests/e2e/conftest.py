"""What the tests of the terminal begin with: a server, and windows with a client in them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.e2e.native_peer import FakeServer, Peer, enter
from tests.e2e.programs import CHATD, Program, programs
from tests.e2e.pty_terminal import Terminal, terminals
from tests.ports import HOST, IFADDRS, free_port, free_udp_port


@pytest.fixture(scope="session")
def party() -> Iterator[SimpleNamespace]:
    """A server that all tests of the terminal share: its ports."""
    ports = SimpleNamespace(tcp=free_port(), udp=free_udp_port())
    with programs() as start:
        server: Program = start(
            [
                *(*CHATD, "server", *IFADDRS, "--id", "party", "--flood", "0"),
                *("--port", str(ports.tcp), "--discovery-port", str(ports.udp)),
            ]
        )
        server.expect_stderr("party answers discovery")
        yield ports


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The person's state directory."""
    return tmp_path / "state"


@pytest.fixture
def window(state: Path) -> Iterator[Callable[..., Terminal]]:
    """Opens a window with ``chatd`` and these arguments in it."""
    with terminals() as open_one:

        def opened(*words: str, env: dict[str, str] | None = None, **options: Any) -> Terminal:
            environment = {"XDG_STATE_HOME": str(state), "LOGNAME": "zoe", **(env or {})}
            return open_one([*CHATD, *words], environment, **options)

        yield opened


@pytest.fixture
def client(window: Callable[..., Terminal], party: SimpleNamespace) -> Callable[..., Terminal]:
    """Opens a window with a client that is in."""

    def entered(nickname: str, *words: str, **options: Any) -> Terminal:
        opened = window(
            *("client", HOST, str(party.tcp), *IFADDRS, "--nickname", nickname, *words), **options
        )
        opened.expect(f"online as {nickname}")
        opened.expect("a line that begins with /")
        return opened

    return entered


@pytest.fixture
def peer(party: SimpleNamespace) -> Iterator[Callable[[str], Peer]]:
    """Lets others into the party."""
    peers: list[Peer] = []

    def entered(nickname: str) -> Peer:
        peers.append(enter(party.tcp, nickname))
        return peers[-1]

    yield entered
    for each in peers:
        each.close()


@pytest.fixture
def fake_server() -> Iterator[FakeServer]:
    server = FakeServer()
    yield server
    server.close()
