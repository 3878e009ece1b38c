"""Every way a connection ends, and what is heard of it (SPEC §4, §9, §10)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.server.protocol import LineProtocol, ObjectProtocol
from tests.server.harness import (
    Client,
    Harness,
    connect_basic,
    connect_jim,
    connect_plain,
    drain_jim_queues,
    hello,
    line,
)


def test_who_quits_hears_goodbye_and_the_others_are_told(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send("quit", request_id=9)
    assert ice.heard() == [{"type": "goodbye", "id": 9, "data": {"reason": "quit"}}]
    assert ice.is_dropped()
    assert not ice.is_cut_off()
    assert moon.heard() == [{"type": "left", "data": {"nickname": "ice", "reason": "quit"}}]
    ice.hang_up()
    assert moon.heard() == []


def test_who_hangs_up_without_a_word_has_lost_the_connection(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.hang_up()
    assert moon.heard_of("left") == [{"nickname": "ice", "reason": "connection lost"}]


def test_nobody_is_told_of_one_who_never_entered(harness: Harness) -> None:
    ice = harness.enter("ice")
    harness.connect().hang_up()
    assert ice.heard() == []


@pytest.mark.parametrize("in_one_piece", [True, False])
def test_frames_after_quit_are_ignored(harness: Harness, in_one_piece: bool) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    after = line("message", {"text": "and another thing"}) + hello("sun") + b"\xff\n"
    if in_one_piece:
        ice.send_bytes(line("quit") + after)
    else:
        ice.send("quit")
        ice.send_bytes(after)
    assert [frame["type"] for frame in ice.heard()] == ["goodbye"]
    assert [frame["type"] for frame in moon.heard()] == ["left"]
    assert not harness.chat.counters


def test_half_a_frame_before_the_end_is_nothing(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send_bytes(line("message", {"text": "hello"})[:-1])
    ice.hang_up()
    assert [frame["type"] for frame in moon.heard()] == ["left"]


def test_a_peer_that_never_takes_its_goodbye_is_cut_off_after_two_seconds(harness: Harness) -> None:
    ice = harness.enter("ice")
    ice.stop_reading()
    ice.send("quit")
    harness.clock.advance(1.9)
    assert not ice.is_dropped()
    harness.clock.advance(0.1)
    assert ice.is_cut_off()


def test_what_waits_for_a_slow_reader_goes_out_before_the_goodbye(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.stop_reading()
    moon.say("before you go")
    ice.send("quit")
    assert ice.heard() == []
    ice.resume_reading()
    assert [frame["type"] for frame in ice.heard()] == ["message", "goodbye"]
    assert ice.is_dropped()
    assert not ice.is_cut_off()


def test_a_slow_reader_is_dropped_and_the_others_are_told_and_lose_nothing() -> None:
    with Harness(flood=0) as harness:
        ice, moon, sun = harness.enter_all("ice", "moon", "sun")
        ice.stop_reading()
        said = 0
        while not ice.is_dropped():
            moon.say("x" * 4_000)
            said += 1
            assert said * 4_000 < 2 * limits.OUTBOUND_BYTES
        assert said * 4_000 > limits.OUTBOUND_BYTES / 2
        assert ice.is_cut_off()
        moon.say("go on")
        ice.hang_up()
        moon.say("the end")
        frames = sun.heard()
        assert [frame["data"]["seq"] for frame in frames if frame["type"] == "message"] == [
            *range(1, said + 3)
        ]
        left = {"type": "left", "data": {"nickname": "ice", "reason": "too slow"}}
        assert frames[-2] == left
        assert moon.heard() == [left]


def test_a_slow_reader_that_reads_on_in_time_has_lost_nothing() -> None:
    with Harness(flood=0) as harness:
        ice, moon = harness.enter_all("ice", "moon")
        ice.stop_reading()
        for _ in range(200):
            moon.say("x" * 4_000)
        assert ice.heard() == []
        ice.resume_reading()
        assert [data["seq"] for data in ice.heard_of("message")] == list(range(1, 201))
        assert not ice.is_dropped()


def test_two_slow_readers_dropped_by_one_message_are_both_told_of(harness: Harness) -> None:
    with Harness(flood=0) as harness:
        clients = harness.enter_all("ice", "moon", "sun", "star")
        for client in clients[:2]:
            client.stop_reading()
        while not clients[0].is_dropped():
            clients[2].say("x" * 4_000)
        assert clients[1].is_cut_off()
        for client in clients[:2]:
            client.hang_up()
        assert {left["nickname"] for left in clients[3].heard_of("left")} == {"ice", "moon"}


def test_a_server_that_stops_tells_everyone_who_is_connected(harness: Harness) -> None:
    clients = [*harness.enter_all("ice", "moon"), harness.connect()]
    ended = harness.chat.end()
    for client in clients:
        assert client.heard()[-1] == {"type": "goodbye", "data": {"reason": "server is stopping"}}
        assert client.is_dropped()
        assert not client.is_cut_off()
    assert not ended.called
    for client in clients[1:]:
        client.hang_up()
    assert not ended.called
    clients[0].hang_up()
    assert ended.called


def test_a_server_without_connections_stops_at_once(harness: Harness) -> None:
    assert harness.chat.end().called


def test_a_server_that_stops_sends_what_is_queued_first(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.stop_reading()
    moon.say("last words")
    ended = harness.chat.end()
    ice.resume_reading()
    told = ice.heard()
    assert told[0]["data"]["text"] == "last words"
    assert told[-1]["type"] == "goodbye"
    assert not ended.called


def test_a_server_that_stops_waits_two_seconds_at_most(harness: Harness) -> None:
    [ice] = harness.enter_all("ice")
    ice.stop_reading()
    harness.chat.end()
    harness.clock.advance(2)
    assert ice.is_cut_off()


def test_a_server_that_stops_hangs_up_on_who_waits_without_a_slot() -> None:
    with Harness(slots=0) as harness:
        client = harness.connect()
        ended = harness.chat.end()
        assert client.is_dropped()
        client.hang_up()
        assert ended.called


def test_a_server_that_stops_waits_for_whoever_is_the_last() -> None:
    for order in (1, -1):
        with Harness(slots=1) as harness:
            clients = [harness.enter("ice"), harness.connect()]
            ended = harness.chat.end()
            for client in clients[::order]:
                assert not ended.called
                client.hang_up()
            assert ended.called


def test_who_has_just_quit_does_not_keep_a_stopping_server_from_ending(harness: Harness) -> None:
    ice = harness.enter("ice")
    ice.send("quit")
    ice.heard()
    ended = harness.chat.end()
    assert ice.heard() == []
    ice.hang_up()
    assert ended.called


def end_sending(client: Client) -> None:
    """Close the client's half of the connection, as ``nc -N`` does at the end of its input."""
    connection: LineProtocol | ObjectProtocol = client.connection
    connection.readConnectionLost()


