"""The lines that the user has entered and the session cannot take yet."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from chatd.wire.slash_commands import is_quit


@dataclass(frozen=True, slots=True)
class TypedLine:
    """A line, and where it goes: the target that was before it when it was entered."""

    text: str
    target: str


class InputQueue:
    """The lines that the user has entered and the session cannot take yet.

    :param send: called with each line, in the order entered.
    """

    def __init__(self, send: Callable[[TypedLine], None]) -> None:
        self._send = send
        self._is_paused = True  # until there is a session
        self._lines: deque[TypedLine] = deque()

    @property
    def lines(self) -> list[str]:
        """The lines that wait."""
        return [line.text for line in self._lines]

    def append(self, line: TypedLine) -> None:
        """Send `line` after those that wait; a command for leaving overtakes them."""
        if self._is_paused and not is_quit(line.text):
            self._lines.append(line)
        else:
            self._send(line)

    def pause(self) -> None:
        """Keep the lines from now on."""
        self._is_paused = True

    def resume(self) -> None:
        """Send the lines that wait, until there are none or one of them causes a pause."""
        self._is_paused = False
        while self._lines and not self._is_paused:
            self._send(self._lines.popleft())
