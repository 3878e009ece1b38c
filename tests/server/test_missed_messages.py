"""What was said meanwhile comes once, in order, and before anything live."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from chatd.chat import limits
from chatd.log.engine import Gap
from tests.server.harness import (
    Harness,
)
from tests.server.resuming import Member, texts
from tests.server.test_kept_chat import KeptHarness


@pytest.fixture
def harness() -> Iterator[Harness]:
    with Harness(flood=0) as harness:
        yield harness


def test_own_messages_are_not_missed(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    moon.say("one")
    ice.say("mine", 1)
    moon.say("two")
    ice.client.heard()  # all of it was lost on the way
    ice.hang_up()
    assert texts(ice.resume()) == ["one", "two"]


def test_a_long_absence_comes_in_pages_each_read_before_the_next(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.hang_up()
    for number in range(350):
        moon.say(str(number))
    ice.resume_reading_slowly()
    ice.client.send("message", {"text": "afterwards"}, 1)
    frames = [frame for _ in range(20) for frame in ice.read()]
    assert len(texts(frames)) < 350
    assert not [kind for kind, _ in frames if kind == "ok"]
    frames += [frame for _ in range(100) for frame in ice.read_slowly()]
    assert texts(frames) == [str(number) for number in range(350)]
    assert [kind for kind, _ in frames if kind not in ("welcome", "missed")] == ["ok"]
    more = [data["more"] for kind, data in frames if kind == "missed"]
    assert more == [True] * (len(more) - 1) + [False]


def test_what_is_said_while_a_client_catches_up_comes_after_it(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.hang_up()
    for number in range(250):
        moon.say(str(number))
    ice.resume_reading_slowly()
    moon.say("250")
    frames = ice.read() + ice.read_slowly()
    moon.say("251")
    frames += [frame for _ in range(100) for frame in ice.read_slowly()]
    moon.say("252")
    frames += ice.read() + ice.read_slowly()
    assert texts(frames) == [str(number) for number in range(253)]


def test_a_gap_is_said() -> None:
    with Harness(history=3, flood=0) as harness:
        ice, moon = Member(harness, "ice"), Member(harness, "moon")
        moon.say("0")
        ice.read()
        ice.hang_up()
        for number in range(1, 6):
            moon.say(str(number))
        frames = ice.resume()
        assert texts(frames) == ["3", "4", "5"]
        assert [data["gap"] for kind, data in frames if kind == "missed"] == [True]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ({"#lobby": 999}, ["one", "two"]),
        ({"#nowhere": 5, "nonsense": 1, "": 2}, ["one", "two"]),
        ({f"#{number}": number for number in range(4_000)}, ["one", "two"]),
        ({"#lobby": 0}, ["one", "two"]),
        ({"#lobby": 2}, ["two"]),
        ({"#lobby": 3}, []),
    ],
    ids=["beyond the end", "unknown rooms", "4,000 rooms", "from the beginning", "half", "all"],
)
def test_whatever_a_client_says_that_it_has_seen(
    harness: Harness, seen: dict[str, int], expected: list[str]
) -> None:
    moon = Member(harness, "moon")
    moon.say("before")
    ice = Member(harness, "ice")
    ice.hang_up()
    moon.say("one")
    moon.say("two")
    assert texts(ice.resume(seen=seen)) == expected


@pytest.mark.parametrize("bad", [{"seen": {"#lobby": -1}}, {"private": -1}, {"session": 5}])
def test_what_cannot_be_seen_is_refused(harness: Harness, bad: dict[str, Any]) -> None:
    ice = Member(harness, "ice")
    ice.hang_up()
    [(kind, data)] = ice.resume(**bad)
    assert (kind, data["code"]) == ("error", "bad-frame")
    assert ice.resume() != []
    assert ice.welcome["resumed"] is True


def test_what_is_in_memory_no_more_comes_from_the_archive() -> None:
    with KeptHarness(history=3) as harness:
        ice, moon = Member(harness, "ice"), Member(harness, "moon")
        moon.say("0")
        ice.say("mine", 1)
        ice.read()
        ice.hang_up()
        for number in range(1, 301):
            moon.say(str(number))
        frames = ice.resume(seen={"#lobby": 1})
        assert texts(frames) == [str(number) for number in range(1, 301)]
        assert not any(data["gap"] for kind, data in frames if kind == "missed")
        moon.say("live")
        assert texts(ice.read()) == ["live"]


def test_long_messages_come_from_the_archive_without_a_hole() -> None:
    with KeptHarness(history=3) as harness:
        ice, moon = Member(harness, "ice"), Member(harness, "moon")
        ice.hang_up()
        for number in range(100):
            moon.say(f"{number} ".ljust(limits.MESSAGE_CHARACTERS, "\U0001f600"))
        frames = ice.resume()
        for _ in range(10):
            frames += ice.resume()
        assert [int(text.split()[0]) for text in texts(frames)] == list(range(100))


@pytest.mark.parametrize("is_said", [True, False], ids=["something", "nothing"])
def test_no_gap_is_told_of_a_room_that_ended_and_has_begun_again(is_said: bool) -> None:
    with KeptHarness() as harness:
        ice, moon = Member(harness, "ice"), Member(harness, "moon")
        ice.client.send("join", {"room": "#Dev"})
        ice.say("before", room="#Dev")
        ice.read()
        ice.hang_up()
        harness.pass_time(limits.AWAY_SECONDS + limits.EMPTY_ROOM_SECONDS)
        moon.client.send("join", {"room": "#tea"})
        for number in range(5):
            moon.say(str(number), room="#tea")
        moon.client.send("leave", {"room": "#tea"})
        moon.client.send("join", {"room": "#dev"})
        if is_said:
            moon.say("after", room="#dev")
        frames = ice.resume(seen={"#Dev": 1, "#lobby": 0})
        assert ice.welcome["rooms"] == ["#lobby", "#dev"]
        assert texts(frames) == ["after"] * is_said
        assert not any(data["gap"] for kind, data in frames if kind == "missed")
        moon.say("live", room="#dev")
        assert texts(ice.read()) == ["live"]


def test_a_gap_in_what_is_kept_is_said() -> None:
    with KeptHarness(history=3) as harness:
        ice, moon = Member(harness, "ice"), Member(harness, "moon")
        moon.say("0")
        ice.read()
        ice.hang_up()
        for number in range(1, 20):
            moon.say(str(number))
        del harness.engine.messages[:10]
        frames = ice.resume()
        assert texts(frames) == [str(number) for number in range(10, 20)]
        assert [data["gap"] for kind, data in frames if kind == "missed"].count(True) == 1


@pytest.mark.parametrize(
    ("gone", "seen", "after_gaps"),
    [
        ({5, 6, 7, 8}, 2, [9]),
        ({5, 6, 7, 8}, 4, [9]),
        ({5, 6, 7, 8}, 6, [9]),
        ({5, 6, 7, 8}, 8, []),
        ({5, 6, 7, 8, 11, 12}, 2, [9, 13]),
        ({5, 6, 7, 8, 11, 12}, 9, [13]),
        ({5, 6, 11, 12}, 12, []),
    ],
)
def test_what_a_node_lacks_between_what_it_has_is_said_as_a_gap(
    gone: set[int], seen: int, after_gaps: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with KeptHarness(history=3) as harness:
        ice, moon = Member(harness, "ice"), Member(harness, "moon")
        ice.hang_up()
        for number in range(1, 21):
            moon.say(str(number))
        messages = harness.engine.messages
        messages[:] = [each for each in messages if each.message.seq not in gone]
        gap = Gap("#lobby", min(gone), max(gone))
        monkeypatch.setattr(harness.chat.ordered_log, "gap", lambda room: gap)
        frames = ice.resume(seen={"#lobby": seen})
        assert texts(frames) == [str(each) for each in range(seen + 1, 21) if each not in gone]
        parts = [data for kind, data in frames if kind == "missed"]
        assert [part["messages"][0]["seq"] for part in parts if part["gap"]] == after_gaps


def test_what_only_the_archive_has_yet_is_not_missed() -> None:
    """As when the log of a cluster was restored from a backup, and the archives were not."""
    with KeptHarness(history=3) as harness:
        ice, moon = Member(harness, "ice"), Member(harness, "moon")
        ice.hang_up()
        for number in range(1, 21):
            moon.say(str(number))
        last = harness.engine.messages[-1]
        later = replace(last, message=replace(last.message, seq=last.message.seq + 1))
        harness.engine.messages.append(later)
        frames = ice.resume(seen={"#lobby": 1})
        assert texts(frames) == [str(each) for each in range(2, 21)]
        moon.say("live")
        assert texts(ice.read()) == ["live"]
