"""Nicknames, room names and message texts: what is valid, and which names are equal.

A name is normalised (Unicode NFKC), then checked. Two names are equal if their case-folded forms
are, see :func:`casefold`. docs/reference/chat.rst has the rules.
"""

import re
import unicodedata
from typing import Final

from chatd.chat import limits
from chatd.chat.errors import BadNickname, BadRoomName, BadText, Refusal

#: The room that always exists.
LOBBY: Final = "#lobby"

#: Characters with a meaning in a command or before a message: ``#room``, ``@nickname``,
#: ``ice,moon``, ``/command``, ``[private] ice``.
RESERVED: Final = frozenset("#@,/[]")

#: White space, control and format characters, and code points that are unassigned, private or half
#: of a surrogate pair.
_BANNED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zs", "Zl", "Zp"})

#: Characters that show nothing, so that two names which differ only in these would look the same:
#: those that Unicode calls "default ignorable" and that no category above includes, and the Braille
#: blank.
_INVISIBLE: Final = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x2800, 0x3164, 0xFFA0}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xFFF0, 0xFFF9))
    | set(range(0xE0000, 0xE1000))
)

#: The nickname of a connection that has not chosen one, ``ADDRESS:PORT``.
_ADDRESS_AND_PORT: Final = re.compile(r"\d+(?:\.\d+){3}:\d+\Z")

#: NFKC composes at most this many characters into one. A text more than four times as long as a
#: name may be cannot become a name, and is refused before it is normalised.
_MAX_COMPOSED_CHARACTERS: Final = 4

_MAX_RAW_CHARACTERS: Final = _MAX_COMPOSED_CHARACTERS * max(
    limits.NICKNAME_CHARACTERS, limits.ROOM_NAME_CHARACTERS
)

_CONTROL_CHARACTERS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _validated_name(text: str, max_characters: int, refusal: type[Refusal]) -> str:
    """`text` normalised, if it has the length and the characters of a name.

    :raises Refusal: of the class `refusal`, if it has not.
    """
    if len(text) > max_characters * _MAX_COMPOSED_CHARACTERS:
        raise refusal(f"A name may have at most {max_characters} characters.")
    name = unicodedata.normalize("NFKC", text)
    if not name:
        raise refusal("A name needs at least one character.")
    if len(name) > max_characters:
        raise refusal(f"A name may have at most {max_characters} characters.")
    if unicodedata.category(name[0]).startswith("M"):
        raise refusal("A name cannot start with a combining character.")
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
    """`text` as a nickname, normalised.

    :param address: ``ADDRESS:PORT`` of the connection that asks for it. Only the connection from
        there may have a nickname of this form.
    :raises BadNickname: if it is not valid.
    """
    name = _validated_name(text, limits.NICKNAME_CHARACTERS, BadNickname)
    if name != address and _ADDRESS_AND_PORT.match(name):
        raise BadNickname(
            f"The nickname {name} is reserved for the connection from there; choose another one."
        )
    return name


def room_name(text: str) -> str:
    """`text` as a room name, normalised.

    :raises BadRoomName: if it is not valid.
    """
    if unicodedata.normalize("NFKC", text[:1]) != "#":
        raise BadRoomName("A room name starts with #.")
    return "#" + _validated_name(text[1:], limits.ROOM_NAME_CHARACTERS - 1, BadRoomName)


def casefold(name: str) -> str:
    """The form in which names are compared: that of ``ICE`` and ``ice`` is the same.

    A text that is too long to be a name is cut before it is normalised, to a length that still
    equals no name. Normalising takes time with the square of the combining characters in a row, and
    a client may send a "recipient" of 64 KiB of them.
    """
    return unicodedata.normalize("NFKC", name[: _MAX_RAW_CHARACTERS + 1].casefold())


def message_text(text: str) -> str:
    """`text`, if it can be a message.

    :raises BadText: if it is blank, has too many characters or lines, or a control character other
        than line feed and tab.
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
