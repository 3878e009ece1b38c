"""Slots: taken when a connection is accepted, freed however it ends, and none left."""

from collections.abc import Callable

import pytest

from chatd.chat import limits
from tests.server.harness import (
    Client,
    Harness,
    connect_basic,
    connect_jim,
    connect_plain,
    drain_jim_queues,
)

FULL = "[Server]: The server is full; try again later."


def test_a_connection_takes_its_slot_when_it_is_accepted() -> None:
    with Harness(slots=3) as harness:
        harness.connect()
        harness.enter("ice")
        assert harness.free == 1


def _quit(harness: Harness, client: Client) -> None:
    client.send("quit")


def _lost(harness: Harness, client: Client) -> None:
    client.hang_up()


def _inactive(harness: Harness, client: Client) -> None:
    harness.pass_time(599)
    harness.clients[0].send("users")  # who stays is not silent
    harness.pass_time(2)


def _line_too_long(harness: Harness, client: Client) -> None:
    client.send_bytes(b"x" * (limits.LINE_BYTES + 1))


def _too_slow(harness: Harness, client: Client) -> None:
    client.stop_reading()
    while not client.is_cut_off():
        harness.clients[0].say("x" * 4_000)
    client.hang_up()  # what an aborted transport reports a turn later


def _half_a_line(harness: Harness, client: Client) -> None:
    client.send_bytes(b'{"type": "hel')
    harness.clock.advance(5)


def _undecided(harness: Harness, client: Client) -> None:
    client.hello("")
    harness.clock.advance(60)


def _wrong_version(harness: Harness, client: Client) -> None:
    client.send("hello", {"nickname": "moon", "version": 2})


@pytest.mark.parametrize(
    ("nickname", "go", "reason"),
    [
        ("ice", _quit, "quit"),
        ("ice", _lost, "connection lost"),
        ("ice", _inactive, "inactive"),
        ("ice", _line_too_long, "line too long"),
        ("ice", _too_slow, "too slow"),
        ("", _lost, None),
        ("", _half_a_line, None),
        ("", _undecided, None),
        ("", _wrong_version, None),
        ("", _line_too_long, None),
    ],
)
def test_every_way_out_frees_the_slot_and_the_nickname(
    nickname: str, go: Callable[[Harness, Client], None], reason: str | None
) -> None:
    with Harness(slots=2, flood=0, timeout=600) as harness:
        stays = harness.enter("stays")
        for _ in range(30):
            stays.say("x" * 4_000)
        client = harness.enter(nickname) if nickname else harness.connect()
        stays.heard()
        assert harness.free == 0
        go(harness, client)
        assert client.is_dropped() or client.is_lost
        harness.pass_time(limits.AWAY_SECONDS)
        assert stays.heard_of("left") == [{"nickname": nickname, "reason": reason}] * bool(reason)
        assert harness.free == 1
        harness.enter(nickname or "next")


def test_a_stopping_server_has_all_slots_free_at_once() -> None:
    with Harness(slots=3) as harness:
        harness.enter_all("ice", "moon")
        harness.connect()
        harness.chat.end()
        assert harness.free == 3


def test_a_hello_without_a_free_slot_is_refused_and_closes_the_connection() -> None:
    with Harness(slots=1) as harness:
        ice = harness.enter("ice")
        client = harness.connect()
        assert client.heard() == []
        assert not client.is_dropped()
        client.hello("moon", request_id="hi")
        [error] = client.heard()
        assert (error["type"], error["id"], error["data"]["code"]) == ("error", "hi", "full")
        assert client.is_dropped()
        assert not client.is_cut_off(), "the error must go out first"
        assert ice.heard() == []
        assert harness.chat.counters["full"] == 1


@pytest.mark.parametrize("first", [b"\xff\n", b"{}\n", b"\n", b'{"type":"message"}\n'])
def test_a_client_without_a_slot_is_told_in_the_dialect_of_its_first_line(
    first: bytes,
) -> None:
    with Harness(slots=0) as harness:
        client = connect_basic(harness)
        client.send_bytes(first + first)
        assert client.shown() == [FULL]
        assert client.is_dropped()


