"""The typed commands of hosts and operators: a part of the table of ``slash_commands``.

``chatd/web/static/moderation_commands.js`` does the same in the web page; the cases for both are in
tests/slash_commands.json. No refusal here quotes an argument: it may be a secret.
"""

import re
from collections.abc import Callable
from typing import Final, Literal

from chatd.chat import commands, limits, names, order_commands
from chatd.chat.errors import BadCommand
from chatd.chat.names import LOBBY, casefold
from chatd.wire import recipients
from chatd.wire.arguments import Parse, is_one_word, number, room_of, split_room, split_word, talk
from chatd.wire.user_inputs import SlashCommand, UserInput

#: A time in one word. A unit is needed: a reason may begin with a number.
_TIME: Final = re.compile("([0-9]{1,9})(s|sec|m|min|h|d|w)")
_SECONDS: Final = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
#: A text that is meant for a time, but is none: a number and a unit, or a number alone.
_LIKE_TIME: Final = re.compile("[0-9]+ ?(s|sec|second|m|min|minute|h|hour|d|day|w|week)s?|[0-9]+ ")
_MAX_TIME_CHARACTERS: Final = 16

_TIMES: Final = "30s, 10m, 2h or 7d"


def _seconds(word: str) -> int | None:
    """The seconds of a time in one word; None if it is none."""
    if len(word) > _MAX_TIME_CHARACTERS:
        return None
    found = _TIME.fullmatch(casefold(recipients.without_invisibles(word)))
    return int(found[1]) * _SECONDS[found[2]] if found else None


def _split_time(argument: str) -> tuple[int | None, str]:
    """The time at the beginning of `argument`, in seconds, and the reason behind it.

    :raises Refusal: if the time is none that a ban may have, or is not written as one.
    """
    word, rest = split_word(argument)
    seconds = _seconds(word)
    if seconds is None:
        short = casefold(word[:_MAX_TIME_CHARACTERS])
        unit = casefold(split_word(rest)[0][:_MAX_TIME_CHARACTERS])
        if any(_LIKE_TIME.fullmatch(each) for each in (short, f"{short} {unit}")):
            raise BadCommand(f"Write the time in one word, with its unit: {_TIMES}.")
        return None, argument
    if not 0 < seconds <= limits.BAN_SECONDS:
        days = limits.BAN_SECONDS // _SECONDS["d"]
        raise BadCommand(f"A time is {_TIMES}, for example, and at most {days}d.")
    return seconds, rest


def _reason(text: str) -> str:
    return names.line_text(text, limits.REASON_CHARACTERS, "A reason")


def _place(target: str) -> str | None:
    """The room that a command is about if it names none; None for the whole chat."""
    return None if talk(target) or casefold(target) == LOBBY else target


def _member(argument: str, target: str, usage: str) -> tuple[str, str | None, str]:
    """The nickname in ``[#ROOM] NAME …``, the room, and what follows."""
    room, rest = split_room(argument)
    word, rest = split_word(rest)
    nickname = recipients.clean_name(word).lstrip(recipients.AT)
    if not nickname or recipients.has_comma(nickname):
        raise BadCommand(f"Usage: {usage}")
    return nickname, room or _place(target), rest


def _kick(argument: str, target: str) -> UserInput:
    nickname, room, reason = _member(argument, target, "/kick [#ROOM] NAME [REASON]")
    return order_commands.Kick(nickname, room, _reason(reason))


def _ban(make: Callable[[str, str | None, int | None, str], UserInput], name: str) -> Parse:
    def parse(argument: str, target: str) -> UserInput:
        usage = f"{name} [#ROOM] NAME [TIME] [REASON]"
        nickname, room, rest = _member(argument, target, usage)
        seconds, reason = _split_time(rest)
        return make(nickname, room, seconds, _reason(reason))

    return parse


