"""What people type: a line becomes a command, or a sentence why not. One table makes it all.

The client reads its person's lines with it, and the plain dialect those of its members, so that
``/users`` is the same everywhere (SPEC §6).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chatd.chat import commands, limits, names
from chatd.chat.commands import Command
from chatd.chat.errors import BadCommand
from chatd.chat.names import LOBBY

#: What a sentence quotes of a line that means nothing.
_QUOTED_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class Help:
    """The person wants to see the commands."""


@dataclass(frozen=True, slots=True)
class SwitchRoom:
    """The person's lines go to `room` from now on."""

    room: str


@dataclass(frozen=True, slots=True)
class PromptPrivate:
    """The person wants to be asked for the recipient, and then for the text."""


UserInput = Command | Help | SwitchRoom | PromptPrivate


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """One command: its names, what it takes, what it does, and how its argument is read.

    `read` gets the argument and the room that lines go to.
    """

    names: tuple[str, ...]
    arguments: str
    help: str
    parse: Callable[[str, str], UserInput]


def _parse_msg(argument: str, room: str) -> UserInput:
    to, _, text = argument.partition(" ")
    if not text.strip():
        raise BadCommand("Usage: /msg NAME[,NAME] TEXT")
    return private_message(tuple(name for name in to.split(",") if name), text.strip())


def private_message(to: tuple[str, ...], text: str) -> Command:
    """The private message `text` to those named in `to`.

    :raises Refusal: if it cannot be one.
    """
    # No nickname has an @, but many a person writes one.
    return commands.SendPrivate(
        names.message_text(text), tuple(name.removeprefix("@") for name in to)
    )


def _parse_mention(line: str) -> Command:
    """``@ice hello`` and ``@ice @moon hello``."""
    to = []
    rest = line
    while rest.startswith("@"):
        name, _, rest = rest.partition(" ")
        to.append(name[1:])
        rest = rest.lstrip(" ")
    if not rest:
        raise BadCommand("Usage: @NAME [@NAME] TEXT")
    return private_message(tuple(to), rest)


def _rename(argument: str, room: str) -> UserInput:
    if not argument:
        raise BadCommand("Usage: /setname NAME")
    return commands.Rename(names.nickname(argument))


def _history(argument: str, room: str) -> UserInput:
    if not argument:
        return commands.ReadHistory(room)
    if not (argument.isascii() and argument.isdigit() and len(argument) < 10 and int(argument)):
        quoted = argument[:_QUOTED_CHARACTERS]
        raise BadCommand(f"{quoted!r} is not a number of messages. Usage: /history [N]")
    return commands.ReadHistory(room, int(argument))


def _named_room(argument: str) -> str:
    return names.room_name(argument if argument.startswith("#") else f"#{argument}")


def _room(make: Callable[[str], UserInput], usage: str) -> Callable[[str, str], UserInput]:
    def read(argument: str, room: str) -> UserInput:
        if not argument:
            raise BadCommand(f"Usage: {usage}")
        return make(_named_room(argument))

    return read


def _leave(argument: str, room: str) -> UserInput:
    return commands.LeaveRoom(_named_room(argument) if argument else room)


def _constant(value: UserInput) -> Callable[[str, str], UserInput]:
    return lambda argument, room: value


#: How one leaves, also where a line is not a command.
QUIT_COMMANDS: Final = ("/quit", "/exit", "exit()")

SLASH_COMMANDS: Final = (
    SlashCommand(("/msg",), "NAME[,NAME] TEXT", "send a private message", _parse_msg),
    SlashCommand(
        ("/message",),
        "",
        "send a private message; asks for the recipient and the text",
        _constant(PromptPrivate()),
    ),
    SlashCommand(("/users",), "", "show the users", _constant(commands.ListUsers())),
    SlashCommand(("/rooms",), "", "show the rooms", _constant(commands.ListRooms())),
    SlashCommand(("/join",), "#ROOM", "join a room", _room(commands.JoinRoom, "/join #ROOM")),
    SlashCommand(("/leave",), "[#ROOM]", "leave a room", _leave),
    SlashCommand(
        ("/room",),
        "#ROOM",
        "switch to a room; lines go there from now on",
        _room(SwitchRoom, "/room #ROOM"),
    ),
    SlashCommand(("/history",), "[N]", "show the last N messages of the room", _history),
    SlashCommand(("/setname",), "NAME", "change your nickname", _rename),
    SlashCommand(("/help",), "", "show this list", _constant(Help())),
    SlashCommand(QUIT_COMMANDS, "", "leave the chat", _constant(commands.Quit())),
)

_BY_NAME: Final = {name: spec for spec in SLASH_COMMANDS for name in spec.names}


def parse(line: str, room: str = LOBBY) -> UserInput | None:
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
        return commands.SendMessage(names.message_text(begun[1:]), room)
    if begun.startswith("@") and len(word) > 1:
        return _parse_mention(line.strip())
    if not begun.startswith("/"):
        return commands.SendMessage(names.message_text(line), room)
    if word not in _BY_NAME:
        raise BadCommand(
            f"There is no command {word[: limits.NICKNAME_CHARACTERS]}; /help lists them, "
            "and //… sends a line that begins with /."
        )
    return _BY_NAME[word].parse(argument.strip(), room)


def help_lines() -> list[str]:
    """The list of commands, a line each."""
    rows = [
        (f"{', '.join(spec.names)} {spec.arguments}".strip(), spec.help) for spec in SLASH_COMMANDS
    ]
    rows.insert(1, ("@NAME [@NAME] TEXT", "the same"))
    rows.append(("//TEXT", "send a line that begins with /"))
    width = max(len(usage) for usage, _ in rows)
    return [f"{usage:<{width}}  {does}" for usage, does in rows]