def test_a_silent_client_without_a_slot_is_told_in_basic() -> None:
    with Harness(slots=0) as harness:
        client = connect_basic(harness)
        harness.clock.advance(0.4)
        assert not client.is_dropped()
        harness.clock.advance(0.2)
        assert client.shown() == [FULL]
        assert client.is_dropped()
        assert not client.is_cut_off(), "the notice must go out first"


def test_a_client_without_a_slot_and_a_complete_line_is_disconnected_after_five_seconds() -> None:
    with Harness(slots=0) as harness:
        client = harness.connect()
        client.send_bytes(b"{")
        harness.clock.advance(4.9)
        assert not client.is_dropped()
        harness.clock.advance(0.2)
        assert client.is_dropped()


def test_a_plain_client_without_a_slot_is_told_at_once() -> None:
    with Harness(slots=1) as harness:
        ice = harness.enter("ice")
        client = connect_plain(harness)
        assert client.shown() == ["The server is full; try again later."]
        assert client.is_dropped()
        assert not client.is_cut_off(), "the line must go out first"
        assert ice.heard() == []


def test_a_jim_client_without_a_slot_is_told_at_once() -> None:
    with Harness(slots=1) as harness:
        ice = harness.enter("ice")
        client = connect_jim(harness)
        [told] = client.heard()
        assert (told["response"], told["alert"]) == (101, "The server is full; try again later.")
        drain_jim_queues(harness, 0.1)
        assert client.is_dropped()
        assert not client.is_cut_off(), "the object must go out first"
        assert ice.heard() == []


def test_a_client_without_a_slot_that_sends_an_endless_line_is_disconnected() -> None:
    with Harness(slots=0) as harness:
        client = harness.connect()
        client.send_bytes(b"x" * (limits.LINE_BYTES + 1))
        assert client.errors() == ["line-too-long"]
        assert client.is_dropped()


def test_sixty_four_clients_may_wait_without_a_slot_and_more_are_closed_silently() -> None:
    with Harness(slots=1) as harness:
        ice = harness.enter("ice")
        waiting = [harness.connect() for _ in range(64)]
        assert harness.try_connect() is None
        assert harness.try_connect() is None
        assert harness.chat.counters["closed silently"] == 2
        assert ice.heard() == []
        waiting[5].hang_up()
        harness.connect()
        assert harness.try_connect() is None


def test_a_free_slot_goes_to_the_next_connection() -> None:
    with Harness(slots=1) as harness:
        ice = harness.enter("ice")
        refused = harness.connect()
        ice.send("quit")
        moon = harness.enter("moon")
        refused.hello("sun")
        assert refused.errors() == ["full"]
        assert moon.heard() == []


SLOTS = 50


def _fill(harness: Harness, first_bytes: bytes) -> list[Client]:
    clients = [harness.connect() for _ in range(SLOTS - 1)]
    for client in clients:
        client.send_bytes(first_bytes)
    assert harness.free == 0
    return clients


def test_clients_that_never_finish_their_first_line_free_their_slots_after_five_seconds() -> None:
    with Harness(slots=SLOTS) as harness:
        ice = harness.enter("ice")
        clients = _fill(harness, b'{"type": "hel')
        turned_away = harness.connect()
        turned_away.hello("moon")
        assert turned_away.errors() == ["full"]
        harness.clock.advance(limits.FIRST_LINE_TIMEOUT_SECONDS)
        assert all(client.is_dropped() for client in clients)
        assert harness.free == SLOTS - 1
        harness.enter("moon")
        ice.say("we are two")
        assert [frame["type"] for frame in ice.heard()] == ["entered"], "and of nobody else"


def test_clients_that_never_choose_a_free_nickname_free_their_slots_after_a_minute() -> None:
    with Harness(slots=SLOTS) as harness:
        harness.enter("ice")
        taken = b'{"type": "hello", "data": {"nickname": "ice", "version": 1}}\n'
        clients = _fill(harness, taken)
        harness.clock.advance(limits.REGISTRATION_SECONDS)
        assert all(client.is_dropped() for client in clients)
        assert harness.free == SLOTS - 1
