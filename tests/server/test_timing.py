"""The idle timer and the token bucket, each told the time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chatd.rate_limit import TokenBucket
from chatd.server.timing import IdleTimer


class _Silence:
    """An idle timer, and how often it has called."""

    def __init__(self, seconds: float) -> None:
        self.clock = Clock()
        self.clock.advance(1_000)
        self.calls = 0
        self.timer = IdleTimer(self.clock, seconds, self._called)

    def _called(self) -> None:
        self.calls += 1


def test_the_idle_timer_calls_once_after_the_silence() -> None:
    silence = _Silence(10)
    silence.clock.advance(9.9)
    assert silence.calls == 0
    silence.clock.advance(0.1)
    assert silence.calls == 1
    silence.clock.advance(100)
    assert silence.calls == 1


def test_what_is_heard_begins_the_silence_anew() -> None:
    silence = _Silence(10)
    for _ in range(20):
        silence.clock.advance(7)
        silence.timer.reset()
    assert silence.calls == 0
    silence.clock.advance(9.9)
    assert silence.calls == 0
    silence.clock.advance(0.1)
    assert silence.calls == 1


def test_hearing_something_makes_no_timer() -> None:
    silence = _Silence(10)
    [call] = silence.clock.getDelayedCalls()
    silence.clock.advance(1)
    silence.timer.reset()
    assert silence.clock.getDelayedCalls() == [call]
    assert call.getTime() == 1_010


def test_zero_seconds_are_for_ever() -> None:
    silence = _Silence(0)
    assert silence.clock.getDelayedCalls() == []
    silence.timer.reset()
    silence.clock.advance(10**9)
    assert silence.calls == 0
    silence.timer.stop()


def test_a_stopped_timer_never_calls_and_leaves_nothing() -> None:
    silence = _Silence(10)
    silence.timer.stop()
    silence.timer.stop()
    assert silence.clock.getDelayedCalls() == []
    silence.clock.advance(100)
    assert silence.calls == 0


def test_a_timer_may_be_stopped_after_it_has_called() -> None:
    silence = _Silence(10)
    silence.clock.advance(10)
    silence.timer.stop()
    assert silence.calls == 1


def test_nobody_is_called_idle_too_early_when_the_clock_is_set_back() -> None:
    silence = _Silence(10)
    silence.clock.advance(5)
    silence.clock.advance(-500)
    silence.timer.reset()
    silence.clock.advance(9.9)
    assert silence.calls == 0


def test_the_silence_is_found_although_the_clock_was_set_back() -> None:
    silence = _Silence(10)
    silence.clock.advance(-500)
    silence.timer.reset()
    silence.clock.advance(510)
    assert silence.calls == 1


def test_the_bucket_gives_a_burst_at_once_and_then_the_rate() -> None:
    bucket = TokenBucket(10, 20, 0)
    assert [bucket.take(0) for _ in range(20)] == [0.0] * 20
    assert bucket.take(0) == pytest.approx(0.1)


def test_who_waits_as_long_as_told_gets_exactly_the_rate() -> None:
    bucket = TokenBucket(10, 20, 0)
    now = 0.0
    for _ in range(120):
        now += bucket.take(now)
    assert now == pytest.approx(10)


def test_a_pause_fills_the_bucket_up_to_the_burst_and_no_further() -> None:
    bucket = TokenBucket(10, 20, 0)
    for _ in range(20):
        bucket.take(0)
    assert [bucket.take(1_000) for _ in range(20)] == [0.0] * 20
    assert bucket.take(1_000) > 0


def test_who_came_far_too_often_waits_for_one_token_only() -> None:
    bucket = TokenBucket(10, 20, 0)
    waits = [bucket.take(0) for _ in range(1_000)]
    assert max(waits) == pytest.approx(0.1)


def test_a_rate_of_zero_has_no_limit() -> None:
    bucket = TokenBucket(0, 0, 0)
    assert {bucket.take(0) for _ in range(1_000)} == {0.0}


def test_a_clock_that_is_set_back_takes_no_tokens_away() -> None:
    bucket = TokenBucket(10, 20, 1_000)
    assert [bucket.take(500) for _ in range(20)] == [0.0] * 20
    assert bucket.take(500) == pytest.approx(0.1)
    assert bucket.take(500.3) == 0.0


@given(
    st.integers(1, 100),
    st.integers(1, 5),
    st.lists(st.floats(-10, 10, allow_nan=False), max_size=50),
)
def test_the_wait_is_never_longer_than_for_one_token(
    rate: int, factor: int, steps: list[float]
) -> None:
    bucket = TokenBucket(rate, rate * factor, 0)
    now = 0.0
    for step in steps:
        now += step
        assert 0 <= bucket.take(now) <= 1 / rate + 1e-9