def test_many_authentications_in_one_segment_are_all_answered_at_the_flood_rate() -> None:
    with Harness() as harness:
        client = connect_jim(harness)
        client.send_bytes(b'{"action":"authenticate","account_name":"bad","password":"b"}' * 300)
        assert not client.is_read(), "beyond the burst the server reads more slowly"
        drain_jim_queues(harness, 40)
        assert client.codes() == [402] * 300


def test_a_peer_that_has_said_everything_still_hears_the_answers(harness: Harness) -> None:
    client = harness.connect()
    client.hello("ice")
    client.send("users", {})
    end_sending(client)
    assert [frame["type"] for frame in client.heard()] == ["welcome", "users"]
    assert client.is_dropped()
    assert not client.is_cut_off()


def test_the_last_line_counts_without_its_end(harness: Harness) -> None:
    client = connect_basic(harness)
    client.send_bytes(b'{"type":"set-name","data":"ice"}\n{"type":"message","data":"bye"}')
    end_sending(client)
    assert client.shown()[-1] == "ice: bye"


def test_half_an_object_at_the_end_is_refused(harness: Harness) -> None:
    client = connect_jim(harness)
    client.send_bytes(b'{"action":"presence","user":')
    end_sending(client)
    drain_jim_queues(harness, 1)
    assert client.codes() == [400]


@given(st.lists(st.integers(0, 12), max_size=5))
def test_what_telnet_says_to_telnet_is_no_nickname_in_whatever_pieces_it_comes(
    cuts: list[int],
) -> None:
    said = b"\xff\xfb\x1f\xff\xf4\xff\xfd\x03ice\r\n"
    with Harness() as harness:
        client = connect_plain(harness)
        for begin, end in pairwise([0, *sorted(cuts), len(said)]):
            client.send_bytes(said[begin:end])
        assert "[Server]: ice has entered the chat" in client.shown()
