"""How often one address may connect, and what the factory counts (SPEC §9)."""

import pytest

from chatd.chat import limits
from tests.server.hall import Hall


def _let_in(hall: Hall, host: str, tries: int) -> int:
    """How many of so many connections from `host` are taken now."""
    taken = 0
    for _ in range(tries):
        guest = hall.try_to_connect(host)
        if guest is not None:
            taken += 1
            guest.hang_up()
    return taken


def test_fifty_connections_a_second_are_taken_from_one_address_and_no_more() -> None:
    with Hall(accept_rate=limits.ACCEPT_CONNECTIONS_PER_SECOND) as hall:
        assert _let_in(hall, "10.35.11.112", 80) == 50
        assert hall.chat.counters["accept-rate"] == 30


def test_who_came_too_often_takes_no_slot() -> None:
    with Hall(accept_rate=1) as hall:
        hall.connect()
        free = hall.free
        assert hall.try_to_connect() is None
        assert hall.free == free


def test_other_addresses_are_not_affected() -> None:
    with Hall(accept_rate=2) as hall:
        _let_in(hall, "10.35.11.112", 10)
        assert _let_in(hall, "10.35.11.113", 10) == 2


def test_after_a_second_the_address_may_come_again() -> None:
    with Hall(accept_rate=5) as hall:
        assert _let_in(hall, "10.35.11.112", 5) == 5
        assert _let_in(hall, "10.35.11.112", 1) == 0
        hall.clock.advance(1.1)
        assert _let_in(hall, "10.35.11.112", 1) == 1


@pytest.mark.parametrize("factor", [2, 3])
def test_an_address_that_keeps_coming_too_often_is_let_in_at_the_rate(factor: int) -> None:
    with Hall(accept_rate=10) as hall:
        _let_in(hall, "10.35.11.112", 20)
        taken = 0
        for _ in range(10 * 10 * factor):
            hall.clock.advance(1 / (10 * factor))
            taken += _let_in(hall, "10.35.11.112", 1)
        assert 90 <= taken <= 110  # ten a second for ten seconds


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_this_host_itself_may_come_as_often_as_it_likes(host: str) -> None:
    with Hall(accept_rate=1) as hall:
        assert _let_in(hall, host, 500) == 500


def test_an_address_that_ipv6_carries_is_no_other_address() -> None:
    with Hall(accept_rate=2, own_addresses=frozenset({"10.35.11.1"})) as hall:
        _let_in(hall, "10.35.11.112", 1)
        assert _let_in(hall, "::ffff:10.35.11.112", 5) == 1
        assert _let_in(hall, "::ffff:10.35.11.1", 5) == 5


def test_a_rate_of_zero_has_no_limit() -> None:
    with Hall(accept_rate=0) as hall:
        assert _let_in(hall, "10.35.11.112", 500) == 500


def test_addresses_without_end_are_not_remembered_without_end() -> None:
    with Hall(accept_rate=1) as hall:
        for number in range(limits.ACCEPT_ADDRESSES + 10):
            guest = hall.try_to_connect(f"10.1.{number // 256}.{number % 256}")
            assert guest is not None
            guest.hang_up()
        assert len(hall.chat.connection_throttle._buckets) <= limits.ACCEPT_ADDRESSES
