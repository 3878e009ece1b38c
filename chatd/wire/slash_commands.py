"""Typed lines: parses a line to a command. One table has all commands, and gives the help.

The client parses the user's lines with it, and the plain dialect those of its members, so that
``/users`` is the same everywhere; ``chatd/web/static/commands.js`` does the same in the web page.
docs/howto/chat.rst explains the commands, and tests/slash_commands.json has cases for all three.

A line that may have been meant as a private message and is not a valid one is refused, never sent
as a message to a room.
"""

from contextlib import suppress
from typing import Final

from chatd.chat import commands, names
from chatd.chat.commands import ClientCommand, Command
from chatd.chat.errors import BadCommand, Refusal
from chatd.chat.names import LOBBY, casefold
from chatd.wire import command_names, recipients, search_line, user_inputs
from chatd.wire.arguments import (
    constant,
    number,
    one_name,
    one_room,
    room_of,
    split_room,
    split_word,
    talk,
)
from chatd.wire.file_commands import FILE_COMMANDS, parse_send
from chatd.wire.moderation_commands import MODERATION_COMMANDS, parse_invite, parse_join
from chatd.wire.user_inputs import SlashCommand, UserInput


def _message(text: str, target: str, *, action: bool = False) -> Command:
    text, to = _message_text(text), talk(target)
    return (
        commands.SendPrivate(text, to, action) if to else commands.SendMessage(text, target, action)
    )


def _parse_me(argument: str, target: str) -> UserInput:
    if not argument:
        raise BadCommand("Usage: /me TEXT")
    return _message(argument, target, action=True)


def _ignore(argument: str, target: str) -> UserInput:
    return (
        one_name(user_inputs.Ignore, "/ignore [NAME]")(argument, target)
        if argument
        else user_inputs.Ignore(None)
    )


def _users(argument: str, target: str) -> UserInput:
    return commands.ListUsers(recipients.read_room(argument) if argument else None)


def _topic(argument: str, target: str) -> UserInput:
    named, text = split_room(argument)
    room = named or room_of(target, "/topic #ROOM [TEXT]")
    if not text:
        return commands.ReadTopic(room)
    return commands.SetTopic(room, "" if text == "-" else text)


def _open_private(argument: str, target: str) -> UserInput:
    argument = argument[recipients.skip_blanks(argument) :]
    if argument and argument[0] in recipients.HASH:  # as IRC clients read it
        return user_inputs.SwitchRoom(recipients.read_room(argument))
    to, text = recipients.split_recipients(argument)
    if text or not to:
        raise BadCommand("Usage: /query NAME[,NAME]; /msg NAME TEXT sends a message.")
    return user_inputs.OpenPrivate(to)


def _switch(argument: str, target: str) -> UserInput:
    if argument and argument[recipients.skip_blanks(argument) :][:1] in (*recipients.AT,):
        return _open_private(argument, target)
    return one_room(user_inputs.SwitchRoom, "/room #ROOM")(argument, target)


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
    room = room_of(target, "/history [N], in a room")
    if not argument:
        return commands.ReadHistory(room)
    limit = number(argument)
    if len(argument) >= 10 or not limit:
        quoted = argument[: command_names.QUOTED_CHARACTERS]
        raise BadCommand(f"{quoted!r} is not a number of messages. Usage: /history [N]")
    return commands.ReadHistory(room, limit)


def _leave(argument: str, target: str) -> UserInput:
    if argument:
        return commands.LeaveRoom(recipients.read_room(argument))
    return user_inputs.ClosePrivate(talk(target)) if talk(target) else commands.LeaveRoom(target)


def _help(argument: str, target: str) -> UserInput:
    return user_inputs.Help(is_for_hosts=casefold(argument).rstrip("s") in ("host", "operator"))


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
        constant(user_inputs.PromptPrivate()),
    ),
    SlashCommand(("/me",), "TEXT", "say what you do: * ice waves", _parse_me),
    SlashCommand(("/users", "/names", "/who"), "[#ROOM]", "show the users", _users),
    SlashCommand(
        ("/whois",),
        "NAME",
        "show who a user is",
        one_name(commands.WhoIs, "/whois NAME"),
    ),
    SlashCommand(
        ("/whoami",), "", "show who you are here, and how private", constant(user_inputs.WhoAmI())
    ),
    SlashCommand(("/rooms",), "", "show the rooms", constant(commands.ListRooms())),
    SlashCommand(("/join",), "#ROOM [WORD]", "join a room; some need their word", parse_join),
    SlashCommand(("/invite",), "[#ROOM] NAME", "ask somebody to come into a room", parse_invite),
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
    SlashCommand(("/back",), "", "tell them that you are back", constant(commands.SetAway(""))),
    SlashCommand(("/history",), "[N]", "show the last N messages of the room", _history),
    SlashCommand(
        ("/search",),
        "WORDS",
        "find messages; also in:#ROOM, from:NAME, since:2d",
        lambda argument, target: search_line.parse(argument),
    ),
    SlashCommand(
        ("/more",),
        "",
        "show older messages that the search found",
        constant(user_inputs.MoreResults()),
    ),
    SlashCommand(("/setname", "/nick"), "NAME", "change your nickname", _rename),
    SlashCommand(("/ignore",), "[NAME]", "hide what a user says; list who is hidden", _ignore),
    SlashCommand(
        ("/unignore",),
        "NAME",
        "show it again",
        one_name(user_inputs.Unignore, "/unignore NAME"),
    ),
    SlashCommand(("/clear",), "", "clear the screen", constant(user_inputs.Clear())),
    SlashCommand(("/qr",), "", "show how others come here", constant(user_inputs.ShowInvite())),
    *FILE_COMMANDS,
    *MODERATION_COMMANDS,
    SlashCommand(("/help",), "[hosts]", "show this list, or what hosts can do", _help),
    SlashCommand(QUIT_COMMANDS, "", "leave the chat", constant(commands.Quit())),
)

