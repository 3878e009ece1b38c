"""Something that takes the connection and is no chat server, or not any more."""

import socket
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.peers import ADDRESS, HOST, PATIENCE, FalseServer, reset
from tests.e2e.programs import CHATD, Program, programs


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A port that connections come to."""
    with socket.create_server((HOST, 0)) as made:
        made.settimeout(PATIENCE)
        yield made


@pytest.fixture
def client() -> Iterator[Callable[..., Program]]:
    with programs() as start:
        yield lambda port, *words: start(
            [*CHATD, "client", HOST, str(port), *ADDRESS, "-n", "ice", *words]
        )


#: What becomes of a connection, and what the person is told.
TROUBLES = [
    pytest.param(lambda connection: None, "said nothing within 3 s", id="silent"),
    pytest.param(lambda one: one.send(b'{"type":"wel'), "said nothing within 3 s", id="half"),
    pytest.param(reset, "the connection broke", id="resets"),
    pytest.param(socket.socket.close, "the server closed the connection", id="closes"),
]


@pytest.mark.parametrize(("trouble", "told"), TROUBLES)
def test_it_is_told_in_one_sentence_and_that_is_the_end_of_a_client_that_does_not_reconnect(
    trouble: Callable[[socket.socket], None],
    told: str,
    listening: socket.socket,
    client: Callable[..., Program],
) -> None:
    ice = client(listening.getsockname()[1])
    connection, _ = listening.accept()
    with connection:
        connection.recv(1024)
        trouble(connection)
        assert ice.status() == 1
    assert len(ice.err) == 1
    assert told in ice.err[0]
    assert ice.out == []


def test_who_reconnects_tries_until_it_is_a_chat_server_and_sends_what_was_typed(
    false_server: FalseServer, client: Callable[..., Program]
) -> None:
    ice = client(false_server.port, "--reconnect")
    ice.type("hello")
    false_server.meet()
    ice.says("said nothing within 3 s. Trying again in ")
    peer = false_server.meet()
    peer.hears("hello")
    peer.reset()
    ice.says("the connection broke. Trying again in ")
    assert false_server.accept().hears("message")["data"]["text"] == "hello"


def test_what_was_under_way_when_the_server_reset_the_connection_is_named(
    false_server: FalseServer, client: Callable[..., Program]
) -> None:
    ice = client(false_server.port, "--reconnect")
    peer = false_server.accept()
    ice.type("hello")
    peer.hears("message")
    peer.reset()
    ice.says("The connection broke before these lines were confirmed; they may not have arrived:")
    ice.says("  hello")
    again = false_server.accept()
    ice.type("again")
    assert again.hears("message")["data"]["text"] == "again"
