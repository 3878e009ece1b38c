"""The words of a text, for the index, and the words of a search.

Both are made by the same rules: any case, without diacritics, compatibility forms as the ordinary
ones. A character of a script that is written without spaces is a word of its own, as are a Hangul
syllable and an emoji: what is typed in these is found anywhere, as those characters in a row.

SQLite's tokenizer ``ascii`` does the rest: every character beyond ASCII, every ASCII letter and
every digit belongs to a word, and nothing else does. So an index does not depend on the version of
SQLite, and nothing that is typed can be part of its syntax.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from chatd.chat import characters, limits
from chatd.chat.commands import Search
from chatd.chat.errors import BadSearch

#: Combining marks in a row take time with the square of their number to be put in order. In a text
#: longer than this, a run of them is cut to eight.
_SHORT: Final = 256
_MANY_MARKS: Final = re.compile(f"([{characters.MARKS}]{{8}})[{characters.MARKS}]+")

#: Cyrillic letters that are decomposed, but are letters of their own: short i, short u, yi.
_KEPT: Final = (("\u0438\u0306", "\u0439"), ("\u0443\u0306", "\u045e"), ("\u0456\u0308", "\u0457"))

#: These are left out: the combining diacritics, the points and vowel signs of Hebrew and Arabic,
#: which most writers leave out. Letters that Unicode does not decompose become the plain ones.
_PLAIN: Final = dict.fromkeys(
    (
        *range(0x300, 0x370),
        *range(0x591, 0x5BE),
        0x5BF,
        *(0x5C1, 0x5C2, 0x5C4, 0x5C5, 0x5C7),
        0x640,
        *range(0x64B, 0x660),
        0x670,
        *range(0x6D6, 0x6DD),
    )
) | str.maketrans("łøđħıŀŧ", "lodhilt")

#: Scripts that are written without spaces, and Hangul, where endings follow a word immediately.
_SEPARATE: Final = re.compile(
    "[\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff"  # Tibetan
    "\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff"  # Myanmar
    "\u1780-\u17ff\u19e0-\u19ff"  # Khmer
    "\u1980-\u19df\u1a20-\u1aaf"  # Tai scripts
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Hangul
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u303c\u3041-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua000-\ua4cf\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)

#: The categories of characters that belong to words. Symbols such as emoji are words of their own.
_IN_WORDS: Final = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No"})
_SYMBOLS: Final = frozenset({"So", "Sm", "Sc", "Cn"})
#: They join and vary characters that are words of their own, without a meaning alone.
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u2060-\u2064\u00ad\ufe00-\ufe0f\u034f]")

_WORD: Final = re.compile("[0-9a-z\x80-\U0010ffff]+")
QUOTES: Final = re.compile('["“”„‟«»「」『』\uff02]')

#: Before the number of a room, and before a sender's name, in the index. No text has these.
_ROOM_MARK: Final = "\ue000"
_SOURCE_MARK: Final = "\ue001"
#: Distinct characters whose treatment is remembered.
_REMEMBERED: Final = 8_192


class _Separated(dict[int, str]):
    """For ``str.translate``: what becomes of each character beyond ASCII."""

    def __missing__(self, code_point: int) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[code_point] = treated = _treat(chr(code_point))
        return treated


def _treat(character: str) -> str:
    if character < "\x80":
        return character
    if _INVISIBLE.match(character):
        return ""
    category = unicodedata.category(character)
    if category in _SYMBOLS or (category in _IN_WORDS and _SEPARATE.match(character)):
        return f" {character} "
    return character if category in _IN_WORDS else " "


_separated: Final = _Separated()


def normalize(text: str) -> str:
    """`text` as it is given to the tokenizer."""
    if text.isascii():
        return text.lower()
    if len(text) > _SHORT:
        text = _MANY_MARKS.sub(r"\1", text)
    plain = unicodedata.normalize("NFKD", text).casefold()
    for decomposed, letter in _KEPT:
        plain = plain.replace(decomposed, letter)
    return unicodedata.normalize("NFC", plain.translate(_PLAIN)).translate(_separated)


def room_tag(room_id: int) -> str:
    """The word by which the messages of a room are found."""
    return f"{_ROOM_MARK}{room_id}"


def source_tag(key: str) -> str:
    """The word by which the messages of a sender are found; `key` is the case-folded name."""
    return _SOURCE_MARK + key.encode(errors="replace").hex()


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row; with `is_prefix`, the last may go on."""

    words: tuple[str, ...]
    is_prefix: bool = False

    @property
    def expression(self) -> str:
        """The phrase in the syntax of FTS5."""
        return f'"{" ".join(self.words)}"' + ("*" if self.is_prefix else "")


def parse_search(query: Search) -> tuple[Phrase, ...]:
    """The phrases that the messages that `query` finds have.

    :raises BadSearch: if it is too long, or has nothing to search for.
    """
    phrases = parse(query.words)
    if not (phrases or query.room or query.source):
        raise BadSearch("Say what to search for.")
    return phrases


def parse(text: str) -> tuple[Phrase, ...]:
    """The phrases of a search as it is typed: words, and phrases in quotes.

    A quote that is not closed goes on to the end. The last word may be the beginning of one, unless
    it is in quotes or has one or two letters.

    :raises BadSearch: if it is too long, or has something, but no word.
    """
    if len(text) > limits.SEARCH_CHARACTERS:
        raise BadSearch(f"A search may have at most {limits.SEARCH_CHARACTERS} characters.")
    phrases: list[Phrase] = []
    parts = QUOTES.split(text)
    for number, part in enumerate(parts):
        is_quoted = number % 2 == 1
        for piece in [part] if is_quoted else part.split():
            words = tuple(_WORD.findall(normalize(piece)))
            if words:
                phrases.append(Phrase(words))
    if not phrases and text and not text.isspace():
        raise BadSearch("A search needs a word: letters, digits or symbols.")
    if phrases and len(parts) % 2 == 1 and not parts[-1][-1:].isspace() and parts[-1]:
        last = phrases[-1]
        phrases[-1] = Phrase(last.words, _may_go_on(last.words[-1]))
    return tuple(dict.fromkeys(phrases))


def _may_go_on(word: str) -> bool:
    """Whether to look for words that begin with it; too many do so with one or two letters."""
    return (
        len(word) > 2
        and not _SEPARATE.match(word)
        and unicodedata.category(word[0]) not in _SYMBOLS
    )


def matches(phrases: tuple[Phrase, ...], text: str) -> bool:
    """Whether all `phrases` occur in `text`, as the index would say."""
    words = f" {' '.join(_WORD.findall(normalize(text)))} "
    return all(
        f" {' '.join(phrase.words)}{'' if phrase.is_prefix else ' '}" in words for phrase in phrases
    )
