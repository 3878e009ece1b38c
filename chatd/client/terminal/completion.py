"""Completion of the word before the cursor: commands, nicknames, rooms. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chatd.chat.names import casefold
from chatd.wire import recipients, slash_commands
from chatd.wire.rendering import escape

#: The arguments of each command, as its help shows them: they say what can be completed there.
_ARGUMENTS = {name: spec.arguments for spec in slash_commands.SLASH_COMMANDS for name in spec.names}
#: The commands that take one nickname, which somebody has.
_NICKNAME_COMMANDS = frozenset({"/query", "/whois", "/ignore", "/unignore"})
#: What a search may have besides words.
_FILTERS = ("in:", "from:", "since:")


@dataclass(frozen=True, slots=True)
class Known:
    """The names that can be completed."""

    nicknames: Sequence[str] = ()
    rooms: Sequence[str] = ()


def completions(before: str, known: Known) -> tuple[str, list[str]]:
    """The word at the end of `before`, and the words that it may become.

    ``/`` at the beginning of the line completes a command, ``@`` a nickname and ``#`` a room
    anywhere. Without such a character it depends on what the line's command takes.
    """
    first, space, rest = before.lstrip().partition(" ")
    word = before.rsplit(" ", 1)[-1].rsplit("\n", 1)[-1]
    if not space and first.startswith("/"):
        commands = (
            name
            for spec in slash_commands.SLASH_COMMANDS
            for name in spec.names
            if name.startswith("/")
        )
        return first, [f"{name} " for name in commands if name.startswith(casefold(first))]
    if word and word[0] in recipients.AT:
        # A nickname with a colon needs /msg: after @ it would be another nickname and a text.
        nicknames = filter(recipients.is_marked_name, known.nicknames)
        return word, [f"{word[0]}{name} " for name in _matching(word[1:], nicknames)]
    if space and casefold(first) == "/search":
        return _filter_completions(word, known)
    arguments = _ARGUMENTS.get(casefold(first), "") if space else ""
    takes_room = arguments.startswith(("#ROOM", "[#ROOM]")) and "NAME" not in arguments
    if word.startswith("#") or takes_room:
        return word, _matching(word if word.startswith("#") else f"#{word}", known.rooms)
    takes_nickname = arguments.startswith(("NAME[", "[#ROOM] NAME"))
    takes_nickname = takes_nickname or casefold(first) in _NICKNAME_COMMANDS
    if space and takes_nickname and " " not in _without_room(rest):
        last = word.rsplit(",", 1)[-1]
        return last, _matching(last, known.nicknames)
    if word and not first.startswith("/"):
        return word, _matching(word, known.nicknames)
    return word, []


def _without_room(rest: str) -> str:
    """The arguments without the room that they may begin with."""
    room, space, others = rest.partition(" ")
    return others if space and room.startswith("#") else rest


def _filter_completions(word: str, known: Known) -> tuple[str, list[str]]:
    """Completes a filter of a search, or its value."""
    key, colon, value = word.partition(":")
    match casefold(key), colon:
        case "in" | "room", ":":
            return value, _matching(value if value.startswith("#") else f"#{value}", known.rooms)
        case "from", ":":
            return value, _matching(value, known.nicknames)
        case beginning, "" if beginning:
            return word, [each for each in _FILTERS if each.startswith(beginning)]
        case _:
            return word, []


def choices(before: str, names: Sequence[str]) -> tuple[str, list[str]]:
    """As :func:`completions`, for a prompt: `before` is the whole answer, and one of `names`."""
    return before, _matching(before, names)


def _matching(beginning: str, names: Iterable[str]) -> list[str]:
    """The names that begin so, in any case.

    Names with characters that a terminal might obey are left out. No chatd server has such names,
    but a false one may.
    """
    return [
        name
        for name in names
        if casefold(name).startswith(casefold(beginning)) and escape(name) == name
    ]
