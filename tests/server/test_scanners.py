"""A port scanner enters nowhere: its connection and its words are not announced to anybody."""

from collections.abc import Callable

import pytest

from tests.server.harness import (
    Client,
    Harness,
    PlainClient,
    connect_basic,
    connect_jim,
    connect_plain,
)

#: What scanners and health checks of other protocols send, and some words alone.
PROBES = [
    b"stats\r\n",
    b"stats\n",
    b"stats",
    b"login\r\n",
    b"HELP\r\n",
    b"help\r\n\r\n",
    b"version\r\n",
    b"USER x\r\n",
    b"INFO\r\n",
    b"info\r\nQUIT\r\n",
    b"PING\r\n",
    b"QUIT\r\n",
    b"quit\n",
    b"exit\r\n",
    b"x",
    b"\r\n\r\n",
    b"\n",
    b"\0\0stats\0\0\r\n",
    b"\xff\xfb\x1fstats\r\n",
    b"NICK nmap\r\nQUIT\r\n",
    b"ruok",
    b"HELP\r\n\0\r\n",
    b"root\r\n\r\n\r\n",
    b"admin\r\nexit\r\n",
    b"\xd1\x8f\r\n",
    b"",
]

probes = pytest.mark.parametrize("probe", PROBES, ids=map(repr, PROBES))


def _close(client: Client) -> None:
    client.hang_up()


def _stop_sending(client: Client) -> None:
    """As ``nc`` does at the end of its input."""
    client.connection.readConnectionLost()
    client.end_turn()


@probes
@pytest.mark.parametrize("seconds", [0, 0.45])
@pytest.mark.parametrize("leave", [_close, _stop_sending])
def test_a_scanner_that_sends_words_to_the_plain_port_is_not_announced(
    harness: Harness, probe: bytes, seconds: float, leave: Callable[[Client], None]
) -> None:
    ice = harness.enter("ice")
    scanner = connect_plain(harness)
    scanner.send_bytes(probe)
    harness.clock.advance(seconds)
    if not scanner.is_lost:
        leave(scanner)
    harness.pass_time(2)
    assert ice.heard() == []
    assert harness.chat.hub.member_count == 1


@probes
@pytest.mark.parametrize("connect", [connect_basic, connect_jim])
def test_words_that_are_no_json_enter_no_other_port_however_long_they_wait(
    harness: Harness, connect: Callable[[Harness], Client], probe: bytes
) -> None:
    ice = harness.enter("ice")
    scanner = connect(harness)
    scanner.send_bytes(probe or b"\n")
    harness.pass_time(10)
    assert ice.heard() == []
    assert harness.chat.hub.member_count == 1


def test_words_in_pieces_are_not_announced_either(harness: Harness) -> None:
    ice = harness.enter("ice")
    scanner = connect_plain(harness)
    for piece in (b"s", b"tat", b"s\r", b"\n", b"\r\n"):
        scanner.send_bytes(piece)
        harness.clock.advance(0.1)
    scanner.hang_up()
    harness.pass_time(2)
    assert ice.heard() == []


def _texts(client: Client) -> list[str | None]:
    return [frame["data"].get("text", frame["type"]) for frame in client.heard()]


@pytest.mark.parametrize(
    "sent", [b"ana\nhello\n", b"ana\r\nhello\r\n", b"ana\nhello", b"ana\n\nhello\n"]
)
def test_who_pipes_a_nickname_and_a_message_is_heard(harness: Harness, sent: bytes) -> None:
    """As with ``printf 'ana\\nhello\\n' | nc``."""
    ice = harness.enter("ice")
    program = connect_plain(harness)
    program.send_bytes(sent)
    _stop_sending(program)
    assert _texts(ice) == ["entered", "hello", "left"]


def test_a_person_enters_with_the_nickname_alone_half_a_second_later(harness: Harness) -> None:
    ice = harness.enter("ice")
    person = connect_plain(harness)
    person.type("ana")
    harness.clock.advance(0.49)
    assert ice.heard() == []
    person.wait_to_enter()
    assert _texts(ice) == ["entered"]
    person.type("hello")
    assert _texts(ice) == ["hello"]


def test_each_further_nickname_is_held_as_the_first_one_is(harness: Harness) -> None:
    ice = harness.enter("ice")
    scanner = connect_plain(harness)
    scanner.type("ice", "stats")
    assert "is taken" in scanner.shown()[-1]
    scanner.hang_up()
    harness.pass_time(2)
    assert ice.heard() == []


@pytest.mark.parametrize("word", ["QUIT", "quit", "Exit", "EXIT()", "/Quit"])
def test_who_asks_to_leave_gets_a_goodbye_and_no_nickname(harness: Harness, word: str) -> None:
    ice = harness.enter("ice")
    for lines in ([word], ["stats", word]):
        client = connect_plain(harness)
        client.shown()
        client.type(*lines)
        assert client.shown() == ["[Server]: Goodbye (quit)"]
        assert client.is_dropped()
    assert ice.heard() == []


def test_a_member_may_say_quit(harness: Harness) -> None:
    """Only in answer to the question for a nickname is the bare word a command."""
    client = connect_plain(harness)
    client.enter("ana")
    client.shown()
    client.type("quit")
    assert client.shown() == ["ana: quit"]


def _be_told_that_the_server_stops(harness: Harness, client: PlainClient) -> None:
    harness.chat.end()


def _send_an_endless_line(harness: Harness, client: PlainClient) -> None:
    client.send_bytes(b"x" * 100_000)


@pytest.mark.parametrize("end", [_be_told_that_the_server_stops, _send_an_endless_line])
def test_a_nickname_that_is_held_does_not_enter_once_the_server_has_ended_the_connection(
    harness: Harness, end: Callable[[Harness, PlainClient], None]
) -> None:
    ice = harness.enter("ice")
    client = connect_plain(harness)
    client.type("ana")
    end(harness, client)
    harness.clock.advance(0.6)
    harness.clock.advance(0)
    assert ice.heard_of("entered") == []
