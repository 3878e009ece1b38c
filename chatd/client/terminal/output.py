"""Output to the terminal's window: lines wrapped to fit it, and a queue of those that wait.

Each row of a wrapped line except the first is indented, so that it cannot look like the beginning
of a line. Otherwise a member could forge a line of another one: a text padded with the right
number of spaces would begin a row with ``12:34 moon: ...``.

The queue keeps the client usable whatever the server sends, and whatever the terminal takes
(nothing, while its window is stopped or its connection stalls):

* Lines are written at most once in each interval, at most OUTPUT_BATCH_LINES at a time, and only if
  the window is ready. Between two batches keys are handled.
* When more than OUTPUT_QUEUE_LINES wait, ``on_paused(True)`` makes the client stop reading from the
  server, whose TCP connection then fills up: the server keeps what is to come, within its bounds.
  When half of them are written, ``on_paused(False)`` makes it read again.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.utils import get_cwidth
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from wcwidth import iter_graphemes

from chatd.chat import limits
from chatd.chat.names import casefold

#: A line: pieces of text, each with its style.
Line = StyleAndTextTuples


class MessageLine(Line):
    """A line of a message in a room, which may be removed later.

    :param head: what stands before the text: the time and the sender.
    :param seq: the message's number in `room`.
    """

    def __init__(self, head: Line, text: Line, room: str, seq: int) -> None:
        super().__init__([*head, *text])
        self._head = head
        self._text = text
        self._room = room
        self._seq = seq

    def is_of(self, room: str, seq: int) -> bool:
        """Whether it is a line of the message with the number `seq` in `room`."""
        return self._seq == seq and casefold(self._room) == casefold(room)

    def behind(self, mark: tuple[str, str]) -> "MessageLine":
        """The same line, with `mark` before it."""
        return MessageLine([mark, *self._head], self._text, self._room, self._seq)

    def with_text(self, text: Line) -> "MessageLine":
        """The same line with another text."""
        return MessageLine(self._head, text, self._room, self._seq)


_INTERVAL_SECONDS: Final = limits.OUTPUT_INTERVAL_MILLISECONDS / 1000

#: A narrower window gets its lines whole: beside the indentation there would be no space.
_MIN_COLUMNS: Final = 12

#: The words of a text, and the runs of spaces between them.
_WORDS: Final = re.compile(" +|[^ ]+")
#: A URL, perhaps in brackets or quotes. White space of any kind would end it, and so would a
#: character that was escaped; it cannot look like the beginning of another line.
_URL: Final = re.compile(
    r"[(\[{<\"'\w:]{0,20}?[a-zA-Z][a-zA-Z0-9+.-]{0,20}://[^\s<>]+[>)\]}.,;:!?\"']*\Z"
)


class OutputQueue:
    """Lines that wait to be written to the window.

    :param write: writes lines to the window. If its second argument is true, the first of them
        takes the place of the line that was written last.
    :param is_ready: whether the window takes output now without blocking.
    :param on_paused: called with True when too many lines wait, and later with False.
    :ivar describe_missing: if set, nothing is paused: the oldest lines are dropped while too many
        wait for a window that is not ready. Returns the line that stands for a number of them.
    """

    describe_missing: Callable[[int], Line] | None = None

    def __init__(
        self,
        clock: IReactorTime,
        write: Callable[[Sequence[Line], bool], None],
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
        self._missing_count = 0
        self._replaces = False
        self._redraw: Callable[[], None] | None = None

    def append(self, *lines: Line) -> None:
        """Write these lines, after those that wait."""
        if self._redraw is not None:
            return  # what is drawn will have them
        self._lines.extend(lines)
        self._schedule()
        if self.describe_missing is not None:
            self._drop_oldest()
        elif len(self._lines) > limits.OUTPUT_QUEUE_LINES and not self._is_paused:
            self._is_paused = True
            self._on_paused(True)

    def replace_last(self, line: Line) -> None:
        """Write `line` in place of the last one, which waits or is the last one written."""
        if self._lines:
            self._lines[-1] = line
        else:
            self._replaces = self._redraw is None
            self.append(line)

    def redraw(self, draw: Callable[[], None]) -> None:
        """Call `draw` instead of writing the lines that wait, as soon as the window is ready."""
        self._lines.clear()
        self._replaces = False
        self._redraw = draw
        self._schedule()

    def flush(self) -> None:
        """Write all lines now, whether the window is ready or not; for the end."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
        self._write_waiting(len(self._lines))

    def _schedule(self) -> None:
        if self._call is None and (self._lines or self._redraw is not None):
            wait = max(0.0, self._not_before - self._clock.seconds())
            self._call = self._clock.callLater(wait, self._write_batch)

    def _write_batch(self) -> None:
        self._call = None
        self._not_before = self._clock.seconds() + _INTERVAL_SECONDS
        if self._is_ready():
            self._write_waiting(min(len(self._lines), limits.OUTPUT_BATCH_LINES))
        if self._is_paused and len(self._lines) <= limits.OUTPUT_QUEUE_LINES // 2:
            self._is_paused = False
            self._on_paused(False)
        self._schedule()

    def _write_waiting(self, count: int) -> None:
        if self._redraw is not None:
            draw, self._redraw = self._redraw, None
            draw()
        elif count:
            replaces, self._replaces = self._replaces, False
            self._write(self._take(count), replaces)

    def _drop_oldest(self) -> None:
        while len(self._lines) > limits.OUTPUT_QUEUE_LINES and not self._is_ready():
            self._lines.popleft()
            self._replaces = False
            self._missing_count += 1

    def _take(self, count: int) -> list[Line]:
        lines = [self._lines.popleft() for _ in range(count)]
        if self._missing_count and self.describe_missing is not None:
            lines.insert(0, self.describe_missing(self._missing_count))
            self._missing_count = 0
        return lines


