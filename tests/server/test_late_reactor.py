"""A server that is late does not time out clients whose data it has not read yet."""

from typing import Any

import pytest
from twisted.internet.task import Clock

from tests.server.harness import Harness, connect_plain, hello


def _long_turn(clock: Clock, seconds: float) -> None:
    """What a reactor does that comes late: first all that is due, then it reads."""
    clock.rightNow += seconds
    due: list[Any] = [call for call in clock.getDelayedCalls() if call.getTime() <= clock.seconds()]
    for call in due:
        clock.calls.remove(call)
        call.called = 1
        call.func(*call.args, **call.kw)


@pytest.mark.parametrize("seconds", [0.5, 3])
def test_a_hello_that_waits_to_be_read_prevents_detection_as_basic(
    harness: Harness, seconds: float
) -> None:
    ice = harness.enter("ice")
    client = harness.connect()
    _long_turn(harness.clock, seconds)
    client.send_bytes(hello("moon"))
    assert [frame["type"] for frame in client.heard()] == ["welcome"]
    assert ice.heard() == [{"type": "entered", "data": {"nickname": "moon"}}]


def test_a_first_line_that_waits_to_be_read_is_not_too_late(harness: Harness) -> None:
    client = harness.connect()
    client.send_bytes(hello("moon")[:10])
    _long_turn(harness.clock, 6)
    client.send_bytes(hello("moon")[10:])
    assert [frame["type"] for frame in client.heard()] == ["welcome"]


def test_a_silent_client_is_a_basic_member_one_turn_later(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = harness.connect()
    _long_turn(harness.clock, 3)
    assert ice.heard() == []
    client.end_turn()
    assert ice.heard() == [{"type": "entered", "data": {"nickname": client.address}}]


def test_a_client_that_closes_before_that_turn_never_enters(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = harness.connect()
    _long_turn(harness.clock, 0.5)
    client.hang_up()
    assert ice.heard() == []


@pytest.mark.parametrize("seconds", [0.5, 3])
def test_a_plain_client_that_has_closed_meanwhile_never_enters(
    harness: Harness, seconds: float
) -> None:
    ice = harness.enter("ice")
    scanner = connect_plain(harness)
    scanner.type("stats")
    _long_turn(harness.clock, seconds)
    scanner.hang_up()
    assert ice.heard() == []
