"""A client that floods is read more slowly, and nothing is lost (``--flood``)."""

from chatd.chat import limits
from tests.server.harness import Harness, hello, line


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
    assert not harness.clock.getDelayedCalls()


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
