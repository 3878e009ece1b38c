"""Nicknames, room names and message texts: what is valid, and which names are equal.

SPEC §4: nicknames are normalised (NFKC), then checked, and unique after case folding.
"""

import re
import unicodedata
from typing import Final

from chatd.chat import limits
from chatd.chat.errors import BadNickname, BadRoomName, BadText, Refusal

#: The room that always exists and that everyone begins in.
LOBBY: Final = "#lobby"

#: Characters with a meaning in commands or in a shown line: ``#room``, ``@nickname``, ``ice,moon``,
#: ``/command``, ``[private] ice``.
RESERVED: Final = frozenset("#@,/[]")

#: White space, control and format characters, lone surrogates, and what has no meaning to all.
_BANNED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zs", "Zl", "Zp"})

#: Characters that show nothing: two names that differ only in these look the same. They are what
#: Unicode calls "default ignorable" and the categories above leave out, and the Braille blank.
_INVISIBLE: Final = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x2800, 0x3164, 0xFFA0}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xFFF0, 0xFFF9))
    | set(range(0xE0000, 0xE1000))
)

#: The name of a connection that has not chosen one.
_ADDRESS_AND_PORT: Final = re.compile(r"\d+(?:\.\d+){3}:\d+\Z")

#: Composing characters makes a name shorter; one this many times too long is not worth the work.
_BEFORE_NORMALISING: Final = 4

#: What is longer cannot be normalised to a name: no character is composed of more than four.
_MAX_RAW_CHARACTERS: Final = _BEFORE_NORMALISING * max(
    limits.NICKNAME_CHARACTERS, limits.ROOM_NAME_CHARACTERS
)

_CONTROL_CHARACTERS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _validated_name(text: str, max_characters: int, refusal: type[Refusal]) -> str:
    """`text` normalised, if it is made of such characters as names are made of."""
    if len(text) > max_characters * _BEFORE_NORMALISING:
        raise refusal(f"A name may have at most {max_characters} characters.")
    name = unicodedata.normalize("NFKC", text)
    if not name:
        raise refusal("A name needs at least one character.")
    if len(name) > max_characters:
        raise refusal(f"A name may have at most {max_characters} characters.")
    if unicodedata.category(name[0]).startswith("M"):
        raise refusal("A name may not begin with a mark that joins what stands before it.")
    for character in name:
        if (
            character in RESERVED
            or unicodedata.category(character) in _BANNED_CATEGORIES
            or ord(character) in _INVISIBLE
        ):
            raise refusal(
                f"A name may not contain {_describe_character(character)}: no white space, no "
                f"invisible characters and none of {' '.join(sorted(RESERVED))}"
            )
    return name


def _describe_character(character: str) -> str:
    if character.isprintable() and not character.isspace() and ord(character) not in _INVISIBLE:
        return character
    return f"U+{ord(character):04X}"


def nickname(text: str, address: str = "") -> str:
    """The nickname that `text` asks for, normalised.

    :param address: the ``ADDRESS:PORT`` of the connection that asks; such a name belongs to that
        connection alone.
    :raises BadNickname: if it cannot be one.
    """
    name = _validated_name(text, limits.NICKNAME_CHARACTERS, BadNickname)
    if name != address and _ADDRESS_AND_PORT.match(name):
        raise BadNickname(f"{name} is the name of a connection; choose another one.")
    return name


def room_name(text: str) -> str:
    """The room name that `text` asks for, normalised.

    :raises BadRoomName: if it cannot be one.
    """
    if unicodedata.normalize("NFKC", text[:1]) != "#":
        raise BadRoomName("The name of a room starts with #.")
    return "#" + _validated_name(text[1:], limits.ROOM_NAME_CHARACTERS - 1, BadRoomName)


def casefold(name: str) -> str:
    """What is compared: two names are equal if this is.

    Of what is too long to be a name only so much is looked at that it equals none: normalising
    takes a time that grows with the square of a pile of marks.
    """
    return unicodedata.normalize("NFKC", name[: _MAX_RAW_CHARACTERS + 1].casefold())


def message_text(text: str) -> str:
    """`text`, if it can be a message: LF and TAB are the only control characters in it.

    :raises BadText: if it is empty, too long, of too many lines or has others.
    """
    if len(text) > limits.MESSAGE_CHARACTERS:
        raise BadText(f"A message may have at most {limits.MESSAGE_CHARACTERS} characters.")
    if text.count("\n") >= limits.MESSAGE_LINES:
        raise BadText(f"A message may have at most {limits.MESSAGE_LINES} lines.")
    if not text or text.isspace():
        raise BadText("A message needs some text.")
    if found := _CONTROL_CHARACTERS.search(text):
        raise BadText(
            f"A message may not contain the control character {_describe_character(found[0])}."
        )
    return text
