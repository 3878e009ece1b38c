"""Browsers that connect, watch and enter: no slot before the nickname, no time limit to watch."""

import pytest

from chatd.chat import limits
from chatd.chat.errors import Refusal, TooManyUnregistered
from tests.fakes import log_lines
from tests.server.harness import STARTED, Harness, connect_browser, connect_watcher


def test_a_browser_that_connects_takes_no_slot_and_is_no_member(harness: Harness) -> None:
    ice = harness.enter("ice")
    before = harness.free
    client = connect_browser(harness)
    client.send("watch", request_id=1)
    assert client.heard() == [
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
    assert harness.free == before
    assert ice.heard() == []


def test_a_watcher_receives_every_room_and_no_private_message(harness: Harness) -> None:
    client = connect_watcher(harness)
    ice, _ = harness.enter_all("ice", "moon")
    ice.send("join", {"room": "#dev"})
    ice.send("message", {"text": "hello", "room": "#dev"})
    ice.send("private", {"text": "psst", "to": ["moon"]})
    ice.send("leave", {"room": "#dev"})
    ice.send("set-name", {"nickname": "sun"})
    ice.hang_up()
    harness.pass_time(limits.AWAY_SECONDS)
    assert [frame["type"] for frame in client.heard()] == [
        "entered",
        "entered",
        "joined",
        "message",
        "parted",
        "renamed",
        "left",
    ]


def test_a_watcher_that_enters_receives_what_members_receive(harness: Harness) -> None:
    client, ice = connect_watcher(harness), harness.enter("ice")
    client.heard()
    client.hello("moon", request_id=2)
    [welcome] = client.heard()
    assert (welcome["type"], welcome["id"]) == ("welcome", 2)
    assert welcome["data"]["rooms"] == ["#lobby"]
    assert ice.heard_of("entered") == [{"nickname": "moon"}]
    ice.send("join", {"room": "#dev"})
    ice.send("message", {"text": "not for moon", "room": "#dev"})
    ice.say("hello")
    client.say("hi", request_id=3)
    message, done = client.heard()
    assert message["data"]["text"] == "hello"
    assert (done["type"], done["id"], done["data"]["seq"]) == ("ok", 3, 2)
    assert [said["text"] for said in ice.heard_of("message")] == ["hi"]


def test_messages_received_while_watching_come_before_the_welcome(harness: Harness) -> None:
    client, ice = connect_watcher(harness), harness.enter("ice")
    client.heard()
    ice.connection.dataReceived(b'{"type": "message", "data": {"text": "one"}}\n')
    client.connection.dataReceived(b'{"type": "hello", "data": {"nickname": "moon", "version": 1}}')
    client.connection.dataReceived(b"\n")
    ice.connection.dataReceived(b'{"type": "message", "data": {"text": "two"}}\n')
    harness.clock.advance(0)
    assert [frame["type"] for frame in client.heard()] == ["message", "welcome", "message"]


def test_a_browser_that_neither_enters_nor_watches_is_disconnected_after_five_seconds(
    harness: Harness,
) -> None:
    client = connect_browser(harness)
    harness.clock.advance(4.9)
    assert not client.is_dropped()
    harness.clock.advance(0.2)
    assert client.errors() == ["too-late"]
    assert client.is_dropped()


def test_a_browser_whose_nickname_was_refused_has_a_minute_for_another(harness: Harness) -> None:
    harness.enter("ice")
    client = connect_browser(harness)
    client.hello("ice")
    assert client.errors() == ["nickname-taken"]
    harness.clock.advance(59)
    assert not client.is_dropped()
    harness.clock.advance(2)
    assert client.errors() == ["too-late"]


@pytest.mark.parametrize("refused_first", [False, True])
def test_a_watcher_has_no_timeout(harness: Harness, refused_first: bool) -> None:
    harness.enter("ice")
    client = connect_browser(harness)
    if refused_first:
        client.hello("ice")
    client.send("watch")
    client.hello("ice")
    harness.pass_time(3_000)
    assert not client.is_dropped()
    client.heard()
    client.hello("moon")
    assert [frame["type"] for frame in client.heard()] == ["welcome"]


def test_a_watcher_that_entered_can_become_inactive() -> None:
    with Harness(timeout=600) as harness:
        client = connect_watcher(harness)
        harness.pass_time(3_000)
        client.hello("moon")
        harness.pass_time(601)
        assert client.heard_of("goodbye") == [{"reason": "inactive"}]
        assert client.is_dropped()


def test_a_full_server_can_be_watched_and_entered_once_a_slot_is_free() -> None:
    with Harness(slots=1) as harness:
        ice = harness.enter("ice")
        client = connect_watcher(harness)
        client.hello("moon")
        assert client.errors() == ["full"]
        assert harness.chat.counters["full"] == 1
        assert not client.is_dropped()
        ice.say("hello")
        assert len(client.heard_of("message")) == 1
        ice.send("quit")
        client.heard()
        client.hello("moon")
        assert [frame["type"] for frame in client.heard()] == ["welcome"]
        assert harness.free == 0


def test_a_refused_client_of_the_main_port_may_watch_and_frees_its_slot() -> None:
    with Harness(slots=2) as harness:
        ice = harness.enter("ice")
        client = harness.connect()
        assert harness.free == 0
        client.hello("ice")
        assert client.errors() == ["nickname-taken"]
        client.send("watch")
        assert [frame["type"] for frame in client.heard()] == ["watching"]
        assert harness.free == 1
        harness.pass_time(120)
        ice.say("hello")
        assert len(client.heard_of("message")) == 1


def test_a_first_line_with_watch_is_basic_on_the_main_port(harness: Harness) -> None:
    client = harness.connect()
    client.send("watch")
    assert [frame["data"]["source"] for frame in client.heard()] == ["[Server]"] * 2


def test_watchers_are_told_when_the_server_stops(harness: Harness) -> None:
    clients = [connect_watcher(harness), connect_browser(harness)]
    harness.chat.end()
    for client in clients:
        assert client.heard_of("goodbye") == [{"reason": "server is stopping"}]
        assert client.is_dropped()


def test_a_browser_that_connects_to_a_stopping_server_is_told(harness: Harness) -> None:
    harness.chat.end()
    client = connect_browser(harness)
    assert client.heard_of("goodbye") == [{"reason": "server is stopping"}]
    assert client.is_dropped()


def test_too_many_unregistered_browsers_are_refused_until_some_enter_or_watch(
    harness: Harness,
) -> None:
    standing = [connect_browser(harness) for _ in range(limits.UNREGISTERED_CONNECTIONS)]
    with pytest.raises(TooManyUnregistered):
        connect_browser(harness)
    standing[0].send("watch")
    standing[1].hello("ice")
    standing[2].hang_up()
    for _ in range(3):
        connect_browser(harness)
    with pytest.raises(Refusal):
        connect_browser(harness)


def test_a_watcher_too_many_is_refused_and_closed(harness: Harness) -> None:
    for _ in range(limits.WATCHERS):
        connect_watcher(harness)
    client = connect_browser(harness)
    client.send("watch")
    assert client.errors() == ["too-many-watchers"]
    assert client.is_dropped()


def test_a_watcher_that_does_not_read_is_disconnected_and_not_announced() -> None:
    with Harness(flood=0) as harness:
        client, ice = connect_watcher(harness), harness.enter("ice")
        client.stop_reading()
        while not client.is_cut_off():
            ice.say("x" * 4_000)
        client.hang_up()
        assert ice.heard() == []


def test_a_watcher_is_not_in_the_log_before_it_enters() -> None:
    with log_lines() as lines, Harness(log_level="info") as harness:
        client = connect_watcher(harness)
        client.send("users")
        harness.enter("ice")
        client.hang_up()
        assert lines == ["ice has entered the chat"]
        client = connect_watcher(harness)
        client.hello("moon")
        assert lines[-1] == "moon has entered the chat"


def test_browsers_are_sent_the_same_bytes_once_for_all(harness: Harness) -> None:
    clients = [connect_watcher(harness) for _ in range(5)]
    ice = harness.enter("ice")
    before = [len(client.transport.segments) for client in clients]
    ice.send_bytes(b'{"type": "message", "data": {"text": "hello"}}\n' * 3)
    for client, count in zip(clients, before, strict=True):
        [segment] = client.transport.segments[count:]
        assert segment is clients[0].transport.segments[-1]
