"""Events and replies as lines of text, for terminals and for plain connections. Pure.

Two guarantees are made here. Each line of a message has its sender before it, so that nobody can
forge a line. And what others wrote is escaped, so that no terminal obeys it and no reader is
deceived by it. ``chatd/web/static/escape.js`` has the same rules for the web page.
"""

import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from chatd.chat import events, limits
from chatd.chat.errors import NotReached
from chatd.chat.names import LOBBY

#: Joiners and variation selectors show nothing by themselves. Emoji and some scripts need them
#: after certain characters; anywhere else they make two words differ that look the same.
_JOINERS: Final = frozenset("\u200c\u200d")
_SELECTORS: Final = frozenset(map(chr, range(0xFE00, 0xFE10)))
#: Latin, Greek, Cyrillic and Armenian letters come before this code point, and need none of them.
_FIRST_JOINED: Final = "\u0590"
#: Characters before that code point that have a variant as an emoji.
_VARIED: Final = frozenset("0123456789#*\u00a9\u00ae")
#: Characters that show nothing or a blank, though Unicode does not call them format characters.
_BLANKS: Final = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0))
)
_ESCAPED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_MARKS: Final = frozenset({"Mn", "Me"})


def escape(text: str) -> str:
    r"""`text` with each control, invisible or deceptive character replaced by its code point.

    Replaced are, for example:

    - ``"\x1b[2J"``, which would clear a terminal's screen, becomes ``<U+001B>[2J``; likewise all
      control and format characters (some of which reverse the order of the text after them), line
      and paragraph separators, and halves of surrogate pairs.
    - ``"ice\u2800"``, which looks like ``ice``, becomes ``ice<U+2800>``; likewise all characters
      that show nothing.
    - ``"ic\u200de"``, which looks like it, too, becomes ``ic<U+200D>e``. The same joiner stays
      where it is needed, as between the emoji of a family.
    - The ninth mark on one character and those after it, which would cover the lines above.
    """
    if text.isascii() and text.isprintable():
        return text  # nearly every text
    escaped: list[str] = []
    previous = " "
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        if _is_deceptive(character, category, previous) or marks > limits.MAX_COMBINING_MARKS:
            escaped.append(f"<U+{ord(character):04X}>")
        else:
            escaped.append(character)
        previous = character
    return "".join(escaped)


def _is_deceptive(character: str, category: str, previous: str) -> bool:
    """Whether `character` must not be shown as it is after the character `previous`."""
    if character in _JOINERS:
        return previous < _FIRST_JOINED or previous in _JOINERS
    if character in _SELECTORS:
        alone = previous < _FIRST_JOINED and previous not in _VARIED
        return alone or previous in _JOINERS or previous in _SELECTORS
    return category in _ESCAPED_CATEGORIES or character in _BLANKS


def render(event: object) -> list[str]:
    """The lines that show an event or a reply; none for replies that need not be shown."""
    match event:
        case events.Message(room=room, source=source, text=text):
            return render_message(room, source, text)
        case events.PrivateMessage(source=source, text=text):
            return _prefix_lines(f"[private] {source}", text)
        case events.History(messages=messages):
            return [line for each in messages for line in render_history_entry(each)]
        case _:
            return [render_notice(sentence) for sentence in describe(event)]


def describe(event: object) -> list[str]:
    """The sentences in which the server describes an event or a reply, not escaped; may be none.

    A list has one for each entry. Messages are no sentences of the server.
    """
    make = _DESCRIPTIONS.get(type(event))
    return make(event) if make else []


def render_notice(sentence: str) -> str:
    """A sentence of the server as a line."""
    return f"[Server]: {escape(sentence)}"


def render_message(room: str, source: str, text: str) -> list[str]:
    """A message in a room, each of its lines with the sender and any room but the lobby."""
    return _prefix_lines(source if room == LOBBY else f"{room} {source}", text)


def render_history_entry(entry: events.Message) -> list[str]:
    """A message of the history, each of its lines with date, time and sender."""
    moment = _format_time(entry.time)
    return [f"{moment} {line}" for line in render_message(entry.room, entry.source, entry.text)]


def newest_that_fit(parts: Iterable[bytes]) -> bytes:
    """The last of `parts` that fit into one reply (:data:`limits.REPLY_BYTES`), oldest first.

    :param parts: the newest first. Of an iterator, no more are taken than fit, and one: so no more
        of a long history is rendered than is sent.
    """
    kept: list[bytes] = []
    size = 0
    for part in parts:
        size += len(part)
        if size > limits.REPLY_BYTES:
            break
        kept.append(part)
    return b"".join(reversed(kept))


def _prefix_lines(source: str, text: str) -> list[str]:
    return [f"{escape(source)}: {escape(line.expandtabs())}" for line in text.split("\n")]


def _format_time(milliseconds: int) -> str:
    """Date and time of day, in local time; ``?`` for a time that no calendar has."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
    except (OverflowError, OSError, ValueError):
        return "?"


def _users(reply: events.Users) -> list[str]:
    return [
        " ".join([each.nickname, *each.rooms, "since", _format_time(each.since)])
        for each in reply.users
    ]


def _rooms(reply: events.Rooms) -> list[str]:
    return [
        f"{each.room} {each.members} member{'' if each.members == 1 else 's'}"
        for each in reply.rooms
    ]


def _private_sent(reply: events.PrivateSent) -> list[str]:
    return [str(NotReached(reply.undelivered))] if reply.undelivered else []


_DESCRIPTIONS: Final[dict[type, Callable[[Any], list[str]]]] = {
    events.MemberEntered: lambda event: [f"{event.nickname} has entered the chat"],
    events.MemberLeft: lambda event: [f"{event.nickname} has left the chat ({event.reason})"],
    events.MemberRenamed: lambda event: [f"{event.old} renamed to {event.new}"],
    events.RoomJoined: lambda event: [f"{event.nickname} has joined {event.room}"],
    events.RoomLeft: lambda event: [f"{event.nickname} has left {event.room}"],
    events.Users: _users,
    events.Rooms: _rooms,
    events.PrivateSent: _private_sent,
}
