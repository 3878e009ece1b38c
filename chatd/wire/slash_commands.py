"""Typed lines: parses a line to a command. One table has all commands, and gives the help.

The client parses the user's lines with it, and the plain dialect those of its members, so that
``/users`` is the same everywhere; ``chatd/web/static/commands.js`` does the same in the web page.
docs/howto/chat.rst explains the commands, and tests/slash_commands.json has cases for all three.

A line that may have been meant as a private message and is not a valid one is refused, never sent
as a message to a room.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chatd.chat import commands, limits, names
from chatd.chat.commands import Command
from chatd.chat.errors import BadCommand
from chatd.chat.names import LOBBY
from chatd.wire import recipients, search_line

#: How much an error quotes of an invalid line.
_QUOTED_CHARACTERS: Final = 80

#: What ends a word; the same as for ``str.split``.
_SPACE: Final = re.compile(r"\s+")


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


@dataclass(frozen=True, slots=True)
class MoreResults:
    """Show the next page of the last search: older messages."""


@dataclass(frozen=True, slots=True)
class OpenPrivate:
    """Show the private talk with `to`, and send the user's lines there from now on."""

    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClosePrivate:
    """Close the private talk with `to`."""

    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ignore:
    """Show nothing that the member says or does from now on; with None, list who is ignored."""

    nickname: str | None


@dataclass(frozen=True, slots=True)
class Unignore:
    """Show again what the member says and does."""

    nickname: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Clear what is on the screen."""


@dataclass(frozen=True, slots=True)
class ShowInvite:
    """Show how others come here: the address of the page, and its QR code."""


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """Show the user's nickname, the server, and whether others on the network can read along."""


#: What has nothing to do with the server.
LOCAL_INPUT: Final = (OpenPrivate, ClosePrivate, Ignore, Unignore, Clear, ShowInvite, WhoAmI)
LocalInput = OpenPrivate | ClosePrivate | Ignore | Unignore | Clear | ShowInvite | WhoAmI

UserInput = (
    Command
    | commands.GiveHostCode
    | Help
    | SwitchRoom
    | PromptPrivate
    | MoreResults
    | OpenPrivate
    | ClosePrivate
    | Ignore
    | Unignore
    | Clear
    | ShowInvite
    | WhoAmI
)


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """One command.

    :ivar names: what the user types; any of them.
    :ivar arguments: the arguments, as the help shows them.
    :ivar help: what the command does.
    :ivar parse: called with the argument, stripped, and the target that the user's lines go to.
    """

    names: tuple[str, ...]
    arguments: str
    help: str
    parse: Callable[[str, str], UserInput]


def _talk(target: str) -> tuple[str, ...]:
    """The recipients of a private talk ``@ice,moon``; none of a room."""
    return tuple(target[1:].split(",")) if target.startswith("@") else ()


def _room_of(target: str, usage: str) -> str:
    if _talk(target):
        raise BadCommand(f"A private talk is no room. Usage: {usage}")
    return target


def _message(text: str, target: str, *, action: bool = False) -> Command:
    text, to = _message_text(text), _talk(target)
    return (
        commands.SendPrivate(text, to, action) if to else commands.SendMessage(text, target, action)
    )


def _parse_me(argument: str, target: str) -> UserInput:
    if not argument:
        raise BadCommand("Usage: /me TEXT")
    return _message(argument, target, action=True)


def _one_name(make: Callable[[str], UserInput], usage: str) -> Callable[[str, str], UserInput]:
    def parse(argument: str, target: str) -> UserInput:
        nickname = recipients.without_invisibles(argument).lstrip(recipients.AT)
        if not nickname or _SPACE.search(nickname):
            raise BadCommand(f"Usage: {usage}")
        return make(nickname)

    return parse


def _ignore(argument: str, target: str) -> UserInput:
    return _one_name(Ignore, "/ignore [NAME]")(argument, target) if argument else Ignore(None)


def _users(argument: str, target: str) -> UserInput:
    return commands.ListUsers(recipients.read_room(argument) if argument else None)