#: The reply to ``/more`` when there is nothing to show.
NO_MORE_RESULTS: Final = "There are no more results to show; /search WORDS finds messages."

_BY_NAME: Final = {name: command for command in SLASH_COMMANDS for name in command.names}

#: The names of the commands of hosts and operators.
_FOR_HOSTS: Final = frozenset(name for command in MODERATION_COMMANDS for name in command.names)


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
    word, argument = split_word(trimmed)
    name = command_names.command_name(word)
    if name == "exit()" and not argument:
        return commands.Quit()
    if first and first in recipients.AT and recipients.skip_blanks(trimmed, 1) < len(trimmed):
        return _private(trimmed, "@NAME [@NAME] TEXT")  # a lone @ is text
    if not first or first not in recipients.SLASH:
        command_names.check_no_slip(name, argument)
        return _message(line.removeprefix("\ufeff"), target)
    if second and second in recipients.SLASH:
        start = recipients.skip_blanks(line)
        return _message(line[start + 1 :], target)
    # An unknown command is an error and never a message, for the same reason: "/mgs ice hi".
    if name not in _BY_NAME:
        raise BadCommand(command_names.unknown_command(word, argument, _BY_NAME))
    return _BY_NAME[name].parse(argument, target)


def parse_order(text: str, target: str) -> ClientCommand | None:
    """The command of a host or operator in `text`, or to join a keyed room; None for other texts.

    For dialects whose texts are messages, and no typed lines. What was probably meant as such a
    command is refused, as it may carry a secret.

    :param target: the room that `text` is for.
    :raises Refusal: if it is not valid.
    """
    trimmed = text[recipients.skip_blanks(text) :].rstrip()
    word, argument = split_word(trimmed)
    name = command_names.command_name(word)
    if not name.startswith("/") or word[1:2] in (*recipients.SLASH,):
        command_names.check_no_secret_slip(name, argument)
        return None
    if name == "/join" and split_word(argument)[1]:
        return parse_join(argument, target)
    if name not in _BY_NAME and argument:
        meant = command_names.meant_command(name, argument, _BY_NAME)
        if meant in command_names.SECRET_COMMANDS:
            raise BadCommand(command_names.unknown_command(word, argument, _BY_NAME))
    if name not in _FOR_HOSTS:
        return None
    order = _BY_NAME[name].parse(argument, target)
    if not isinstance(order, ClientCommand):  # then it must not become a message, either
        raise BadCommand(f"{name} is for typed lines.")
    return order


def private_recipients(line: str, target: str = LOBBY) -> tuple[str, ...]:
    """To whom `line`, which is still being typed, will go privately; none if it will not.

    :param target: as in :func:`parse`.
    """
    trimmed = line[recipients.skip_blanks(line) :]
    has_at = trimmed != "" and trimmed[0] in recipients.AT
    if has_at and recipients.skip_blanks(trimmed, 1) < len(trimmed):
        return recipients.recipients_so_far(trimmed)
    if not trimmed or trimmed[0] not in recipients.SLASH or trimmed[1:2] in (*recipients.SLASH,):
        return talk(target)
    word, argument = split_word(trimmed)
    match command_names.command_name(word):
        case "/msg":
            return recipients.recipients_so_far(argument[recipients.skip_blanks(argument) :])
        case "/me":
            return talk(target)
        case "/send":
            return _file_recipients(argument, target)
        case _:
            return ()


def _file_recipients(argument: str, target: str) -> tuple[str, ...]:
    with suppress(Refusal):
        return talk(parse_send(argument, target).target)
    return ()


def is_quit(line: str) -> bool:
    """Whether `line` is one of the commands for leaving the chat, in any case."""
    word = line[recipients.skip_blanks(line) :].rstrip()
    return command_names.command_name(word) in QUIT_COMMANDS


def _message_text(text: str) -> str:
    """`text`, if it can be a message, and none of its lines may be meant as something else.

    Pasted lines are one message at a terminal and in the page. On a pipe and on a plain connection
    each is read for itself, so there the same lines would be private, or commands.
    """
    names.message_text(text)
    for position, line in enumerate(text.split("\n")[1:], 2):
        if meant := command_names.meant_for_few(line):
            raise BadCommand(
                f"Line {position} begins as {meant} does. Send it by itself, or put a "
                "space before it if it is part of this message."
            )
    return text


def help_lines(*, is_for_hosts: bool = False) -> list[str]:
    """The list of commands, one per line: everybody's, or those of hosts and operators."""
    rows = [
        (f"{', '.join(command.names)} {command.arguments}".strip(), command.help)
        for command in SLASH_COMMANDS
        if command.is_for_hosts == is_for_hosts
    ]
    if not is_for_hosts:
        rows.insert(1, ("@NAME [@NAME] TEXT", "the same"))
        rows.append(("//TEXT", "send a line that begins with /"))
    width = max(len(usage) for usage, _ in rows)
    return [f"{usage:<{width}}  {description}" for usage, description in rows]
