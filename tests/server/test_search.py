"""Searching: in the archive if the chat is kept, otherwise in what is in memory."""

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from typing_extensions import override

from chatd.chat import limits
from chatd.chat.commands import Search
from chatd.chat.errors import BadSearch
from chatd.chat.events import Message, SearchResult
from chatd.log.engine import StoreFailed
from tests.log.memory_engine import MemoryEngine
from tests.server.harness import Client, Harness, connect_watcher, enter_plain, line
from tests.server.log_capture import log_events
from tests.server.test_kept_chat import KeptHarness, member

#: The reply to a search that finds nothing.
NOTHING = {"messages": [], "more": False}


def settle(harness: Harness) -> None:
    """Let the work queue do all that waits in it."""
    for _ in range(1_000):
        harness.clock.advance(0)


def find(harness: Harness, client: Client, words: str = "", **data: Any) -> dict[str, Any]:
    """The data of the only frame of a reply to a search."""
    client.heard()
    if "source" in data:
        data["from"] = data.pop("source")
    client.send("search", {"words": words, **data}, "s")
    settle(harness)
    [frame] = client.heard()
    assert frame["id"] == "s"
    assert frame["type"] == "search", frame
    found: dict[str, Any] = frame["data"]
    return found


def texts(found: dict[str, Any]) -> list[str]:
    return [each["text"] for each in found["messages"]]


# --- in memory ------------------------------------------------------------------------------------


@pytest.fixture
def talk() -> Iterator[tuple[Harness, Client]]:
    """A chat that is not kept: every second ice says something of tea, in two rooms by turns."""
    with Harness(flood=0) as harness:
        ice, moon = harness.enter_all("ice", "moon")
        for client in (ice, moon):
            client.send("join", {"room": "#dev"})
        for number in range(10):
            for room in ("#lobby", "#dev"):
                data = {"text": f"Tea {number} in {room[1:]}", "room": room}
                (ice if number % 2 else moon).send("message", data)
            harness.clock.advance(1)
        yield harness, ice


def test_what_is_in_memory_is_found_in_all_rooms_newest_first(
    talk: tuple[Harness, Client],
) -> None:
    found = find(*talk, "TEA", limit=3)
    assert texts(found) == ["Tea 9 in dev", "Tea 9 in lobby", "Tea 8 in dev"]
    newest = found["messages"][0]
    assert (newest["room"], newest["source"], newest["seq"]) == ("#dev", "ice", 10)


def test_memory_is_searched_for_words_a_room_a_sender_and_a_time(
    talk: tuple[Harness, Client],
) -> None:
    assert texts(find(*talk, "tea 7", room="#DEV")) == ["Tea 7 in dev"]
    assert texts(find(*talk, '"in dev" 3')) == ["Tea 3 in dev"]
    assert texts(find(*talk, "lob", source="MOON", limit=2)) == [
        "Tea 8 in lobby",
        "Tea 6 in lobby",
    ]
    assert texts(find(*talk, room="#dev", since=-2_500)) == ["Tea 9 in dev", "Tea 8 in dev"]
    started = talk[0].chat.hub.started
    assert texts(find(*talk, "dev", since=started + 8_000)) == ["Tea 9 in dev", "Tea 8 in dev"]
    assert len(find(*talk, "tea", since=-(10**15))["messages"]) == 20
    assert find(*talk, "coffee") == NOTHING
    assert find(*talk, "tea", room="#nowhere") == NOTHING
    assert find(*talk, "tea", source="nobody") == NOTHING


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_the_pages_of_memory_have_each_message_once(
    talk: tuple[Harness, Client], limit: int
) -> None:
    harness, ice = talk
    pages = [find(harness, ice, "tea", limit=limit)]
    while "before" in pages[-1]:
        ice.say("more tea")  # what is said meanwhile is on no later page
        pages.append(find(harness, ice, "tea", limit=limit, before=pages[-1]["before"]))
    found = [text for page in pages for text in texts(page)]
    expected = [f"Tea {n} in {room}" for n in range(9, -1, -1) for room in ("dev", "lobby")]
    assert found == expected


def test_messages_of_one_moment_are_on_their_pages_once(harness: Harness) -> None:
    ice = harness.enter("ice")
    ice.send_bytes(b"".join(line("message", {"text": f"tea {n}"}) for n in range(15)))
    first = find(harness, ice, "tea", limit=10)
    harness.clock.advance(60)
    second = find(harness, ice, "tea", limit=10, before=first["before"])
    assert texts(first) + texts(second) == [f"tea {n}" for n in reversed(range(15))]


def test_private_messages_are_not_found(talk: tuple[Harness, Client]) -> None:
    harness, ice = talk
    ice.send("private", {"text": "psst", "to": ["moon"]})
    assert find(harness, ice, "psst") == NOTHING


def test_a_watcher_may_search_what_it_may_read(talk: tuple[Harness, Client]) -> None:
    harness, _ = talk
    watcher = connect_watcher(harness)
    assert texts(find(harness, watcher, "tea", limit=1)) == ["Tea 9 in dev"]


