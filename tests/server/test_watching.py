"""Browsers that stand, watch and enter: no slot before the nickname, no deadline while watching."""

import pytest

from chatd.chat import limits
from chatd.chat.errors import Refusal, TooManyUnregistered
from tests.fakes import log_lines
from tests.server.browsers import browser, watcher
from tests.server.hall import STARTED, Hall


def test_a_page_that_is_opened_takes_no_slot_and_is_no_member(hall: Hall) -> None:
    ice = hall.enter("ice")
    before = hall.free
    guest = browser(hall)
    guest.send("watch", request_id=1)
    assert guest.heard() == [
        {
            "type": "watching",
            "data": {
                "server": "party",
                "started": STARTED,
                "limits": {"message": 4_096, "nickname": 25, "line": 65_536},
            },
            "id": 1,
        }
    ]
    assert hall.free == before
    assert ice.heard() == []


def test_who_watches_hears_every_room_and_no_private_message(hall: Hall) -> None:
    guest = watcher(hall)
    ice, _ = hall.enter_all("ice", "moon")
    ice.send("join", {"room": "#dev"})
    ice.send("message", {"text": "hello", "room": "#dev"})
    ice.send("private", {"text": "psst", "to": ["moon"]})
    ice.send("leave", {"room": "#dev"})
    ice.send("set-name", {"nickname": "sun"})
    ice.hang_up()
    assert [frame["type"] for frame in guest.heard()] == [
        "entered",
        "entered",
        "joined",
        "message",
        "parted",
        "renamed",
        "left",
    ]


def test_who_enters_after_watching_hears_what_members_hear(hall: Hall) -> None:
    guest, ice = watcher(hall), hall.enter("ice")
    guest.heard()
    guest.hello("moon", request_id=2)
    [welcome] = guest.heard()
    assert (welcome["type"], welcome["id"]) == ("welcome", 2)
    assert welcome["data"]["rooms"] == ["#lobby"]
    assert ice.heard_of("entered") == [{"nickname": "moon"}]
    ice.send("join", {"room": "#dev"})
    ice.send("message", {"text": "not for moon", "room": "#dev"})
    ice.say("hello")
    guest.say("hi", request_id=3)
    message, done = guest.heard()
    assert message["data"]["text"] == "hello"
    assert (done["type"], done["id"], done["data"]["seq"]) == ("ok", 3, 2)
    assert [said["text"] for said in ice.heard_of("message")] == ["hi"]


def test_what_was_heard_while_watching_comes_before_the_welcome(hall: Hall) -> None:
    guest, ice = watcher(hall), hall.enter("ice")
    guest.heard()
    ice.connection.dataReceived(b'{"type": "message", "data": {"text": "one"}}\n')
    guest.connection.dataReceived(b'{"type": "hello", "data": {"nickname": "moon", "version": 1}}')
    guest.connection.dataReceived(b"\n")
    ice.connection.dataReceived(b'{"type": "message", "data": {"text": "two"}}\n')
    hall.clock.advance(0)
    assert [frame["type"] for frame in guest.heard()] == ["message", "welcome", "message"]


def test_a_page_that_neither_enters_nor_watches_is_sent_away_after_five_seconds(
    hall: Hall,
) -> None:
    guest = browser(hall)
    hall.clock.advance(4.9)
    assert not guest.is_dropped()
    hall.clock.advance(0.2)
    assert guest.errors() == ["too-late"]
    assert guest.is_dropped()


def test_a_page_whose_nickname_was_refused_has_a_minute_for_another(hall: Hall) -> None:
    hall.enter("ice")
    guest = browser(hall)
    guest.hello("ice")
    assert guest.errors() == ["nickname-taken"]
    hall.clock.advance(59)
    assert not guest.is_dropped()
    hall.clock.advance(2)
    assert guest.errors() == ["too-late"]


@pytest.mark.parametrize("refused_first", [False, True])
def test_who_watches_may_do_so_for_ever(hall: Hall, refused_first: bool) -> None:
    hall.enter("ice")
    guest = browser(hall)
    if refused_first:
        guest.hello("ice")
    guest.send("watch")
    guest.hello("ice")
    hall.pass_time(3_000)
    assert not guest.is_dropped()
    guest.heard()
    guest.hello("moon")
    assert [frame["type"] for frame in guest.heard()] == ["welcome"]


