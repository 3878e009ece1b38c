"""Something that takes the connection and is no chat server, or not any more."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from chatd.wire.foreign_protocols import HANDSHAKE_RECORD
from tests.e2e.native_peer import FakeServer, reset
from tests.e2e.programs import CHATD, Program, programs
from tests.ports import HOST, IFADDRS
from tests.timeouts import TIMEOUT_SECONDS


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A port that connections come to."""
    with socket.create_server((HOST, 0)) as made:
        made.settimeout(TIMEOUT_SECONDS)
        yield made


@pytest.fixture
def client() -> Iterator[Callable[..., Program]]:
    with programs() as start:
        yield lambda port, *words: start(
            [*CHATD, "client", HOST, str(port), *IFADDRS, "-n", "ice", *words]
        )


SILENT = "did not answer within 3 s"

#: What the server does with the connection, and what the client says.
TROUBLES = [
    pytest.param(lambda connection: None, SILENT, id="silent"),
    pytest.param(lambda one: one.send(b'{"type":"wel'), SILENT, id="half"),
    pytest.param(reset, "connection lost", id="resets"),
    pytest.param(socket.socket.close, "the server closed the connection", id="closes"),
]


@pytest.mark.parametrize(("trouble", "told"), TROUBLES)
def test_a_client_that_does_not_reconnect_gives_the_reason_in_one_line_and_exits(
    trouble: Callable[[socket.socket], None],
    told: str,
    listening: socket.socket,
    client: Callable[..., Program],
) -> None:
    ice = client(listening.getsockname()[1])
    with ExitStack() as connections:
        for _ in range(2):  # with TLS, and then without
            connection = connections.enter_context(listening.accept()[0])
            is_tls = connection.recv(1024)[:1] == HANDSHAKE_RECORD
            trouble(connection)
            if not is_tls or told == SILENT:
                break
        assert ice.wait() == 1
    assert len(ice.stderr) == 1
    assert told in ice.stderr[0]
    assert ice.stdout == []


def test_a_reconnecting_client_retries_until_it_finds_a_chat_server_and_sends_its_lines(
    fake_server: FakeServer, client: Callable[..., Program]
) -> None:
    ice = client(fake_server.port, "--reconnect")
    ice.send_line("hello")
    fake_server.accept_connection()
    ice.expect_stderr("did not answer within 3 s. Trying again in ")
    peer = fake_server.accept_connection()
    peer.receive("hello")
    peer.reset()
    ice.expect_stderr("connection lost. Trying again in ")
    assert fake_server.accept_member().receive("message")["data"]["text"] == "hello"


def test_unconfirmed_lines_are_listed_after_a_reset(
    fake_server: FakeServer, client: Callable[..., Program]
) -> None:
    ice = client(fake_server.port, "--reconnect")
    peer = fake_server.accept_member()
    ice.send_line("hello")
    peer.receive("message")
    peer.reset()
    ice.expect_stderr(
        "The connection was lost before these lines were confirmed; they may not have arrived:"
    )
    ice.expect_stderr("  hello")
    again = fake_server.accept_member()
    ice.send_line("again")
    assert again.receive("message")["data"]["text"] == "again"