def _topic(argument: str, target: str) -> UserInput:
    word, rest = _split_word(argument)
    if word and word[0] in recipients.HASH:
        room, text = recipients.read_room(word), rest
    else:
        room, text = _room_of(target, "/topic #ROOM [TEXT]"), argument
    if not text:
        return commands.ReadTopic(room)
    return commands.SetTopic(room, "" if text == "-" else text)


def _open_private(argument: str, target: str) -> UserInput:
    argument = argument[recipients.skip_blanks(argument) :]
    if argument and argument[0] in recipients.HASH:  # as IRC clients read it
        return SwitchRoom(recipients.read_room(argument))
    to, text = recipients.split_recipients(argument)
    if text or not to:
        raise BadCommand("Usage: /query NAME[,NAME]; /msg NAME TEXT sends a message.")
    return OpenPrivate(to)


def _switch(argument: str, target: str) -> UserInput:
    if argument and argument[recipients.skip_blanks(argument) :][:1] in (*recipients.AT,):
        return _open_private(argument, target)
    return _room(SwitchRoom, "/room #ROOM")(argument, target)


def _parse_msg(argument: str, target: str) -> UserInput:
    return _private(argument, "/msg NAME[,NAME] TEXT")


def _private(argument: str, usage: str) -> Command:
    """The private message ``ice hello``, ``ice,moon hello``, ``@ice hello``, …"""
    to, text = recipients.split_recipients(argument[recipients.skip_blanks(argument) :])
    if not text:
        raise BadCommand(f"Usage: {usage}")
    return commands.SendPrivate(_message_text(text), to)


def _rename(argument: str, target: str) -> UserInput:
    if not argument:
        raise BadCommand("Usage: /setname NAME")
    return commands.Rename(names.nickname(argument))


def _history(argument: str, target: str) -> UserInput:
    room = _room_of(target, "/history [N], in a room")
    if not argument:
        return commands.ReadHistory(room)
    if not (argument.isascii() and argument.isdigit() and len(argument) < 10 and int(argument)):
        quoted = argument[:_QUOTED_CHARACTERS]
        raise BadCommand(f"{quoted!r} is not a number of messages. Usage: /history [N]")
    return commands.ReadHistory(room, int(argument))


def _room(make: Callable[[str], UserInput], usage: str) -> Callable[[str, str], UserInput]:
    def parse(argument: str, target: str) -> UserInput:
        if not argument:
            raise BadCommand(f"Usage: {usage}")
        return make(recipients.read_room(argument))

    return parse


def _leave(argument: str, target: str) -> UserInput:
    if argument:
        return commands.LeaveRoom(recipients.read_room(argument))
    return ClosePrivate(_talk(target)) if _talk(target) else commands.LeaveRoom(target)


def _constant(value: UserInput) -> Callable[[str, str], UserInput]:
    return lambda argument, target: value


