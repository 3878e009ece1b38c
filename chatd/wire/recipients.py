"""Reads the recipients of a private message: the nicknames at the start of a typed line.

A slip must never make a private message public, nor send it to half of those it is meant for. So
the same characters in other forms, as input methods give them, mean the same, and invisible
characters mean nothing. A line that can be read in two ways is refused.
``chatd/web/static/recipients.js`` does the same in the web page; tests/slash_commands.json has the
cases for both. docs/howto/chat.rst explains the rules.
"""

import re
from contextlib import suppress
from typing import Final

from chatd.chat import limits
from chatd.chat.characters import IGNORABLE
from chatd.chat.errors import BadCommand, BadRecipients
from chatd.chat.names import room_name

# Each with its full-width and small forms. A fraction slash, a division slash and a big solidus
# look like the slash; Chinese and Arabic input methods have commas of their own.
AT: Final = "@\uff20\ufe6b"
SLASH: Final = "/\uff0f\u2215\u2044\u29f8"
HASH: Final = "#\uff03\ufe5f"
_COMMA: Final = ",\uff0c\ufe50\ufe10\u3001\uff64\ufe51\ufe11\u060c"
COLON: Final = ":\uff1a\ufe55\ufe13"

#: What shows nothing, the anchors of annotations included, as a part of a character class. Control
#: characters are not among them: a line that has one is refused.
_INVISIBLE: Final = rf"{IGNORABLE}\ufff9-\ufffb"
_INVISIBLES: Final = re.compile(f"[{_INVISIBLE}]+")
_BLANKS: Final = re.compile(rf"[\s{_INVISIBLE}]*")

#: A nickname up to the next separator. After ``@`` a colon ends it (``@moon:hello``), but for that
#: of ADDRESS:PORT. After ``/msg`` a space does, so that a nickname with a colon can be reached.
_MARKED_NAME: Final = re.compile(
    rf"[0-9]+(?:\.[0-9]+){{3}}:[0-9]+(?![^\s{_INVISIBLE}{AT}{_COMMA}{COLON}])"
    rf"|[^\s{AT}{_COMMA}{COLON}]*"
)
_NAME: Final = re.compile(rf"[^\s{AT}{_COMMA}]*")
_ADDRESS_AND_PORT: Final = re.compile(r"[0-9]+(?:\.[0-9]+){3}:[0-9]+\Z")
_AT_SIGNS: Final = re.compile(f"[{AT}{_INVISIBLE}]*")
_SEPARATORS: Final = re.compile(rf"[\s{_INVISIBLE}{_COMMA}]*")
_COMMAS: Final = re.compile(f"[{_COMMA}]")
_SPACE: Final = re.compile(r"\s")
_LIST_SEPARATORS: Final = re.compile(rf"[\s{AT}{_COMMA}]+")

_UNCLEAR: Final = (
    "It is not clear who this is for. Type @NAME TEXT, or @NAME,NAME TEXT "
    "without a space after @ or at a comma."
)


def skip_blanks(text: str, position: int = 0) -> int:
    """The position of the first character from `position` that is neither white nor invisible."""
    found = _BLANKS.match(text, position)
    return found.end() if found else position


def without_invisibles(text: str) -> str:
    """`text` without the characters that show nothing."""
    return _INVISIBLES.sub("", text)


def split_recipients(text: str) -> tuple[tuple[str, ...], str]:
    """The nicknames at the start of `text`, and the rest; an empty rest if there is no message.

    ::

        @moon hi          @moon: hi        @moon:hi          moon hi          moon: hi
        @moon @sun hi     @moon,sun hi     @moon, @sun hi    moon,sun hi      moon,@sun hi

    The work grows with the length of `text`, and ends at the limit of recipients.

    :raises Refusal: if it is not clear which words are nicknames, or there are too many.
    """
    names: list[str] = []
    rest = _read_recipients(text, names)
    return tuple(names), rest


def recipients_so_far(text: str) -> tuple[str, ...]:
    """The nicknames at the start of `text`, which is still being typed."""
    names: list[str] = []
    with suppress(BadCommand, BadRecipients):
        _read_recipients(text, names)
    return tuple(names[: limits.RECIPIENTS])


