"""Nicknames, room names and message texts: what is valid, and which names are equal.

A name is normalised (Unicode NFKC), then checked. Two names are equal if their case-folded forms
are, see :func:`casefold`. docs/reference/chat.rst has the rules.
"""

import re
import unicodedata
from typing import Final

from chatd.chat import characters, limits
from chatd.chat.errors import BadNickname, BadRoomName, BadText, Refusal

#: The room that always exists.
LOBBY: Final = "#lobby"

#: Characters with a meaning in a command or before a message: ``#room``, ``@nickname``,
#: ``ice,moon``, ``/command``, ``[private] ice``.
RESERVED: Final = frozenset("#@,/[]")

#: Characters with a meaning in IRC: in ``nickname!user@host`` and in masks, such as ``ic*``.
_NOT_IN_NICKNAMES: Final = frozenset("!*?")
#: Before a nickname these begin a parameter, name a server, or mark an operator there.
_NOT_FIRST: Final = frozenset(":$~&+%")

#: White space, control and format characters, and code points that are unassigned, private or half
#: of a surrogate pair.
_BANNED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zs", "Zl", "Zp"})

#: Characters that show nothing: two names that differ only in these would look the same.
_HIDDEN: Final = re.compile(f"[{characters.HIDDEN}]")

#: What a character looks like, for :func:`skeleton`.
_LOOK_ALIKES: Final = {
    ord(character): prototype
    for prototype, sources in zip(*[iter(characters.LOOK_ALIKES.split())] * 2, strict=True)
    for character in sources
}

#: Before a message, these words in brackets say that the server sent it, or that it is private.
_BRACKETED: Final = frozenset({"server", "private"})
#: Marks around a word, which may look like brackets.
_AROUND: Final = re.compile(r"^\W+|\W+$")

#: The nickname of a connection that has not chosen one, ``ADDRESS:PORT``.
_ADDRESS_AND_PORT: Final = re.compile(r"\d+(?:\.\d+){3}:\d+\Z")

#: NFKC composes at most this many characters into one. A text more than four times as long as a
#: name may be cannot become a name, and is refused before it is normalised.
_MAX_COMPOSED_CHARACTERS: Final = 4

_MAX_RAW_CHARACTERS: Final = _MAX_COMPOSED_CHARACTERS * max(
    limits.NICKNAME_CHARACTERS, limits.ROOM_NAME_CHARACTERS
)

#: What no single line has: control characters, and what some programs take for a line end.
_NO_LINE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
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
        if _is_forbidden(character):
            raise refusal(
                f"A name may not contain {_describe_character(character)}: no white space, no "
                f"invisible characters and none of {' '.join(sorted(RESERVED))}"
            )
    return name


def _is_forbidden(character: str) -> bool:
    return (
        character in RESERVED
        or unicodedata.category(character) in _BANNED_CATEGORIES
        or _HIDDEN.match(character) is not None
    )


def _describe_character(character: str) -> str:
    if character.isprintable() and not character.isspace() and not _HIDDEN.match(character):
        return character
    return f"U+{ord(character):04X}"


def nickname(text: str, address: str = "") -> str:
    """`text` as a nickname, normalised.

    :param address: ``ADDRESS:PORT`` of the connection that asks for it. Only the connection from
        there may have a nickname of this form.
    :raises BadNickname: if it is not valid, or could be taken for the server; with a suggestion if
        there is one.
    """
    try:
        return _validated_nickname(text, address)
    except BadNickname as refusal:
        raise BadNickname(str(refusal), _suggestion(text, address)) from None


def _suggestion(text: str, address: str) -> str:
    """A nickname like `text`: ``Anna_Müller`` for ``Anna Müller``; empty if there is none."""
    if len(text) > _MAX_RAW_CHARACTERS:
        return ""
    words = unicodedata.normalize("NFKC", text).split()
    forbidden = _NOT_IN_NICKNAMES.union(filter(_is_forbidden, "_".join(words)))
    kept = "".join(each for each in "_".join(words) if each not in forbidden)
    name = kept.lstrip("".join(_NOT_FIRST))[: limits.NICKNAME_CHARACTERS].strip("_")
    if not any(each.isalnum() for each in name):
        return ""
    try:
        return _validated_nickname(name, address)
    except BadNickname:
        return ""


def _validated_nickname(text: str, address: str) -> str:
    name = _validated_name(text, limits.NICKNAME_CHARACTERS, BadNickname)
    if not _NOT_IN_NICKNAMES.isdisjoint(name) or name[0] in _NOT_FIRST:
        raise BadNickname(
            "A nickname may not contain ! * or ? and may not begin with one of "
            f"{' '.join(sorted(_NOT_FIRST))}"
        )
    if name != address and _ADDRESS_AND_PORT.match(name):
        raise BadNickname(
            f"The nickname {name} is reserved for the connection from there; choose another one."
        )
    word = _AROUND.sub("", name)
    if word != name and skeletons(word) & _BRACKETED:
        raise BadNickname(f"The nickname {name} looks like the server; choose another one.")
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


def skeletons(name: str) -> frozenset[str]:
    """The forms in which names are compared by their looks (Unicode Technical Standard 39).

    Two names look alike if they have one in common: the Latin ``ice`` and the same word in Cyrillic
    letters have. So have ``l1`` and ``Il``: compare :func:`scripts` as well.

    :param name: a valid name.
    """
    # As it is shown and in small letters: a Cyrillic capital looks like another Latin letter than
    # the small one, and a Latin I like an l.
    return frozenset({_skeleton(name), _skeleton(name.casefold())})


def _skeleton(name: str) -> str:
    looks = unicodedata.normalize("NFD", name).translate(_LOOK_ALIKES).casefold()
    return unicodedata.normalize("NFD", looks).translate(_LOOK_ALIKES)


def scripts(name: str) -> frozenset[str]:
    """The scripts of the letters in `name`, such as ``LATIN`` and ``CYRILLIC``."""
    # The name of a letter begins with its script.
    return frozenset(
        unicodedata.name(character, "").partition(" ")[0]
        for character in name
        if character.isalpha()
    )


def line_text(text: str, max_characters: int, subject: str) -> str:
    """`text` without the white space around it, if it is one line; it may be empty.

    :param subject: the sentence's subject in a refusal.
    :raises BadText: if it has too many characters, or a control character.
    """
    # Before anything that takes time.
    if len(text) > max_characters:
        raise BadText(f"{subject} may have at most {max_characters} characters.")
    line = text.strip()
    if found := _NO_LINE.search(line):
        raise BadText(
            f"{subject} is one line, and may not contain {_describe_character(found[0])}."
        )
    return line


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
    # No control character is printable, and most messages are: that is known sooner.
    if not text.isprintable() and (found := _CONTROL_CHARACTERS.search(text)):
        raise BadText(
            f"A message may not contain the control character {_describe_character(found[0])}."
        )
    return text
