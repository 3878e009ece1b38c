"""Removing messages over connections: those in memory, and those that only the archive has."""

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail
from typing_extensions import override

from chatd.chat.events import Message
from chatd.log.engine import StoreFailed
from tests.log.memory_engine import MemoryEngine
from tests.server.harness import Client, Harness, connect_watcher, enter_plain
from tests.server.resuming import Member
from tests.server.test_kept_chat import KeptHarness
from tests.server.test_private_rooms import native, settle


@pytest.fixture(params=["in memory", "kept"])
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    made = KeptHarness(history=3) if request.param == "kept" else Harness(flood=0)
    with made:
        yield made


def remove(harness: Harness, client: Client, seq: int, room: str = "#lobby") -> str:
    """The code of the refusal; empty if the message is removed now."""
    client.heard()
    client.send("remove", {"room": room, "seq": seq}, "r")
    settle(harness)
    [reply] = [each for each in client.heard() if each.get("id") == "r"]
    code: str = reply["data"]["code"] if reply["type"] == "error" else ""
    return code


def history(harness: Harness, client: Client) -> list[tuple[int, str, str]]:
    client.heard()
    client.send("history", {"limit": 100})
    settle(harness)
    [found] = client.heard_of("history")
    return [(each["seq"], each["text"], each.get("removed", "")) for each in found["messages"]]


def test_one_s_own_messages_are_removed_from_every_history(harness: Harness) -> None:
    ice, moon = native(harness, "ice"), native(harness, "moon")
    for number in range(1, 7):
        (ice if number % 2 else moon).say(f"tea {number}")
        settle(harness)
    assert remove(harness, ice, 1) == ""  # a kept chat has three of them in memory
    assert remove(harness, ice, 5) == ""
    assert remove(harness, ice, 2) == "not-host"
    assert remove(harness, ice, 1) == "no-such-message"
    for seq in (0, -1, 7, 2**53 - 1):
        assert remove(harness, ice, seq) == "no-such-message"
    assert remove(harness, ice, 1, "#nowhere") == "no-such-room"
    late = native(harness, "sun")
    for client in (moon, late, connect_watcher(harness)):
        assert history(harness, client) == [
            (1, "", "ice"),
            (2, "tea 2", ""),
            (3, "tea 3", ""),
            (4, "tea 4", ""),
            (5, "", "ice"),
            (6, "tea 6", ""),
        ]
        client.send("search", {"words": "tea"}, "s")
        settle(harness)
        [found] = [each["data"] for each in client.heard() if each.get("id") == "s"]
        assert [each["seq"] for each in found["messages"]] == [6, 4, 3, 2]


def test_everybody_there_hears_of_it_also_who_watches(harness: Harness) -> None:
    ice, moon = native(harness, "ice"), native(harness, "moon")
    watcher = connect_watcher(harness)
    plain = enter_plain(harness, "sun")
    ice.say("oops")
    settle(harness)
    [message] = moon.heard_of("message")
    watcher.heard()
    plain.shown()
    assert remove(harness, ice, 1) == ""
    told: dict[str, Any] = {
        "what": "remove",
        "by": "ice",
        "nickname": "ice",
        "room": "#lobby",
        "seq": 1,
        "time": message["time"],
    }
    assert moon.heard_of("moderation") == [told]
    assert watcher.heard_of("moderation") == [told]
    assert [line for line in plain.shown() if "removed message 1" in line]


def test_a_removal_that_is_sent_again_is_done_once(harness: Harness) -> None:
    ice = Member(harness, "ice")
    settle(harness)
    ice.read()
    again = b'{"type": "remove", "id": "r", "n": 2, "data": {"room": "#lobby", "seq": 1}}\n'
    ice.say("oops", 1)
    settle(harness)
    for _ in range(2):
        ice.client.send_bytes(again)
        settle(harness)
        replies = [each["type"] for each in ice.client.heard() if each.get("id") == "r"]
        assert replies == ["ok"]
        ice.hang_up()
        ice.resume()
        settle(harness)


def test_what_was_removed_meanwhile_is_missed_without_its_text(harness: Harness) -> None:
    ice, moon = native(harness, "ice"), Member(harness, "moon")
    settle(harness)
    moon.read()
    moon.hang_up()
    for number in range(1, 7):
        ice.say(f"tea {number}")
    settle(harness)
    assert remove(harness, ice, 1) == remove(harness, ice, 6) == ""
    moon.resume()
    settle(harness)
    moon.read()
    assert moon.seen == {"#lobby": 6}
    assert history(harness, moon.client) == [
        (1, "", "ice"),
        *((number, f"tea {number}", "") for number in range(2, 6)),
        (6, "", "ice"),
    ]


def test_an_archive_that_cannot_be_read_is_no_reason_to_say_that_there_is_no_message() -> None:
    class Unreadable(MemoryEngine):
        @override
        def last(
            self, room: str, limit: int, before: int | None = None, lives: Any = frozenset()
        ) -> Deferred[tuple[Message, ...]]:
            if self.messages:
                return fail(StoreFailed("The disk is gone."))
            return super().last(room, limit, before, lives)

    with KeptHarness(Unreadable(), history=1) as harness:
        ice = native(harness, "ice")
        ice.say("one")
        ice.say("two")
        settle(harness)
        assert remove(harness, ice, 1) == "search-failed"
        assert remove(harness, ice, 2) == ""


def test_whoever_makes_an_ended_room_anew_removes_nothing_that_was_said_there_before() -> None:
    with KeptHarness(history=3) as harness:
        ice = native(harness, "ice")
        ice.send("join", {"room": "#dev"})
        for number in range(1, 6):
            ice.send("message", {"room": "#dev", "text": f"tea {number}"})
        ice.send("leave", {"room": "#dev"})
        settle(harness)
        eve = native(harness, "eve")
        eve.send("join", {"room": "#dev"})
        settle(harness)
        assert {remove(harness, eve, seq, "#dev") for seq in range(1, 6)} == {"not-host"}
        ice.send("join", {"room": "#dev"})
        ice.send("message", {"room": "#dev", "text": "spam"})
        settle(harness)
        assert remove(harness, eve, 6, "#dev") == "", "it keeps order in this life of the room"
        eve.heard()
        eve.send("search", {"words": "tea"})
        settle(harness)
        [found] = eve.heard_of("search")
        assert len(found["messages"]) == 5
