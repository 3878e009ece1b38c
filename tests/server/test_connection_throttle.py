"""How many connections per second one address may open (``--accept-rate``)."""

import pytest

from chatd.chat import limits
from tests.server.harness import Harness


def _let_in(harness: Harness, host: str, tries: int) -> int:
    """How many of so many connections from `host` are taken now."""
    taken = 0
    for _ in range(tries):
        client = harness.try_connect(host)
        if client is not None:
            taken += 1
            client.hang_up()
    return taken


def test_fifty_connections_a_second_are_accepted_from_one_address_and_no_more() -> None:
    with Harness(accept_rate=limits.ACCEPT_CONNECTIONS_PER_SECOND) as harness:
        assert _let_in(harness, "10.35.11.112", 80) == 50
        assert harness.chat.counters["accept-rate"] == 30


def test_a_connection_over_the_rate_takes_no_slot() -> None:
    with Harness(accept_rate=1) as harness:
        harness.connect()
        free = harness.free
        assert harness.try_connect() is None
        assert harness.free == free


def test_other_addresses_are_not_affected() -> None:
    with Harness(accept_rate=2) as harness:
        _let_in(harness, "10.35.11.112", 10)
        assert _let_in(harness, "10.35.11.113", 10) == 2


def test_after_a_second_the_address_may_connect_again() -> None:
    with Harness(accept_rate=5) as harness:
        assert _let_in(harness, "10.35.11.112", 5) == 5
        assert _let_in(harness, "10.35.11.112", 1) == 0
        harness.clock.advance(1.1)
        assert _let_in(harness, "10.35.11.112", 1) == 1


@pytest.mark.parametrize("factor", [2, 3])
def test_an_address_that_keeps_connecting_too_often_is_accepted_at_the_rate(factor: int) -> None:
    with Harness(accept_rate=10) as harness:
        _let_in(harness, "10.35.11.112", 20)
        taken = 0
        for _ in range(10 * 10 * factor):
            harness.clock.advance(1 / (10 * factor))
            taken += _let_in(harness, "10.35.11.112", 1)
        assert 90 <= taken <= 110  # ten a second for ten seconds


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_the_rate_does_not_apply_to_this_host(host: str) -> None:
    with Harness(accept_rate=1) as harness:
        assert _let_in(harness, host, 500) == 500


def test_an_ipv4_mapped_address_counts_as_its_ipv4_address() -> None:
    with Harness(accept_rate=2, own_addresses=frozenset({"10.35.11.1"})) as harness:
        _let_in(harness, "10.35.11.112", 1)
        assert _let_in(harness, "::ffff:10.35.11.112", 5) == 1
        assert _let_in(harness, "::ffff:10.35.11.1", 5) == 5


def test_a_rate_of_zero_has_no_limit() -> None:
    with Harness(accept_rate=0) as harness:
        assert _let_in(harness, "10.35.11.112", 500) == 500


def test_the_number_of_remembered_addresses_is_bounded() -> None:
    with Harness(accept_rate=1) as harness:
        for number in range(limits.THROTTLED_ADDRESSES + 10):
            client = harness.try_connect(f"10.1.{number // 256}.{number % 256}")
            assert client is not None
            client.hang_up()
        assert len(harness.chat.connection_throttle._buckets._buckets) <= limits.THROTTLED_ADDRESSES
