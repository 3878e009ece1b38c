"""Typed lines on their way out: kept while nobody takes them, handed on in order."""

from collections import deque
from collections.abc import Callable

from chatd.wire.typed import QUIT_COMMANDS


class InputQueue:
    """The lines that the person has entered.

    :param send: shows a line as typed, and hands it to who takes the lines.
    """

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._is_paused = True
        self._queued: deque[str] = deque()

    @property
    def queued(self) -> list[str]:
        """The lines that nobody has taken."""
        return list(self._queued)

    def append(self, line: str) -> None:
        """Hand on a line, in its turn; a wish to leave does not wait."""
        if self._is_paused and line.strip() not in QUIT_COMMANDS:
            self._queued.append(line)
        else:
            self._send(line)

    def pause(self) -> None:
        """Keep lines from now on."""
        self._is_paused = True

    def resume(self) -> None:
        """Hand on what was kept, and what comes."""
        self._is_paused = False
        while self._queued and not self._is_paused:
            self._send(self._queued.popleft())
