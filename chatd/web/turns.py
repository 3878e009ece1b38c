"""The page's share of the reactor's time: however much is asked for, the chat has its turn."""

from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from chatd.chat import limits


class WorkQueue:
    """Does one thing after the other, and in each turn of the reactor no more than has time."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._pending: deque[Callable[[], None]] = deque()
        self._is_scheduled = False

    def add(self, work: Callable[[], None]) -> None:
        """Have `do` called in a later turn, after all that were added before."""
        self._pending.append(work)
        if not self._is_scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._is_scheduled = True
        self._clock.callLater(0, self._run)

    def _run(self) -> None:
        end = self._clock.seconds() + limits.PAGE_TURN_MILLISECONDS / 1_000
        try:
            while self._pending:
                self._pending.popleft()()
                if self._clock.seconds() >= end:
                    return
        finally:
            self._is_scheduled = False
            if self._pending:
                self._schedule()
