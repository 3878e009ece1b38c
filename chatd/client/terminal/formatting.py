"""Formats what the terminal shows: events, history, the user's lines, notices. Pure.

The background of a terminal is not known. So the colours here are readable on black and on white: a
test checks that each has a contrast of at least 3.5 to 1 (WCAG asks for 3 to 1 with large text).
Everything that others wrote is escaped before it gets into a line.
"""

import math
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from chatd.chat import commands, events
from chatd.chat.names import LOBBY, casefold
from chatd.client.invitation import Row
from chatd.client.terminal.output import Line, MessageLine
from chatd.wire import rendering
from chatd.wire.mentions import mention_spans, mentions
from chatd.wire.rendering import escape
from chatd.wire.user_inputs import UserInput

#: Colours of the 256-colour palette that all terminals have, of medium brightness and clear hue.
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

#: For times, notices and other lines that are no messages.
MUTED: Final = "#767676"

#: The styles by their names. Bold, underline and reverse remain where there are no colours.
STYLES: Final = {
    "time": f"fg:{MUTED}",
    "notice": f"fg:{MUTED}",
    "client": f"fg:{MUTED} italic",
    "history": f"fg:{MUTED}",
    "own": "bold",
    "private": "bold fg:#d700d7",
    "mention": "bold reverse",
    "mark": f"fg:{MUTED} bold",
    "prompt": "bold",
    "question": "bold",
    "chosen": "reverse",
    "status": "reverse",
    "code": "fg:ansiwhite bg:ansiblack",
    "completion-toolbar": f"fg:{MUTED}",
    "completion-toolbar.completion.current": "reverse",
}

#: How far the rows of a wrapped line are indented: as wide as the time before it.
INDENT: Final = len("12:34 ")

#: The events of arrivals and departures.
ARRIVALS: Final = (
    events.MemberEntered,
    events.MemberLeft,
    events.RoomJoined,
    events.RoomLeft,
)

_HISTORY_MARK: Final = "│ "


def nickname_style(nickname: str) -> str:
    """The style of a nickname: the same in each run and for each spelling."""
    number = zlib.crc32(casefold(nickname).encode("utf-8", "replace"))
    return f"fg:{NICKNAME_COLOURS[number % len(NICKNAME_COLOURS)]}"


def is_highlight(event: object, nickname: str) -> bool:
    """Whether an event is for the member called `nickname` in particular: private, or a mention."""
    match event:
        case events.PrivateMessage(source=source):
            return casefold(source) != casefold(nickname)
        case events.Message(text=text):
            return mentions(text, nickname)
    return False


def format_event(
    event: object,
    nickname: str,
    now: float,
    *,
    in_view: bool = False,
    is_numbered: bool = False,
) -> list[Line]:
    """An event or a reply, as the member called `nickname` sees it.

    :param now: the time of an event that has none of its own, in seconds since 1970.
    :param in_view: whether it is shown among what belongs to the same room or private talk.
    :param is_numbered: whether a message has its number, by which it can be removed.
    """
    match event:
        case events.Message():
            when = _with_number(format_time(to_seconds(event.time)), event.seq * is_numbered)
            return [*_message_lines(event, nickname, when, _room_prefix(event.room, in_view))]
        case events.PrivateMessage(source=source, time=time, action=action):
            place: Line = [] if in_view else [("class:private", "[private] ")]
            sender, between = _sender(_styled_nickname(source), action)
            head, style = place + sender, "" if in_view else "class:private"
            lines = _text_lines(rendering.shown_text(event), style)
            texts = [*lines[:-1], [*lines[-1], *_hint(event)]]
            when = format_time(to_seconds(time))
            return [[*_head(when, head, between), *text] for text in texts]
        case events.History(room=room, messages=messages):
            title = f"history of {escape(room)}"
            return format_history(title, messages, nickname, now, in_view=in_view, is_numbered=True)
        case events.SearchResult(messages=messages) if messages:
            return _search_result(event, nickname, now)
        case events.AwayChanged(name, text) if in_view:
            return _notices([f"{name} is away: {text}" if text else f"{name} is back"], now)
        case _:
            return _notices(rendering.describe(event, to_milliseconds(now)), now)


