"""Ids of servers that differ so little that one was probably typed for the other."""

import re
import unicodedata
from difflib import SequenceMatcher
from typing import Final

#: How much of two words must be the same, as `difflib.SequenceMatcher.ratio` measures it.
_MIN_RATIO: Final = 0.8

#: Shorter words are as often other words: ``7a`` and ``7b``, ``lab`` and ``lap``.
_MIN_CHARACTERS: Final = 4

_WORDS: Final = re.compile(r"\w+")


def is_near_miss(typed: str, server_id: str) -> bool:
    """Whether `server_id`, which is another one, was probably meant by `typed`.

    Case, spaces and punctuation do not count, and one or two letters of a longer word. A number
    that differs makes another name: ``class1`` is not ``class2``.
    """
    ours, theirs = _words(typed), _words(server_id)
    if "".join(ours) == "".join(theirs):
        return bool(ours)
    return len(ours) == len(theirs) and all(map(_is_near_word, ours, theirs))


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _WORDS.findall(folded.replace("_", " "))


def _is_near_word(one: str, other: str) -> bool:
    if one == other:
        return True
    if max(len(one), len(other)) < _MIN_CHARACTERS or _digits(one) != _digits(other):
        return False
    if _are_swapped(one, other):
        return True
    return SequenceMatcher(None, one, other).ratio() >= _MIN_RATIO


def _are_swapped(one: str, other: str) -> bool:
    """Whether they differ in two neighbouring letters that changed places: ``wrok``, ``work``."""
    different = [i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b]
    is_pair = len(different) == 2 and different[1] == different[0] + 1
    return is_pair and sorted(one) == sorted(other)


def _digits(word: str) -> list[str]:
    return [character for character in word if character.isdigit()]
