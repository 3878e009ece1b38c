"""Typed lines on their way out: kept while nobody takes them, handed on in order."""

from collections import deque
from collections.abc import Callable

from chatd.wire.typed import GOODBYES


class Outgoing:
    """The lines that the person has entered.

    :param send: shows a line as typed, and hands it to who takes the lines.
    """

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._is_held = True
        self._kept: deque[str] = deque()

    @property
    def kept(self) -> list[str]:
        """The lines that nobody has taken."""
        return list(self._kept)

    def take(self, line: str) -> None:
        """Hand on a line, in its turn; a wish to leave does not wait."""
        if self._is_held and line.strip() not in GOODBYES:
            self._kept.append(line)
        else:
            self._send(line)

    def hold(self) -> None:
        """Keep lines from now on."""
        self._is_held = True

    def go_on(self) -> None:
        """Hand on what was kept, and what comes."""
        self._is_held = False
        while self._kept and not self._is_held:
            self._send(self._kept.popleft())
