"""Work that must not delay the chat: HTTP requests, and the frames of clients that ask for much."""

from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from chatd.chat import limits


class WorkQueue:
    """Calls what is queued, in order, for a bounded time per reactor turn.

    Everyone in the chat shares one reactor. Without this bound, a few hundred HTTP requests that
    arrive together, or a few clients that each ask for a long history, would delay every message
    until all of them are answered. The bound is ``QUEUED_WORK_MILLISECONDS``, checked after each
    call: at least one runs in each turn, and the last may run over.

    :param cpu_seconds: returns the processor time that this thread has used.
    """

    def __init__(self, clock: IReactorTime, cpu_seconds: Callable[[], float]) -> None:
        self._clock = clock
        self._cpu_seconds = cpu_seconds
        self._began = 0.0
        self._pending: deque[Callable[[], None]] = deque()
        self._is_scheduled = False
        self._done_in_turn = 0.0

    @property
    def is_turn_used(self) -> bool:
        """Whether ``EXPENSIVE_WORK_MILLISECONDS`` of a turn went to what :meth:`count` was told."""
        return self._done_in_turn * 1_000 >= limits.EXPENSIVE_WORK_MILLISECONDS

    def add(self, work: Callable[[], None]) -> None:
        """Call `work` in a later turn, after everything that was added before."""
        self._pending.append(work)
        if not self._is_scheduled:
            self._schedule()

    def begin_work(self) -> None:
        """Start the clock of :meth:`end_work`, before work that may turn out to be expensive."""
        self._began = self._cpu_seconds()

    def end_work(self) -> float:
        """How much processor time was used since the last :meth:`begin_work` or end."""
        began, self._began = self._began, self._cpu_seconds()
        return self._began - began

    def count(self, seconds: float) -> None:
        """Expensive work took so long in this turn, whether this queue called it or not."""
        self._done_in_turn += seconds
        if not self._is_scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._is_scheduled = True
        self._clock.callLater(0, self._run)

    def _run(self) -> None:
        self._done_in_turn = 0.0  # this is the next turn
        end = self._clock.seconds() + limits.QUEUED_WORK_MILLISECONDS / 1_000
        try:
            while self._pending:
                self._pending.popleft()()
                if self._clock.seconds() >= end:
                    return
        finally:
            # Also after an exception: the reactor logs it, and the rest runs in the next turn.
            self._is_scheduled = False
            if self._pending or self._done_in_turn:
                self._schedule()
