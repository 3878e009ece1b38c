"""A JIM client that reads slowly, is silent or floods."""

import json

import pytest

from chatd.chat import limits
from tests.server.harness import Harness, connect_jim, drain_jim_queues, enter_jim

PRESENCE = b'{"action": "presence", "user": {"account_name": "moon"}}'


@pytest.mark.parametrize("key", ["action", "event"])
def test_a_silent_jim_member_is_probed_half_way_and_disconnected_if_it_does_not_answer(
    key: str,
) -> None:
    with Harness(timeout=20) as harness:
        client = enter_jim(harness, "moon", key=key)  # which takes a second
        ice = harness.enter("ice")
        drain_jim_queues(harness)
        client.heard()
        harness.pass_time(7)
        ice.say("I am here")
        assert client.heard() == []
        harness.pass_time(2)
        [probe] = client.heard()
        assert probe.keys() == {key, "time"}
        assert probe[key] == "probe"
        harness.pass_time(8)
        assert not client.is_dropped()
        harness.pass_time(2)
        [told] = client.heard()
        assert (told["response"], told["alert"]) == (101, "inactive")
        assert client.is_dropped()
        assert not client.is_cut_off()
        assert ice.heard_of("left") == [{"nickname": "moon", "reason": "inactive"}]


def test_a_jim_member_that_answers_each_probe_stays() -> None:
    with Harness(timeout=20) as harness:
        client = enter_jim(harness, "moon")
        probes = 0
        for _ in range(200):
            harness.pass_time(1)
            for each in client.heard():
                probes += "action" in each
                client.send_bytes(PRESENCE * ("action" in each))
        assert not client.is_dropped()
        assert probes >= 15


def test_repeated_presence_is_no_activity_and_does_not_prevent_the_probe() -> None:
    with Harness(timeout=20) as harness:
        client = enter_jim(harness, "moon")
        for _ in range(8):
            harness.pass_time(1)
            client.send_bytes(PRESENCE)
        assert set(client.codes()) == {200}
        harness.pass_time(2)
        assert "probe" in [each.get("action") for each in client.heard()]


def test_activity_delays_the_probe() -> None:
    with Harness(timeout=20) as harness:
        client = enter_jim(harness, "moon", "#")
        for _ in range(10):
            harness.pass_time(5)
            client.ask("msg", to="#", message="hello")
        harness.pass_time(5)
        assert not [each for each in client.heard() if "response" not in each]


def test_without_a_timeout_no_probe_is_sent() -> None:
    with Harness(timeout=0) as harness:
        client = enter_jim(harness, "moon")
        harness.clock.advance(10**6)
        assert client.heard() == []
        assert not client.is_dropped()


def test_a_stopping_server_says_so_before_everything_queued() -> None:
    with Harness(flood=0) as harness:
        ice = harness.enter("ice")
        client = enter_jim(harness, "moon", "#")
        for number in range(30):
            ice.say(str(number))
        ice.send("private", {"text": "psst", "to": ["moon"]})
        [first] = client.heard()
        assert first["message"] == "0"
        harness.chat.end()
        harness.clock.advance(0.05)
        [second] = client.heard()
        assert (second["response"], second["alert"]) == (101, "server is stopping")
        drain_jim_queues(harness, 1.9)
        assert [each["message"] for each in client.heard()] == [
            *(str(number) for number in range(1, 30)),
            "psst",
        ]
        assert client.is_dropped()
        assert not client.is_cut_off()


def test_a_slow_jim_client_loses_the_oldest_room_messages_and_is_told_how_many() -> None:
    with Harness(flood=0) as harness:
        ice = harness.enter("ice")
        client = enter_jim(harness, "moon", "#")
        client.stop_reading()
        ice.send("private", {"text": "psst", "to": ["moon"]})
        for number in range(limits.JIM_QUEUE_OBJECTS + 39):
            ice.say(str(number))
        drain_jim_queues(harness, 5)
        assert client.heard() == []
        client.resume_reading()
        drain_jim_queues(harness, 15)
        told = client.heard()
        [notice] = [each for each in told if "response" in each]
        assert notice["response"] == 100
        assert "40 room messages" in notice["alert"]
        assert [each["message"] for each in told if "message" in each] == [
            "psst",
            *(str(number) for number in range(40, limits.JIM_QUEUE_OBJECTS + 39)),
        ]
        assert not client.is_dropped()


def test_queued_notices_are_merged() -> None:
    with Harness(flood=0) as harness:
        client = enter_jim(harness, "moon", "#")
        client.heard()
        names = [f"client{number}" for number in range(20)]
        harness.enter_all(*names)
        drain_jim_queues(harness)
        told = client.heard()
        assert len(told) <= 3
        assert "; ".join(each["alert"] for each in told) == "; ".join(
            f"{name} has entered the chat" for name in names
        )


def test_a_jim_client_that_never_reads_is_disconnected_and_the_others_are_told() -> None:
    with Harness(flood=0) as harness:
        ice = harness.enter("ice")
        client = enter_jim(harness, "moon")
        client.stop_reading()
        ice.heard()
        for _ in range(2 * limits.OUTBOUND_BYTES // 4_096):
            ice.send("private", {"text": "x" * 4_096, "to": ["moon"]})
            if client.is_dropped():
                break
        assert client.is_cut_off()
        client.hang_up()
        assert ice.heard_of("left") == [{"nickname": "moon", "reason": "too slow"}]


def test_a_jim_client_that_floods_is_throttled_and_nothing_is_lost(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = enter_jim(harness, "moon")
    ice.heard()
    harness.pass_time(5)
    said = [
        json.dumps({"action": "msg", "to": "ice", "message": str(number)}).encode()
        for number in range(60)
    ]
    client.send_bytes(b"".join(said))
    assert not client.is_read()
    heard = [data["text"] for data in ice.heard_of("private")]
    assert len(heard) == 21  # the burst, and the one that makes the server wait
    drain_jim_queues(harness, 6)
    heard += [data["text"] for data in ice.heard_of("private")]
    assert heard == [str(number) for number in range(60)]
    assert client.is_read()
    assert client.codes() == [200] * 60


def test_a_throttled_jim_client_may_be_lost_at_any_time(harness: Harness) -> None:
    client = connect_jim(harness)
    client.send_bytes(PRESENCE * 60)
    client.hang_up()
    assert not harness.clock.getDelayedCalls()


def test_a_jim_client_that_quit_is_sent_its_queue_and_aborted_within_two_seconds(
    harness: Harness,
) -> None:
    ice = harness.enter("ice")
    client = enter_jim(harness, "moon", "#")
    client.stop_reading()
    ice.say("before you go")
    client.ask("quit")
    harness.clock.advance(1.9)
    assert not client.is_dropped()
    client.resume_reading()
    drain_jim_queues(harness, 0.2)
    assert client.is_dropped()
    assert [each.get("message", each.get("response")) for each in client.heard()] == [
        "before you go",
        200,
    ]
