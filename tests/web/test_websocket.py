"""Browsers in the chat, over WebSockets: members like any others."""

import pytest
from wsproto import events

from chatd.chat import limits
from tests.web.http_clients import Browser, WebHarness


def test_a_browser_and_a_terminal_client_chat(harness: WebHarness) -> None:
    ice = harness.enter("ice")
    moon = harness.enter_browser("moon")
    assert ice.heard_of("entered") == [{"nickname": "moon"}]
    ice.say("hello")
    assert [said["text"] for said in moon.heard_of("message")] == ["hello"]
    moon.send("message", {"text": "hello yourself"}, 7)
    assert [said["text"] for said in ice.heard_of("message")] == ["hello yourself"]
    [ok] = moon.heard()
    assert (ok["type"], ok["id"], ok["data"]["seq"]) == ("ok", 7, 2)
    moon.send("private", {"to": ["ice"], "text": "psst"})
    assert [said["text"] for said in ice.heard_of("private")] == ["psst"]


def test_messages_of_one_reactor_turn_arrive_in_order(harness: WebHarness) -> None:
    moon, star = harness.enter_browser("moon"), harness.enter_browser("star")
    moon.heard()
    moon.client.connection.dataReceived(
        b"".join(
            moon.frames.send(
                events.TextMessage('{"type":"message","data":{"text":"' + "x" * size + '"}}')
            )
            for size in (1, 100, 126, 4_000)
        )
    )
    assert star.client.transport.value() == b""
    harness.clock.advance(0)
    assert [len(said["text"]) for said in star.heard_of("message")] == [1, 100, 126, 4_000]


def test_each_frame_of_a_long_reply_is_one_message(harness: WebHarness) -> None:
    ice = harness.enter("ice")
    for _ in range(30):
        ice.say("\U0001f600" * limits.MESSAGE_CHARACTERS)
        harness.clock.advance(1)
    moon = harness.enter_browser("moon")
    moon.send("history", {"room": "#lobby", "limit": 30})
    parts = moon.heard_of("history")
    assert len(parts) > 1
    assert [part["more"] for part in parts] == [True] * (len(parts) - 1) + [False]


def test_a_watcher_receives_public_messages_and_takes_no_slot() -> None:
    with WebHarness(slots=2) as harness:
        watcher = harness.open_websocket()
        watcher.send("watch")
        [watching] = watcher.heard_of("watching")
        assert watching["server"] == "party"
        ice, moon = harness.enter_browser("ice"), harness.enter("moon")
        ice.say("hello")
        heard = [frame["type"] for frame in watcher.heard()]
        assert heard == ["entered", "entered", "message"]
        watcher.hello("star")
        assert watcher.heard_of("error")[0]["code"] == "full"
        moon.send("quit")
        watcher.heard()
        watcher.hello("star")
        assert watcher.heard_of("welcome")[0]["nickname"] == "star"


def test_after_a_taken_nickname_another_can_be_chosen(harness: WebHarness) -> None:
    harness.enter("ice")
    browser = harness.open_websocket()
    browser.hello("ICE")
    assert browser.heard_of("error")[0]["code"] == "nickname-taken"
    browser.hello("moon")
    assert browser.heard_of("welcome")[0]["nickname"] == "moon"


@pytest.mark.parametrize("text", ["hello", "", "null", "[]", '{"type":"dance"}', "\ufeff{}", "\0"])
def test_an_invalid_message_is_refused_and_the_connection_stays_open(
    harness: WebHarness, text: str
) -> None:
    ice = harness.enter_browser("ice")
    ice.send_frames(events.TextMessage(text))
    [error] = ice.heard_of("error")
    assert error["code"] in {"invalid-json", "bad-frame", "unknown-type"}
    ice.send("ping")
    assert [frame["type"] for frame in ice.heard()] == ["pong"]


def test_a_message_with_line_ends_is_one_frame(harness: WebHarness) -> None:
    ice = harness.enter_browser("ice")
    ice.send_frames(events.TextMessage('{"type":\r\n"ping"}\n'))
    assert [frame["type"] for frame in ice.heard()] == ["pong"]


def test_a_fragmented_message_is_reassembled(harness: WebHarness) -> None:
    ice = harness.enter_browser("ice")
    ice.client.send(
        ice.masked(1, b'{"type":"message",', final=False)
        + ice.masked(0, b'"data":{"text":"\xc3', final=False)
        + ice.masked(9, b"between")
        + ice.masked(0, b"", final=False)
        + ice.masked(0, b'\xa9"},"id":1}')
    )
    pong, ok = ice.events()
    assert pong == events.Pong(b"between")
    assert isinstance(ok, events.TextMessage)
    [said] = harness.chat.hub.read_history("#lobby", 1).messages
    assert said.text == "é"


def test_a_message_that_arrives_byte_by_byte_is_reassembled(harness: WebHarness) -> None:
    ice = harness.enter_browser("ice")
    for byte in ice.masked(1, b'{"type":"ping"}'):
        ice.client.send(bytes([byte]))
    assert [frame["type"] for frame in ice.heard()] == ["pong"]


def test_a_ping_is_answered(harness: WebHarness) -> None:
    ice = harness.open_websocket()
    ice.send_frames(events.Ping(b"are you there"))
    assert ice.events() == [events.Pong(b"are you there")]


def test_too_many_control_frames_or_fragments_close_the_websocket(harness: WebHarness) -> None:
    for opcode, final in ((9, True), (10, True)):
        ice = harness.open_websocket()
        ice.client.send(ice.masked(opcode, b"", final) * 100)
        assert ice.close_code() == 1008
    ice = harness.open_websocket()
    ice.client.send(ice.masked(1, b"", final=False) + ice.masked(0, b"", final=False) * 99)
    assert ice.close_code() == 1008