def _read_recipients(text: str, names: list[str]) -> str:
    """Add the nicknames at the start of `text` to `names`; returns the rest."""
    is_marked = text[:1] != "" and text[0] in AT
    position = 0
    while True:
        position, has_at = _skip_at_signs(text, position)
        name, position = _read_name(text, position, is_marked)
        if not name:
            if has_at:
                raise BadCommand(_UNCLEAR)
            names.clear()
            return ""
        names.append(name)
        if len(names) > limits.RECIPIENTS:
            raise too_many_recipients()
        if position < len(text) and text[position] in COLON:
            position = skip_blanks(text, position + 1)
            break
        position, is_next = _skip_separators(text, position, is_marked)
        if not is_next:
            break
    rest = text[position:].rstrip()
    is_unclear = rest[:1] != "" and rest[0] in AT
    if is_unclear or (not is_marked and _has_unclear_colon(names)):
        raise BadCommand(_UNCLEAR)
    return rest


def read_room(text: str) -> str:
    """The name of a room, of which the # may be omitted.

    :raises Refusal: if it is not valid.
    """
    return room_name(text if text[0] in HASH else f"#{text}")


def read_recipients(answer: str) -> tuple[str, ...]:
    """The nicknames in `answer`, which has nothing else: ``moon, sun`` or ``@moon @sun``.

    :raises Refusal: if there are too many.
    """
    names = []
    position = 0
    while position < len(answer):
        found = _NAME.match(answer, position)
        name = clean_name(found[0]) if found else ""
        if name:
            names.append(name)
        if len(names) > limits.RECIPIENTS:
            raise too_many_recipients()
        position = found.end() if found else position
        separators = _LIST_SEPARATORS.match(answer, position)
        position = separators.end() if separators else len(answer)
    return tuple(names)


def too_many_recipients() -> BadRecipients:
    """The refusal of a private message with more recipients than it may have."""
    return BadRecipients(f"A private message needs 1 to {limits.RECIPIENTS} recipients.")


def has_comma(text: str) -> bool:
    """Whether `text` has a comma of any kind, which no nickname has."""
    return _COMMAS.search(text) is not None


def is_marked_name(name: str) -> bool:
    """Whether ``@`` and `name` are read as the nickname `name`, and not as a part of it."""
    found = _MARKED_NAME.match(name)
    return found is not None and found.end() == len(name)


def _skip_at_signs(text: str, position: int) -> tuple[int, bool]:
    found = _AT_SIGNS.match(text, position)
    end = found.end() if found else position
    return end, any(character in AT for character in text[position:end])


def _read_name(text: str, position: int, is_marked: bool) -> tuple[str, int]:
    found = (_MARKED_NAME if is_marked else _NAME).match(text, position)
    if found is None:
        return "", position
    name = without_invisibles(found[0])
    if not is_marked and len(name) > 1 and name[-1] in COLON:
        # "/msg moon: hi": the colon is no part of the name, and ends the list.
        return name[:-1], found.start() + found[0].rindex(name[-1])
    return name, found.end()


def _skip_separators(text: str, position: int, is_marked: bool) -> tuple[int, bool]:
    """The position after white space and commas, and whether another nickname begins there."""
    found = _SEPARATORS.match(text, position)
    end = found.end() if found else position
    separators = without_invisibles(text[position:end])
    has_comma = _COMMAS.search(separators) is not None
    if end == len(text):
        return end, False
    if text[end] in AT:
        return end, has_comma or is_marked
    if has_comma and _SPACE.search(separators):
        raise BadCommand(_UNCLEAR)  # "@moon, sun hi": is sun a recipient or the first word?
    return end, has_comma


def clean_name(word: str) -> str:
    """The nickname in a word, without invisible characters and a colon behind it."""
    name = without_invisibles(word)
    return name[:-1] if len(name) > 1 and name[-1] in COLON else name


def _has_unclear_colon(names: list[str]) -> bool:
    """Whether one of several names may be a name with text behind it: ``moon,sun:hi``."""
    return len(names) > 1 and any(
        any(colon in name for colon in COLON) and not _ADDRESS_AND_PORT.match(name)
        for name in names
    )
