"""Browsers in the chat: they speak the native dialect, and nobody notices a difference."""

import pytest
from wsproto import events

from chatd.chat import limits
from tests.web.visitors import Browser, PageHall


def test_a_browser_and_a_terminal_talk(hall: PageHall) -> None:
    ice = hall.enter("ice")
    moon = hall.enter_by_page("moon")
    assert ice.heard_of("entered") == [{"nickname": "moon"}]
    ice.say("hello")
    assert [said["text"] for said in moon.heard_of("message")] == ["hello"]
    moon.send("message", {"text": "hello yourself"}, 7)
    assert [said["text"] for said in ice.heard_of("message")] == ["hello yourself"]
    [ok] = moon.heard()
    assert (ok["type"], ok["id"], ok["data"]["seq"]) == ("ok", 7, 2)
    moon.send("private", {"to": ["ice"], "text": "psst"})
    assert [said["text"] for said in ice.heard_of("private")] == ["psst"]


def test_several_frames_of_one_turn_come_in_order(hall: PageHall) -> None:
    moon, star = hall.enter_by_page("moon"), hall.enter_by_page("star")
    moon.heard()
    moon.visitor.connection.dataReceived(
        b"".join(
            moon.frames.send(
                events.TextMessage('{"type":"message","data":{"text":"' + "x" * size + '"}}')
            )
            for size in (1, 100, 126, 4_000)
        )
    )
    assert star.visitor.transport.value() == b""
    hall.clock.advance(0)
    assert [len(said["text"]) for said in star.heard_of("message")] == [1, 100, 126, 4_000]


def test_a_reply_of_any_length_is_one_message_a_frame(hall: PageHall) -> None:
    ice = hall.enter("ice")
    for _ in range(30):
        ice.say("\U0001f600" * limits.MESSAGE_CHARACTERS)
        hall.clock.advance(1)
    moon = hall.enter_by_page("moon")
    moon.send("history", {"room": "#lobby", "limit": 30})
    parts = moon.heard_of("history")
    assert len(parts) > 1
    assert [part["more"] for part in parts] == [True] * (len(parts) - 1) + [False]


def test_who_watches_hears_everyone_and_takes_no_slot() -> None:
    with PageHall(slots=2) as hall:
        watcher = hall.browse()
        watcher.send("watch")
        [watching] = watcher.heard_of("watching")
        assert watching["server"] == "party"
        ice, moon = hall.enter_by_page("ice"), hall.enter("moon")
        ice.say("hello")
        heard = [frame["type"] for frame in watcher.heard()]
        assert heard == ["entered", "entered", "message"]
        watcher.hello("star")
        assert watcher.heard_of("error")[0]["code"] == "full"
        moon.hang_up()
        watcher.heard()
        watcher.hello("star")
        assert watcher.heard_of("welcome")[0]["nickname"] == "star"


def test_a_taken_name_can_be_chosen_anew(hall: PageHall) -> None:
    hall.enter("ice")
    browser = hall.browse()
    browser.hello("ICE")
    assert browser.heard_of("error")[0]["code"] == "nickname-taken"
    browser.hello("moon")
    assert browser.heard_of("welcome")[0]["nickname"] == "moon"


@pytest.mark.parametrize("text", ["hello", "", "null", "[]", '{"type":"dance"}', "\ufeff{}", "\0"])
def test_a_message_that_is_no_frame_is_refused_and_the_connection_goes_on(
    hall: PageHall, text: str
) -> None:
    ice = hall.enter_by_page("ice")
    ice.send_event(events.TextMessage(text))
    [error] = ice.heard_of("error")
    assert error["code"] in {"invalid-json", "bad-frame", "unknown-type"}
    ice.send("ping")
    assert [frame["type"] for frame in ice.heard()] == ["pong"]


def test_a_message_with_line_ends_is_one_frame(hall: PageHall) -> None:
    ice = hall.enter_by_page("ice")
    ice.send_event(events.TextMessage('{"type":\r\n"ping"}\n'))
    assert [frame["type"] for frame in ice.heard()] == ["pong"]


def test_a_message_in_fragments_is_put_together(hall: PageHall) -> None:
    ice = hall.enter_by_page("ice")
    ice.visitor.send(
        ice.masked(1, b'{"type":"message",', final=False)
        + ice.masked(0, b'"data":{"text":"\xc3', final=False)
        + ice.masked(9, b"between")
        + ice.masked(0, b"", final=False)
        + ice.masked(0, b'\xa9"},"id":1}')
    )
    pong, ok = ice.events()
    assert pong == events.Pong(b"between")
    assert isinstance(ok, events.TextMessage)
    [said] = hall.chat.hub.read_history("#lobby", 1).messages
    assert said.text == "é"


def test_a_message_that_comes_byte_by_byte_is_put_together(hall: PageHall) -> None:
    ice = hall.enter_by_page("ice")
    for byte in ice.masked(1, b'{"type":"ping"}'):
        ice.visitor.send(bytes([byte]))
    assert [frame["type"] for frame in ice.heard()] == ["pong"]


def test_a_ping_is_answered(hall: PageHall) -> None:
    ice = hall.browse()
    ice.send_event(events.Ping(b"are you there"))
    assert ice.events() == [events.Pong(b"are you there")]


def test_too_many_frames_that_are_no_messages_end_it(hall: PageHall) -> None:
    for opcode, final in ((9, True), (10, True)):
        ice = hall.browse()
        ice.visitor.send(ice.masked(opcode, b"", final) * 100)
        assert ice.close_code() == 1008
    ice = hall.browse()
    ice.visitor.send(ice.masked(1, b"", final=False) + ice.masked(0, b"", final=False) * 99)
    assert ice.close_code() == 1008


