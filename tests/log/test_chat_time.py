"""The time of the chat never goes back, and never stands still."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chatd.log.chat_time import ChatTime
from tests.fakes import log_lines

NOON = 1_795_003_200_000
YEAR = 365 * 86_400_000


class Times:
    """A clock that can be set, and the time of a chat."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.set_to = NOON
        self.chat = ChatTime(
            lambda: self.set_to + round(self.clock.seconds() * 1_000), self.clock.seconds
        )

    def after(self, seconds: float) -> int:
        """The time of the chat after that time, since noon."""
        self.clock.advance(seconds)
        return self.chat.read() - NOON


@pytest.fixture
def times() -> Times:
    return Times()


def test_the_time_is_the_time_of_day(times: Times) -> None:
    assert times.after(0) == 0
    assert times.after(5) == 5_000
    times.set_to += YEAR
    assert times.after(1) == 6_000 + YEAR


def test_a_clock_that_is_set_back_stops_nothing(times: Times) -> None:
    times.after(10)
    times.set_to -= YEAR
    assert times.after(0) == 10_000
    assert times.after(60) == 40_000
    assert times.after(60) == 70_000


def test_it_goes_on_however_often_it_is_read(times: Times) -> None:
    times.after(10)
    times.set_to -= YEAR
    for _ in range(10_000):
        times.after(0.0003)
    assert 10_000 + 1_499 <= times.after(0) <= 10_000 + 1_500


def test_a_clock_that_was_set_back_a_little_is_caught_up_with(times: Times) -> None:
    times.after(100)
    times.set_to -= 10_000
    times.after(0)
    assert times.after(5) == 102_500
    assert times.after(5) == 105_000
    assert times.after(10) == 110_000, "the clock says so, too"
    assert times.after(10) == 120_000


def test_a_clock_that_is_right_again_is_followed_at_once(times: Times) -> None:
    times.after(10)
    times.set_to -= YEAR
    times.after(10)
    times.set_to += YEAR
    assert times.after(1) == 21_000


def test_a_chat_that_was_kept_goes_on_from_its_newest_message(times: Times) -> None:
    times.chat.go_on_from(NOON + YEAR)
    assert times.after(0) == YEAR
    assert times.after(2) == YEAR + 1_000
    times.chat.go_on_from(NOON)
    assert times.after(2) == YEAR + 2_000


def test_a_clock_that_is_far_behind_is_said_once(times: Times) -> None:
    times.after(100)
    with log_lines() as lines:
        times.set_to -= 5_000
        times.after(1)
        times.after(30)
    assert lines == []
    with log_lines() as lines:
        times.set_to -= 7_200_000
        times.after(1)
        times.after(1)
    assert lines == [
        "the clock is 119 minutes behind the newest message of the chat, whose times go on from "
        "there, at half the speed"
    ]


@given(st.lists(st.tuples(st.integers(-YEAR, YEAR), st.floats(0, 1e6)), max_size=20))
def test_whatever_the_clock_is_set_to_the_time_goes_on(changes: list[tuple[int, float]]) -> None:
    times = Times()
    last = times.after(0)
    for jump, seconds in changes:
        times.set_to += jump
        at_once = times.after(0)
        assert at_once >= last
        last = times.after(seconds)
        clock = times.set_to - NOON + round(times.clock.seconds() * 1_000)
        assert last >= (clock if clock >= at_once else at_once + int(seconds * 500) - 1)
