"""The invitation: what others need to join, laid out for a window."""

import textwrap
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

#: Between the QR code and the text beside it.
_GAP: Final = 2

#: The text beside a QR code is not broken into shorter rows than that.
_MIN_TEXT_COLUMNS: Final = 34

#: Rows of the window that are not the invitation's: the input line and the status line.
_RESERVED_ROWS: Final = 2


@dataclass(frozen=True, slots=True)
class Invitation:
    """What others need to join.

    :ivar lines: sentences, and under each, indented, what to open or to type.
    :ivar code: the rows of a QR code of the page's address, all equally wide; none if a phone could
        not use it, or if the window cannot show it.
    :ivar short: the lines for a window in which all of them would leave no space for the code.
    """

    lines: tuple[str, ...]
    code: tuple[str, ...] = ()
    short: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the window: a part of the QR code or nothing, and the text beside it."""

    code: str
    text: str


def layout(invitation: Invitation, columns: int, rows: int) -> list[Row]:
    """The rows of `invitation`: the text beside the code, else below it, else without it.

    Half a code is of no use. So one that does not fit as a whole is left out, and the text says how
    it can be seen.

    :param columns: the window's width, in character cells.
    :param rows: the window's height.
    """
    free = rows - _RESERVED_ROWS
    for lines in (invitation.lines, invitation.short) if invitation.code else ():
        for place in (_beside, _below):
            placed = place(invitation.code, lines, columns)
            if placed and lines and len(placed) <= free:
                return placed
    advice = ("The window is too small for the QR code.",) if invitation.code else ()
    return [Row("", text) for text in _wrap((*invitation.lines, *advice), columns)]


def _beside(code: tuple[str, ...], lines: tuple[str, ...], columns: int) -> list[Row]:
    """`lines` beside `code`; no rows if there is no space beside it."""
    width = len(code[0])
    if columns - width - _GAP < _MIN_TEXT_COLUMNS:
        return []
    # Not at the upper edge of the code, which is blank.
    texts = ["", *_wrap(lines, columns - width - _GAP)]
    return [
        Row(part or " " * width, f"{' ' * _GAP}{text}".rstrip())
        for part, text in zip_longest(code, texts, fillvalue="")
    ]


def _below(code: tuple[str, ...], lines: tuple[str, ...], columns: int) -> list[Row]:
    """`lines` below `code`; no rows if that is too wide."""
    if len(code[0]) > columns:
        return []
    return [*(Row(part, "") for part in code), *(Row("", text) for text in _wrap(lines, columns))]


def _wrap(lines: tuple[str, ...], columns: int) -> list[str]:
    """`lines`, wrapped to `columns`; what is to be typed or opened is never broken."""
    wrapped: list[str] = []
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        if indent:
            wrapped.append(line)
        else:
            wrapped += textwrap.wrap(line, max(columns, 1), break_long_words=False) or [""]
    return wrapped
