"""The work queue: work in slices of the reactor's time."""

from functools import partial

import pytest
from twisted.internet.task import Clock

from chatd.chat import limits
from chatd.server.work_queue import WorkQueue


class _Work:
    """Work that takes time, on a clock that it advances."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.queue = WorkQueue(self.clock, self.clock.seconds)
        self.done: list[str] = []

    def add(self, name: str, milliseconds: float = 0) -> None:
        self.queue.add(partial(self._do, name, milliseconds))

    def chat(self) -> None:
        """Record the turns of the rest of the server."""
        self.done.append("chat")
        if len(self.clock.getDelayedCalls()):
            self.clock.callLater(0, self.chat)

    def _do(self, name: str, milliseconds: float) -> None:
        self.done.append(name)
        self.clock.rightNow += milliseconds / 1_000


@pytest.fixture
def work() -> _Work:
    return _Work()


def test_work_runs_in_order_in_a_later_turn(work: _Work) -> None:
    for name in "abc":
        work.add(name)
    assert work.done == []
    work.clock.advance(0)
    assert work.done == ["a", "b", "c"]
    assert not work.clock.getDelayedCalls()


def test_long_work_is_spread_over_several_turns(work: _Work) -> None:
    for name in "abcd":
        work.add(name, limits.QUEUED_WORK_MILLISECONDS * 0.6)
    work.clock.callLater(0, work.chat)
    work.clock.advance(1)
    assert "".join(work.done).replace("chat", "-").rstrip("-") == "ab-cd"


def test_work_added_by_work_runs_last(work: _Work) -> None:
    work.queue.add(lambda: work.add("c"))
    work.add("b")
    work.clock.advance(0)
    assert work.done == ["b", "c"]


def test_work_that_raises_does_not_stop_the_rest(work: _Work) -> None:
    def fail() -> None:
        raise ValueError

    work.queue.add(fail)
    work.add("b")
    with pytest.raises(ValueError):  # the one from above
        work.clock.advance(0)
    work.clock.advance(0)
    assert work.done == ["b"]
    work.add("c")
    work.clock.advance(0)
    assert work.done == ["b", "c"]


def test_a_turn_is_used_until_the_next_one(work: _Work) -> None:
    used = []

    def note() -> None:
        used.append(work.queue.is_turn_used)

    share = limits.EXPENSIVE_WORK_MILLISECONDS / 1_000
    work.queue.count(share * 0.6)
    note()
    work.queue.count(share * 0.6)
    note()
    work.clock.callLater(0, note)  # in the turn in which the queue is called, after it
    work.clock.callLater(0, note)
    work.clock.advance(0)
    work.queue.add(partial(work.queue.count, share * 1.1))
    work.clock.callLater(0, note)
    work.clock.advance(0)
    assert used == [False, True, False, False, True]
    assert not work.queue.is_turn_used
    assert not work.clock.getDelayedCalls()
