"""Sessions: their private messages, their tokens and their slots."""

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock

from chatd.chat import limits
from chatd.server.chat import Chat, ServerSettings
from tests.server.harness import (
    Harness,
    line,
)
from tests.server.resuming import Member, texts
from tests.server.test_kept_chat import KeptHarness


@pytest.fixture
def harness() -> Iterator[Harness]:
    with Harness(flood=0) as harness:
        yield harness


def test_private_messages_wait_for_whoever_is_away(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    moon.client.send("private", {"text": "first", "to": ["ice"]})
    assert texts(ice.read()) == ["first"]
    ice.hang_up()
    moon.client.send("private", {"text": "second", "to": ["ice"]}, 1)
    assert [kind for kind, _ in moon.read() if kind != "entered"] == ["ok"]
    frames = ice.resume()
    assert [(kind, data["seq"]) for kind, data in frames if kind == "private"] == [("private", 2)]
    assert texts(frames) == ["second"]
    ice.hang_up()
    assert texts(ice.resume()) == []


def test_private_messages_belong_to_the_session_and_not_to_the_name(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.hang_up()
    moon.client.send("private", {"text": "for the first", "to": ["ice"]})
    harness.pass_time(limits.AWAY_SECONDS)
    other = Member(harness, "ice")
    moon.client.send("private", {"text": "for the second", "to": ["ice"]})
    assert texts(other.read()) == ["for the second"]
    ice.nickname = "sun"
    assert texts(ice.resume()) == ["for the first"]
    assert ice.welcome["nickname"] == "sun"


def test_too_many_private_messages_leave_a_hole_in_their_numbers(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.hang_up()
    for number in range(limits.PRIVATE_BOX_MESSAGES + 3):
        moon.client.send("private", {"text": str(number), "to": ["ice"]})
    frames = ice.resume()
    numbers = [data["seq"] for kind, data in frames if kind == "private"]
    assert numbers == list(range(4, limits.PRIVATE_BOX_MESSAGES + 4))


def test_the_fullest_boxes_give_way_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PRIVATE_CHARACTERS", 2_000)
    with Harness(flood=0) as harness:
        ice, moon, sun = (Member(harness, name) for name in ("ice", "moon", "sun"))
        for member in (moon, sun):
            member.hang_up()
        ice.client.send("private", {"text": "a" * 100, "to": ["sun"]})
        for number in range(5):
            ice.client.send("private", {"text": str(number) * 500, "to": ["moon"]})
        assert texts(sun.resume()) == ["a" * 100]
        assert texts(moon.resume()) == [str(number) * 500 for number in range(2, 5)]
        for _ in range(8):
            ice.client.send("private", {"text": "b" * 400, "to": ["moon", "sun"]})
        kept = [each.private for each in harness.chat.hub.state().sessions]
        assert sum(len(each.text) for private in kept for each in private) == 2_000


# --- tokens -------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "nobody's", "\u00fc\U0001f600", "x" * 64])
def test_a_token_that_is_none_is_like_none(harness: Harness, token: str) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.nickname = "sun"
    ice.resume(session=token)
    assert (ice.welcome["resumed"], ice.welcome["nickname"]) == (False, "sun")
    assert ("entered", {"nickname": "sun"}) in moon.read()


def test_each_session_has_a_token_of_128_bits_that_no_log_shows(harness: Harness) -> None:
    chat = Chat(ServerSettings("party"), harness.clock, lambda: 0)
    tokens = {chat.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {22}


def test_a_session_that_two_use_at_once_belongs_to_the_last(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    moon.read()
    first = ice.client
    ice.resume()
    assert ice.welcome["resumed"] is True
    assert first.heard_of("goodbye") == [{"reason": "resumed elsewhere"}]
    assert first.is_dropped()
    first.hang_up()
    ice.say("still here")
    harness.pass_time(limits.AWAY_SECONDS + 1)
    assert moon.read() == [("message", moon_heard(ice, "still here"))]
    assert harness.free == harness.chat.settings.slots - 2


def moon_heard(ice: Member, text: str) -> dict[str, Any]:
    [message] = ice.harness.chat.hub.read_history("#lobby", 1).messages
    assert message.text == text
    return {
        "room": "#lobby",
        "seq": message.seq,
        "time": message.time,
        "source": "ice",
        "text": text,
    }


def test_on_a_full_server_a_ghost_makes_way(harness: Harness) -> None:
    with Harness(slots=1, flood=0) as full:
        ice = Member(full, "ice")
        ice.resume()
        assert ice.welcome["resumed"] is True
        assert full.free == 0
        other = full.connect()
        other.hello("moon")
        assert other.errors() == ["full"]
        assert full.chat.rejected_sessions == 1
        ice.say("here")
        assert full.chat.hub.member_count == 1


def test_no_more_members_than_slots_come_with_a_session_that_ends_meanwhile() -> None:
    with KeptHarness(slots=1) as full:
        ice = Member(full, "ice")
        others = [full.connect() for _ in range(3)]
        full.commit()
        resume = {"session": ice.welcome["session"]}
        for number, other in enumerate(others):  # all in one turn
            data = {"nickname": f"moon{number}", "version": 1, "resume": resume}
            other.connection.dataReceived(line("hello", data))
        ice.client.connection.dataReceived(line("quit"))
        full.commit()
        # One has got the slot that ice has left, and the others may try again.
        assert [other.heard()[0]["type"] for other in others] == ["welcome", "error", "error"]
        assert (full.chat.hub.member_count, full.free) == (1, 0)


def test_a_hello_that_comes_late_resumes_as_well(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.say("one", 1)
    ice.hang_up()
    moon.say("two")
    ice.client = harness.connect()
    harness.clock.advance(limits.DIALECT_DETECTION_MILLISECONDS / 1_000)
    harness.clock.advance(0)
    ice.client.transport.clear()  # what a basic client is told
    ice.hello_again()
    frames = ice.read()
    assert ice.welcome["resumed"] is True
    assert texts(frames) == ["two"]
    assert [each.nickname for each in harness.chat.hub.users().users] == ["moon", "ice"]


def test_a_server_has_a_bounded_number_of_sessions() -> None:
    with Harness(slots=2, flood=0) as harness:
        members = []
        for number in range(5):
            members.append(Member(harness, f"ice{number}"))
            members[-1].hang_up()
            harness.pass_time(limits.AWAY_SECONDS)
        welcomes = []
        for member in reversed(members):
            member.resume()
            welcomes.append(member.welcome["resumed"])
            member.client.send("quit")
            member.hang_up()
        assert welcomes == [True, True, True, True, False]


def test_nothing_is_carried_out_for_who_is_away() -> None:
    with KeptHarness(disk=Clock()) as harness:
        ice, moon = harness.connect(), harness.connect()
        harness.commit()
        ice.hello("ice")
        moon.hello("moon")
        harness.commit()
        for client in (ice, moon):
            client.heard()
        harness.chat.end()
        ice.say("too late", 1)
        harness.commit()
        assert not [frame for frame in ice.heard() if frame["type"] == "ok"]
        assert "too late" not in [each.message.text for each in harness.engine.messages]
