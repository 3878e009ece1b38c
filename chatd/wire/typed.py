"""What people type: a line becomes a command, or a sentence why not. One table makes it all.

The client reads its person's lines with it, and the plain dialect those of its members, so that
``/users`` is the same everywhere (SPEC §6).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chatd.chat import commands, limits, names
from chatd.chat.commands import Command
from chatd.chat.names import LOBBY
from chatd.chat.refusals import BadLine

#: What a sentence quotes of a line that means nothing.
_QUOTED_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class Help:
    """The person wants to see the commands."""


@dataclass(frozen=True, slots=True)
class GoTo:
    """The person's lines go to `room` from now on."""

    room: str


@dataclass(frozen=True, slots=True)
class AskWhom:
    """The person wants to be asked for the recipient, and then for the text."""


Typed = Command | Help | GoTo | AskWhom


@dataclass(frozen=True, slots=True)
class Spec:
    """One command: its names, what it takes, what it does, and how its argument is read.

    `read` gets the argument and the room that lines go to.
    """

    names: tuple[str, ...]
    takes: str
    does: str
    read: Callable[[str, str], Typed]


def _tell(argument: str, room: str) -> Typed:
    to, _, text = argument.partition(" ")
    if not text.strip():
        raise BadLine("To whom, and what? Write: /msg NAME text, or several: /msg ice,moon text")
    return tell(tuple(name for name in to.split(",") if name), text.strip())


def tell(to: tuple[str, ...], text: str) -> Command:
    """The private message `text` to those named in `to`.

    :raises Refusal: if it cannot be one.
    """
    # No nickname has an @, but many a person writes one.
    return commands.Tell(names.message_text(text), tuple(name.removeprefix("@") for name in to))


def _at(line: str) -> Command:
    """``@ice hello`` and ``@ice @moon hello``."""
    to = []
    rest = line
    while rest.startswith("@"):
        name, _, rest = rest.partition(" ")
        to.append(name[1:])
        rest = rest.lstrip(" ")
    if not rest:
        named = " and ".join(to)[:_QUOTED_CHARACTERS]
        raise BadLine(f"What shall {named} be told? Write: @NAME text")
    return tell(tuple(to), rest)


def _rename(argument: str, room: str) -> Typed:
    if not argument:
        raise BadLine("Which nickname? Write: /setname NAME")
    return commands.Rename(names.nickname(argument))


def _history(argument: str, room: str) -> Typed:
    if not argument:
        return commands.ReadHistory(room)
    if not (argument.isascii() and argument.isdigit() and len(argument) < 10 and int(argument)):
        quoted = argument[:_QUOTED_CHARACTERS]
        raise BadLine(f"How many messages? {quoted!r} is no number; write: /history 20")
    return commands.ReadHistory(room, int(argument))


def _named_room(argument: str) -> str:
    return names.room_name(argument if argument.startswith("#") else f"#{argument}")


def _room(make: Callable[[str], Typed], usage: str) -> Callable[[str, str], Typed]:
    def read(argument: str, room: str) -> Typed:
        if not argument:
            raise BadLine(f"Which room? Write: {usage}")
        return make(_named_room(argument))

    return read


def _leave(argument: str, room: str) -> Typed:
    return commands.Leave(_named_room(argument) if argument else room)


def _alone(value: Typed) -> Callable[[str, str], Typed]:
    return lambda argument, room: value


#: How one leaves, also where a line is not a command.
GOODBYES: Final = ("/quit", "/exit", "exit()")

TABLE: Final = (
    Spec(("/msg",), "NAME[,NAME] TEXT", "send a private message", _tell),
    Spec(("/message",), "", "send a private message; asks to whom, and what", _alone(AskWhom())),
    Spec(("/users",), "", "show who is here", _alone(commands.ListUsers())),
    Spec(("/rooms",), "", "show the rooms", _alone(commands.ListRooms())),
    Spec(("/join",), "#ROOM", "go into a room", _room(commands.Join, "/join #room")),
    Spec(("/leave",), "[#ROOM]", "leave a room", _leave),
    Spec(("/room",), "#ROOM", "write to that room from now on", _room(GoTo, "/room #room")),
    Spec(("/history",), "[N]", "show the last N messages of the room", _history),
    Spec(("/setname",), "NAME", "change your nickname", _rename),
    Spec(("/help",), "", "show this list", _alone(Help())),
    Spec(GOODBYES, "", "leave the chat", _alone(commands.Quit())),
)

_BY_NAME: Final = {name: spec for spec in TABLE for name in spec.names}


def read(line: str, room: str = LOBBY) -> Typed | None:
    """What `line` asks for, where lines go to `room`; None if it is blank.

    :raises Refusal: if it cannot be sent; its text is a sentence for the person.
    """
    if not line.strip():
        return None
    # Spaces before it are a slip of the hand, and must not make a private message public.
    begun = line.lstrip()
    word, _, argument = line.strip().partition(" ")
    if word == "exit()" and not argument:
        return commands.Quit()
    if begun.startswith("//"):
        return commands.Say(names.message_text(begun[1:]), room)
    if begun.startswith("@") and len(word) > 1:
        return _at(line.strip())
    if not begun.startswith("/"):
        return commands.Say(names.message_text(line), room)
    if word not in _BY_NAME:
        raise BadLine(
            f"There is no command {word[: limits.NICKNAME_CHARACTERS]}; /help lists them, "
            "and //… sends a line that begins with /."
        )
    return _BY_NAME[word].read(argument.strip(), room)


def help_lines() -> list[str]:
    """The list of commands, a line each."""
    rows = [(f"{', '.join(spec.names)} {spec.takes}".strip(), spec.does) for spec in TABLE]
    rows.insert(1, ("@NAME [@NAME] TEXT", "the same"))
    rows.append(("//TEXT", "send a line that begins with /"))
    width = max(len(usage) for usage, _ in rows)
    return [f"{usage:<{width}}  {does}" for usage, does in rows]
