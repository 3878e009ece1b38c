"""Lines that fit the window: broken between words, and going on indented. Pure.

A line that goes on indented can't look like the beginning of another one: nobody can forge a line
by filling up a window's width. How wide a character is says ``wcwidth``, by prompt_toolkit.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.utils import get_cwidth
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat import limits

#: Pieces of text, each with its style.
Line = StyleAndTextTuples

#: A window narrower than this is not broken for: nothing would be left beside the indentation.
_MIN_COLUMNS: Final = 12


def wrap(line: Line, columns: int, indent: int) -> list[Line]:
    """`line` in rows of at most `columns`, each but the first indented.

    :param columns: how wide the window is, in character cells.
    :param indent: in character cells.
    """
    rows: list[Line] = [[]]
    column = 0
    for style, text, *_ in line:
        for each in _words(text):
            # The end of a row that is full stands for a space.
            word = each.removeprefix(" ") if column == columns >= _MIN_COLUMNS else each
            width = get_cwidth(word)
            if column + width > columns >= _MIN_COLUMNS:
                fits_below = width <= columns - indent
                if column > indent and fits_below and not word.isspace():
                    rows.append([("", " " * indent)])
                    column = indent
                for piece in _split_word(word, columns - column, columns - indent):
                    if rows[-1] and column + get_cwidth(piece) > columns:
                        rows.append([("", " " * indent)])
                        column = indent
                    rows[-1].append((style, piece))
                    column += get_cwidth(piece)
            else:
                rows[-1].append((style, word))
                column += width
    return rows


def _words(text: str) -> list[str]:
    """`text` in words and the spaces between them."""
    words: list[str] = []
    for character in text:
        if words and (character == " ") == (words[-1][-1] == " "):
            words[-1] += character
        else:
            words.append(character)
    return words


def _split_word(word: str, first: int, others: int) -> list[str]:
    """`word` in pieces of at most `others` cells, the first one of at most `first`."""
    pieces = [""]
    room = first
    for character in word:
        width = get_cwidth(character)
        if width > room and pieces[-1]:
            pieces.append("")
            room = others
        pieces[-1] += character
        room -= width
    return pieces


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
