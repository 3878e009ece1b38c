"""A JIM messenger that reads slowly, says little or asks too much (SPEC §4, §5, §9)."""

import json

import pytest

from chatd.chat import limits
from tests.server.hall import Hall
from tests.server.sides import drain, jim, jim_member

PRESENCE = b'{"action": "presence", "user": {"account_name": "moon"}}'


@pytest.mark.parametrize("key", ["action", "event"])
def test_who_is_silent_is_asked_half_way_and_dropped_if_it_does_not_answer(key: str) -> None:
    with Hall(timeout=20) as hall:
        guest = jim_member(hall, "moon", key=key)  # which takes a second
        ice = hall.enter("ice")
        drain(hall)
        guest.heard()
        hall.pass_time(7)
        ice.say("I am here")
        assert guest.heard() == []
        hall.pass_time(2)
        assert guest.heard() == [{key: "probe"}]
        hall.pass_time(8)
        assert not guest.is_dropped()
        hall.pass_time(2)
        [told] = guest.heard()
        assert (told["response"], told["alert"]) == (101, "inactive")
        assert guest.is_dropped()
        assert not guest.is_cut_off()
        assert ice.heard_of("left") == [{"nickname": "moon", "reason": "inactive"}]


def test_who_answers_each_probe_with_presence_stays() -> None:
    with Hall(timeout=20) as hall:
        guest = jim_member(hall, "moon")
        probes = 0
        for _ in range(200):
            hall.pass_time(1)
            for each in guest.heard():
                probes += "action" in each
                guest.send_bytes(PRESENCE * ("action" in each))
        assert not guest.is_dropped()
        assert probes >= 15


def test_repeated_presence_is_no_activity_and_the_probe_still_comes() -> None:
    with Hall(timeout=20) as hall:
        guest = jim_member(hall, "moon")
        for _ in range(8):
            hall.pass_time(1)
            guest.send_bytes(PRESENCE)
        assert set(guest.codes()) == {200}
        hall.pass_time(2)
        assert {"action": "probe"} in guest.heard()


def test_what_a_person_does_puts_the_probe_off() -> None:
    with Hall(timeout=20) as hall:
        guest = jim_member(hall, "moon", "#")
        for _ in range(10):
            hall.pass_time(5)
            guest.ask("msg", to="#", message="hello")
        hall.pass_time(5)
        assert not [each for each in guest.heard() if "response" not in each]


def test_without_a_time_out_nobody_is_asked() -> None:
    with Hall(timeout=0) as hall:
        guest = jim_member(hall, "moon")
        hall.clock.advance(10**6)
        assert guest.heard() == []
        assert not guest.is_dropped()


def test_a_server_that_stops_says_so_first_whatever_waits() -> None:
    with Hall(flood=0) as hall:
        ice = hall.enter("ice")
        guest = jim_member(hall, "moon", "#")
        for number in range(30):
            ice.say(str(number))
        ice.send("private", {"text": "psst", "to": ["moon"]})
        [first] = guest.heard()
        assert first["message"] == "0"
        hall.chat.end()
        hall.clock.advance(0.05)
        [second] = guest.heard()
        assert (second["response"], second["alert"]) == (101, "server is stopping")
        drain(hall, 1.9)
        assert [each["message"] for each in guest.heard()] == [
            *(str(number) for number in range(1, 30)),
            "psst",
        ]
        assert guest.is_dropped()
        assert not guest.is_cut_off()


def test_who_reads_slowly_loses_the_oldest_room_messages_and_is_told_how_many() -> None:
    with Hall(flood=0) as hall:
        ice = hall.enter("ice")
        guest = jim_member(hall, "moon", "#")
        guest.stop_reading()
        ice.send("private", {"text": "psst", "to": ["moon"]})
        for number in range(limits.JIM_QUEUE_OBJECTS + 39):
            ice.say(str(number))
        drain(hall, 5)
        assert guest.heard() == []
        guest.read_on()
        drain(hall, 15)
        told = guest.heard()
        [notice] = [each for each in told if "response" in each]
        assert notice["response"] == 100
        assert "40 room messages" in notice["alert"]
        assert [each["message"] for each in told if "message" in each] == [
            "psst",
            *(str(number) for number in range(40, limits.JIM_QUEUE_OBJECTS + 39)),
        ]
        assert not guest.is_dropped()


def test_notices_that_wait_come_together() -> None:
    with Hall(flood=0) as hall:
        guest = jim_member(hall, "moon")
        names = [f"guest{number}" for number in range(20)]
        hall.enter_all(*names)
        drain(hall)
        told = guest.heard()
        assert len(told) <= 3
        assert "; ".join(each["alert"] for each in told) == "; ".join(
            f"{name} has entered the chat" for name in names
        )


def test_who_never_reads_is_dropped_as_too_slow_and_the_others_are_told() -> None:
    with Hall(flood=0) as hall:
        ice = hall.enter("ice")
        guest = jim_member(hall, "moon")
        guest.stop_reading()
        ice.heard()
        for _ in range(2 * limits.OUTBOUND_BYTES // 4_096):
            ice.send("private", {"text": "x" * 4_096, "to": ["moon"]})
            if guest.is_dropped():
                break
        assert guest.is_cut_off()
        guest.hang_up()
        assert ice.heard_of("left") == [{"nickname": "moon", "reason": "too slow"}]


def test_who_asks_too_much_is_read_more_slowly_and_nothing_is_lost(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = jim_member(hall, "moon")
    ice.heard()
    hall.pass_time(5)
    said = [
        json.dumps({"action": "msg", "to": "ice", "message": str(number)}).encode()
        for number in range(60)
    ]
    guest.send_bytes(b"".join(said))
    assert not guest.is_read()
    heard = [data["text"] for data in ice.heard_of("private")]
    assert len(heard) == 21  # the burst, and the one that makes the server wait
    drain(hall, 6)
    heard += [data["text"] for data in ice.heard_of("private")]
    assert heard == [str(number) for number in range(60)]
    assert guest.is_read()
    assert guest.codes() == [200] * 60


def test_who_asks_too_much_may_be_lost_at_any_time(hall: Hall) -> None:
    guest = jim(hall)
    guest.send_bytes(PRESENCE * 60)
    guest.hang_up()
    assert not hall.clock.getDelayedCalls()


def test_who_has_quit_is_sent_what_waits_and_then_cut_off_within_two_seconds(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = jim_member(hall, "moon", "#")
    guest.stop_reading()
    ice.say("before you go")
    guest.ask("quit")
    hall.clock.advance(1.9)
    assert not guest.is_dropped()
    guest.read_on()
    drain(hall, 0.2)
    assert guest.is_dropped()
    assert [each.get("message", each.get("response")) for each in guest.heard()] == [
        "before you go",
        200,
    ]
