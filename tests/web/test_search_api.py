"""The JSON API on what a chat has kept: searching, and messages beyond those in memory."""

from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail
from typing_extensions import override

from chatd.chat import limits
from chatd.chat.commands import Search
from chatd.chat.events import Message, SearchResult
from chatd.log.engine import Store, StoreFailed
from tests.log.memory_engine import MemoryEngine
from tests.server.harness import STARTED
from tests.server.log_capture import log_events
from tests.web.http_clients import HTTPClient, ParsedResponse, WebHarness, request


def get(client: HTTPClient, path: str) -> ParsedResponse:
    """The response to a request, however many turns it takes."""
    client.send(request(path))
    for _ in range(200):
        client.harness.clock.advance(0)
    [response] = client.responses()
    return response


def texts(response: ParsedResponse) -> list[str]:
    assert response.status == 200, response.body
    return [message["text"] for message in response.json["messages"]]


# --- searching ------------------------------------------------------------------------------------


def test_messages_are_found_newest_first_with_room_and_sender(harness: WebHarness) -> None:
    ice = harness.enter("ice")
    ice.say("green tea")
    ice.send("join", {"room": "#dev"})
    harness.clock.advance(1)
    ice.send("message", {"room": "#dev", "text": "tea, green & <b>hot</b>"})
    client = harness.connect_http()
    response = get(client, "/api/search?words=green+tea")
    assert response.headers["cache-control"] == "no-store"
    assert response.json == {
        "messages": [
            {
                "room": "#dev",
                "seq": 1,
                "time": STARTED + 1_000,
                "source": "ice",
                "text": "tea, green & <b>hot</b>",
            },
            {"room": "#lobby", "seq": 1, "time": STARTED, "source": "ice", "text": "green tea"},
        ],
        "before": None,
    }
    assert texts(get(client, "/api/search?words=%22green+tea%22")) == ["green tea"]
    assert texts(get(client, "/api/search?words=tea&room=%23LOBBY")) == ["green tea"]
    assert texts(get(client, "/api/search?room=%23lobby")) == ["green tea"]
    assert texts(get(client, "/api/search?from=moon")) == []
    assert len(texts(get(client, "/api/search?from=ICE"))) == 2
    recent = "/api/search?words=tea&since="
    assert len(texts(get(client, f"{recent}{STARTED + 1_000}"))) == 1
    assert len(texts(get(client, f"{recent}-100000000"))) == 2


def test_the_pages_of_a_search_have_each_message_once(harness: WebHarness) -> None:
    ice = harness.enter("ice")
    for number in range(7):
        ice.say(f"tea {number}")
        harness.clock.advance(1)
    client = harness.connect_http()
    path, found = "/api/search?words=tea&limit=3", []
    while True:
        response = get(client, path)
        found += texts(response)
        if response.json["before"] is None:
            break
        path = f"/api/search?words=tea&limit=3&before={response.json['before']}"
    assert found == [f"tea {number}" for number in reversed(range(7))]


def test_a_long_result_goes_on_where_it_was_cut(harness: WebHarness) -> None:
    ice = harness.enter("ice")
    for number in range(20):
        ice.say(f"tea {number} " + "\U0001f600" * 4_000)
        harness.clock.advance(1)
    client = harness.connect_http()
    first = get(client, "/api/search?words=tea&limit=100")
    assert len(first.body) <= limits.REPLY_BYTES
    second = get(client, f"/api/search?words=tea&before={first.json['before']}")
    numbers = [int(text.split()[1]) for text in texts(first) + texts(second)]
    assert numbers == list(reversed(range(20)))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "bad-search"),
        ("words=", "bad-search"),
        ("words=!!", "bad-search"),
        ("words=%22", "bad-search"),
        ("words=" + "a+" * 5_000, "bad-search"),
        ("words=tea&since=1", ""),
        ("words=tea&since=-1", ""),
        ("words=tea&since=2d", "bad-query"),
        ("words=tea&since=--1", "bad-query"),
        ("words=tea&since=99999999999999999", "bad-query"),
        ("words=tea&before=0", "bad-query"),
        ("words=tea&before=9007199254740991", ""),
        ("words=tea&limit=101", "bad-query"),
        ("words=tea&limit=0", "bad-query"),
        ("words=tea&room=", "bad-room-name"),
        ("words=tea&room=tea", "bad-room-name"),
        ("words=tea&room=%23nowhere", ""),
        ("words=tea&from=", ""),
        ("words=tea&from=" + "x" * 5_000, ""),
        ("words=tea&words=milk", "bad-query"),
        ("words=tea&sender=ice", "bad-query"),
        ("words=%ff", "bad-query"),
        ("words=%E5%8C%97%E4%BA%AC+%F0%9F%8E%89", ""),
        ("words=NEAR(a+b)+OR+*%3A-%5E", ""),
        ("words=%00", "bad-search"),
    ],
)
def test_any_search_has_a_result_or_a_refusal(harness: WebHarness, query: str, code: str) -> None:
    response = get(harness.connect_http(), f"/api/search?{query}")
    if code:
        assert (response.status, response.code) == (400, code)
        assert harness.chat.counters == {code: 1}
    else:
        assert response.json == {"messages": [], "before": None}


