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

_INTERVAL_SECONDS: Final = limits.OUTPUT_INTERVAL_MILLISECONDS / 1000


class OutputQueue:
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
        on_paused: Callable[[bool], None],
    ) -> None:
        self._clock = clock
        self._write = write
        self._is_ready = is_ready
        self._on_paused = on_paused
        self._is_paused = False
        self._lines: deque[Line] = deque()
        self._call: IDelayedCall | None = None
        self._not_before = 0.0

    def append(self, *lines: Line) -> None:
        """Show these lines after those that wait."""
        self._lines.extend(lines)
        self._schedule()
        if len(self._lines) > limits.OUTPUT_QUEUE_LINES and not self._is_paused:
            self._is_paused = True
            self._on_paused(True)

    def flush(self) -> None:
        """Show everything now."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
        lines = list(self._lines)
        self._lines.clear()
        if lines:
            self._write(lines)

    def _schedule(self) -> None:
        if self._call is None and self._lines:
            wait = max(0.0, self._not_before - self._clock.seconds())
            self._call = self._clock.callLater(wait, self._write_batch)

    def _write_batch(self) -> None:
        self._call = None
        self._not_before = self._clock.seconds() + _INTERVAL_SECONDS
        if self._is_ready():
            count = min(len(self._lines), limits.OUTPUT_BATCH_LINES)
            self._write([self._lines.popleft() for _ in range(count)])
        if self._is_paused and len(self._lines) <= limits.OUTPUT_QUEUE_LINES // 2:
            self._is_paused = False
            self._on_paused(False)
        self._schedule()
