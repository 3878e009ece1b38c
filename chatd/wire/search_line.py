"""Reads what follows ``/search``: words, phrases in quotes, and filters.

::

    green tea                     both words, in any order
    "green tea"                   in a row
    tea in:#dev from:ice since:2d   in a room, from a member, of the last two days

A filter in quotes is words. ``chatd/web/static/search_line.js`` does the same in the web page;
tests/slash_commands.json has the cases for both.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from chatd.chat import limits, names
from chatd.chat.commands import Search
from chatd.chat.errors import BadCommand
from chatd.chat.search_words import QUOTES
from chatd.wire import recipients

USAGE: Final = "/search WORDS [in:#ROOM] [from:NAME] [since:2d]"

#: How much an error quotes of an invalid value.
_QUOTED_CHARACTERS: Final = 25

_COLON: Final = re.compile(f"[{recipients.COLON}]")
_AGE: Final = re.compile("([1-9][0-9]{0,5})([mhdw])")
_MILLISECONDS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def _sender(value: str) -> str:
    return value.lstrip(recipients.AT)


def _since(value: str) -> int:
    """How long before now, as a negative number of milliseconds."""
    found = _AGE.fullmatch(names.casefold(value))
    if found is None:
        raise BadCommand(f"'{value[:_QUOTED_CHARACTERS]}' is no time: 30m, 12h, 2d or 3w.")
    return -int(found[1]) * _MILLISECONDS[found[2]]


#: For each filter the field of the search, and what reads its value.
_FILTERS: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "in": ("room", recipients.read_room),
    "room": ("room", recipients.read_room),
    "from": ("source", _sender),
    "since": ("since", _since),
}


def parse(text: str) -> Search:
    """The search that a user has typed.

    :raises Refusal: if a filter is wrong, or there is nothing to search for.
    """
    if len(text) > 2 * limits.SEARCH_CHARACTERS:
        raise BadCommand(f"A search may have at most {limits.SEARCH_CHARACTERS} characters.")
    fields: dict[str, Any] = {}
    pieces: list[str] = []
    parts = QUOTES.split(text)
    for number, part in enumerate(parts):
        if number % 2:
            pieces.append(f'"{part}' if number == len(parts) - 1 else f'"{part}"')
        else:
            pieces += [word for word in part.split() if not _is_filter(word, fields)]
    words = " ".join(pieces)
    if not (words or "room" in fields or "source" in fields):
        raise BadCommand(f"Usage: {USAGE}")
    return Search(words, **fields)


def _is_filter(word: str, fields: dict[str, Any]) -> bool:
    """Whether `word` is a filter; its value is added to `fields`.

    :raises Refusal: if it is one with a wrong value.
    """
    key, *values = _COLON.split(word, maxsplit=1)
    name = names.casefold(recipients.without_invisibles(key))
    if not values or name not in _FILTERS:
        return False
    field, read = _FILTERS[name]
    value = recipients.without_invisibles(values[0])
    if not value.strip(recipients.AT + recipients.HASH):
        raise BadCommand(f"Put what {name}: means directly behind it: in:#dev, from:ice, since:2d.")
    if field in fields:
        raise BadCommand(f"A search may have {name}: only once.")
    fields[field] = read(value)
    return True