def _notices(sentences: Iterable[str], now: float) -> list[Line]:
    return [
        [
            ("class:time", f"{format_time(now)} "),
            ("class:notice", rendering.render_notice(sentence)),
        ]
        for sentence in sentences
    ]


def format_history(
    title: str,
    messages: Iterable[events.Message],
    nickname: str,
    now: float,
    note: str = "",
    *,
    in_view: bool = False,
    is_numbered: bool = False,
) -> list[Line]:
    """Earlier messages, between a line with the title and one that marks their end.

    :param note: goes behind the title.
    """
    lines = [
        _message_lines(
            message,
            nickname,
            _with_number(_format_moment(message, now), message.seq * is_numbered),
            _room_prefix(message.room, in_view),
        )
        for message in messages
    ]
    return _boxed(f"{title}{note}", lines, f"end of {title}")


def _search_result(result: events.SearchResult, nickname: str, now: float) -> list[Line]:
    """The messages that a search has found, the newest last; each with its room."""
    lines = [
        _message_lines(
            message,
            nickname,
            _format_moment(message, now),
            f"{escape(message.room)} ",
            has_hint=False,  # the number is that of another room, perhaps
        )
        for message in reversed(result.messages)
    ]
    count = len(result.messages)
    title = f"{count} message{'' if count == 1 else 's'} found"
    return _boxed(title, lines, " ".join(rendering.describe(result)) or "nothing older was found")


def _format_moment(message: events.Message, now: float) -> str:
    """The time of a message, with its date unless that is today."""
    seconds = to_seconds(message.time)
    date, time = format_date(seconds), format_time(seconds)
    return time if date == format_date(now) else f"{date} {time}"


def _with_number(when: str, seq: int) -> str:
    """`when`, and behind it the number of a message; 0 for none."""
    return f"{when} [{seq}]" if seq else when


def _boxed(title: str, messages: Iterable[list[MessageLine]], end: str) -> list[Line]:
    mark = ("class:history", _HISTORY_MARK)
    lines: list[Line] = [line.behind(mark) for message in messages for line in message]
    return [[("class:history", f"┌ {title}")], *lines, [("class:history", f"└ {end}")]]


def format_own_message(
    command: commands.SendMessage | commands.SendPrivate,
    nickname: str,
    time: float,
    *,
    seq: int = 0,
    in_view: bool = False,
    is_numbered: bool = False,
) -> list[Line]:
    """The user's own message.

    :param time: when the server got it, in seconds since 1970.
    :param seq: its number in the room; 0 if it has none.
    """
    match command:
        case commands.SendPrivate(text, to, action) if not in_view:
            names = escape(",".join(to))
            place: Line = [("class:private", f"[private to {names}]")]
            if action:
                place += [("", " * "), ("class:own", escape(nickname))]
            head = _head(format_time(time), place, " ")
            return [[*head, *text_line] for text_line in _text_lines(text)]
        case _:
            room = command.room if isinstance(command, commands.SendMessage) else LOBBY
            sender, between = _sender(("class:own", escape(nickname)), command.action)
            when = _with_number(format_time(time), seq * is_numbered)
            head = _head(when, [("", _room_prefix(room, in_view)), *sender], between)
            lines = _text_lines(command.text)
            if not seq:
                return [[*head, *text_line] for text_line in lines]
            return [MessageLine(head, text_line, room, seq) for text_line in lines]


def format_input(line: str, user_input: UserInput | None) -> list[Line]:
    """A line as the user typed it; no lines for a message, which is shown once it is confirmed."""
    if isinstance(user_input, commands.SendMessage | commands.SendPrivate):
        return []
    return [[("class:notice", f"> {escape(each)}")] for each in line.split("\n")]


