"""A client that comes back goes on where it was, and nobody is told that it was gone."""

from collections.abc import Iterator

import pytest

from chatd.chat import limits
from tests.server.harness import (
    Harness,
    connect_browser,
    enter_plain,
)
from tests.server.resuming import Member, killed, texts
from tests.server.test_kept_chat import KeptHarness


@pytest.fixture
def harness() -> Iterator[Harness]:
    with Harness(flood=0) as harness:
        yield harness


def test_who_comes_back_in_time_was_never_gone(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.client.send("join", {"room": "#dev"})
    ice.read()
    moon.read()
    ice.hang_up()
    moon.say("are you there?")
    harness.pass_time(limits.AWAY_SECONDS - 1)
    frames = ice.resume()
    moon.say("live")
    assert ice.welcome["resumed"] is True
    assert (ice.welcome["nickname"], ice.welcome["rooms"]) == ("ice", ["#lobby", "#dev"])
    assert texts(frames + ice.read()) == ["are you there?", "live"]
    harness.pass_time(limits.AWAY_SECONDS)
    assert moon.read() == []


def test_a_member_that_is_away_is_shown_as_such_and_keeps_its_nickname(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.hang_up()
    moon.read()
    moon.client.send("users")
    [(_, users)] = moon.read()
    assert {each["nickname"]: each["away"] for each in users["users"]} == {
        "ice": True,
        "moon": False,
    }
    other = harness.connect()
    other.hello("Ice")
    assert other.errors() == ["nickname-taken"]
    harness.pass_time(limits.AWAY_SECONDS)
    assert ("left", {"nickname": "ice", "reason": "connection lost"}) in moon.read()
    other.hello("Ice")
    assert [frame["type"] for frame in other.heard()] == ["welcome"]


def test_who_comes_back_later_enters_again_and_has_missed_nothing(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    for member in (ice, moon):
        member.client.send("join", {"room": "#dev"})
        member.read()
    ice.hang_up()
    moon.say("one")
    moon.say("two", room="#dev")
    harness.pass_time(limits.AWAY_SECONDS)
    moon.say("three", room="#dev")
    moon.read()
    frames = ice.resume()
    assert ice.welcome["resumed"] is True
    assert ice.welcome["rooms"] == ["#lobby", "#dev"]
    assert texts(frames) == ["one", "two", "three"]
    assert moon.read() == [
        ("entered", {"nickname": "ice"}),
        ("joined", {"room": "#dev", "nickname": "ice"}),
    ]
    moon.say("live", room="#dev")
    assert texts(ice.read()) == ["live"]


def test_a_room_that_only_an_absent_member_was_in_waits_for_it(harness: Harness) -> None:
    ice = Member(harness, "ice")
    ice.client.send("join", {"room": "#dev"})
    ice.say("note to myself", room="#dev")
    ice.hang_up()
    harness.pass_time(limits.AWAY_SECONDS + limits.EMPTY_ROOM_SECONDS - 1)
    assert [each.room for each in harness.chat.hub.rooms().rooms] == ["#lobby", "#dev"]
    harness.pass_time(1)
    assert [each.room for each in harness.chat.hub.rooms().rooms] == ["#lobby"]


def test_what_is_said_in_a_room_that_began_anew_is_not_taken_for_what_was_seen(
    harness: Harness,
) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.client.send("join", {"room": "#dev"})
    for number in range(5):
        ice.say(f"old {number}", room="#dev")
    ice.seen["#dev"] = 5
    ice.hang_up()
    harness.pass_time(limits.AWAY_SECONDS + limits.EMPTY_ROOM_SECONDS)
    moon.client.send("join", {"room": "#dev"})
    moon.say("new", room="#dev")
    assert texts(ice.resume()) == ["new"]


def test_the_session_is_over_after_an_hour(harness: Harness) -> None:
    ice = Member(harness, "ice")
    ice.hang_up()
    harness.clock.advance(limits.SESSION_SECONDS)
    harness.clock.advance(0)
    ice.resume()
    assert ice.welcome["resumed"] is False


def test_a_session_that_was_resumed_begins_another_hour() -> None:
    with Harness(timeout=0) as harness:
        ice = Member(harness, "ice")
        ice.hang_up()
        ice.resume()
        harness.clock.advance(limits.SESSION_SECONDS)
        harness.clock.advance(0)
        ice.hang_up()
        ice.resume()
        assert ice.welcome["resumed"] is True


@pytest.mark.parametrize("end", ["quit", "inactive"])
def test_who_has_left_cannot_resume(end: str) -> None:
    with Harness(timeout=30) as harness:
        ice = Member(harness, "ice")
        if end == "quit":
            ice.client.send("quit")
        else:
            harness.pass_time(31)
        ice.hang_up()
        ice.resume()
        assert ice.welcome["resumed"] is False


def test_a_reader_that_is_too_slow_can_come_back(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.client.stop_reading()
    for number in range(300):
        moon.say(f"{number} " + "x" * 4_000)
    assert ice.client.is_cut_off()
    ice.client.heard()
    ice.hang_up()
    assert ("left", {"nickname": "ice", "reason": "too slow"}) in moon.read()
    frames = ice.resume()
    sent = [int(text.split()[0]) for text in texts(frames)]
    # Of each room as much text is kept in memory.
    assert sent == list(range(300 - len(sent), 300))
    assert [data["gap"] for kind, data in frames if kind == "missed"].count(True) == 1


# --- the other dialects -------------------------------------------------------------------------


def test_a_plain_member_has_left_as_soon_as_its_connection_is_lost(harness: Harness) -> None:
    moon, sun = Member(harness, "moon"), enter_plain(harness, "sun")
    moon.read()
    sun.hang_up()
    assert moon.read() == [("left", {"nickname": "sun", "reason": "connection lost"})]


def test_a_page_resumes_too(harness: Harness) -> None:
    browser = connect_browser(harness)
    browser.send("hello", {"nickname": "ice", "version": 1})
    [welcome] = browser.heard_of("welcome")
    browser.hang_up()
    moon = Member(harness, "moon")
    moon.say("hello")
    again = connect_browser(harness)
    again.send(
        "hello",
        {"nickname": "ice", "version": 1, "resume": {"session": welcome["session"]}},
    )
    frames = again.heard()
    assert [frame["type"] for frame in frames] == ["welcome", "missed"]
    assert frames[0]["data"]["resumed"] is True
    assert harness.free == harness.chat.settings.slots - 2


def test_after_a_restart_everybody_goes_on_where_they_were() -> None:
    first = KeptHarness()
    ice, moon = Member(first, "ice"), Member(first, "moon")
    moon.client.send("join", {"room": "#dev"})
    moon.read()
    [(_, said)] = ice.say("one", 1)
    assert texts(moon.read()) == ["one"]
    moon.say("two", 1)
    ice.client.send("private", {"text": "psst", "to": ["moon"]}, 2)
    ice.client.heard()  # none of this arrives
    with killed(first) as second:
        ice.harness = moon.harness = second
        frames = moon.resume()
        assert moon.welcome["resumed"] is True
        assert moon.welcome["rooms"] == ["#lobby", "#dev"]
        assert texts(frames) == ["psst"]
        assert texts(ice.resume()) == ["two"]
        assert ice.say("one", 1) == [("ok", said)]
        second.pass_time(limits.AWAY_SECONDS + 1)
        assert moon.read() == [], "nobody was gone"


def test_who_does_not_come_back_after_a_restart_has_left() -> None:
    first = KeptHarness()
    Member(first, "ice")
    moon = Member(first, "moon")
    enter_plain(first, "sun")
    with killed(first) as second:
        moon.harness = second
        moon.resume()
        moon.client.send("users")
        [(_, users)] = moon.read()
        assert [(each["nickname"], each["away"]) for each in users["users"]] == [
            ("ice", True),
            ("moon", False),
        ]
        second.pass_time(limits.AWAY_SECONDS + 1)
        assert moon.read() == [("left", {"nickname": "ice", "reason": "connection lost"})]
