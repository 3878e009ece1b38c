"""Lines that fit the window: broken between words, and going on indented. Pure.

A line that goes on indented can't look like the beginning of another one: nobody can forge a line
by filling up a window's width. How wide a character is says ``wcwidth``, by prompt_toolkit.
"""

from typing import Final

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.utils import get_cwidth

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
