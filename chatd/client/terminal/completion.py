"""What a half-typed word may become: commands, nicknames, rooms, servers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatd.chat.names import casefold
from chatd.wire import slash_commands
from chatd.wire.rendering import escape


@dataclass(frozen=True, slots=True)
class Known:
    """What can be completed: who is here, and which rooms there are."""

    nicknames: Sequence[str] = ()
    rooms: Sequence[str] = ()


def completions(before: str, known: Known) -> tuple[str, list[str]]:
    """The beginning of a word that stands at the end of `before`, and the words it may become.

    What a command takes is in its own table; ``@`` begins a nickname anywhere, ``#`` a room.
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
        return first, [f"{name} " for name in commands if name.startswith(first)]
    if word.startswith("@"):
        return word, [f"@{name} " for name in _beginning(word[1:], known.nicknames)]
    takes = _ARGUMENTS.get(first, "") if space else ""
    if word.startswith("#") or "#ROOM" in takes:
        return word, _beginning(_room(word), known.rooms)
    if takes.startswith("NAME[") and " " not in rest:
        last = word.rsplit(",", 1)[-1]
        return last, _beginning(last, known.nicknames)
    if word and not first.startswith("/"):
        return word, _beginning(word, known.nicknames)
    return word, []


def choices(before: str, names: Sequence[str]) -> tuple[str, list[str]]:
    """As :func:`completions`, where one of `names` is to be chosen."""
    return before, _beginning(before, names)


def _room(word: str) -> str:
    return word if word.startswith("#") else f"#{word}"


def _beginning(word: str, names: Sequence[str]) -> list[str]:
    """The names that begin like `word`; none that a terminal might obey, as no server has such."""
    return [
        name for name in names if casefold(name).startswith(casefold(word)) and escape(name) == name
    ]


_ARGUMENTS = {name: spec.arguments for spec in slash_commands.SLASH_COMMANDS for name in spec.names}
