"""What is above the input line: it gets new lines in batches, however fast they come.

Each batch takes the input line away and puts it back, so there is a pause between two of them. A
window that takes nothing (a stopped terminal, a slow line) is waited for, and the server meanwhile
read more slowly.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat import limits
from chatd.client.terminal.wrapping import Line

_PAUSE: Final = limits.SHOWING_MILLISECONDS / 1000


class Paper:
    """Lines on their way to the window.

    :param write: shows lines.
    :param is_ready: whether the window takes any now.
    :param clogged: what is shown is, or is no longer, taken too slowly to show more.
    """

    def __init__(
        self,
        clock: IReactorTime,
        write: Callable[[Sequence[Line]], None],
        is_ready: Callable[[], bool],
        clogged: Callable[[bool], None],
    ) -> None:
        self._clock = clock
        self._write = write
        self._is_ready = is_ready
        self._clogged = clogged
        self._is_clogged = False
        self._lines: deque[Line] = deque()
        self._call: IDelayedCall | None = None
        self._not_before = 0.0

    def put(self, *lines: Line) -> None:
        """Show these lines after those that wait."""
        self._lines.extend(lines)
        self._later()
        if len(self._lines) > limits.WAITING_TO_BE_SHOWN_LINES and not self._is_clogged:
            self._is_clogged = True
            self._clogged(True)

    def empty(self) -> None:
        """Show everything now."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
        lines = list(self._lines)
        self._lines.clear()
        if lines:
            self._write(lines)

    def _later(self) -> None:
        if self._call is None and self._lines:
            wait = max(0.0, self._not_before - self._clock.seconds())
            self._call = self._clock.callLater(wait, self._batch)

    def _batch(self) -> None:
        self._call = None
        self._not_before = self._clock.seconds() + _PAUSE
        if self._is_ready():
            count = min(len(self._lines), limits.SHOWN_AT_ONCE_LINES)
            self._write([self._lines.popleft() for _ in range(count)])
        if self._is_clogged and len(self._lines) <= limits.WAITING_TO_BE_SHOWN_LINES // 2:
            self._is_clogged = False
            self._clogged(False)
        self._later()