#: What the others are told of a user who gives no reason.
_AWAY: Final = "away"

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
    SlashCommand(("/me",), "TEXT", "say what you do: * ice waves", _parse_me),
    SlashCommand(("/users", "/names", "/who"), "[#ROOM]", "show the users", _users),
    SlashCommand(
        ("/whois",),
        "NAME",
        "show who a user is",
        _one_name(commands.WhoIs, "/whois NAME"),
    ),
    SlashCommand(("/whoami",), "", "show who you are here, and how private", _constant(WhoAmI())),
    SlashCommand(("/rooms",), "", "show the rooms", _constant(commands.ListRooms())),
    SlashCommand(("/join",), "#ROOM", "join a room", _room(commands.JoinRoom, "/join #ROOM")),
    SlashCommand(("/leave",), "[#ROOM]", "leave a room", _leave),
    SlashCommand(
        ("/room",),
        "#ROOM",
        "switch to a room; lines go there from now on",
        _switch,
    ),
    SlashCommand(("/query",), "NAME", "switch to a private talk", _open_private),
    SlashCommand(("/topic",), "[#ROOM] [TEXT]", "show or set the topic; - removes it", _topic),
    SlashCommand(
        ("/away",),
        "[TEXT]",
        "tell the others that you are away",
        lambda argument, target: commands.SetAway(argument or _AWAY),
    ),
    SlashCommand(("/back",), "", "tell them that you are back", _constant(commands.SetAway(""))),
    SlashCommand(("/history",), "[N]", "show the last N messages of the room", _history),
    SlashCommand(
        ("/search",),
        "WORDS",
        "find messages; also in:#ROOM, from:NAME, since:2d",
        lambda argument, target: search_line.parse(argument),
    ),
    SlashCommand(
        ("/more",), "", "show older messages that the search found", _constant(MoreResults())
    ),
    SlashCommand(("/setname", "/nick"), "NAME", "change your nickname", _rename),
    SlashCommand(("/ignore",), "[NAME]", "hide what a user says; list who is hidden", _ignore),
    SlashCommand(
        ("/unignore",),
        "NAME",
        "show it again",
        _one_name(Unignore, "/unignore NAME"),
    ),
    SlashCommand(("/clear",), "", "clear the screen", _constant(Clear())),
    SlashCommand(("/qr",), "", "show how others come here", _constant(ShowInvite())),
    SlashCommand(("/help",), "", "show this list", _constant(Help())),
    SlashCommand(QUIT_COMMANDS, "", "leave the chat", _constant(commands.Quit())),
)

#: The reply to ``/more`` when there is nothing to show.
NO_MORE_RESULTS: Final = "There are no more results to show; /search WORDS finds messages."

_BY_NAME: Final = {name: command for command in SLASH_COMMANDS for name in command.names}


#: These send private texts, so a slip in their names must not go unnoticed.
_PRIVATE_COMMANDS: Final = frozenset({"/msg", "/message"})

#: What keyboards and input methods give for ``/``, or for a key beside it.
_ALMOST_SLASH: Final = re.compile(
    r"[\\\uff3c\ufe68|\u00a6.,;:!?\u00bf_\-7&#\u3002\u3001\u30fb\uff65\u00f7\u00a5\uffe5\u20a9]{1,3}"
)

#: How many characters may be wrong in the name of a command, so that the right one is named.
_MAX_TYPING_ERRORS: Final = 2


def parse(line: str, target: str = LOBBY) -> UserInput | None:
    """The request in `line`; None if it is blank.

    :param target: where a line that is not a command goes: to a room, ``#dev``, or to a private
        talk, ``@ice`` or ``@ice,moon``.
    :raises Refusal: if the line is not valid; its text is a sentence for the user.
    """
    if not line.strip():
        return None
    # Blanks before @ or / are a typing error, and must not make a private message public: " @ice
    # hi" goes to ice, not to the room. A line that begins with neither keeps its spaces: a message
    # may be indented.
    trimmed = line[recipients.skip_blanks(line) :].rstrip()
    first, second = trimmed[:1], trimmed[1:2]
    word, argument = _split_word(trimmed)
    name = _command_name(word)
    if name == "exit()" and not argument:
        return commands.Quit()
    if first and first in recipients.AT and recipients.skip_blanks(trimmed, 1) < len(trimmed):
        return _private(trimmed, "@NAME [@NAME] TEXT")  # a lone @ is text
    if not first or first not in recipients.SLASH:
        _check_no_slip(name)
        return _message(line.removeprefix("\ufeff"), target)
    if second and second in recipients.SLASH:
        start = recipients.skip_blanks(line)
        return _message(line[start + 1 :], target)
    # An unknown command is an error and never a message, for the same reason: "/mgs ice hi".
    if name not in _BY_NAME:
        raise BadCommand(_unknown_command(word, name, argument))
    return _BY_NAME[name].parse(argument, target)