def _unban(make: Callable[[str, str | None], UserInput], name: str) -> Parse:
    def parse(argument: str, target: str) -> UserInput:
        usage = f"{name} [#ROOM] NAME"
        nickname, room, rest = _member(argument, target, usage)
        if rest:
            raise BadCommand(f"Usage: {usage}")
        return make(nickname, room)

    return parse


def _role(name: str, role: Literal["operator", "voice"], *, given: bool) -> Parse:
    def parse(argument: str, target: str) -> UserInput:
        usage = f"{name} [#ROOM] NAME"
        nickname, named, rest = _member(argument, target, usage)
        room = named or room_of(target, usage)
        if rest:
            raise BadCommand(f"Usage: {usage}")
        return order_commands.SetRole(nickname, room, role, given)

    return parse


def _bans(argument: str, target: str) -> UserInput:
    return order_commands.ListBans(recipients.read_room(argument) if argument else _place(target))


def _setting(argument: str, target: str, usage: str) -> tuple[str, str]:
    """The room in ``[#ROOM] VALUE``, and the value, which is one word."""
    room, value = split_room(argument)
    if not is_one_word(value):
        raise BadCommand(f"Usage: {usage}")
    return room or room_of(target, usage), value


def _on_off(make: Callable[[str, bool], UserInput], name: str) -> Parse:
    def parse(argument: str, target: str) -> UserInput:
        usage = f"{name} [#ROOM] on|off"
        room, value = _setting(argument, target, usage)
        word = casefold(value[:_MAX_TIME_CHARACTERS])
        if word not in ("on", "off"):
            raise BadCommand(f"Usage: {usage}")
        return make(room, word == "on")

    return parse


def _slow(argument: str, target: str) -> UserInput:
    usage = "/slow [#ROOM] SECONDS|off"
    room, value = _setting(argument, target, usage)
    word = casefold(value[:_MAX_TIME_CHARACTERS])
    seconds = 0 if word == "off" else number(word)
    if seconds is None:
        seconds = _seconds(value)
    if seconds is None:
        raise BadCommand(f"Usage: {usage}")
    if seconds > limits.SLOW_SECONDS:
        raise BadCommand(f"A slow room has at most {limits.SLOW_SECONDS} seconds.")
    return order_commands.ChangeRoom(room, slow=seconds)


def _limit(argument: str, target: str) -> UserInput:
    usage = "/limit [#ROOM] N|off"
    room, value = _setting(argument, target, usage)
    word = casefold(value[:_MAX_TIME_CHARACTERS])
    limit = 0 if word == "off" else number(word)
    if limit is None:
        raise BadCommand(f"Usage: {usage}")
    if limit > limits.ROOM_MEMBERS:
        raise BadCommand(f"A limit is at most {limits.ROOM_MEMBERS} members.")
    return order_commands.ChangeRoom(room, limit=limit)


def _room(make: Callable[[str], UserInput], name: str) -> Parse:
    def parse(argument: str, target: str) -> UserInput:
        usage = f"{name} [#ROOM]"
        return make(recipients.read_room(argument) if argument else room_of(target, usage))

    return parse


def _key(argument: str, target: str) -> UserInput:
    room, word = _setting(argument, target, "/key [#ROOM] WORD|off; the word has no spaces")
    is_off = casefold(word[:_MAX_TIME_CHARACTERS]) == "off"
    return order_commands.ChangeRoom(room, key="" if is_off else _checked_key(word))


def _checked_key(word: str) -> str:
    return names.line_text(word, limits.KEY_CHARACTERS, "The word of a room")


def parse_join(argument: str, target: str) -> commands.JoinRoom:
    """``/join #ROOM [WORD]``, which everybody may use."""
    room, word = split_word(argument)
    if not room or (word and not is_one_word(word)):
        raise BadCommand("Usage: /join #ROOM [WORD]")
    return commands.JoinRoom(recipients.read_room(room), _checked_key(word))


