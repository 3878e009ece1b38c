"""At the door: hello and welcome, what is refused there, how long it stays open (SPEC §4, §5)."""

from collections.abc import Callable

import pytest

from tests.server.browsers import browser
from tests.server.hall import STARTED, AnyGuest, Hall, hello
from tests.server.sides import drain, jim, plain


def test_hello_is_answered_with_welcome(hall: Hall) -> None:
    guest = hall.connect()
    guest.hello("ice", request_id="first")
    [welcome] = guest.heard()
    assert welcome == {
        "type": "welcome",
        "id": "first",
        "data": {
            "server": "party",
            "started": STARTED,
            "nickname": "ice",
            "rooms": ["#lobby"],
            "limits": {"message": 4096, "nickname": 25, "line": 65536},
        },
    }


def test_nothing_is_sent_to_who_has_not_finished_a_line(hall: Hall) -> None:
    guest = hall.connect()
    guest.send_bytes(b'{"type": "hello", ')
    hall.enter("moon").say("hello")
    assert guest.heard() == []


def test_the_others_are_told_who_entered(hall: Hall) -> None:
    ice = hall.enter("ice")
    moon = hall.enter("moon")
    assert ice.heard() == [{"type": "entered", "data": {"nickname": "moon"}}]
    assert moon.heard() == []


@pytest.mark.parametrize(
    ("frame_type", "data"),
    [
        ("message", {"text": "hello"}),
        ("set-name", {"nickname": "sun"}),
        ("users", {}),
        ("history", {}),
        ("ping", None),
    ],
)
def test_a_frame_before_hello_makes_the_connection_basic_and_hello_comes_too_late(
    hall: Hall, frame_type: str, data: object
) -> None:
    ice = hall.enter("ice")
    guest = hall.connect()
    guest.send(frame_type, data, request_id=7)
    guest.hello("moon")
    told = guest.heard()
    assert {frame["type"] for frame in told} == {"message"}
    assert not [frame for frame in told if "id" in frame]
    assert ice.heard_of("entered") == [{"nickname": guest.address}]


@pytest.mark.parametrize(
    ("frame_type", "data"),
    [
        ("message", {"text": "hello"}),
        ("set-name", {"nickname": "sun"}),
        ("private", {"text": "hello", "to": ["ice"]}),
        ("join", {"room": "#dev"}),
        ("leave", None),
        ("rooms", None),
        ("users", None),
        ("history", None),
        ("ping", None),
    ],
)
def test_after_a_refused_hello_any_other_frame_is_refused_until_the_welcome(
    hall: Hall, frame_type: str, data: object
) -> None:
    ice = hall.enter("ice")
    guest = hall.connect()
    guest.hello("ice")
    guest.heard()
    guest.send(frame_type, data, request_id=7)
    [error] = guest.heard()
    assert (error["type"], error["id"], error["data"]["code"]) == ("error", 7, "not-entered")
    assert ice.heard() == []
    guest.hello("moon")
    assert [frame["type"] for frame in guest.heard()] == ["welcome"]
    assert [frame["type"] for frame in ice.heard()] == ["entered"]