def test_who_pings_and_does_not_read_is_dropped() -> None:
    with PageHall(flood=0) as hall:
        ice, moon = hall.enter_by_page("ice"), hall.enter("moon")
        ice.visitor.producer.pauseProducing()
        pings = ice.masked(9, b"x" * 125) * 1_000
        for _ in range(limits.OUTBOUND_BYTES // 125_000 + 1):
            ice.visitor.connection.dataReceived(pings)
        assert ice.visitor.is_cut_off()
        ice.visitor.hang_up()
        assert moon.heard_of("left") == [{"nickname": "ice", "reason": "too slow"}]


def test_who_does_not_read_is_dropped_and_the_others_go_on() -> None:
    with PageHall(flood=0) as hall:
        ice, moon, star = hall.enter_by_page("ice"), hall.enter("moon"), hall.enter_by_page("star")
        ice.visitor.producer.pauseProducing()
        for _ in range(100):
            moon.say("\U0001f600" * limits.MESSAGE_CHARACTERS)
        assert ice.visitor.is_cut_off()
        ice.visitor.hang_up()
        assert len(star.heard_of("message")) == 100
        assert moon.heard_of("left") == [{"nickname": "ice", "reason": "too slow"}]


def test_who_speaks_too_fast_is_read_more_slowly_within_one_chunk() -> None:
    with PageHall(flood=10) as hall:
        ice = hall.enter_by_page("ice")
        ice.visitor.send(ice.masked(1, b'{"type":"message","data":{"text":"x"},"id":1}') * 50)
        assert len(ice.heard()) < 25
        assert not ice.visitor.is_read()
        hall.pass_time(1)
        assert len(ice.heard()) == 10
        for _ in range(50):
            hall.clock.advance(0.1)
        assert len(hall.chat.hub.read_history("#lobby", 100).messages) == 50
        assert ice.visitor.is_read()


def test_however_many_requests_come_at_once_each_is_answered() -> None:
    """A password that is refused at once lets the reading go on in the midst of it."""
    with PageHall(flood=0) as hall:
        ice = hall.browse()
        data = b'{"type":"authenticate","data":{"account":"ice","password":"x"}}'
        ice.visitor.send(ice.masked(1, data) * 500)
        assert [error["code"] for error in ice.heard_of("error")] == ["wrong-password"] * 500


def test_a_browser_whose_network_is_gone_is_found_out(hall: PageHall) -> None:
    visitor = hall.visit()
    assert not visitor.transport.handle.options
    browser = Browser(visitor)
    assert browser.visitor.transport.handle.options


def test_goodbye_is_the_last_word(hall: PageHall) -> None:
    ice = hall.enter_by_page("ice")
    ice.visitor.send(ice.masked(1, b'{"type":"quit"}') + ice.masked(1, b'{"type":"ping"}'))
    assert [frame["type"] for frame in ice.heard()] == ["goodbye"]
    assert ice.close_code() == 1000
    assert ice.visitor.is_ended()


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
def test_a_browser_that_closes_is_answered_with_its_own_code(hall: PageHall, code: int) -> None:
    ice, moon = hall.enter_by_page("ice"), hall.enter("moon")
    ice.send_event(events.CloseConnection(code, "bye"))
    assert ice.close_code() == code
    assert ice.visitor.is_ended()
    assert moon.heard_of("left") == [{"nickname": "ice", "reason": "connection lost"}]
    assert not hall.chat.counters


def test_a_browser_that_closes_without_a_code_is_answered_so(hall: PageHall) -> None:
    ice = hall.browse()
    ice.visitor.send(ice.masked(8, b""))
    assert ice.visitor.transport.value() == b"\x88\x00"


def test_what_comes_after_a_close_is_thrown_away(hall: PageHall) -> None:
    ice = hall.enter_by_page("ice")
    ice.visitor.send(ice.masked(8, b"\x03\xe8"))
    for _ in range(3):
        ice.visitor.send(ice.masked(1, b'{"type":"ping"}'))
    assert ice.visitor.transport.value() == b"\x88\x02\x03\xe8"


def test_who_does_not_close_in_time_is_cut_off(hall: PageHall) -> None:
    ice = hall.enter_by_page("ice")
    ice.send("quit")
    hall.pass_time(limits.SHUTDOWN_SECONDS - 1, lambda: ice.visitor.send(b"x" * 100_000))
    assert not ice.visitor.is_cut_off()
    hall.pass_time(1)
    assert ice.visitor.is_cut_off()


def test_a_browser_that_says_nothing_more_may_still_read(hall: PageHall) -> None:
    ice = hall.enter_by_page("ice")
    ice.visitor.shut()
    assert ice.close_code() == 1000
    ice.visitor.connection.writeConnectionLost()
    assert ice.visitor.transport.disconnecting


def test_members_and_watchers_are_told_when_the_server_stops(hall: PageHall) -> None:
    ice, watcher = hall.enter_by_page("ice"), hall.browse()
    watcher.send("watch")
    watcher.heard()
    hall.chat.end()
    for browser in (ice, watcher):
        assert browser.heard_of("goodbye") == [{"reason": "server is stopping"}]
        assert browser.close_code() == 1000


def test_a_silent_member_is_told_and_closed() -> None:
    with PageHall(timeout=10) as hall:
        ice = hall.enter_by_page("ice")
        hall.pass_time(10)
        assert ice.heard_of("goodbye") == [{"reason": "inactive"}]
        assert ice.close_code() == 1000
