"""What people are shown: events and replies as lines (SPEC §6). Pure.

Each line of a message stands behind its sender, so that nobody can forge a line; and what others
wrote never reaches the terminal as anything but text.
"""

import unicodedata
from datetime import datetime
from typing import Final

from chatd.chat import events
from chatd.chat.names import LOBBY

#: Joiners that scripts and emoji need; every other format character is shown, not obeyed.
_JOINERS: Final = frozenset("\u200c\u200d")
_SHOWN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    """`text` with a visible replacement for each character that a terminal might obey."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"<U+{ord(character):04X}>"
        if character not in _JOINERS and unicodedata.category(character) in _SHOWN_CATEGORIES
        else character
        for character in text
    )


def lines(told: object) -> list[str]:
    """The lines that tell of an event or a reply; none for what needs no words."""
    match told:
        case events.Said(room=room, source=source, text=text):
            return _message(room, source, text)
        case events.Entered(nickname):
            return [notice(f"{nickname} has entered the chat")]
        case events.Left(nickname, reason):
            return [notice(f"{nickname} has left the chat ({reason})")]
        case events.Renamed(old, new):
            return [notice(f"{old} renamed to {new}")]
        case events.Users(users=users):
            return [
                notice(f"{each.nickname}  {' '.join(each.rooms)}  since {_clock(each.since)}")
                for each in users
            ]
        case events.HistoryRead(messages=messages):
            return [
                f"{_clock(each.time)} {line}"
                for each in messages
                for line in _message(each.room, each.source, each.text)
            ]
        case _:
            return []


def notice(sentence: str) -> str:
    """What the server itself says."""
    return f"[Server]: {visible(sentence)}"


def _message(room: str, source: str, text: str) -> list[str]:
    before = visible(source if room == LOBBY else f"{room} {source}")
    return [f"{before}: {visible(line.expandtabs())}" for line in text.split("\n")]


def _clock(milliseconds: int) -> str:
    """A time of day, with the date if it is not today's; local time."""
    try:
        when = datetime.fromtimestamp(milliseconds / 1000).astimezone()
    except (OverflowError, OSError, ValueError):
        return "?"
    today = datetime.now().astimezone().date()
    return when.strftime("%H:%M:%S" if when.date() == today else "%Y-%m-%d %H:%M:%S")
