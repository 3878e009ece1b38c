"""What people are shown: events and replies as lines (SPEC §6). Pure.

Each line of a message stands behind its sender, so that nobody can forge a line; and what others
wrote never reaches a terminal as anything but text. The client shows these lines, and the plain
dialect sends them.
"""

import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from chatd.chat import events, limits
from chatd.chat.errors import NotReached
from chatd.chat.names import LOBBY

#: Joiners and variation selectors: emoji and some scripts need them behind a character of theirs.
#: Anywhere else they are a trick: two words look the same and are not.
_JOINERS: Final = frozenset("\u200c\u200d")
_SELECTORS: Final = frozenset(map(chr, range(0xFE00, 0xFE10)))
#: The Latin, Greek, Cyrillic and Armenian letters come before this, and need none of them.
_FIRST_JOINED: Final = "\u0590"
#: What has a variant as an emoji, though it comes before that.
_VARIED: Final = frozenset("0123456789#*\u00a9\u00ae")
#: These show nothing, or a blank, though they are no format characters to Unicode.
_BLANKS: Final = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0))
)
_SHOWN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_MARKS: Final = frozenset({"Mn", "Me"})


def escape(text: str) -> str:
    """`text` with a visible replacement for each character that a terminal might obey.

    So are characters that show nothing, and marks piled up on one character beyond a limit, which
    would spill over the lines above and below.
    """
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    before = " "
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        if _is_deceptive(character, category, before) or marks > limits.MAX_COMBINING_MARKS:
            shown.append(f"<U+{ord(character):04X}>")
        else:
            shown.append(character)
        before = character
    return "".join(shown)


def _is_deceptive(character: str, category: str, before: str) -> bool:
    """Whether `character` is not to be shown as it is, behind the one `before`."""
    if character in _JOINERS:
        return before < _FIRST_JOINED or before in _JOINERS
    if character in _SELECTORS:
        alone = before < _FIRST_JOINED and before not in _VARIED
        return alone or before in _JOINERS or before in _SELECTORS
    return category in _SHOWN_CATEGORIES or character in _BLANKS


def render(event: object) -> list[str]:
    """The lines that tell of an event or a reply; none for what needs no words."""
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
    """What the server says of an event or a reply, without saying that it is the server."""
    make = _DESCRIPTIONS.get(type(event))
    return make(event) if make else []


def render_notice(sentence: str) -> str:
    """What the server itself says."""
    return f"[Server]: {escape(sentence)}"


def render_message(room: str, source: str, text: str) -> list[str]:
    """A message of a room, each line of it with its sender."""
    return _prefix_lines(source if room == LOBBY else f"{room} {source}", text)


def render_history_entry(entry: events.Message) -> list[str]:
    """A message of the history, each line of it with its date, time and sender."""
    moment = _format_time(entry.time)
    return [f"{moment} {line}" for line in render_message(entry.room, entry.source, entry.text)]


def newest_that_fit(parts: Iterable[bytes]) -> bytes:
    """As many of `parts` as one reply may have, in the order in which they happened.

    :param parts: the newest first; no more of them are made than are needed.
    """
    kept: list[bytes] = []
    size = 0
    for part in parts:
        size += len(part)
        if size > limits.REPLY_BYTES:
            break
        kept.append(part)
    return b"".join(reversed(kept))


def _prefix_lines(speaker: str, text: str) -> list[str]:
    return [f"{escape(speaker)}: {escape(line.expandtabs())}" for line in text.split("\n")]


def _format_time(milliseconds: int) -> str:
    """A date and time of day, local time."""
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