def private_recipients(line: str, target: str = LOBBY) -> tuple[str, ...]:
    """To whom `line`, which is still being typed, will go privately; none if it will not.

    :param target: as in :func:`parse`.
    """
    trimmed = line[recipients.skip_blanks(line) :]
    has_at = trimmed != "" and trimmed[0] in recipients.AT
    if has_at and recipients.skip_blanks(trimmed, 1) < len(trimmed):
        return recipients.recipients_so_far(trimmed)
    if not trimmed or trimmed[0] not in recipients.SLASH or trimmed[1:2] in (*recipients.SLASH,):
        return _talk(target)
    word, argument = _split_word(trimmed)
    match _command_name(word):
        case "/msg":
            return recipients.recipients_so_far(argument[recipients.skip_blanks(argument) :])
        case "/me":
            return _talk(target)
        case _:
            return ()


def is_quit(line: str) -> bool:
    """Whether `line` is one of the commands for leaving the chat, in any case."""
    return _command_name(line[recipients.skip_blanks(line) :].rstrip()) in QUIT_COMMANDS


def _split_word(text: str) -> tuple[str, str]:
    """The first word of `text`, and what follows it."""
    found = _SPACE.search(text)
    return (text[: found.start()], text[found.end() :].strip()) if found else (text, "")


def _command_name(word: str) -> str:
    """`word` in the form in which commands are compared."""
    # A long word is no command, and casefold() cuts it before it does any work.
    name = names.casefold(recipients.without_invisibles(word[:_QUOTED_CHARACTERS]))
    return f"/{name[1:]}" if name[:1] != "" and name[0] in recipients.SLASH else name


def _check_no_slip(name: str) -> None:
    """Refuse a line whose first word is that of a private message but for its slash."""
    found = _ALMOST_SLASH.match(name)
    if found and f"/{name[found.end() :]}" in _PRIVATE_COMMANDS:
        raise BadCommand(
            f"Did you mean /{name[found.end() :]}? Commands begin with /. Nothing was sent."
        )


def _message_text(text: str) -> str:
    """`text`, if it can be a message, and none of its lines may be meant as a private one.

    Pasted lines are one message at a terminal and in the page. On a pipe and on a plain connection
    each is read for itself, so there the same lines would be private.
    """
    names.message_text(text)
    for number, line in enumerate(text.split("\n")[1:], 2):
        word, argument = _split_word(recipients.without_invisibles(line))
        is_mention = len(word) > 1 and word[0] in recipients.AT and word[1] not in recipients.AT
        if argument and (is_mention or _command_name(word) in _PRIVATE_COMMANDS):
            raise BadCommand(
                f"Line {number} begins as a private message does. Send it by itself, or put a "
                "space before it if it is part of this message."
            )
    return text


def _unknown_command(word: str, name: str, argument: str) -> str:
    # "/ msg ice hi": the space is too much.
    meant = _command_name(f"/{_split_word(argument)[0]}") if name == "/" else name
    nearest = meant if meant in _BY_NAME else _nearest_command(name)
    suggestion = f"; did you mean {nearest}? /help" if nearest else "; /help"
    quoted = recipients.without_invisibles(word)[: limits.NICKNAME_CHARACTERS]
    return (
        f"There is no command {quoted}{suggestion} lists them, "
        "and //… sends a line that begins with /."
    )


def _nearest_command(name: str) -> str:
    """The command that `name` is a beginning of, or differs least from; empty if none is near."""
    if not 1 < len(name) <= limits.NICKNAME_CHARACTERS:
        return ""
    errors = {
        each: 1 if each.startswith(name) else _typing_errors(name, each)
        for each in _BY_NAME
        if each.startswith("/")
    }
    nearest = min(errors, key=errors.__getitem__)
    # "/x" is as far from each of them as it is long.
    return nearest if errors[nearest] <= min(_MAX_TYPING_ERRORS, len(name) - 2) else ""


def _typing_errors(one: str, other: str) -> int:
    """How many characters are missing, too many, wrong or swapped with the next one."""
    rows = [list(range(len(other) + 1))]
    for i, left in enumerate(one, 1):
        row = [i]
        for j, right in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (left != right))
            if i > 1 and j > 1 and (left, one[i - 2]) == (other[j - 2], right):
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


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
