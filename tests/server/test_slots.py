"""Slots: taken at accept, free again on every way out, and what happens without one (SPEC §4)."""

from collections.abc import Callable

import pytest

from chatd.chat import limits
from tests.server.hall import Guest, Hall
from tests.server.sides import basic, drain, jim, plain

FULL = "[Server]: The server is full; try again later."


def test_a_connection_takes_its_slot_when_it_is_accepted() -> None:
    with Hall(slots=3) as hall:
        hall.connect()
        hall.enter("ice")
        assert hall.free == 1


def _quit(hall: Hall, guest: Guest) -> None:
    guest.send("quit")


def _lost(hall: Hall, guest: Guest) -> None:
    guest.hang_up()


def _inactive(hall: Hall, guest: Guest) -> None:
    hall.pass_time(599)
    hall.guests[0].send("users")  # who stays is not silent
    hall.pass_time(2)


def _line_too_long(hall: Hall, guest: Guest) -> None:
    guest.send_bytes(b"x" * (limits.LINE_BYTES + 1))


def _too_slow(hall: Hall, guest: Guest) -> None:
    guest.stop_reading()
    while not guest.is_cut_off():
        hall.guests[0].say("x" * 4_000)
    guest.hang_up()  # what an aborted transport reports a turn later


def _half_a_line(hall: Hall, guest: Guest) -> None:
    guest.send_bytes(b'{"type": "hel')
    hall.clock.advance(5)


def _undecided(hall: Hall, guest: Guest) -> None:
    guest.hello("")
    hall.clock.advance(60)


def _wrong_version(hall: Hall, guest: Guest) -> None:
    guest.send("hello", {"nickname": "moon", "version": 2})


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
    nickname: str, go: Callable[[Hall, Guest], None], reason: str | None
) -> None:
    with Hall(slots=2, flood=0) as hall:
        stays = hall.enter("stays")
        for _ in range(30):
            stays.say("x" * 4_000)
        guest = hall.enter(nickname) if nickname else hall.connect()
        stays.heard()
        assert hall.free == 0
        go(hall, guest)
        assert guest.is_dropped() or guest.is_lost
        assert stays.heard_of("left") == [{"nickname": nickname, "reason": reason}] * bool(reason)
        assert hall.free == 1
        hall.enter(nickname or "next")


def test_a_server_that_stops_has_all_slots_free_at_once() -> None:
    with Hall(slots=3) as hall:
        hall.enter_all("ice", "moon")
        hall.connect()
        hall.chat.end()
        assert hall.free == 3


def test_who_finds_no_slot_is_told_in_answer_to_hello_and_dropped() -> None:
    with Hall(slots=1) as hall:
        ice = hall.enter("ice")
        guest = hall.connect()
        assert guest.heard() == []
        assert not guest.is_dropped()
        guest.hello("moon", request_id="hi")
        [error] = guest.heard()
        assert (error["type"], error["id"], error["data"]["code"]) == ("error", "hi", "full")
        assert guest.is_dropped()
        assert not guest.is_cut_off(), "the error must go out first"
        assert ice.heard() == []
        assert hall.chat.counters["full"] == 1


@pytest.mark.parametrize("first", [b"\xff\n", b"{}\n", b"\n", b'{"type":"message"}\n'])
def test_who_finds_no_slot_is_told_so_in_the_dialect_that_its_first_line_shows(
    first: bytes,
) -> None:
    with Hall(slots=0) as hall:
        guest = basic(hall)
        guest.send_bytes(first + first)
        assert guest.shown() == [FULL]
        assert guest.is_dropped()


def test_who_finds_no_slot_and_says_nothing_is_told_so_in_basic() -> None:
    with Hall(slots=0) as hall:
        guest = basic(hall)
        hall.clock.advance(0.4)
        assert not guest.is_dropped()
        hall.clock.advance(0.2)
        assert guest.shown() == [FULL]
        assert guest.is_dropped()
        assert not guest.is_cut_off(), "the notice must go out first"


def test_who_finds_no_slot_and_only_begins_a_line_is_dropped_after_five_seconds() -> None:
    with Hall(slots=0) as hall:
        guest = hall.connect()
        guest.send_bytes(b"{")
        hall.clock.advance(4.9)
        assert not guest.is_dropped()
        hall.clock.advance(0.2)
        assert guest.is_dropped()


def test_who_comes_to_the_plain_port_and_finds_no_slot_is_told_so_at_once() -> None:
    with Hall(slots=1) as hall:
        ice = hall.enter("ice")
        guest = plain(hall)
        assert guest.shown() == ["The server is full; try again later."]
        assert guest.is_dropped()
        assert not guest.is_cut_off(), "the line must go out first"
        assert ice.heard() == []


def test_who_comes_to_the_jim_port_and_finds_no_slot_is_told_so_at_once() -> None:
    with Hall(slots=1) as hall:
        ice = hall.enter("ice")
        guest = jim(hall)
        [told] = guest.heard()
        assert (told["response"], told["alert"]) == (101, "The server is full; try again later.")
        drain(hall, 0.1)
        assert guest.is_dropped()
        assert not guest.is_cut_off(), "the object must go out first"
        assert ice.heard() == []


def test_who_finds_no_slot_and_sends_an_endless_line_is_dropped() -> None:
    with Hall(slots=0) as hall:
        guest = hall.connect()
        guest.send_bytes(b"x" * (limits.LINE_BYTES + 1))
        assert guest.errors() == ["line-too-long"]
        assert guest.is_dropped()


def test_sixty_four_may_wait_without_a_slot_and_more_are_closed_silently() -> None:
    with Hall(slots=1) as hall:
        ice = hall.enter("ice")
        waiting = [hall.connect() for _ in range(64)]
        assert hall.try_to_connect() is None
        assert hall.try_to_connect() is None
        assert hall.chat.counters["closed silently"] == 2
        assert ice.heard() == []
        waiting[5].hang_up()
        hall.connect()
        assert hall.try_to_connect() is None


def test_a_slot_that_becomes_free_goes_to_the_next_who_comes() -> None:
    with Hall(slots=1) as hall:
        ice = hall.enter("ice")
        refused = hall.connect()
        ice.send("quit")
        moon = hall.enter("moon")
        refused.hello("sun")
        assert refused.errors() == ["full"]
        assert moon.heard() == []
