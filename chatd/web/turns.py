"""The page's share of the reactor's time: however much is asked for, the chat has its turn."""

from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from chatd.chat import limits


class Turns:
    """Does one thing after the other, and in each turn of the reactor no more than has time."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_due = False

    def add(self, do: Callable[[], None]) -> None:
        """Have `do` called in a later turn, after all that were added before."""
        self._waiting.append(do)
        if not self._is_due:
            self._go_on_later()

    def _go_on_later(self) -> None:
        self._is_due = True
        self._clock.callLater(0, self._go_on)

    def _go_on(self) -> None:
        end = self._clock.seconds() + limits.PAGE_TURN_MILLISECONDS / 1_000
        try:
            while self._waiting:
                self._waiting.popleft()()
                if self._clock.seconds() >= end:
                    return
        finally:
            self._is_due = False
            if self._waiting:
                self._go_on_later()