def test_a_client_that_pings_and_does_not_read_is_dropped() -> None:
    with WebHarness(flood=0) as harness:
        ice, moon = harness.enter_browser("ice"), harness.enter("moon")
        ice.client.producer.pauseProducing()
        pings = ice.masked(9, b"x" * 125) * 1_000
        for _ in range(limits.OUTBOUND_BYTES // 125_000 + 1):
            ice.client.connection.dataReceived(pings)
        assert ice.client.is_cut_off()
        ice.client.hang_up()
        assert moon.heard_of("left") == [{"nickname": "ice", "reason": "too slow"}]


def test_a_slow_reader_is_dropped_and_the_others_chat_on() -> None:
    with WebHarness(flood=0) as harness:
        ice, moon, star = (
            harness.enter_browser("ice"),
            harness.enter("moon"),
            harness.enter_browser("star"),
        )
        ice.client.producer.pauseProducing()
        for _ in range(100):
            moon.say("\U0001f600" * limits.MESSAGE_CHARACTERS)
        assert ice.client.is_cut_off()
        ice.client.hang_up()
        assert len(star.heard_of("message")) == 100
        assert moon.heard_of("left") == [{"nickname": "ice", "reason": "too slow"}]


def test_a_flood_is_throttled_within_one_chunk() -> None:
    with WebHarness(flood=10) as harness:
        ice = harness.enter_browser("ice")
        ice.client.send(ice.masked(1, b'{"type":"message","data":{"text":"x"},"id":1}') * 50)
        assert len(ice.heard()) < 25
        assert not ice.client.is_read()
        harness.pass_time(1)
        assert len(ice.heard()) == 10
        for _ in range(50):
            harness.clock.advance(0.1)
        assert len(harness.chat.hub.read_history("#lobby", 100).messages) == 50
        assert ice.client.is_read()


def test_any_number_of_requests_in_one_chunk_are_answered() -> None:
    """A password that is refused at once resumes reading while a frame is being handled."""
    with WebHarness(flood=0) as harness:
        ice = harness.open_websocket()
        data = b'{"type":"authenticate","data":{"account":"ice","password":"x"}}'
        ice.client.send(ice.masked(1, data) * 500)
        assert [error["code"] for error in ice.heard_of("error")] == ["wrong-password"] * 500


def test_an_upgrade_turns_tcp_keep_alive_on(harness: WebHarness) -> None:
    client = harness.connect_http()
    assert not client.transport.handle.options
    browser = Browser(client)
    assert browser.client.transport.handle.options


def test_nothing_follows_goodbye(harness: WebHarness) -> None:
    ice = harness.enter_browser("ice")
    ice.client.send(ice.masked(1, b'{"type":"quit"}') + ice.masked(1, b'{"type":"ping"}'))
    assert [frame["type"] for frame in ice.heard()] == ["goodbye"]
    assert ice.close_code() == 1000
    assert ice.client.is_half_closed()


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
def test_a_close_frame_is_answered_with_its_own_code(harness: WebHarness, code: int) -> None:
    ice, moon = harness.enter_browser("ice"), harness.enter("moon")
    ice.send_frames(events.CloseConnection(code, "bye"))
    assert ice.close_code() == code
    assert ice.client.is_half_closed()
    harness.pass_time(limits.AWAY_SECONDS)
    assert moon.heard_of("left") == [{"nickname": "ice", "reason": "connection lost"}]
    assert not harness.chat.counters


def test_a_close_frame_without_a_code_is_answered_without_one(harness: WebHarness) -> None:
    ice = harness.open_websocket()
    ice.client.send(ice.masked(8, b""))
    assert ice.client.transport.value() == b"\x88\x00"


def test_data_after_a_close_frame_is_discarded(harness: WebHarness) -> None:
    ice = harness.enter_browser("ice")
    ice.client.send(ice.masked(8, b"\x03\xe8"))
    for _ in range(3):
        ice.client.send(ice.masked(1, b'{"type":"ping"}'))
    assert ice.client.transport.value() == b"\x88\x02\x03\xe8"


def test_a_browser_that_does_not_close_in_time_is_cut_off(harness: WebHarness) -> None:
    ice = harness.enter_browser("ice")
    ice.send("quit")
    harness.pass_time(limits.SHUTDOWN_SECONDS - 1, lambda: ice.client.send(b"x" * 100_000))
    assert not ice.client.is_cut_off()
    harness.pass_time(1)
    assert ice.client.is_cut_off()


def test_a_browser_that_half_closes_can_still_read(harness: WebHarness) -> None:
    ice = harness.enter_browser("ice")
    ice.client.half_close()
    assert ice.close_code() == 1000
    ice.client.connection.writeConnectionLost()
    assert ice.client.transport.disconnecting


def test_members_and_watchers_receive_goodbye_when_the_server_stops(harness: WebHarness) -> None:
    ice, watcher = harness.enter_browser("ice"), harness.open_websocket()
    watcher.send("watch")
    watcher.heard()
    harness.chat.end()
    for browser in (ice, watcher):
        assert browser.heard_of("goodbye") == [{"reason": "server is stopping"}]
        assert browser.close_code() == 1000


def test_an_inactive_member_receives_goodbye_and_is_closed() -> None:
    with WebHarness(timeout=10) as harness:
        ice = harness.enter_browser("ice")
        harness.pass_time(10)
        assert ice.heard_of("goodbye") == [{"reason": "inactive"}]
        assert ice.close_code() == 1000
