"""Who is silent for longer than the time-out is disconnected; what counts as silence (SPEC §4)."""

import pytest

from tests.server.hall import Hall


def test_a_silent_member_is_told_and_dropped_and_the_others_are_told(hall: Hall) -> None:
    ice, moon = hall.enter_all("ice", "moon")
    hall.clock.advance(599)
    moon.send("users")
    moon.heard()
    assert ice.heard() == []
    hall.clock.advance(1)
    assert ice.heard() == [{"type": "goodbye", "data": {"reason": "inactive"}}]
    assert ice.is_dropped()
    assert not ice.is_cut_off()
    assert moon.heard() == [{"type": "left", "data": {"nickname": "ice", "reason": "inactive"}}]
    assert not moon.is_dropped()


@pytest.mark.parametrize(
    ("frame_type", "data"),
    [
        ("message", {"text": "hello"}),
        ("set-name", {"nickname": "sun"}),
        ("users", None),
        ("history", None),
    ],
)
def test_everything_a_person_does_counts_as_activity(frame_type: str, data: object) -> None:
    with Hall(timeout=10) as hall:
        ice = hall.enter("ice")
        hall.pass_time(9)
        ice.send(frame_type, data)
        ice.heard()
        hall.pass_time(9)
        assert not ice.is_dropped()
        hall.pass_time(1)
        assert ice.heard_of("goodbye") == [{"reason": "inactive"}]


@pytest.mark.parametrize(
    "sent",
    [
        b'{"type": "ping"}\n',
        b"no json\n",
        b"\xff\n",
        b"\n",
        b'{"type": "dance"}\n',
        b'{"type": "message", "data": {"text": ""}}\n',
        b'{"type": "message", "data": {"text": "x", "room": "#elsewhere"}}\n',
        b'{"type": "set-name", "data": {"nickname": "moon"}}\n',
        b'{"type": "hello", "data": {"nickname": "ice", "version": 1}}\n',
    ],
)
def test_pings_and_refused_frames_are_no_activity(sent: bytes) -> None:
    with Hall(timeout=10) as hall:
        moon = hall.enter("moon")
        ice = hall.enter("ice")

        def pretend() -> None:
            moon.say("I am here")
            if not ice.is_dropped():
                ice.send_bytes(sent)

        hall.pass_time(10, pretend)
        assert ice.heard_of("goodbye") == [{"reason": "inactive"}]
        assert ice.is_dropped()
        assert not moon.is_dropped()


def test_without_a_time_out_silence_is_fine() -> None:
    with Hall(timeout=0) as hall:
        ice = hall.enter("ice")
        hall.clock.advance(10**9)
        assert ice.heard() == []
        ice.send("ping")
        assert ice.heard() == [{"type": "pong"}]


def test_the_time_out_begins_at_the_welcome_not_at_the_connection() -> None:
    with Hall(timeout=3) as hall:
        guest = hall.connect()
        hall.clock.advance(4)
        guest.hello("ice")
        hall.clock.advance(2)
        assert not guest.is_dropped()
        hall.clock.advance(1)
        assert guest.is_dropped()


def test_who_left_is_not_called_inactive_later(hall: Hall) -> None:
    ice, moon = hall.enter_all("ice", "moon")
    ice.send("quit")
    hall.pass_time(1_300, lambda: moon.send("users"))
    assert [left["reason"] for left in moon.heard_of("left")] == ["quit"]
