"""Entering: hello and welcome, refusals, and the time limits."""

from collections.abc import Callable

import pytest

from tests.server.harness import (
    STARTED,
    AnyClient,
    Harness,
    connect_browser,
    connect_jim,
    connect_plain,
    drain_jim_queues,
    hello,
)


def test_hello_is_answered_with_welcome(harness: Harness) -> None:
    client = harness.connect()
    client.hello("ice", request_id="first")
    [welcome] = client.heard()
    assert welcome == {
        "type": "welcome",
        "id": "first",
        "data": {
            "server": "party",
            "started": STARTED,
            "nickname": "ice",
            "rooms": ["#lobby"],
            "limits": {"message": 4096, "nickname": 25, "line": 65536},
            "session": "token 1",
            "resumed": False,
        },
    }


def test_nothing_is_sent_before_the_first_line_is_complete(harness: Harness) -> None:
    client = harness.connect()
    client.send_bytes(b'{"type": "hello", ')
    harness.enter("moon").say("hello")
    assert client.heard() == []


def test_entering_is_announced(harness: Harness) -> None:
    ice = harness.enter("ice")
    moon = harness.enter("moon")
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
    harness: Harness, frame_type: str, data: object
) -> None:
    ice = harness.enter("ice")
    client = harness.connect()
    client.send(frame_type, data, request_id=7)
    client.hello("moon")
    told = client.heard()
    assert {frame["type"] for frame in told} == {"message"}
    assert not [frame for frame in told if "id" in frame]
    assert ice.heard_of("entered") == [{"nickname": client.address}]


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
    harness: Harness, frame_type: str, data: object
) -> None:
    ice = harness.enter("ice")
    client = harness.connect()
    client.hello("ice")
    client.heard()
    client.send(frame_type, data, request_id=7)
    [error] = client.heard()
    assert (error["type"], error["id"], error["data"]["code"]) == ("error", 7, "not-entered")
    assert ice.heard() == []
    client.hello("moon")
    assert [frame["type"] for frame in client.heard()] == ["welcome"]
    assert [frame["type"] for frame in ice.heard()] == ["entered"]