def format_invitation(rows: Iterable[Row]) -> list[Line]:
    """An invitation. Its QR code is dark on light, because not all scanners read the reverse."""
    return [[("class:code", row.code), ("", escape(row.text))] for row in rows]


def format_notice(sentence: str) -> Line:
    """A sentence of the client itself."""
    return [("class:client", escape(sentence))]


def format_mark(looked_at: float | None) -> Line:
    """The line above what is new.

    :param looked_at: when the user last saw the lines before it, in seconds since 1970; None for
        never.
    """
    since = "" if looked_at is None else f" since {format_time(looked_at)}"
    return [("class:mark", f"──── new{since} ────")]


def to_seconds(milliseconds: int) -> float:
    """The same in seconds, or infinity: a server may send a number too large for a float."""
    try:
        return milliseconds / 1000
    except OverflowError:
        return math.inf


def to_milliseconds(seconds: float) -> int:
    """The same in milliseconds."""
    return round(1_000 * seconds)


def format_time(seconds: float) -> str:
    """The time of day, local time; `seconds` since 1970."""
    return _format(seconds, "%H:%M", "--:--")


def format_date(seconds: float) -> str:
    """The date, local time; `seconds` since 1970."""
    return _format(seconds, "%Y-%m-%d", "?")


def _format(seconds: float, template: str, fallback: str) -> str:
    try:
        return datetime.fromtimestamp(seconds).astimezone().strftime(template)
    except (OverflowError, OSError, ValueError):  # a server may send any number
        return fallback


def format_removed(by: str) -> Line:
    """The text that is shown in place of that of a removed message."""
    return [("class:notice", f"(removed by {escape(by)})")]


def _message_lines(
    message: events.Message, nickname: str, when: str, room: str, *, has_hint: bool = True
) -> list[MessageLine]:
    sender, between = _sender(_styled_nickname(message.source), message.action)
    head = _head(when, [("", room), *sender], between)
    if message.removed:
        texts = [format_removed(message.removed)]
    else:
        texts = _text_lines(rendering.shown_text(message), "", nickname)
        if has_hint:
            texts[-1] = [*texts[-1], *_hint(message)]
    return [MessageLine(head, text, message.room, message.seq) for text in texts]


def _hint(message: events.Message | events.PrivateMessage) -> Line:
    """The command that saves the file of a message; empty if it has none."""
    if message.file is None or not message.seq:
        return []
    return [("class:notice", f"  /get {message.seq}")]


def _sender(nickname: tuple[str, str], action: bool) -> tuple[Line, str]:  # as in a message
    """The beginning of each line of a message: ``ice: hello``, or ``* ice waves`` for an action."""
    return ([("", "* "), nickname], " ") if action else ([nickname], ": ")


def _head(when: str, sender: Line, between: str) -> Line:
    """The time and the sender, which stand before the text in each line of a message."""
    return [("class:time", f"{when} "), *sender, ("", between)]


def _text_lines(text: str, style: str = "", nickname: str = "") -> list[Line]:
    """The lines of a text; where they mention the member called `nickname`, they say so."""
    return [_with_mentions(line.expandtabs(), style, nickname) for line in text.split("\n")]


def _with_mentions(text: str, style: str, nickname: str) -> Line:
    fragments: Line = []
    end = 0
    for start, stop in mention_spans(text, nickname):
        if not _is_in_url(text, start):
            fragments += [
                (style, escape(text[end:start])),
                ("class:mention", escape(text[start:stop])),
            ]
            end = stop
    return [*fragments, (style, escape(text[end:]))]


def _is_in_url(text: str, position: int) -> bool:
    """Whether a URL is there; it must stay in one piece, or a terminal would not recognise it."""
    return "://" in text[:position].rsplit(" ", 1)[-1]


def _room_prefix(room: str, in_view: bool) -> str:  # as above
    return "" if in_view or room == LOBBY else f"{escape(room)} "


def _styled_nickname(nickname: str) -> tuple[str, str]:
    return (f"bold {nickname_style(nickname)}", escape(nickname))
