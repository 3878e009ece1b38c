"""Finds the mentions of a member in a message: its nickname as a word, with or without ``@``.

``chatd/web/static/mentions.js`` does the same in the web page; tests/mentions.json has the cases
for both.
"""

import re
import unicodedata
from collections.abc import Iterator

from chatd.chat import limits
from chatd.chat.names import casefold


def mentions(text: str, nickname: str) -> bool:
    """Whether `text` mentions the member called `nickname`."""
    return bool(mention_spans(text, nickname))


def mention_spans(text: str, nickname: str) -> list[tuple[int, int]]:
    """Where `text` mentions the member called `nickname`: the begin and the end of each.

    Names are compared as the server does, and no letter, digit or underscore is beside one. An
    ``@`` before the nickname belongs to the mention.
    """
    name = casefold(nickname)
    # A false server may send a longer text, which would take long to normalize.
    text = text[: limits.MESSAGE_CHARACTERS]
    if not name or name not in unicodedata.normalize("NFKC", text.casefold()):
        return []  # nearly every text
    folded: list[str] = []
    origins: list[tuple[int, int]] = []
    for begin, end in _characters(text):
        folded.append(casefold(text[begin:end]))
        origins += [(begin, end)] * len(folded[-1])
    found = re.finditer(rf"(?<!\w)@?{re.escape(name)}(?!\w)", "".join(folded))
    return [(origins[each.start()][0], origins[each.end() - 1][1]) for each in found]


def _characters(text: str) -> Iterator[tuple[int, int]]:
    """The begin and the end of each character, with the marks that may become a part of it."""
    begin = 0
    for position in range(1, len(text) + 1):
        if position == len(text) or not _is_mark(text[position]):
            yield begin, position
            begin = position


def _is_mark(character: str) -> bool:
    # The vowels and finals of Hangul are letters, and become one with the consonant before them.
    return unicodedata.category(character).startswith("M") or "\u1160" <= character <= "\u11ff"
