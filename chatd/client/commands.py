"""What the person types: a line becomes a command, or a sentence why not, by one table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chatd.chat import commands, names
from chatd.chat.commands import Command
from chatd.chat.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Help:
    """The person wants to see the commands."""


class BadLine(Exception):
    """A line that cannot be sent; its text is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One command: its names, what it takes, what it does, and how its argument is read."""

    names: tuple[str, ...]
    takes: str
    does: str
    read: Callable[[str], Command | Help]


def _rename(argument: str) -> Command:
    if not argument:
        raise BadLine("Which nickname? Write: /setname NAME")
    return commands.Rename(names.nickname(argument))


def _history(argument: str) -> Command:
    if not argument:
        return commands.ReadHistory()
    if not (argument.isascii() and argument.isdigit() and len(argument) < 10 and int(argument)):
        raise BadLine(f"How many messages? {argument!r} is no number; write: /history 20")
    return commands.ReadHistory(limit=int(argument))


def _alone(value: Command | Help) -> Callable[[str], Command | Help]:
    return lambda argument: value


#: How one leaves, also where a line is not a command.
GOODBYES: Final = ("/quit", "/exit", "exit()")

TABLE: Final = (
    Spec(("/history",), "[N]", "show the last N messages", _history),
    Spec(("/users",), "", "show who is here", _alone(commands.ListUsers())),
    Spec(("/setname",), "NAME", "change your nickname", _rename),
    Spec(("/help",), "", "show this list", _alone(Help())),
    Spec(GOODBYES, "", "leave the chat", _alone(commands.Quit())),
)

_BY_NAME: Final = {name: spec for spec in TABLE for name in spec.names}


def read(line: str) -> Command | Help | None:
    """What `line` asks for; None if it is blank.

    :raises BadLine: if it cannot be sent.
    """
    if not line.strip():
        return None
    word, _, argument = line.strip().partition(" ")
    try:
        if word == "exit()" and not argument:
            return commands.Quit()
        if line.startswith("//"):
            return commands.Say(names.message_text(line[1:]))
        if not line.startswith("/"):
            return commands.Say(names.message_text(line))
        if word not in _BY_NAME:
            raise BadLine(f"There is no command {word}; /help lists them, //… sends a line with /.")
        return _BY_NAME[word].read(argument.strip())
    except Refusal as refusal:
        raise BadLine(str(refusal)) from None


def help_lines() -> list[str]:
    """The list of commands, a line each."""
    rows = [(f"{', '.join(spec.names)} {spec.takes}".strip(), spec.does) for spec in TABLE]
    rows.append(("//text", "send a line that begins with /"))
    width = max(len(usage) for usage, _ in rows)
    return [f"{usage:<{width}}  {does}" for usage, does in rows]
