"""Inactive members are disconnected; what counts as activity (``--timeout``)."""

import pytest

from tests.server.harness import Harness


def test_reading_is_no_fault_unless_the_server_has_a_timeout(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    harness.clock.advance(7 * 86_400)
    assert ice.heard() == moon.heard() == []
    assert not ice.is_dropped()


def test_an_inactive_member_is_told_and_disconnected_and_the_others_are_told() -> None:
    with Harness(timeout=600) as harness:
        ice, moon = harness.enter_all("ice", "moon")
        harness.clock.advance(599)
        moon.send("users")
        moon.heard()
        assert ice.heard() == []
        harness.clock.advance(1)
        assert ice.heard() == [{"type": "goodbye", "data": {"reason": "inactive"}}]
        assert ice.is_dropped()
        assert not ice.is_cut_off()
        left = {"type": "left", "data": {"nickname": "ice", "reason": "inactive"}}
        assert moon.heard() == [left]
        assert not moon.is_dropped()


@pytest.mark.parametrize(
    ("frame_type", "data"),
    [
        ("message", {"text": "hello"}),
        ("set-name", {"nickname": "sun"}),
        ("users", None),
        ("history", None),
    ],
)
def test_every_command_of_the_user_counts_as_activity(frame_type: str, data: object) -> None:
    with Harness(timeout=10) as harness:
        ice = harness.enter("ice")
        harness.pass_time(9)
        ice.send(frame_type, data)
        ice.heard()
        harness.pass_time(9)
        assert not ice.is_dropped()
        harness.pass_time(1)
        assert ice.heard_of("goodbye") == [{"reason": "inactive"}]


@pytest.mark.parametrize(
    "sent",
    [
        b'{"type": "ping"}\n',
        b"no json\n",
        b"\xff\n",
        b"\n",
        b'{"type": "dance"}\n',
        b'{"type": "message", "data": {"text": ""}}\n',
        b'{"type": "message", "data": {"text": "x", "room": "#elsewhere"}}\n',
        b'{"type": "set-name", "data": {"nickname": "moon"}}\n',
        b'{"type": "hello", "data": {"nickname": "ice", "version": 1}}\n',
    ],
)
def test_pings_and_refused_frames_are_no_activity(sent: bytes) -> None:
    with Harness(timeout=10) as harness:
        moon = harness.enter("moon")
        ice = harness.enter("ice")

        def pretend() -> None:
            moon.say("I am here")
            if not ice.is_dropped():
                ice.send_bytes(sent)

        harness.pass_time(10, pretend)
        assert ice.heard_of("goodbye") == [{"reason": "inactive"}]
        assert ice.is_dropped()
        assert not moon.is_dropped()


def test_a_timeout_of_zero_disables_it() -> None:
    with Harness(timeout=0) as harness:
        ice = harness.enter("ice")
        harness.clock.advance(10**9)
        assert ice.heard() == []
        ice.send("ping")
        assert ice.heard() == [{"type": "pong"}]


def test_the_timeout_begins_at_the_welcome_not_at_the_connection() -> None:
    with Harness(timeout=3) as harness:
        client = harness.connect()
        harness.clock.advance(4)
        client.hello("ice")
        harness.clock.advance(2)
        assert not client.is_dropped()
        harness.clock.advance(1)
        assert client.is_dropped()


def test_a_member_that_left_does_not_become_inactive(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send("quit")
    harness.pass_time(1_300, lambda: moon.send("users"))
    assert [left["reason"] for left in moon.heard_of("left")] == ["quit"]
