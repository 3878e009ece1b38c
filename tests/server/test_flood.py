"""A client that floods is read more slowly, and nothing is lost (``--flood``)."""

from collections.abc import Callable
from typing import Any

import pytest

from chatd.chat import limits
from tests.server.harness import (
    Client,
    Harness,
    connect_basic,
    connect_jim,
    connect_plain,
    hello,
    line,
)


def _messages(count: int) -> bytes:
    return b"".join(line("message", {"text": str(number)}) for number in range(count))


def test_beyond_the_burst_reading_is_paused(harness: Harness) -> None:
    moon = harness.enter("moon")
    ice = harness.enter("ice")
    moon.heard()
    ice.send_bytes(_messages(19))
    assert ice.is_read()  # with hello, twenty frames
    ice.send_bytes(_messages(1))
    assert not ice.is_read()
    harness.clock.advance(1)
    assert ice.is_read()


def test_a_flood_arrives_whole_and_in_order_at_the_rate_that_is_set() -> None:
    with Harness(flood=5) as harness:
        moon = harness.enter("moon")
        ice = harness.enter("ice")
        moon.heard()
        ice.send_bytes(_messages(100))
        seen = [data["text"] for data in moon.heard_of("message")]
        assert (
            len(seen) == 10
        )  # hello was the first; the one beyond the burst makes the server wait
        for _ in range(10 * 100):
            harness.clock.advance(0.02)
            news = [data["text"] for data in moon.heard_of("message")]
            assert len(news) <= 1, "a rate, not bursts"
            seen += news
        assert seen == [str(number) for number in range(100)]
        assert ice.is_read()
        assert ice.errors() == []


def test_ten_frames_a_second_are_never_throttled(harness: Harness) -> None:
    moon = harness.enter("moon")
    ice = harness.enter("ice")
    for _ in range(300):
        ice.say("hello")
        assert ice.is_read()
        harness.clock.advance(0.1)
        moon.heard()


def test_without_a_flood_limit_everything_is_read_at_once() -> None:
    with Harness(flood=0) as harness:
        moon = harness.enter("moon")
        ice = harness.enter("ice")
        ice.send_bytes(_messages(1_000))
        assert ice.is_read()
        assert len(moon.heard_of("message")) == 1_000


def test_refused_frames_and_pings_count_as_much_as_others(harness: Harness) -> None:
    ice = harness.enter("ice")
    ice.send_bytes(b'nonsense\n{"type": "ping"}\n' * 10)
    assert not ice.is_read()


def test_unregistered_clients_are_throttled_too(harness: Harness) -> None:
    harness.enter("ice")
    client = harness.connect()
    client.send_bytes(hello("ice") * 40)
    assert not client.is_read()
    assert len(client.errors()) == 21