def test_nobody_else_may_search(harness: Harness) -> None:
    client = harness.connect()
    client.hello("no nickname")
    client.heard()
    client.send("search", {"words": "tea"})
    assert client.errors() == ["not-entered"]


def test_a_long_search_in_memory_takes_many_turns_and_holds_up_nobody() -> None:
    with Harness(flood=0) as harness:
        ice, moon = harness.enter_all("ice", "moon")
        for number in range(50):
            ice.say(f"{number} " + "tea " * 1_000)
        moon.heard()
        ice.heard()
        ice.connection.dataReceived(
            line("search", {"words": "tea", "limit": 1}, 1) + line("ping", {}, 2)
        )
        assert ice.heard() == []
        moon.send("ping", {}, 3)
        assert moon.heard() == [{"type": "pong", "id": 3}]
        settle(harness)
        assert [frame["id"] for frame in ice.heard()] == [1, 2]


def test_a_client_that_is_lost_during_its_search_leaves_nothing_behind() -> None:
    with Harness(flood=0) as harness:
        ice = harness.enter("ice")
        for _ in range(50):
            ice.say("tea " * 1_000)
        ice.connection.dataReceived(line("search", {"words": "tea"}))
        ice.hang_up()
        settle(harness)


def test_a_plain_member_searches_and_turns_the_pages() -> None:
    with Harness(flood=0) as harness:
        sun = enter_plain(harness, "sun")
        sun.type(*(f"tea {number}" for number in range(60)))
        harness.clock.advance(1)
        sun.shown()
        sun.type('/search "tea" from:SUN in:lobby since:1h')
        settle(harness)
        *lines, notice = sun.shown()
        assert [line.split("#lobby ")[1] for line in lines] == [
            f"sun: tea {number}" for number in range(10, 60)
        ]
        assert "/more" in notice
        sun.type("/more")
        settle(harness)
        assert [line.split("#lobby ")[1] for line in sun.shown()] == [
            f"sun: tea {number}" for number in range(10)
        ]
        sun.type("/more", "/search", "/search since:x", "/search !!", "/search cocoa")
        settle(harness)
        assert len(sun.shown()) == 5


# --- in the archive -------------------------------------------------------------------------------


