"""The token bucket, for which each call passes the time; and the limit of wrong attempts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from chatd.rate_limit import AttemptLimit, TokenBucket


def test_after_a_burst_a_token_takes_the_time_of_the_rate() -> None:
    bucket = TokenBucket(10, 20, 0)
    assert [bucket.take(0) for _ in range(20)] == [0.0] * 20
    assert bucket.take(0) == pytest.approx(0.1)


def test_a_user_that_waits_gets_exactly_the_rate() -> None:
    bucket = TokenBucket(10, 20, 0)
    now = 0.0
    for _ in range(120):
        now += bucket.take(now)
    assert now == pytest.approx(10)


def test_a_pause_fills_the_bucket_up_to_the_burst() -> None:
    bucket = TokenBucket(10, 20, 0)
    for _ in range(20):
        bucket.take(0)
    assert [bucket.take(1_000) for _ in range(20)] == [0.0] * 20
    assert bucket.take(1_000) > 0


def test_a_flooding_user_waits_for_as_long_as_the_bucket_takes_to_fill() -> None:
    bucket = TokenBucket(10, 20, 0)
    waits = [bucket.take(0) for _ in range(1_000)]
    assert max(waits) == pytest.approx(2)


def test_several_tokens_take_several_times_as_long() -> None:
    bucket = TokenBucket(10, 20, 0)
    assert bucket.take(0, 20) == 0
    assert bucket.take(0, 5) == pytest.approx(0.5)


def test_a_bucket_is_in_debt_until_it_has_paid_back() -> None:
    bucket = TokenBucket(10, 20, 0)
    bucket.take(0, 20)
    assert not bucket.is_in_debt(0)
    bucket.take(0, 5)
    assert bucket.is_in_debt(0.4)
    assert not bucket.is_in_debt(0.6)


def test_a_rate_of_zero_has_no_limit() -> None:
    bucket = TokenBucket(0, 0, 0)
    assert {bucket.take(0) for _ in range(1_000)} == {0.0}


def test_a_clock_that_is_set_back_removes_no_tokens() -> None:
    bucket = TokenBucket(10, 20, 1_000)
    assert [bucket.take(500) for _ in range(20)] == [0.0] * 20
    assert bucket.take(500) == pytest.approx(0.1)
    assert bucket.take(500.4) == 0.0


@given(
    st.integers(1, 100),
    st.integers(1, 5),
    st.lists(st.floats(-10, 10, allow_nan=False), max_size=50),
)
def test_the_wait_is_at_most_that_for_one_burst(rate: int, factor: int, steps: list[float]) -> None:
    bucket = TokenBucket(rate, rate * factor, 0)
    now = 0.0
    for step in steps:
        now += step
        assert 0 <= bucket.take(now) <= factor + 1e-9


def test_by_lot_everyone_is_admitted_until_a_hundred_tokens_are_left() -> None:
    bucket = TokenBucket(1_000, 1_000, 0)
    assert [bucket.admit_by_lot(0, 0.999) for _ in range(902)] == [True] * 901 + [False]
    assert not bucket.admit_by_lot(0, 0.995)
    assert bucket.admit_by_lot(0, 0.985)


def test_by_lot_nobody_is_admitted_without_a_token_and_without_a_rate_everybody_is() -> None:
    bucket = TokenBucket(10, 20, 0)
    assert sum(bucket.admit_by_lot(0, 0) for _ in range(30)) == 20
    assert TokenBucket(0, 0, 0).admit_by_lot(0, 0.999)


def test_the_number_of_remembered_keys_is_bounded_and_the_oldest_is_dropped() -> None:
    attempts = AttemptLimit(Clock(), burst=1, seconds=10, max_keys=2)
    for key in ("a", "b", "a", "c"):
        attempts.count(key)
    assert [key for key in "abc" if attempts.is_throttled(key)] == ["a", "c"]
