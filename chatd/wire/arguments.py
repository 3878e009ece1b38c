"""Reads the arguments of typed commands, for the tables of ``slash_commands`` and the others."""

import re
from collections.abc import Callable
from typing import Final

from chatd.chat.errors import BadCommand
from chatd.wire import recipients
from chatd.wire.user_inputs import UserInput

#: Parses the argument of a command, for the target that the user's lines go to.
Parse = Callable[[str, str], UserInput]

#: The separator of words; the same as for ``str.split``.
_SPACE: Final = re.compile(r"\s+")

#: JSON has no larger integers that every parser reads exactly; numbers of this length are smaller.
_MAX_DIGITS: Final = 15


def split_word(text: str) -> tuple[str, str]:
    """The first word of `text`, and what follows it."""
    found = _SPACE.search(text)
    return (text[: found.start()], text[found.end() :].strip()) if found else (text, "")


def is_one_word(text: str) -> bool:
    """Whether `text` is not empty, and has no white space."""
    return text != "" and _SPACE.search(text) is None


def number(text: str) -> int | None:
    """The number that `text` has, if it has nothing else; it may be 0."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return int(text) if is_number else None


def talk(target: str) -> tuple[str, ...]:
    """The recipients of a private talk ``@ice,moon``; none of a room."""
    return tuple(target[1:].split(",")) if target.startswith("@") else ()


def room_of(target: str, usage: str) -> str:
    """The room that the user's lines go to.

    :raises Refusal: if it is a private talk.
    """
    if talk(target):
        raise BadCommand(f"A private talk is no room. Usage: {usage}")
    return target


def split_room(argument: str) -> tuple[str, str]:
    """The room ``#dev`` at the beginning of `argument`, empty if there is none, and the rest."""
    word, rest = split_word(argument)
    is_room = word != "" and word[0] in recipients.HASH
    return (recipients.read_room(word), rest) if is_room else ("", argument)


def one_name(make: Callable[[str], UserInput], usage: str) -> Parse:
    """A parser of an argument that is a nickname."""

    def parse(argument: str, target: str) -> UserInput:
        nickname = recipients.without_invisibles(argument).lstrip(recipients.AT)
        if not is_one_word(nickname):
            raise BadCommand(f"Usage: {usage}")
        return make(nickname)

    return parse


def one_room(make: Callable[[str], UserInput], usage: str) -> Parse:
    """A parser of an argument that is a room."""

    def parse(argument: str, target: str) -> UserInput:
        if not argument:
            raise BadCommand(f"Usage: {usage}")
        return make(recipients.read_room(argument))

    return parse


def constant(value: UserInput) -> Parse:
    """A parser that ignores the argument."""
    return lambda argument, target: value