def test_a_client_asked_for_another_nickname_may_quit(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = harness.connect()
    client.hello("ice")
    client.heard()
    client.send("quit", request_id=8)
    assert client.heard() == [{"type": "goodbye", "id": 8, "data": {"reason": "quit"}}]
    assert client.is_dropped()
    assert ice.heard() == []


def test_a_second_hello_is_refused_and_changes_nothing(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.hello("sun", request_id=2)
    [error] = ice.heard()
    assert (error["id"], error["data"]["code"]) == (2, "already-entered")
    ice.say("still me")
    [message] = moon.heard()
    assert message["data"]["source"] == "ice"


@pytest.mark.parametrize("wanted", ["ice", "ICE", "\uff29\uff23\uff25"])
def test_a_taken_nickname_is_refused_until_another_one_is_chosen(
    harness: Harness, wanted: str
) -> None:
    ice = harness.enter("ice")
    client = harness.connect()
    client.hello(wanted, request_id="a")
    [error] = client.heard()
    assert (error["id"], error["data"]["code"]) == ("a", "nickname-taken")
    assert ice.heard() == []
    client.hello("moon")
    [welcome] = client.heard()
    assert welcome["data"]["nickname"] == "moon"


def test_a_nickname_is_free_again_when_its_member_has_left(harness: Harness) -> None:
    harness.enter("ice").send("quit")
    harness.enter("ice")


@pytest.mark.parametrize("nickname", ["", " ", "a b", "#ice", "a" * 26, "1.2.3.4:5", "a\u200bb"])
def test_an_invalid_nickname_is_refused_and_the_connection_goes_on(
    harness: Harness, nickname: str
) -> None:
    client = harness.connect()
    client.hello(nickname)
    assert client.errors() == ["bad-nickname"]
    client.hello("ice")
    assert client.heard_of("welcome")


@pytest.mark.parametrize("version", [0, 2, -1, 2**70])
def test_another_version_is_refused_and_closes_the_connection(
    harness: Harness, version: int
) -> None:
    ice = harness.enter("ice")
    client = harness.connect()
    client.send("hello", {"nickname": "moon", "version": version}, request_id=1)
    [error] = client.heard()
    assert (error["id"], error["data"]["code"]) == (1, "version")
    assert client.is_dropped()
    assert not client.is_cut_off(), "the error must go out first"
    assert ice.heard() == []


def test_a_client_without_a_complete_line_after_five_seconds_is_told_and_disconnected(
    harness: Harness,
) -> None:
    client = harness.connect()
    client.send_bytes(b'{"type": "hello", "data"')  # half a line is no line
    harness.clock.advance(4.9)
    assert not client.is_dropped()
    harness.clock.advance(0.2)
    assert client.errors() == ["too-late"]
    assert client.is_dropped()


def test_a_client_with_refused_nicknames_has_a_minute_altogether(harness: Harness) -> None:
    harness.enter("ice")
    client = harness.connect()
    client.send_bytes(hello("ice")[:5])  # or it would enter as basic
    harness.clock.advance(4)
    client.send_bytes(hello("ice")[5:])
    client.heard()
    harness.clock.advance(50)
    client.hello("ICE")
    assert client.errors() == ["nickname-taken"]
    assert not client.is_dropped()
    harness.clock.advance(7)
    assert client.errors() == ["too-late"]
    assert client.is_dropped()


def test_a_late_first_line_leaves_a_minute_from_the_connection(
    harness: Harness,
) -> None:
    client = harness.connect()
    client.send_bytes(hello("#")[:5])  # or it would enter as basic
    harness.clock.advance(4.9)
    client.send_bytes(hello("#")[5:])
    harness.clock.advance(60.1 - 4.9)
    assert client.is_dropped()


@pytest.mark.parametrize("come", [connect_browser, connect_jim])
@pytest.mark.parametrize("garbage", ["{}", '{"type":"users"}', '{"action":"msg"}'])
def test_invalid_frames_do_not_extend_the_five_seconds(
    harness: Harness, come: Callable[[Harness], AnyClient], garbage: str
) -> None:
    client = come(harness)
    for _ in range(4):
        harness.clock.advance(1)
        client.send_bytes(f"{garbage}\n".encode())
        drain_jim_queues(harness, 0.1)
    assert not client.is_dropped()
    drain_jim_queues(harness, 1)
    assert client.is_dropped()
    assert harness.chat.counters["too-late"] == 1


@pytest.mark.parametrize("nickname", ["ice", "#", "", "x" * 1_000])
def test_a_refused_nickname_gives_a_minute_in_every_dialect(
    harness: Harness, nickname: str
) -> None:
    harness.enter("ice")
    page, messenger, person = connect_browser(harness), connect_jim(harness), connect_plain(harness)
    page.hello(nickname)
    messenger.present(nickname)
    person.type(nickname)
    clients = (page, messenger, person)
    harness.pass_time(59)
    assert not [client for client in clients if client.is_dropped()]
    harness.pass_time(2)
    assert all(client.is_dropped() for client in clients)


def test_a_plain_client_has_a_minute_even_after_an_invalid_line(
    harness: Harness,
) -> None:
    client = connect_plain(harness)
    client.send_bytes(b"\xff\n")
    harness.pass_time(59)
    assert not client.is_dropped()
    harness.pass_time(2)
    assert client.is_dropped()


def test_a_member_has_no_registration_timeout() -> None:
    with Harness(timeout=0) as harness:
        ice = harness.enter("ice")
        harness.clock.advance(1_000_000)
        assert ice.heard() == []
        assert not ice.is_dropped()


def test_every_refusal_before_entering_is_counted(harness: Harness) -> None:
    harness.enter("ice")
    client = harness.connect()
    client.hello("ice")
    client.hello("ice")
    client.say("hello")
    client.send("hello", {"nickname": "moon", "version": 9})
    assert dict(harness.chat.counters) == {"nickname-taken": 2, "not-entered": 1, "version": 1}