class SlowSearch(MemoryEngine):
    """An archive whose searches end when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.searches: list[tuple[Search, Deferred[SearchResult]]] = []

    @override
    def search(self, query: Search, lives: Any = frozenset()) -> Deferred[SearchResult]:
        found: Deferred[SearchResult] = Deferred()
        self.searches.append((query, found))
        return found


FOUND = SearchResult((Message("#old", 7, 1_000, "sun", "tea"),), 5, (5,))


def test_a_kept_chat_is_searched_in_its_archive() -> None:
    engine = SlowSearch()
    with KeptHarness(engine) as harness:
        ice = member(harness, "ice")
        ice.send("search", {"words": "tea", "room": "#old", "from": "sun", "before": 9}, 1)
        harness.commit()
        [(query, found)] = engine.searches
        assert query == Search("tea", "#old", "sun", None, 9)
        found.callback(FOUND)
        harness.commit()
        [frame] = ice.heard()
        assert frame == {
            "type": "search",
            "id": 1,
            "data": {
                "messages": [
                    {"room": "#old", "seq": 7, "time": 1_000, "source": "sun", "text": "tea"}
                ],
                "more": False,
                "before": 5,
            },
        }


def test_a_time_before_now_is_one_by_the_servers_clock() -> None:
    engine = SlowSearch()
    with KeptHarness(engine) as harness:
        ice = member(harness, "ice")
        now = harness.chat.now()
        ice.send("search", {"words": "tea", "since": -1_000})
        harness.commit()
        [(query, found)] = engine.searches
        assert query.since == now - 1_000
        found.callback(FOUND)


def test_a_client_has_one_search_at_a_time_and_others_are_not_held_up() -> None:
    engine = SlowSearch()
    with KeptHarness(engine, Clock()) as harness:
        ice, moon = member(harness, "ice"), member(harness, "moon")
        ice.send_bytes(
            line("search", {"words": "one"}, 1)
            + line("search", {"words": "two"}, 2)
            + line("message", {"text": "behind them"}, 3)
        )
        moon.say("meanwhile", 4)
        harness.commit()
        assert [query.words for query, _ in engine.searches] == ["one"]
        assert [frame["type"] for frame in ice.heard()][-1] == "message"
        assert {"ok"} <= {frame["type"] for frame in moon.heard()}
        engine.searches[0][1].callback(FOUND)
        harness.commit()
        assert [query.words for query, _ in engine.searches] == ["one", "two"]
        engine.searches[1][1].callback(FOUND)
        harness.commit()
        assert [frame["id"] for frame in ice.heard()] == [1, 2, 3]


@pytest.mark.parametrize(
    ("problem", "code"),
    [(BadSearch("Say what."), "bad-search"), (StoreFailed("It is damaged."), "search-failed")],
)
def test_a_search_that_cannot_be_made_is_refused_and_the_next_is_carried_out(
    problem: Exception, code: str
) -> None:
    class Failing(MemoryEngine):
        @override
        def search(self, query: Search, lives: Any = frozenset()) -> Deferred[SearchResult]:
            return fail(problem)

    with KeptHarness(Failing()) as harness:
        ice = member(harness, "ice")
        ice.send_bytes(line("search", {"words": "tea"}, 1) + line("ping", {}, 2))
        harness.commit()
        error, pong = ice.heard()
        assert (error["id"], error["data"]["code"], pong["id"]) == (1, code, 2)
        assert harness.chat.counters[code] == 1


def test_a_bug_in_a_search_fails_that_search_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Buggy(MemoryEngine):
        @override
        def search(self, query: Search, lives: Any = frozenset()) -> Deferred[SearchResult]:
            return fail(ZeroDivisionError())

    monkeypatch.setattr("chatd.server.search._log.failure", lambda *arguments: None)
    with KeptHarness(Buggy()) as harness:
        ice = member(harness, "ice")
        ice.send_bytes(line("search", {"words": "tea"}) + line("ping"))
        harness.commit()
        assert [frame["type"] for frame in ice.heard()] == ["error", "pong"]


@pytest.mark.parametrize("end", ["hang up", "inactive"])
def test_a_member_that_ends_during_a_search_is_told_nothing_of_it(end: str) -> None:
    engine = SlowSearch()
    with KeptHarness(engine, timeout=5) as harness:
        ice, moon = member(harness, "ice"), member(harness, "moon")
        ice.send("search", {"words": "tea"})
        harness.commit()
        if end == "hang up":
            ice.hang_up()
        else:
            for _ in range(6):
                moon.say("here")
                harness.pass_time(1)
        harness.commit()
        ice.transport.clear()
        engine.searches[0][1].callback(FOUND)
        harness.commit()
        assert ice.transport.value() == b""


def test_a_store_that_could_not_be_opened_leaves_what_is_in_memory_to_search() -> None:
    engine = MemoryEngine()
    engine.problem = "The disk is full."
    with KeptHarness(engine) as harness:
        ice = member(harness, "ice")
        ice.say("tea")
        assert texts(find(harness, ice, "tea")) == ["tea"]


# --- bad searches, and their cost -----------------------------------------------------------------

#: Searches in words that may be wrong, and the refusal's code; empty for none.
SEARCHES = [
    ({"words": ""}, "bad-search"),
    ({"words": "   "}, "bad-search"),
    ({"words": "!?"}, "bad-search"),
    ({"words": '"'}, "bad-search"),
    ({"words": "a " * 10_000}, "bad-search"),
    ({"words": "", "room": ""}, "bad-room-name"),
    ({"words": "tea", "room": "tea"}, "bad-room-name"),
    ({"words": "tea", "room": "#" + "x" * 9_999}, "bad-room-name"),
    ({"words": "", "room": "#lobby", "from": "\u202e"}, ""),
    ({"words": "tea", "from": "x" * 9_999}, ""),
    ({"words": 'tea "not closed'}, ""),
    ({"words": 'NEAR("a" b, 3) OR * - : ^ { } text:'}, ""),
    ({"words": "北京 ไทย 에서 हिन्दी 🎉 שָׁלוֹם"}, ""),
    ({"words": "e" + "\u0301" * 200}, ""),
    ({"words": "tea", "before": -5}, ""),
    ({"words": "tea", "before": 2**63 - 1}, ""),
    ({"words": "tea", "since": -(2**63)}, ""),
    ({"words": "tea", "since": 2**63 - 1}, ""),
    ({"words": "tea", "limit": -1}, ""),
    ({"words": "tea", "limit": 2**63 - 1}, ""),
]


@pytest.mark.parametrize(("data", "code"), SEARCHES)
def test_any_search_has_a_result_or_a_refusal(data: dict[str, Any], code: str) -> None:
    with Harness(flood=0) as harness:
        ice = harness.enter("ice")
        ice.say("a word")
        ice.send("search", data, 1)
        settle(harness)
        [frame] = ice.heard()
        assert frame["id"] == 1
        assert frame["data"].get("code", "") == code


def test_a_search_costs_as_much_as_several_frames(harness: Harness) -> None:
    ice = harness.enter("ice")
    count = 0
    while ice.is_read():
        ice.send("search", {"words": "tea"})
        count += 1
        harness.clock.advance(0)
    cost = 1 + limits.SEARCH_COST_BYTES // limits.FLOOD_FRAME_BYTES
    burst = limits.FLOOD_BURST_FACTOR * limits.FLOOD_FRAMES_PER_SECOND
    assert count == pytest.approx(burst / cost, abs=1)
    harness.pass_time(2)


def test_a_search_is_logged_without_its_words() -> None:
    with log_events() as events, Harness(log_level="debug") as harness:
        ice = harness.enter("ice")
        ice.send("search", {"words": "secretword", "room": "#secretroom", "from": "secretfriend"})
        settle(harness)
    assert "'search'" in str(events)
    assert "secret" not in str(events)
