"""Every way in which a connection ends, and what its client and the others are sent."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.testing import StringTransport

from chatd.chat import limits
from chatd.server.connection import HalfCloseable
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


def test_a_member_that_quits_is_sent_goodbye_and_the_others_are_told(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send("quit", request_id=9)
    assert ice.heard() == [{"type": "goodbye", "id": 9, "data": {"reason": "quit"}}]
    assert ice.is_dropped()
    assert not ice.is_cut_off()
    assert moon.heard() == [{"type": "left", "data": {"nickname": "ice", "reason": "quit"}}]
    ice.hang_up()
    assert moon.heard() == []


def test_a_client_that_closes_without_quit_has_lost_the_connection(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.hang_up()
    assert moon.heard() == []
    harness.pass_time(limits.AWAY_SECONDS)
    assert moon.heard_of("left") == [{"nickname": "ice", "reason": "connection lost"}]


def test_the_end_of_an_unregistered_connection_is_not_announced(harness: Harness) -> None:
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


def test_an_incomplete_frame_at_the_end_is_ignored(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send_bytes(line("message", {"text": "hello"})[:-1])
    ice.hang_up()
    harness.pass_time(limits.AWAY_SECONDS)
    assert [frame["type"] for frame in moon.heard()] == ["left"]


def test_a_client_that_does_not_read_its_goodbye_is_aborted_after_two_seconds(
    harness: Harness,
) -> None:
    ice = harness.enter("ice")
    ice.stop_reading()
    ice.send("quit")
    harness.clock.advance(1.9)
    assert not ice.is_dropped()
    harness.clock.advance(0.1)
    assert ice.is_cut_off()


def test_a_slow_reader_is_sent_its_queue_before_the_goodbye(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.stop_reading()
    moon.say("before you go")
    ice.send("quit")
    assert ice.heard() == []
    ice.resume_reading()
    assert [frame["type"] for frame in ice.heard()] == ["message", "goodbye"]
    assert ice.is_dropped()
    assert not ice.is_cut_off()


def test_a_slow_reader_is_disconnected_and_the_others_are_told_and_lose_nothing() -> None:
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


def test_a_slow_reader_that_resumes_in_time_loses_nothing() -> None:
    with Harness(flood=0) as harness:
        ice, moon = harness.enter_all("ice", "moon")
        ice.stop_reading()
        for _ in range(200):
            moon.say("x" * 4_000)
        assert ice.heard() == []
        ice.resume_reading()
        assert [data["seq"] for data in ice.heard_of("message")] == list(range(1, 201))
        assert not ice.is_dropped()


def test_two_slow_readers_disconnected_by_one_message_are_both_announced(harness: Harness) -> None:
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


def test_a_stopping_server_tells_every_client(harness: Harness) -> None:
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


def test_a_stopping_server_sends_what_is_queued_first(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.stop_reading()
    moon.say("last words")
    ended = harness.chat.end()
    ice.resume_reading()
    told = ice.heard()
    assert told[0]["data"]["text"] == "last words"
    assert told[-1]["type"] == "goodbye"
    assert not ended.called


def test_a_stopping_server_waits_two_seconds_at_most(harness: Harness) -> None:
    [ice] = harness.enter_all("ice")
    ice.stop_reading()
    harness.chat.end()
    harness.clock.advance(2)
    assert ice.is_cut_off()


def test_a_stopping_server_disconnects_clients_without_a_slot() -> None:
    with Harness(slots=0) as harness:
        client = harness.connect()
        ended = harness.chat.end()
        assert client.is_dropped()
        client.hang_up()
        assert ended.called


def test_a_stopping_server_waits_for_the_last_connection() -> None:
    for order in (1, -1):
        with Harness(slots=1) as harness:
            clients = [harness.enter("ice"), harness.connect()]
            ended = harness.chat.end()
            for client in clients[::order]:
                assert not ended.called
                client.hang_up()
            assert ended.called


def test_a_client_that_has_just_quit_does_not_delay_a_stopping_server(harness: Harness) -> None:
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


def test_a_client_that_half_closed_is_still_sent_the_replies(harness: Harness) -> None:
    client = harness.connect()
    client.hello("ice")
    client.send("users", {})
    end_sending(client)
    assert [frame["type"] for frame in client.heard()] == ["welcome", "users"]
    assert client.is_dropped()
    assert not client.is_cut_off()


def test_the_last_line_counts_without_its_line_end(harness: Harness) -> None:
    client = connect_basic(harness)
    client.send_bytes(b'{"type":"set-name","data":"ice"}\n{"type":"message","data":"bye"}')
    end_sending(client)
    assert client.shown()[-1] == "ice: bye"


def test_an_incomplete_object_at_the_end_is_refused(harness: Harness) -> None:
    client = connect_jim(harness)
    client.send_bytes(b'{"action":"presence","user":')
    end_sending(client)
    drain_jim_queues(harness, 1)
    assert client.codes() == [400]


@given(st.lists(st.integers(0, 12), max_size=5))
def test_telnet_commands_are_removed_in_whatever_pieces_they_come(
    cuts: list[int],
) -> None:
    said = b"\xff\xfb\x1f\xff\xf4\xff\xfd\x03ice\r\n"
    with Harness() as harness:
        client = connect_plain(harness)
        for begin, end in pairwise([0, *sorted(cuts), len(said)]):
            client.send_bytes(said[begin:end])
        client.wait_to_enter()
        received = client.transport.value()
        for refusal in (b"\xff\xfe\x1f", b"\xff\xfc\x03"):
            assert received.count(refusal) == 1
            received = received.replace(refusal, b"")
        assert "[Server]: ice has entered the chat" in received.decode().splitlines()


@pytest.mark.parametrize("order", [("read", "write"), ("write", "read")])
def test_a_connection_is_closed_once_both_of_its_directions_have_ended(
    order: tuple[str, str],
) -> None:
    """Not only when the server loses patience: until then it would keep a descriptor."""
    connection, transport = HalfCloseable(), StringTransport()
    connection.transport = transport
    ends = {"read": connection.readConnectionLost, "write": connection.writeConnectionLost}
    first, second = order
    ends[first]()
    assert not transport.disconnecting
    ends[second]()
    assert transport.disconnecting
