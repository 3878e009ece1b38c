"""Every way a connection ends, and what is heard of it (SPEC §4, §9, §10)."""

import pytest

from chatd.chat import limits
from tests.server.hall import Hall, hello, line


def test_who_quits_hears_goodbye_and_the_others_are_told(hall: Hall) -> None:
    ice, moon = hall.enter_all("ice", "moon")
    ice.send("quit", request_id=9)
    assert ice.heard() == [{"type": "goodbye", "id": 9, "data": {"reason": "quit"}}]
    assert ice.is_dropped()
    assert not ice.is_cut_off()
    assert moon.heard() == [{"type": "left", "data": {"nickname": "ice", "reason": "quit"}}]
    ice.hang_up()
    assert moon.heard() == []


def test_who_hangs_up_without_a_word_has_lost_the_connection(hall: Hall) -> None:
    ice, moon = hall.enter_all("ice", "moon")
    ice.hang_up()
    assert moon.heard_of("left") == [{"nickname": "ice", "reason": "connection lost"}]


def test_nobody_is_told_of_one_who_never_entered(hall: Hall) -> None:
    ice = hall.enter("ice")
    hall.connect().hang_up()
    assert ice.heard() == []


@pytest.mark.parametrize("in_one_piece", [True, False])
def test_frames_after_quit_are_ignored(hall: Hall, in_one_piece: bool) -> None:
    ice, moon = hall.enter_all("ice", "moon")
    after = line("message", {"text": "and another thing"}) + hello("sun") + b"\xff\n"
    if in_one_piece:
        ice.send_bytes(line("quit") + after)
    else:
        ice.send("quit")
        ice.send_bytes(after)
    assert [frame["type"] for frame in ice.heard()] == ["goodbye"]
    assert [frame["type"] for frame in moon.heard()] == ["left"]
    assert not hall.chat.counters


def test_half_a_frame_before_the_end_is_nothing(hall: Hall) -> None:
    ice, moon = hall.enter_all("ice", "moon")
    ice.send_bytes(line("message", {"text": "hello"})[:-1])
    ice.hang_up()
    assert [frame["type"] for frame in moon.heard()] == ["left"]


def test_a_peer_that_never_takes_its_goodbye_is_cut_off_after_two_seconds(hall: Hall) -> None:
    ice = hall.enter("ice")
    ice.stop_reading()
    ice.send("quit")
    hall.clock.advance(1.9)
    assert not ice.is_dropped()
    hall.clock.advance(0.1)
    assert ice.is_cut_off()


def test_what_waits_for_a_slow_reader_goes_out_before_the_goodbye(hall: Hall) -> None:
    ice, moon = hall.enter_all("ice", "moon")
    ice.stop_reading()
    moon.say("before you go")
    ice.send("quit")
    assert ice.heard() == []
    ice.read_on()
    assert [frame["type"] for frame in ice.heard()] == ["message", "goodbye"]
    assert ice.is_dropped()
    assert not ice.is_cut_off()


def test_a_slow_reader_is_dropped_and_the_others_are_told_and_lose_nothing() -> None:
    with Hall(flood=0) as hall:
        ice, moon, sun = hall.enter_all("ice", "moon", "sun")
        ice.stop_reading()
        said = 0
        while not ice.is_dropped():
            moon.say("x" * 4_000)
            said += 1
            assert said * 4_000 < 2 * limits.OUTBOUND_BYTES
        assert said * 4_000 > limits.OUTBOUND_BYTES / 2
        assert ice.is_cut_off()
        moon.say("go on")
        ice.hang_up()
        moon.say("the end")
        frames = sun.heard()
        assert [frame["data"]["seq"] for frame in frames if frame["type"] == "message"] == [
            *range(1, said + 3)
        ]
        left = {"type": "left", "data": {"nickname": "ice", "reason": "too slow"}}
        assert frames[-2] == left
        assert moon.heard() == [left]


def test_a_slow_reader_that_reads_on_in_time_has_lost_nothing() -> None:
    with Hall(flood=0) as hall:
        ice, moon = hall.enter_all("ice", "moon")
        ice.stop_reading()
        for _ in range(200):
            moon.say("x" * 4_000)
        assert ice.heard() == []
        ice.read_on()
        assert [data["seq"] for data in ice.heard_of("message")] == list(range(1, 201))
        assert not ice.is_dropped()


def test_two_slow_readers_dropped_by_one_message_are_both_told_of(hall: Hall) -> None:
    with Hall(flood=0) as hall:
        guests = hall.enter_all("ice", "moon", "sun", "star")
        for guest in guests[:2]:
            guest.stop_reading()
        while not guests[0].is_dropped():
            guests[2].say("x" * 4_000)
        assert guests[1].is_cut_off()
        for guest in guests[:2]:
            guest.hang_up()
        assert {left["nickname"] for left in guests[3].heard_of("left")} == {"ice", "moon"}


def test_a_server_that_stops_tells_everyone_who_is_connected(hall: Hall) -> None:
    guests = [*hall.enter_all("ice", "moon"), hall.connect()]
    ended = hall.chat.end()
    for guest in guests:
        assert guest.heard()[-1] == {"type": "goodbye", "data": {"reason": "server is stopping"}}
        assert guest.is_dropped()
        assert not guest.is_cut_off()
    assert not ended.called
    for guest in guests[1:]:
        guest.hang_up()
    assert not ended.called
    guests[0].hang_up()
    assert ended.called


def test_a_server_without_connections_stops_at_once(hall: Hall) -> None:
    assert hall.chat.end().called


def test_a_server_that_stops_sends_what_is_queued_first(hall: Hall) -> None:
    ice, moon = hall.enter_all("ice", "moon")
    ice.stop_reading()
    moon.say("last words")
    ended = hall.chat.end()
    ice.read_on()
    told = ice.heard()
    assert told[0]["data"]["text"] == "last words"
    assert told[-1]["type"] == "goodbye"
    assert not ended.called


def test_a_server_that_stops_waits_two_seconds_at_most(hall: Hall) -> None:
    [ice] = hall.enter_all("ice")
    ice.stop_reading()
    hall.chat.end()
    hall.clock.advance(2)
    assert ice.is_cut_off()


def test_a_server_that_stops_hangs_up_on_who_waits_without_a_slot() -> None:
    with Hall(slots=0) as hall:
        guest = hall.connect()
        ended = hall.chat.end()
        assert guest.is_dropped()
        guest.hang_up()
        assert ended.called


def test_a_server_that_stops_waits_for_whoever_is_the_last() -> None:
    for order in (1, -1):
        with Hall(slots=1) as hall:
            guests = [hall.enter("ice"), hall.connect()]
            ended = hall.chat.end()
            for guest in guests[::order]:
                assert not ended.called
                guest.hang_up()
            assert ended.called


def test_who_has_just_quit_does_not_keep_a_stopping_server_from_ending(hall: Hall) -> None:
    ice = hall.enter("ice")
    ice.send("quit")
    ice.heard()
    ended = hall.chat.end()
    assert ice.heard() == []
    ice.hang_up()
    assert ended.called
