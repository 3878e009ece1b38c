"""Typed lines: parses a line to a command. One table has all commands, and gives the help.

The client parses the user's lines with it, and the plain dialect those of its members, so that
``/users`` is the same everywhere; ``chatd/web/static/commands.js`` does the same in the web page.
docs/howto/chat.rst explains the commands.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chatd.chat import commands, limits, names
from chatd.chat.commands import Command
from chatd.chat.errors import BadCommand
from chatd.chat.names import LOBBY

#: How much an error quotes of an invalid line.
_QUOTED_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class Help:
    """Show the list of commands."""


@dataclass(frozen=True, slots=True)
class SwitchRoom:
    """Send the user's lines to `room` from now on."""

    room: str


@dataclass(frozen=True, slots=True)
class PromptPrivate:
    """Ask the user for the recipients of a private message, and then for its text."""


UserInput = Command | Help | SwitchRoom | PromptPrivate


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """One command.

    :ivar names: what the user types; any of them.
    :ivar arguments: the arguments, as the help shows them.
    :ivar help: what the command does.
    :ivar parse: called with the argument, stripped, and the room that the user's lines go to.
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
    """The private message `text` to the nicknames `to`.

    :raises Refusal: if `text` cannot be a message.
    """
    # No nickname begins with @, but many users type one.
    return commands.SendPrivate(
        names.message_text(text), tuple(name.removeprefix("@") for name in to)
    )


def _parse_mention(line: str) -> Command:
    """Parse ``@ice hello`` or ``@ice @moon hello``."""
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
    def parse(argument: str, room: str) -> UserInput:
        if not argument:
            raise BadCommand(f"Usage: {usage}")
        return make(_named_room(argument))

    return parse


def _leave(argument: str, room: str) -> UserInput:
    return commands.LeaveRoom(_named_room(argument) if argument else room)


def _constant(value: UserInput) -> Callable[[str, str], UserInput]:
    return lambda argument, room: value


#: The commands for leaving the chat, which work on a plain connection before it has entered, too.
QUIT_COMMANDS: Final = ("/quit", "/exit", "exit()")

SLASH_COMMANDS: Final = (
    SlashCommand(("/msg",), "NAME[,NAME] TEXT", "send a private message", _parse_msg),
    SlashCommand(
        ("/message",),
        "",
        "send a private message; asks for the recipient",
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

_BY_NAME: Final = {name: command for command in SLASH_COMMANDS for name in command.names}


def parse(line: str, room: str = LOBBY) -> UserInput | None:
    """What the user wants with `line`; None if it is blank.

    :param room: where a line that is not a command goes.
    :raises Refusal: if the line is not valid; its text is a sentence for the user.
    """
    if not line.strip():
        return None
    # Spaces before @ or / are a typing error, and must not make a private message public: " @ice
    # hi" goes to ice, not to the room. A line that begins with neither keeps its spaces: a message
    # may be indented.
    trimmed = line.lstrip()
    word, _, argument = line.strip().partition(" ")
    if word == "exit()" and not argument:
        return commands.Quit()
    if trimmed.startswith("//"):  # before the commands, which also begin with /
        return commands.SendMessage(names.message_text(trimmed[1:]), room)
    if trimmed.startswith("@") and len(word) > 1:  # a lone @ is text
        return _parse_mention(line.strip())
    if not trimmed.startswith("/"):
        return commands.SendMessage(names.message_text(line), room)
    # An unknown command is an error and never a message, for the same reason: "/mgs ice hi".
    if word not in _BY_NAME:
        raise BadCommand(
            f"There is no command {word[: limits.NICKNAME_CHARACTERS]}; /help lists them, "
            "and //… sends a line that begins with /."
        )
    return _BY_NAME[word].parse(argument.strip(), room)


def help_lines() -> list[str]:
    """The list of commands, one per line."""
    rows = [
        (f"{', '.join(command.names)} {command.arguments}".strip(), command.help)
        for command in SLASH_COMMANDS
    ]
    rows.insert(1, ("@NAME [@NAME] TEXT", "the same"))
    rows.append(("//TEXT", "send a line that begins with /"))
    width = max(len(usage) for usage, _ in rows)
    return [f"{usage:<{width}}  {description}" for usage, description in rows]
