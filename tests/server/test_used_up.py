"""Slots that are used up by connections of which nothing comes: they are free again soon."""

from chatd.chat import limits
from tests.server.hall import Guest, Hall

SLOTS = 50


def _fill(hall: Hall, first_bytes: bytes) -> list[Guest]:
    guests = [hall.connect() for _ in range(SLOTS - 1)]
    for guest in guests:
        guest.send_bytes(first_bytes)
    assert hall.free == 0
    return guests


def test_slots_of_those_who_never_finish_their_first_line_are_free_after_five_seconds() -> None:
    with Hall(slots=SLOTS) as hall:
        ice = hall.enter("ice")
        guests = _fill(hall, b'{"type": "hel')
        turned_away = hall.connect()
        turned_away.hello("moon")
        assert turned_away.errors() == ["full"]
        hall.clock.advance(limits.FIRST_LINE_TIMEOUT_SECONDS)
        assert all(guest.is_dropped() for guest in guests)
        assert hall.free == SLOTS - 1
        hall.enter("moon")
        ice.say("we are two")
        assert [frame["type"] for frame in ice.heard()] == ["entered"], "and of nobody else"


def test_slots_of_those_who_never_choose_a_free_nickname_are_free_after_a_minute() -> None:
    with Hall(slots=SLOTS) as hall:
        hall.enter("ice")
        taken = b'{"type": "hello", "data": {"nickname": "ice", "version": 1}}\n'
        guests = _fill(hall, taken)
        hall.clock.advance(limits.REGISTRATION_SECONDS)
        assert all(guest.is_dropped() for guest in guests)
        assert hall.free == SLOTS - 1