def wrap(line: Line, columns: int, indent: int) -> list[Line]:
    """Wrap `line` into rows, between words where possible; each row but the first is indented.

    A URL that is longer than a row stays whole, in a row of its own: the terminal goes on with it
    in its next row, and it can be opened and copied.

    The width of a character (0 to 2 cells) is that of ``wcwidth``, by prompt_toolkit.

    :param columns: the width of the window, in character cells.
    :param indent: in character cells.
    """
    rows: list[Line] = [[]]
    column = 0
    for style, each in _styled_words(line):
        # At the end of a full row, the end itself takes the place of a space.
        word = each.removeprefix(" ") if column == columns >= _MIN_COLUMNS else each
        width = get_cwidth(word)
        if column + width <= columns or columns < _MIN_COLUMNS:
            rows[-1].append((style, word))
            column += width
            continue
        if _URL.match(word):
            if rows[-1] and column != indent:
                rows.append([("", " " * indent)])
                column = indent
            rows[-1].append((style, word))
            column = min(column + width, columns)
            continue
        if column > indent and width <= columns - indent and not word.isspace():
            rows.append([("", " " * indent)])
            column = indent
        for piece in _split_word(word, columns - column, columns - indent):
            width = get_cwidth(piece)
            if rows[-1] and column + width > columns:
                rows.append([("", " " * indent)])
                column = indent
            rows[-1].append((style, piece))
            column += width
    return rows


def row_height(row: Line, columns: int) -> int:
    """How many rows of the window a row of :func:`wrap` takes: one, if it is not a long URL."""
    if sum(get_cwidth(text) for _, text, *_ in row) <= columns:
        return 1
    height, column = 1, 0
    for cluster in iter_graphemes("".join(text for _, text, *_ in row)):
        width = get_cwidth(cluster)
        if column + width > columns:
            height, column = height + 1, 0
        column += width
    return height


def _styled_words(line: Line) -> Iterator[tuple[str, str]]:
    for style, text, *_ in line:
        for word in _WORDS.findall(text):
            yield style, word


def _split_word(word: str, first: int, others: int) -> list[str]:
    """`word` in pieces of at most `others` cells; the first one has at most `first`.

    What is one character to a reader (Unicode Standard Annex 29) is never divided: a flag, an emoji
    with its skin tone, a consonant with its vowel sign.
    """
    pieces: list[list[str]] = [[]]
    free = first
    for cluster in iter_graphemes(word):
        width = get_cwidth(cluster)
        if width > free and pieces[-1]:
            pieces.append([])
            free = others
        pieces[-1].append(cluster)
        free -= width
    return ["".join(piece) for piece in pieces]
