"""The timers of a session, with a clock that is advanced by hand."""

import pytest
from twisted.internet.task import Clock

from chatd.server.timing import InactivityTimer


class _Timer:
    """An inactivity timer, and what it has called so far."""

    def __init__(self, seconds: float, *, has_probe: bool = False) -> None:
        self.clock = Clock()
        self.clock.advance(1_000)
        self.probes = self.timeouts = 0
        self.timer = InactivityTimer(
            self.clock, seconds, self._probe if has_probe else None, self._on_inactive
        )

    def _probe(self) -> None:
        self.probes += 1

    def _on_inactive(self) -> None:
        self.timeouts += 1


def test_an_inactivity_timer_fires_once() -> None:
    member = _Timer(10)
    member.clock.advance(9.9)
    assert member.timeouts == 0
    member.clock.advance(0.1)
    assert member.timeouts == 1
    member.clock.advance(100)
    assert member.timeouts == 1


@pytest.mark.parametrize("has_probe", [False, True])
def test_activity_restarts_the_timer(has_probe: bool) -> None:
    member = _Timer(10, has_probe=has_probe)
    for _ in range(20):
        member.clock.advance(4.9)
        member.timer.reset(is_activity=True)
    assert (member.probes, member.timeouts) == (0, 0)
    member.clock.advance(5)
    member.clock.advance(4.9)
    assert (member.probes, member.timeouts) == (has_probe, 0)
    member.clock.advance(0.1)
    assert (member.probes, member.timeouts) == (has_probe, 1)


def test_what_a_client_does_by_itself_is_no_activity() -> None:
    member = _Timer(10)
    member.clock.advance(9)
    member.timer.reset(is_activity=False)
    member.clock.advance(1)
    assert member.timeouts == 1


def test_a_client_that_only_pings_is_probed_half_way_and_stays_if_it_answers() -> None:
    member = _Timer(10, has_probe=True)
    for count in range(1, 20):
        for _ in range(5):
            member.timer.reset(is_activity=False)  # a ping
            member.clock.advance(1)
        assert member.probes == count
        member.timer.reset(is_activity=False)  # the answer
    assert member.timeouts == 0


def test_a_probe_that_is_not_answered_is_followed_by_the_end() -> None:
    member = _Timer(10, has_probe=True)
    member.clock.advance(5)
    assert (member.probes, member.timeouts) == (1, 0)
    member.clock.advance(5)
    assert (member.probes, member.timeouts) == (1, 1)
    assert not member.clock.getDelayedCalls()


def test_activity_makes_no_new_call_of_the_reactor() -> None:
    member = _Timer(10)
    [call] = member.clock.getDelayedCalls()
    member.clock.advance(1)
    member.timer.reset(is_activity=True)
    assert member.clock.getDelayedCalls() == [call]


def test_zero_seconds_disable_the_timer() -> None:
    member = _Timer(0, has_probe=True)
    assert member.clock.getDelayedCalls() == []
    member.timer.reset(is_activity=True)
    member.clock.advance(10**9)
    assert (member.probes, member.timeouts) == (0, 0)
    member.timer.stop()


def test_a_stopped_timer_never_fires_and_leaves_nothing() -> None:
    member = _Timer(10)
    member.timer.stop()
    member.timer.stop()
    assert member.clock.getDelayedCalls() == []
    member.timer.reset(is_activity=True)
    member.clock.advance(100)
    assert member.timeouts == 0


def test_a_timer_may_be_stopped_or_reset_after_it_has_fired() -> None:
    member = _Timer(10)
    member.clock.advance(10)
    member.timer.reset(is_activity=True)
    member.timer.stop()
    assert member.timeouts == 1
    assert not member.clock.getDelayedCalls()


def test_the_timer_does_not_fire_too_early_when_the_clock_is_set_back() -> None:
    member = _Timer(10)
    member.clock.advance(5)
    member.clock.advance(-500)
    member.timer.reset(is_activity=True)
    member.clock.advance(9.9)
    assert member.timeouts == 0


def test_the_timer_fires_although_the_clock_was_set_back() -> None:
    member = _Timer(10)
    member.clock.advance(-500)
    member.timer.reset(is_activity=True)
    member.clock.advance(510)
    assert member.timeouts == 1