def test_who_is_asked_for_another_nickname_may_quit(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = hall.connect()
    guest.hello("ice")
    guest.heard()
    guest.send("quit", request_id=8)
    assert guest.heard() == [{"type": "goodbye", "id": 8, "data": {"reason": "quit"}}]
    assert guest.is_dropped()
    assert ice.heard() == []


def test_a_second_hello_is_refused_and_changes_nothing(hall: Hall) -> None:
    ice, moon = hall.enter_all("ice", "moon")
    ice.hello("sun", request_id=2)
    [error] = ice.heard()
    assert (error["id"], error["data"]["code"]) == (2, "already-entered")
    ice.say("still me")
    [message] = moon.heard()
    assert message["data"]["source"] == "ice"


@pytest.mark.parametrize("wanted", ["ice", "ICE", "\uff29\uff23\uff25"])
def test_a_taken_nickname_is_refused_until_another_one_is_chosen(hall: Hall, wanted: str) -> None:
    ice = hall.enter("ice")
    guest = hall.connect()
    guest.hello(wanted, request_id="a")
    [error] = guest.heard()
    assert (error["id"], error["data"]["code"]) == ("a", "nickname-taken")
    assert ice.heard() == []
    guest.hello("moon")
    [welcome] = guest.heard()
    assert welcome["data"]["nickname"] == "moon"


def test_a_nickname_is_free_again_when_its_member_has_left(hall: Hall) -> None:
    hall.enter("ice").send("quit")
    hall.enter("ice")


@pytest.mark.parametrize("nickname", ["", " ", "a b", "#ice", "a" * 26, "1.2.3.4:5", "a\u200bb"])
def test_an_impossible_nickname_is_refused_and_the_connection_goes_on(
    hall: Hall, nickname: str
) -> None:
    guest = hall.connect()
    guest.hello(nickname)
    assert guest.errors() == ["bad-nickname"]
    guest.hello("ice")
    assert guest.heard_of("welcome")


@pytest.mark.parametrize("version", [0, 2, -1, 2**70])
def test_another_version_is_refused_and_the_connection_closed(hall: Hall, version: int) -> None:
    ice = hall.enter("ice")
    guest = hall.connect()
    guest.send("hello", {"nickname": "moon", "version": version}, request_id=1)
    [error] = guest.heard()
    assert (error["id"], error["data"]["code"]) == (1, "version")
    assert guest.is_dropped()
    assert not guest.is_cut_off(), "the error must go out first"
    assert ice.heard() == []


def test_who_sends_no_line_within_five_seconds_is_told_and_dropped(hall: Hall) -> None:
    guest = hall.connect()
    guest.send_bytes(b'{"type": "hello", "data"')  # half a line is no line
    hall.clock.advance(4.9)
    assert not guest.is_dropped()
    hall.clock.advance(0.2)
    assert guest.errors() == ["too-late"]
    assert guest.is_dropped()


def test_who_is_choosing_a_nickname_has_a_minute_altogether(hall: Hall) -> None:
    hall.enter("ice")
    guest = hall.connect()
    guest.send_bytes(hello("ice")[:5])  # or it would enter as basic
    hall.clock.advance(4)
    guest.send_bytes(hello("ice")[5:])
    guest.heard()
    hall.clock.advance(50)
    guest.hello("ICE")
    assert guest.errors() == ["nickname-taken"]
    assert not guest.is_dropped()
    hall.clock.advance(7)
    assert guest.errors() == ["too-late"]
    assert guest.is_dropped()


def test_who_used_all_the_time_for_the_first_line_still_has_a_minute_at_most(hall: Hall) -> None:
    guest = hall.connect()
    guest.send_bytes(hello("#")[:5])  # or it would enter as basic
    hall.clock.advance(4.9)
    guest.send_bytes(hello("#")[5:])
    hall.clock.advance(60.1 - 4.9)
    assert guest.is_dropped()


@pytest.mark.parametrize("come", [browser, jim])
@pytest.mark.parametrize("garbage", ["{}", '{"type":"users"}', '{"action":"msg"}'])
def test_who_says_nothing_that_asks_to_be_let_in_has_five_seconds(
    hall: Hall, come: Callable[[Hall], AnyGuest], garbage: str
) -> None:
    guest = come(hall)
    for _ in range(4):
        hall.clock.advance(1)
        guest.send_bytes(f"{garbage}\n".encode())
        drain(hall, 0.1)
    assert not guest.is_dropped()
    drain(hall, 1)
    assert guest.is_dropped()
    assert hall.chat.counters["too-late"] == 1


@pytest.mark.parametrize("nickname", ["ice", "#", "", "x" * 1_000])
def test_who_is_asked_for_another_nickname_has_a_minute_whatever_the_dialect(
    hall: Hall, nickname: str
) -> None:
    hall.enter("ice")
    page, messenger, person = browser(hall), jim(hall), plain(hall)
    page.hello(nickname)
    messenger.present(nickname)
    person.type(nickname)
    guests = (page, messenger, person)
    hall.pass_time(59)
    assert not [guest for guest in guests if guest.is_dropped()]
    hall.pass_time(2)
    assert all(guest.is_dropped() for guest in guests)


def test_a_person_at_the_plain_port_has_a_minute_also_after_a_line_that_cannot_be_read(
    hall: Hall,
) -> None:
    guest = plain(hall)
    guest.send_bytes(b"\xff\n")
    hall.pass_time(59)
    assert not guest.is_dropped()
    hall.pass_time(2)
    assert guest.is_dropped()


def test_a_member_has_no_deadline_any_more() -> None:
    with Hall(timeout=0) as hall:
        ice = hall.enter("ice")
        hall.clock.advance(1_000_000)
        assert ice.heard() == []
        assert not ice.is_dropped()


def test_every_refusal_at_the_door_is_counted(hall: Hall) -> None:
    hall.enter("ice")
    guest = hall.connect()
    guest.hello("ice")
    guest.hello("ice")
    guest.say("hello")
    guest.send("hello", {"nickname": "moon", "version": 9})
    assert dict(hall.chat.counters) == {"nickname-taken": 2, "not-entered": 1, "version": 1}