def test_who_entered_after_watching_is_inactive_like_everyone_else(hall: Hall) -> None:
    guest = watcher(hall)
    hall.pass_time(3_000)
    guest.hello("moon")
    hall.pass_time(601)
    assert guest.heard_of("goodbye") == [{"reason": "inactive"}]
    assert guest.is_dropped()


def test_a_full_server_is_watched_and_entered_once_a_slot_is_free() -> None:
    with Hall(slots=1) as hall:
        ice = hall.enter("ice")
        guest = watcher(hall)
        guest.hello("moon")
        assert guest.errors() == ["full"]
        assert hall.chat.counters["full"] == 1
        assert not guest.is_dropped()
        ice.say("hello")
        assert len(guest.heard_of("message")) == 1
        ice.send("quit")
        guest.heard()
        guest.hello("moon")
        assert [frame["type"] for frame in guest.heard()] == ["welcome"]
        assert hall.free == 0


def test_on_the_main_port_who_was_refused_may_watch_and_gives_its_slot_back() -> None:
    with Hall(slots=2) as hall:
        ice = hall.enter("ice")
        guest = hall.connect()
        assert hall.free == 0
        guest.hello("ice")
        assert guest.errors() == ["nickname-taken"]
        guest.send("watch")
        assert [frame["type"] for frame in guest.heard()] == ["watching"]
        assert hall.free == 1
        hall.pass_time(120)
        ice.say("hello")
        assert len(guest.heard_of("message")) == 1


def test_on_the_main_port_a_first_line_that_says_watch_is_basic_as_before(hall: Hall) -> None:
    guest = hall.connect()
    guest.send("watch")
    assert [frame["data"]["source"] for frame in guest.heard()] == ["[Server]"] * 2


def test_who_watches_is_told_when_the_server_stops(hall: Hall) -> None:
    guests = [watcher(hall), browser(hall)]
    hall.chat.end()
    for guest in guests:
        assert guest.heard_of("goodbye") == [{"reason": "server is stopping"}]
        assert guest.is_dropped()


def test_who_comes_in_the_last_moment_is_told_as_well(hall: Hall) -> None:
    hall.chat.end()
    guest = browser(hall)
    assert guest.heard_of("goodbye") == [{"reason": "server is stopping"}]
    assert guest.is_dropped()


def test_too_many_pages_are_turned_away_until_some_enter_or_watch(hall: Hall) -> None:
    standing = [browser(hall) for _ in range(limits.UNREGISTERED_CONNECTIONS)]
    with pytest.raises(TooManyUnregistered):
        browser(hall)
    standing[0].send("watch")
    standing[1].hello("ice")
    standing[2].hang_up()
    for _ in range(3):
        browser(hall)
    with pytest.raises(Refusal):
        browser(hall)


def test_one_watcher_too_many_is_told_so_and_closed(hall: Hall) -> None:
    for _ in range(limits.WATCHERS):
        watcher(hall)
    guest = browser(hall)
    guest.send("watch")
    assert guest.errors() == ["too-many-watchers"]
    assert guest.is_dropped()


def test_who_watches_and_does_not_read_is_dropped_and_nobody_hears_of_it() -> None:
    with Hall(flood=0) as hall:
        guest, ice = watcher(hall), hall.enter("ice")
        guest.stop_reading()
        while not guest.is_cut_off():
            ice.say("x" * 4_000)
        guest.hang_up()
        assert ice.heard() == []


def test_who_watches_is_not_in_the_log_before_it_enters() -> None:
    with log_lines() as lines, Hall(log_level="info") as hall:
        guest = watcher(hall)
        guest.send("users")
        hall.enter("ice")
        guest.hang_up()
        assert lines == ["ice has entered the chat"]
        guest = watcher(hall)
        guest.hello("moon")
        assert lines[-1] == "moon has entered the chat"


def test_browsers_are_sent_the_same_bytes_once_for_all(hall: Hall) -> None:
    guests = [watcher(hall) for _ in range(5)]
    ice = hall.enter("ice")
    before = [len(guest.transport.segments) for guest in guests]
    ice.send_bytes(b'{"type": "message", "data": {"text": "hello"}}\n' * 3)
    for guest, count in zip(guests, before, strict=True):
        [segment] = guest.transport.segments[count:]
        assert segment is guests[0].transport.segments[-1]