def test_searches_are_slower_than_other_requests_at_the_rate_limit() -> None:
    with WebHarness(flood=10) as harness:
        client = harness.connect_http()
        began = harness.clock.seconds()
        for _ in range(10):
            get(client, "/api/search?words=tea")
        client.wait_until_read()
        assert harness.clock.seconds() - began >= 3


def test_a_search_is_logged_without_its_words() -> None:
    with log_events() as events, WebHarness(log_level="debug") as harness:
        get(harness.connect_http(), "/api/search?words=secretword&from=secretfriend")
    assert "/api/search" in str(events)
    assert "secret" not in str(events)


# --- the archive ----------------------------------------------------------------------------------


class SlowArchive(MemoryEngine):
    """An archive that answers when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Any, Deferred[Any]]] = []

    @override
    def search(self, query: Search, lives: Any = frozenset()) -> Deferred[SearchResult]:
        self.asked.append((query, Deferred()))
        return self.asked[-1][1]


class KeptWebHarness(WebHarness):
    """A server with a web port that keeps its chat in `engine`."""

    def __init__(self, engine: MemoryEngine, **settings: Any) -> None:
        self.engine = engine
        super().__init__(store=Store(engine, engine, "memory"), flood=0, **settings)
        self.chat.open()
        self.commit()

    def commit(self) -> None:
        """Let the engine keep what it was given."""
        for _ in range(20):
            self.clock.advance(0)

    @override
    def close(self) -> None:
        for client in self.clients:
            client.hang_up()
        self.commit()
        self.clock.advance(limits.EMPTY_ROOM_SECONDS)
        self.commit()
        super().close()


def talkers(harness: KeptWebHarness, count: int) -> None:
    """Have somebody say `count` messages."""
    ice = harness.connect()
    harness.commit()
    ice.hello("ice")
    harness.commit()
    for number in range(1, count + 1):
        ice.say(f"tea {number}")
        harness.commit()


def test_messages_reach_back_beyond_memory() -> None:
    with KeptWebHarness(MemoryEngine(), history=2) as harness:
        talkers(harness, 8)
        client = harness.connect_http()
        pages, path = [], "/api/messages?limit=3"
        while True:
            response = get(client, path)
            pages.append([message["seq"] for message in response.json["messages"]])
            if not response.json["more"]:
                break
            path = f"/api/messages?limit=3&before={pages[-1][0]}"
        assert pages == [[6, 7, 8], [3, 4, 5], [1, 2]]


def test_while_the_archive_cannot_be_read_messages_are_those_in_memory() -> None:
    class Unreadable(MemoryEngine):
        @override
        def last(
            self, room: str, limit: int, before: int | None = None, lives: Any = frozenset()
        ) -> Deferred[tuple[Message, ...]]:
            return (
                fail(StoreFailed("full"))
                if self.messages
                else super().last(room, limit, lives=lives)
            )

        @override
        def search(self, query: Search, lives: Any = frozenset()) -> Deferred[SearchResult]:
            return fail(StoreFailed("full"))

    with KeptWebHarness(Unreadable(), history=2) as harness:
        talkers(harness, 3)
        client = harness.connect_http()
        assert texts(get(client, "/api/messages")) == ["tea 2", "tea 3"]
        response = get(client, "/api/search?words=tea")
        assert (response.status, response.code) == (503, "search-failed")


def test_a_search_holds_up_its_own_connection_only() -> None:
    engine = SlowArchive()
    with KeptWebHarness(engine) as harness:
        slow, other = harness.connect_http(), harness.connect_http()
        slow.send(request("/api/search?words=tea") + request("/health"))
        harness.commit()
        [(query, found)] = engine.asked
        assert query == Search("tea")
        assert get(other, "/health").status == 200
        assert slow.transport.value() == b""
        found.callback(SearchResult((Message("#old", 7, 1_000, "sun", "tea"),), 5, (5,)))
        harness.commit()
        search, health = slow.responses()
        assert search.json["before"] == 5
        assert health.json["status"] == "ok"


def test_a_client_that_is_lost_during_its_search_does_no_harm() -> None:
    engine = SlowArchive()
    with KeptWebHarness(engine) as harness:
        client = harness.connect_http()
        client.send(request("/api/search?words=tea"))
        harness.commit()
        client.hang_up()
        engine.asked[0][1].callback(SearchResult())
        harness.commit()