def test_a_throttled_client_still_receives_messages(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send_bytes(_messages(50))
    moon.say("slowly")
    assert [data["text"] for data in ice.heard_of("message")] == ["slowly"]


def test_a_client_that_floods_does_not_slow_down_the_others(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send_bytes(_messages(50))
    moon.send("ping")
    assert moon.is_read()


def test_a_client_that_floods_and_quits_is_read_to_the_end(harness: Harness) -> None:
    moon = harness.enter("moon")
    ice = harness.enter("ice")
    moon.heard()
    ice.send_bytes(_messages(30) + line("quit"))
    harness.pass_time(3)
    told = moon.heard()
    assert [frame["type"] for frame in told] == ["message"] * 30 + ["left"]
    assert ice.heard() == [{"type": "goodbye", "data": {"reason": "quit"}}]
    assert ice.is_dropped()


def test_a_throttled_client_may_be_lost_at_any_time(harness: Harness) -> None:
    ice = harness.enter("ice")
    ice.send_bytes(_messages(50))
    ice.hang_up()
    [away] = harness.clock.getDelayedCalls()
    assert away.getTime() == harness.clock.seconds() + limits.AWAY_SECONDS


def test_a_throttled_client_is_read_again_when_the_server_stops(
    harness: Harness,
) -> None:
    ice = harness.enter("ice")
    ice.send_bytes(_messages(50))
    assert not ice.is_read()
    harness.chat.end()
    assert ice.is_read()


def test_an_over_long_line_after_a_flood_is_refused_all_the_same(harness: Harness) -> None:
    ice = harness.enter("ice")
    ice.send_bytes(_messages(30) + b"x" * (limits.LINE_BYTES + 1))
    harness.pass_time(3)
    assert ice.errors() == ["line-too-long"]
    assert ice.is_dropped()


def test_a_client_that_does_not_read_its_replies_is_not_read() -> None:
    with Harness(flood=0) as harness:
        ice = harness.enter("ice")
        ice.stop_reading()
        ice.send_bytes(line("ping", None, 1) + line("ping", None, 2) + line("ping", None, 3))
        assert not ice.is_read()
        ice.resume_reading()
        assert ice.is_read()
        ice.end_turn()
        assert [frame["id"] for frame in ice.heard()] == [1, 2, 3]


def test_a_client_that_requests_more_than_it_reads_is_paused_and_not_too_slow() -> None:
    with Harness(flood=0) as harness:
        ice = harness.enter("ice")
        for _ in range(80):
            ice.say("x" * 4_000)
        ice.heard()
        write = ice.transport.write

        def take_and_choke(data: bytes) -> None:
            write(data)
            ice.stop_reading()

        ice.transport.write = take_and_choke  # type: ignore[method-assign]  # a full line
        ice.send_bytes(line("history", {"limit": 1_000}) * 20)
        turns = 0
        while not ice.is_read():
            turns += 1
            ice.resume_reading()
            ice.end_turn()
        assert turns >= 20
        assert not ice.is_cut_off()
        lists = ice.heard_of("history")
        assert sum(not each["more"] for each in lists) == 20


# --- what costs more than an ordinary frame ---------------------------------------------------


def _fill_history(harness: Harness) -> None:
    """The lobby's history has about 200 KiB."""
    for number in range(50):
        writer = harness.enter(f"writer{number}")
        writer.say("x" * 4_000)
        writer.send("quit")
    harness.pass_time(60)


def _seconds_until_read(harness: Harness, client: Client) -> float:
    waited = 0.0
    while not client.is_read():
        assert waited < 120
        harness.clock.advance(0.1)
        waited += 0.1
    return waited


def test_a_long_reply_uses_up_as_much_of_the_rate_as_its_bytes(harness: Harness) -> None:
    _fill_history(harness)
    ice = harness.enter("ice")
    harness.pass_time(5)
    ice.send("history", {"limit": 1_000})
    sent = len(ice.transport.value())
    assert sent > 200_000
    frames = 1 + sent // limits.FLOOD_FRAME_BYTES
    waited = _seconds_until_read(harness, ice)
    # The burst is 20 frames; the rest is paid back at 10 frames per second.
    assert waited == pytest.approx((frames - 20) / 10, abs=0.2)


def test_a_short_history_costs_as_little_as_any_frame(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    moon.say("hello")
    for _ in range(18):
        ice.send("history", {"limit": 50})
    assert ice.is_read()


def test_a_private_message_costs_as_much_as_its_recipients_are_sent(harness: Harness) -> None:
    recipients = [f"moon{number}" for number in range(limits.RECIPIENTS)]
    harness.enter_all(*recipients)
    ice = harness.enter("ice")
    ice.send("private", {"to": recipients, "text": "x" * 4_000})
    assert ice.is_read(), "125 KiB are as much as 16 frames"
    ice.send("private", {"to": recipients, "text": "x" * 4_000})
    assert _seconds_until_read(harness, ice) > 1


@pytest.mark.parametrize(
    ("kind", "filler"),
    [
        pytest.param(connect_basic, b" " * 8_000, id="basic: an endless line"),
        pytest.param(connect_basic, b"\n" * 8_000, id="basic: blank lines"),
        pytest.param(connect_plain, b"\xff\xf1" * 4_000, id="plain: Telnet commands"),
        pytest.param(connect_plain, b"\r\n" * 4_000, id="plain: blank lines"),
        pytest.param(connect_jim, b" " * 8_000, id="JIM: white space between objects"),
    ],
)
def test_bytes_that_are_no_frame_are_charged_in_every_dialect(
    harness: Harness, kind: Callable[[Harness], Client], filler: bytes
) -> None:
    client = kind(harness)
    sent = 0
    while client.is_read() and not client.is_dropped():
        assert sent < 1_000_000, "at 10 frames of 8 KiB per second, with a burst of 20"
        client.send_bytes(filler)
        sent += len(filler)


def test_answers_to_telnet_commands_are_charged_as_well(harness: Harness) -> None:
    client = connect_plain(harness)
    client.transport.clear()
    sent = 0
    while client.is_read():
        client.send_bytes(b"\xff\xfd\x06" * 1_000)  # DO TIMING-MARK
        assert client.transport.value() == b"\xff\xfc\x06" * 1_000
        client.transport.clear()
        sent += 3_000
    assert sent < 100_000, "half of 21 frames of 8 KiB, as each command is answered by as much"


def test_a_new_connection_is_no_new_allowance() -> None:
    with Harness(flood=1) as harness:
        _fill_history(harness)
        waits = []
        for number in range(40):
            ice = harness.enter(f"ice{number}")
            ice.send("history", {"limit": 1_000})
            waits.append(_wait_of(ice))
            ice.hang_up()
        assert waits[0] == limits.FLOOD_BURST_FACTOR
        assert waits[-1] == limits.FLOOD_ADDRESS_BURST_FACTOR, "the address is in debt"
        moon = harness.connect("10.35.11.113")
        moon.hello("moon")
        moon.send("history", {"limit": 1_000})
        assert _wait_of(moon) == waits[0], "other addresses are not"


def _wait_of(client: Client) -> float:
    """How many seconds the server will not read from `client`, as it sends too much."""
    session: Any = client.connection.session
    call = session._throttle._resume_call
    return call.getTime() - session.chat.clock.seconds() if call is not None else 0


class _TimedHistory:
    """The clock moves when a history is read, as if that took so long."""

    def __init__(self, harness: Harness, milliseconds: float) -> None:
        self._read = harness.chat.hub.read_history
        self._harness = harness
        self._seconds = milliseconds / 1_000
        self.turns: list[float] = []

    def __call__(self, room: str, limit: int, before: int | None = None, asker: Any = None) -> Any:
        self.turns.append(self._harness.clock.rightNow)
        self._harness.clock.rightNow += self._seconds
        return self._read(room, limit, before, asker)


def test_a_frame_that_takes_long_costs_its_time(harness: Harness) -> None:
    ice = harness.enter("ice")
    harness.chat.hub.read_history = _TimedHistory(harness, 1_000)  # type: ignore[method-assign]  # a slow one
    ice.send("history")
    assert _seconds_until_read(harness, ice) <= 0.2  # the most is 20 frames
    ice.send("history")
    assert _seconds_until_read(harness, ice) > 1


def test_a_frame_costs_no_more_because_other_programs_had_the_processor() -> None:
    with Harness(cpu_seconds=lambda: 7.0) as harness:
        ice = harness.enter("ice")
        harness.chat.hub.read_history = _TimedHistory(harness, 1_000)  # type: ignore[method-assign]  # a slow one
        for _ in range(15):
            ice.send("history")
        assert ice.is_read()
        assert not harness.chat.work_queue.is_turn_used


def test_expensive_frames_wait_for_later_turns_and_others_do_not(harness: Harness) -> None:
    attackers = [harness.enter(f"ice{number}") for number in range(10)]
    moon = harness.enter("moon")
    harness.pass_time(limits.FLOOD_SUSPECT_SECONDS)
    slow = _TimedHistory(harness, limits.FLOOD_FRAME_MILLISECONDS + 1)
    harness.chat.hub.read_history = slow  # type: ignore[method-assign]  # a slow one
    for ice in attackers:
        ice.connection.dataReceived(line("history") * 5)
    assert len(slow.turns) == 10, "one each; then they wait in turn"
    seen = []

    def ping() -> None:
        seen.append(len(slow.turns))
        moon.connection.dataReceived(line("ping"))
        if len(seen) < 40:
            harness.clock.callLater(0, ping)

    harness.clock.callLater(0, ping)
    harness.pass_time(2)
    assert seen == [10 + turn for turn in range(1, 41)], "one in each turn"
    assert len(slow.turns) == 50


@pytest.mark.parametrize("before", [0, limits.FLOOD_SUSPECT_SECONDS])
def test_many_clients_that_send_an_expensive_frame_at_once_do_not_take_one_turn(
    harness: Harness, before: float
) -> None:
    moon = harness.enter("moon")
    harness.pass_time(limits.FLOOD_SUSPECT_SECONDS)
    attackers = [harness.enter(f"ice{number}") for number in range(10)]
    slow = _TimedHistory(harness, limits.EXPENSIVE_WORK_MILLISECONDS / 2 + 1)
    harness.chat.hub.read_history = slow  # type: ignore[method-assign]  # a slow one
    if before:  # new connections are suspect, and old ones that did this before
        harness.pass_time(before)
        for ice in attackers:
            ice.connection.dataReceived(line("history"))
        harness.pass_time(before - 1)
        slow.turns.clear()
    moon.heard()
    for ice in attackers:
        ice.connection.dataReceived(line("history"))
    moon.connection.dataReceived(line("ping"))
    assert len(slow.turns) == 2
    harness.clock.advance(0)
    assert moon.heard() == [{"type": "pong"}], "the others are read at once"
    harness.pass_time(1)
    assert len(slow.turns) == 10


def test_a_member_does_not_wait_for_what_others_do_at_its_address(harness: Harness) -> None:
    moon = harness.enter("moon")
    harness.pass_time(limits.FLOOD_SUSPECT_SECONDS)
    ice = harness.enter("ice")
    bucket = ice.connection.session._throttle._address_bucket
    while not bucket.is_in_debt(harness.clock.seconds()):
        bucket.take(harness.clock.seconds(), limits.FLOOD_MAX_TIME_FRAMES)
    moon.heard()
    for data in (line("ping"), line("ping")):
        moon.connection.dataReceived(data)
        assert not moon.connection.session._throttle._is_queued
    moon.end_turn()
    assert [each["type"] for each in moon.heard()] == ["pong", "pong"]
    ice.connection.dataReceived(line("ping"))
    assert ice.connection.session._throttle._is_queued, "it is new, so it may do the same"
