"""The page's share of the reactor's time."""

from functools import partial

import pytest
from twisted.internet.task import Clock

from chatd.chat import limits
from chatd.web.http import WorkQueue


class _Busy:
    """Things that take a while, on a clock that they move."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.turns = WorkQueue(self.clock)
        self.done: list[str] = []

    def add(self, name: str, milliseconds: float = 0) -> None:
        self.turns.add(partial(self._do, name, milliseconds))

    def between(self) -> None:
        """Have noted when the rest of the server has its turn."""
        self.done.append("chat")
        if len(self.clock.getDelayedCalls()):
            self.clock.callLater(0, self.between)

    def _do(self, name: str, milliseconds: float) -> None:
        self.done.append(name)
        self.clock.rightNow += milliseconds / 1_000


@pytest.fixture
def busy() -> _Busy:
    return _Busy()


def test_things_are_done_in_their_order_and_not_at_once(busy: _Busy) -> None:
    for name in "abc":
        busy.add(name)
    assert busy.done == []
    busy.clock.advance(0)
    assert busy.done == ["a", "b", "c"]
    assert not busy.clock.getDelayedCalls()


def test_what_takes_too_long_together_is_spread_over_several_turns(busy: _Busy) -> None:
    for name in "abcd":
        busy.add(name, limits.PAGE_TURN_MILLISECONDS * 0.6)
    busy.clock.callLater(0, busy.between)
    busy.clock.advance(1)
    assert "".join(busy.done).replace("chat", "-").rstrip("-") == "ab-cd"


def test_what_is_added_meanwhile_waits_behind_the_others(busy: _Busy) -> None:
    busy.turns.add(lambda: busy.add("c"))
    busy.add("b")
    busy.clock.advance(0)
    assert busy.done == ["b", "c"]


def test_a_thing_that_fails_stops_nothing_but_itself(busy: _Busy) -> None:
    def fail() -> None:
        raise ValueError

    busy.turns.add(fail)
    busy.add("b")
    with pytest.raises(ValueError):  # the one from above
        busy.clock.advance(0)
    busy.clock.advance(0)
    assert busy.done == ["b"]
    busy.add("c")
    busy.clock.advance(0)
    assert busy.done == ["b", "c"]
