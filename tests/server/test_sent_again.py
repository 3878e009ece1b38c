"""What a client sends again is done once, and answered as the first time."""

from collections.abc import Iterator
from typing import Any

import pytest

from chatd.chat import limits
from tests.server.harness import (
    Harness,
    enter_plain,
)
from tests.server.resuming import Member, texts


@pytest.fixture
def harness() -> Iterator[Harness]:
    with Harness(flood=0) as harness:
        yield harness


def test_a_line_that_is_sent_again_is_said_once(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    [(kind, first)] = ice.say("hello", 1)
    assert kind == "ok"
    ice.hang_up()
    ice.resume()
    assert ice.say("hello", 1) == [("ok", first)]
    [(_, second)] = ice.say("again", 2)
    assert second["seq"] == first["seq"] + 1
    assert texts(moon.read()) == ["hello", "again"]


def test_every_numbered_command_is_answered_as_the_first_time(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    asked = [
        b'{"type":"join","id":1,"n":1,"data":{"room":"#dev"}}\n',
        b'{"type":"private","id":2,"n":2,"data":{"text":"psst","to":["moon","nobody"]}}\n',
        b'{"type":"set-name","id":3,"n":3,"data":{"nickname":"Ice"}}\n',
        b'{"type":"leave","id":4,"n":4,"data":{"room":"#dev"}}\n',
    ]

    def answers() -> list[dict[str, Any]]:
        for each in asked:
            ice.client.send_bytes(each)
        return [frame for frame in ice.client.heard() if "id" in frame]

    first = answers()
    assert [frame["type"] for frame in first] == ["ok"] * 4
    moon.read()
    ice.hang_up()
    ice.resume()
    assert answers() == first
    assert moon.read() == []


def test_a_number_that_another_command_had_is_refused(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.say("hello", 7)
    [(kind, data)] = ice.say("something else", 7)
    assert (kind, data["code"]) == ("error", "number-reused")
    assert texts(moon.read()) == ["hello"]


def test_a_number_that_is_too_old_is_refused(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    for number in range(1, limits.UNCONFIRMED_LINES + 2):
        ice.say(f"line {number}", number)
    moon.read()
    [(kind, data)] = ice.say("line 1", 1)
    assert (kind, data["code"]) == ("error", "outdated-number")
    assert ice.say("line 2", 2)[0][0] == "ok"
    assert moon.read() == []


def test_a_refused_command_may_be_sent_again(harness: Harness) -> None:
    ice = Member(harness, "ice")
    [(kind, data)] = ice.say("hello", 1, room="#dev")
    assert (kind, data["code"]) == ("error", "no-such-room")
    ice.client.send("join", {"room": "#dev"})
    assert ice.say("hello", 1, room="#dev")[0][0] == "ok"


def test_a_command_that_was_refused_before_others_may_be_sent_again_and_is_done_once(
    harness: Harness,
) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    [refused] = ice.say("hello", 2, room="#dev")
    for number in (1, 3, 4):
        assert ice.say(f"line {number}", number)[0][0] == "ok"
    assert ice.say("hello", 2, room="#dev") == [refused]
    for each in (ice, moon):
        each.client.send("join", {"room": "#dev"})
        each.read()
    [done] = ice.say("hello", 2, room="#dev")
    assert done[0] == "ok"
    ice.hang_up()
    ice.resume()
    assert ice.say("hello", 2, room="#dev") == [done]
    assert texts(moon.read()).count("hello") == 1


def test_however_refused_and_new_commands_are_mixed_none_is_done_twice(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    count = 2 * limits.UNCONFIRMED_LINES
    for number in range(1, count, 2):
        ice.say(f"line {number}", number)
        ice.say(f"line {number + 1}", number + 1, room="#dev")
    for each in (ice, moon):
        each.client.send("join", {"room": "#dev"})
    said = texts(moon.read())
    for _ in range(3):
        for number in range(count, 0, -1):
            room = "#lobby" if number % 2 else "#dev"
            ice.say(f"line {number}", number, room=room)
    said += texts(moon.read())
    assert len(said) == len(set(said))
    assert len(said) > limits.UNCONFIRMED_LINES


def test_the_numbers_of_a_client_without_a_session_count_for_nothing(harness: Harness) -> None:
    plain, moon = enter_plain(harness, "ice"), Member(harness, "moon")
    plain.type("one", "two")
    assert texts(moon.read()) == ["one", "two"]
