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
from chatd.chat.names import LOBBY, folded
from chatd.chat.refusals import Refusal
from chatd.client.terminal.colours import of_nickname
from chatd.client.terminal.wrapping import Line
from chatd.wire import lines as render
from chatd.wire import typed
from chatd.wire.lines import visible

#: How far a line that is broken goes on indented: as far as the time reaches.
INDENT: Final = len("12:34 ")

_HISTORY: Final = "│ "


def mentions(text: str, nickname: str) -> bool:
    """Whether `text` names `nickname`, as a word of its own."""
    name = re.escape(folded(nickname))
    # As names are compared; no server of ours sends more than this.
    words = unicodedata.normalize("NFKC", text[: limits.MESSAGE_CHARACTERS].casefold())
    return bool(nickname) and bool(re.search(rf"(?<!\w){name}(?!\w)", words))


def calls(what: object, nickname: str) -> bool:
    """Whether that is for the person called `nickname` in particular."""
    match what:
        case events.Private():
            return True
        case events.Said(text=text):
            return mentions(text, nickname)
    return False


def told(what: object, nickname: str, now: float) -> list[Line]:
    """What the server told the person called `nickname`, at the time `now` (seconds since 1970)."""
    match what:
        case events.Said():
            return _said(what, nickname, clock(seconds(what.time)))
        case events.Private(source=source, time=time, text=text):
            speaker: Line = [("class:private", "[private] "), _name(source)]
            return _spoken(clock(seconds(time)), speaker, text, "class:private")
        case events.HistoryRead(room=room, messages=messages):
            return history(f"history of {visible(room)}", messages, nickname, now)
        case _:
            return [
                [("class:time", f"{clock(now)} "), ("class:notice", render.notice(sentence))]
                for sentence in render.sentences(what)
            ]


def history(
    title: str, messages: Iterable[events.Said], nickname: str, now: float, note: str = ""
) -> list[Line]:
    """Messages of the past, between two lines that say so.

    :param note: what else is to be said of them.
    """
    today = day(now)
    painted: list[Line] = [[("class:history", f"┌ {title}{note}")]]
    for each in messages:
        moment = seconds(each.time)
        date = day(moment)
        when = clock(moment) if date == today else f"{date} {clock(moment)}"
        painted += [[("class:history", _HISTORY), *line] for line in _said(each, nickname, when)]
    return [*painted, [("class:history", f"└ end of {title}")]]


def said(what: commands.Say | commands.Tell, nickname: str, time: float) -> list[Line]:
    """What the person called `nickname` said; the server got it at `time` (seconds since 1970)."""
    match what:
        case commands.Say(text, room):
            speaker: Line = [("", _before(room)), ("class:own", visible(nickname))]
            return _spoken(clock(time), speaker, text, "")
        case commands.Tell(text, to):
            names = visible(",".join(to))
            return _spoken(clock(time), [("class:private", f"[private to {names}]")], text, "", " ")


def echoed(line: str) -> list[Line]:
    """What the person has typed; nothing of what is shown when the server has it."""
    try:
        meant = typed.read(line)
    except Refusal:
        meant = None
    if isinstance(meant, commands.Say | commands.Tell):
        return []
    return [[("class:notice", f"> {visible(each)}")] for each in line.split("\n")]


def talked(sentence: str) -> Line:
    """What the client itself has to say."""
    return [("class:talk", visible(sentence))]


def seconds(milliseconds: int) -> float:
    """The same in seconds; a server may say any number."""
    try:
        return milliseconds / 1000
    except OverflowError:
        return math.inf


def clock(seconds: float) -> str:
    """The time of day, local time; `seconds` since 1970."""
    return _formatted(seconds, "%H:%M", "--:--")


def day(seconds: float) -> str:
    """The date, local time; `seconds` since 1970."""
    return _formatted(seconds, "%Y-%m-%d", "?")


def _formatted(seconds: float, form: str, impossible: str) -> str:
    try:
        return datetime.fromtimestamp(seconds).astimezone().strftime(form)
    except (OverflowError, OSError, ValueError):
        return impossible


def _said(message: events.Said, nickname: str, when: str) -> list[Line]:
    style = "class:mention" if mentions(message.text, nickname) else ""
    speaker: Line = [("", _before(message.room)), _name(message.source)]
    return _spoken(when, speaker, message.text, style)


def _spoken(when: str, speaker: Line, text: str, style: str, between: str = ": ") -> list[Line]:
    return [
        [("class:time", f"{when} "), *speaker, ("", between), (style, visible(line.expandtabs()))]
        for line in text.split("\n")
    ]


def _before(room: str) -> str:
    return "" if room == LOBBY else f"{visible(room)} "


def _name(nickname: str) -> tuple[str, str]:
    return (f"bold {of_nickname(nickname)}", visible(nickname))
