"""The colours of the terminal: one per nickname, the same in every run. Pure.

Nobody knows the background of a terminal. The colours here stand out against black and against
white alike: a test checks the contrast, 3.5 to 1 at least (WCAG asks 3 to 1 for large text).
"""

import math
import re
import unicodedata
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from chatd.chat import commands, events, limits
from chatd.chat.names import LOBBY, casefold
from chatd.client.terminal.output import Line
from chatd.wire import rendering
from chatd.wire.rendering import escape
from chatd.wire.slash_commands import UserInput

#: From the 216 colours of a terminal's palette, those of middling brightness and clear hue.
NICKNAME_COLOURS: Final = (
    "#ff0000",
    "#d75f00",
    "#af5f5f",
    "#af5f00",
    "#878700",
    "#5f8700",
    "#008700",
    "#00875f",
    "#008787",
    "#0087af",
    "#0087ff",
    "#5f5fff",
    "#875fff",
    "#af5faf",
    "#d700d7",
    "#ff0087",
)

#: What is not said by a person.
MUTED: Final = "#767676"

#: The names of styles, and what they are. Where there are no colours, the rest still shows.
STYLES: Final = {
    "time": f"fg:{MUTED}",
    "notice": f"fg:{MUTED}",
    "talk": f"fg:{MUTED} italic",
    "history": f"fg:{MUTED}",
    "own": "bold",
    "private": "bold fg:#d700d7",
    "mention": "bold underline",
    "prompt": "bold",
    "question": "bold",
    "chosen": "reverse",
    "status": "reverse",
    "completion-toolbar": f"fg:{MUTED}",
    "completion-toolbar.completion.current": "reverse",
}


def nickname_style(nickname: str) -> str:
    """The style of a nickname; how it is spelled makes no difference."""
    number = zlib.crc32(casefold(nickname).encode("utf-8", "replace"))
    return f"fg:{NICKNAME_COLOURS[number % len(NICKNAME_COLOURS)]}"


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
                    ("class:notice", rendering.render_notice(sentence)),
                ]
                for sentence in rendering.describe(event)
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


def format_input(line: str, user_input: UserInput | None) -> list[Line]:
    """A line as the user typed it; no lines for a message, which is shown once it is confirmed."""
    if isinstance(user_input, commands.SendMessage | commands.SendPrivate):
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
