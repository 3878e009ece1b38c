"""What is told, said and typed, as lines with colours. Pure.

What others wrote is only ever text here, never markup, and goes through ``visible`` like
everywhere else. A line looks as it does off a terminal, with the time before it.
"""

import math
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from chatd.chat import commands, events, limits
from chatd.chat.names import LOBBY, casefold
from chatd.chat.refusals import Refusal
from chatd.client.terminal.colours import nickname_style
from chatd.client.terminal.wrapping import Line
from chatd.wire import lines as render
from chatd.wire import typed
from chatd.wire.lines import escape

#: How far a line that is broken goes on indented: as far as the time reaches.
INDENT: Final = len("12:34 ")

_HISTORY: Final = "│ "


def mentions(text: str, nickname: str) -> bool:
    """Whether `text` names `nickname`, as a word of its own."""
    name = re.escape(casefold(nickname))
    # As names are compared; no server of ours sends more than this.
    words = unicodedata.normalize("NFKC", text[: limits.MESSAGE_CHARACTERS].casefold())
    return bool(nickname) and bool(re.search(rf"(?<!\w){name}(?!\w)", words))


def is_highlight(event: object, nickname: str) -> bool:
    """Whether that is for the person called `nickname` in particular."""
    match event:
        case events.PrivateMessage():
            return True
        case events.Message(text=text):
            return mentions(text, nickname)
    return False


def format_event(event: object, nickname: str, now: float) -> list[Line]:
    """What the server told the person called `nickname`, at the time `now` (seconds since 1970)."""
    match event:
        case events.Message():
            return _message_lines(event, nickname, format_time(to_seconds(event.time)))
        case events.PrivateMessage(source=source, time=time, text=text):
            speaker: Line = [("class:private", "[private] "), _styled_nickname(source)]
            return _prefix_lines(format_time(to_seconds(time)), speaker, text, "class:private")
        case events.History(room=room, messages=messages):
            return format_history(f"history of {escape(room)}", messages, nickname, now)
        case _:
            return [
                [
                    ("class:time", f"{format_time(now)} "),
                    ("class:notice", render.render_notice(sentence)),
                ]
                for sentence in render.describe(event)
            ]


def format_history(
    title: str, messages: Iterable[events.Message], nickname: str, now: float, note: str = ""
) -> list[Line]:
    """Messages of the past, between two lines that say so.

    :param note: what else is to be said of them.
    """
    today = format_date(now)
    painted: list[Line] = [[("class:history", f"┌ {title}{note}")]]
    for each in messages:
        moment = to_seconds(each.time)
        date = format_date(moment)
        when = format_time(moment) if date == today else f"{date} {format_time(moment)}"
        painted += [
            [("class:history", _HISTORY), *line] for line in _message_lines(each, nickname, when)
        ]
    return [*painted, [("class:history", f"└ end of {title}")]]


def format_own_message(
    command: commands.SendMessage | commands.SendPrivate, nickname: str, time: float
) -> list[Line]:
    """What the person called `nickname` said; the server got it at `time` (seconds since 1970)."""
    match command:
        case commands.SendMessage(text, room):
            speaker: Line = [("", _room_prefix(room)), ("class:own", escape(nickname))]
            return _prefix_lines(format_time(time), speaker, text, "")
        case commands.SendPrivate(text, to):
            names = escape(",".join(to))
            return _prefix_lines(
                format_time(time), [("class:private", f"[private to {names}]")], text, "", " "
            )


def format_input(line: str) -> list[Line]:
    """What the person has typed; nothing of what is shown when the server has it."""
    try:
        meant = typed.parse(line)
    except Refusal:
        meant = None
    if isinstance(meant, commands.SendMessage | commands.SendPrivate):
        return []
    return [[("class:notice", f"> {escape(each)}")] for each in line.split("\n")]


def format_notice(sentence: str) -> Line:
    """What the client itself has to say."""
    return [("class:talk", escape(sentence))]


def to_seconds(milliseconds: int) -> float:
    """The same in seconds; a server may say any number."""
    try:
        return milliseconds / 1000
    except OverflowError:
        return math.inf


def format_time(seconds: float) -> str:
    """The time of day, local time; `seconds` since 1970."""
    return _formatted(seconds, "%H:%M", "--:--")


def format_date(seconds: float) -> str:
    """The date, local time; `seconds` since 1970."""
    return _formatted(seconds, "%Y-%m-%d", "?")


def _formatted(seconds: float, form: str, impossible: str) -> str:
    try:
        return datetime.fromtimestamp(seconds).astimezone().strftime(form)
    except (OverflowError, OSError, ValueError):
        return impossible


def _message_lines(message: events.Message, nickname: str, when: str) -> list[Line]:
    style = "class:mention" if mentions(message.text, nickname) else ""
    speaker: Line = [("", _room_prefix(message.room)), _styled_nickname(message.source)]
    return _prefix_lines(when, speaker, message.text, style)


def _prefix_lines(
    when: str, speaker: Line, text: str, style: str, between: str = ": "
) -> list[Line]:
    return [
        [("class:time", f"{when} "), *speaker, ("", between), (style, escape(line.expandtabs()))]
        for line in text.split("\n")
    ]


def _room_prefix(room: str) -> str:
    return "" if room == LOBBY else f"{escape(room)} "


def _styled_nickname(nickname: str) -> tuple[str, str]:
    return (f"bold {nickname_style(nickname)}", escape(nickname))