def parse_invite(argument: str, target: str) -> order_commands.Invite:
    """``/invite [#ROOM] NAME``, which everybody may use."""
    usage = "/invite [#ROOM] NAME"
    nickname, named, rest = _member(argument, target, usage)
    room = named or room_of(target, usage)
    if rest:
        raise BadCommand(f"Usage: {usage}")
    return order_commands.Invite(nickname, room)


def _remove(argument: str, target: str) -> UserInput:
    usage = "/remove [#ROOM] N"
    room, value = _setting(argument, target, usage)
    seq = number(value)
    if not seq:
        raise BadCommand(f"Usage: {usage}; N is the number of the message.")
    return order_commands.RemoveMessage(room, seq)


def _host(argument: str, target: str) -> UserInput:
    if not 0 < len(argument) <= limits.HOST_CODE_CHARACTERS:
        raise BadCommand("Usage: /host CODE; the server shows the code when it starts.")
    return order_commands.GiveHostCode(argument)


def _row(name: str, arguments: str, description: str, parse: Parse) -> SlashCommand:
    return SlashCommand((name,), arguments, description, parse, is_for_hosts=True)


MODERATION_COMMANDS: Final = (
    _row("/kick", "[#ROOM] NAME [REASON]", "throw somebody out, who may come back", _kick),
    _row(
        "/ban",
        "[#ROOM] NAME [TIME] [REASON]",
        "throw out and keep out; TIME: 10m, 2h, 7d",
        _ban(order_commands.Ban, "/ban"),
    ),
    _row("/unban", "[#ROOM] NAME", "let somebody in again", _unban(order_commands.Unban, "/unban")),
    _row("/bans", "[#ROOM]", "show who is banned or muted", _bans),
    _row(
        "/mute",
        "[#ROOM] NAME [TIME] [REASON]",
        "let somebody read, but not write",
        _ban(order_commands.Mute, "/mute"),
    ),
    _row(
        "/unmute",
        "[#ROOM] NAME",
        "let somebody write again",
        _unban(order_commands.Unmute, "/unmute"),
    ),
    _row(
        "/op",
        "[#ROOM] NAME",
        "make somebody an operator of the room",
        _role("/op", "operator", given=True),
    ),
    _row(
        "/deop",
        "[#ROOM] NAME",
        "make an operator a member again",
        _role("/deop", "operator", given=False),
    ),
    _row(
        "/voice",
        "[#ROOM] NAME",
        "let somebody write while it is read-only",
        _role("/voice", "voice", given=True),
    ),
    _row("/devoice", "[#ROOM] NAME", "take that back", _role("/devoice", "voice", given=False)),
    _row(
        "/readonly",
        "[#ROOM] on|off",
        "only hosts and operators write",
        _on_off(lambda room, on: order_commands.ChangeRoom(room, read_only=on), "/readonly"),
    ),
    _row("/slow", "[#ROOM] SECONDS|off", "time between two messages of a member", _slow),
    _row(
        "/close",
        "[#ROOM]",
        "nobody else may join",
        _room(lambda room: order_commands.ChangeRoom(room, closed=True), "/close"),
    ),
    _row(
        "/open",
        "[#ROOM]",
        "others may join again",
        _room(lambda room: order_commands.ChangeRoom(room, closed=False), "/open"),
    ),
    _row("/key", "[#ROOM] WORD|off", "joining needs the word; hides the room", _key),
    _row(
        "/locktopic",
        "[#ROOM] on|off",
        "only hosts and operators set the topic",
        _on_off(lambda room, on: order_commands.ChangeRoom(room, topic_locked=on), "/locktopic"),
    ),
    _row("/limit", "[#ROOM] N|off", "how many may be in the room", _limit),
    _row(
        "/private",
        "[#ROOM]",
        "hide the room, until it ends",
        _room(lambda room: order_commands.ChangeRoom(room, private=True), "/private"),
    ),
    _row("/remove", "[#ROOM] N", "take message N out", _remove),
    _row("/host", "CODE", "become a host with the server's code", _host),
)
