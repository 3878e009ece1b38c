"""What happened in the chat, for the log. Private text and passwords never come through here.

At info: entering, leaving, renaming, each room message in order. At debug: each member's commands
and what became of them, by their names alone, whatever was in them.
"""

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from twisted.logger import Logger, LogLevel

from chatd.chat import events
from chatd.chat.events import Event
from chatd.chat.outbox import MemberId, Outbox
from chatd.chat.refusals import Malformed, Refusal
from chatd.wire.dialect import Outcome, Request

_FORMATS: Final[dict[type[Event], str]] = {
    events.Entered: "{nickname} has entered the chat",
    events.Left: "{nickname} has left the chat ({reason})",
    events.Renamed: "{old} is now {new}",
    events.Joined: "{nickname} has joined {room}",
    events.Parted: "{nickname} has left {room}",
    events.Said: "{room} {source}: {text!r}",
}


def _name(kind: type) -> str:
    """How a command, an event or a reply is called in the log: ``list-users``."""
    return re.sub("(?<=.)(?=[A-Z])", "-", kind.__name__).lower()


def _values(kind: type[Event]) -> Callable[[Event], dict[str, object]]:
    """How to read the fields of such an event."""
    names = tuple(field.name for field in fields(kind))
    return lambda event: {name: getattr(event, name) for name in names}


_NOTES: Final = {kind: (form, _name(kind), _values(kind)) for kind, form in _FORMATS.items()}


def _command(asked: Request | Refusal | None, outcome: Outcome) -> str:
    if isinstance(asked, Request):
        return _name(type(asked.command))
    # A line that is too long, or half an object, is refused before it is anything.
    return "unreadable" if isinstance(asked or outcome, Malformed) else "nothing"


class Speaker(Protocol):
    """A connection that asks for things."""

    address: str
    member_id: MemberId | None


#: Takes note of what became of a request; where it could not be read, of the refusal alone.
Record = Callable[[Speaker, Request | Refusal | None, Outcome], None]


def chronicled(outbox: Outbox, level: str) -> Outbox:
    """`outbox`, with a log of what is told to many if that is to be seen at `level`."""
    return Chronicle(outbox) if LogLevel.levelWithName(level) <= LogLevel.info else outbox


def recorder(nickname: Callable[[MemberId], str], level: str) -> Record:
    """A log of commands if that is to be seen at `level`; `nickname` knows who is called what."""
    return CommandLog(nickname) if LogLevel.levelWithName(level) <= LogLevel.debug else _nothing


def _nothing(speaker: Speaker, asked: Request | Refusal | None, outcome: Outcome) -> None:
    """Log nothing."""


class Chronicle:
    """An outbox that logs what is told to many, and hands everything on to `outbox`."""

    log = Logger()

    def __init__(self, outbox: Outbox) -> None:
        self.enter = outbox.enter
        self.watch = outbox.watch
        self.leave = outbox.leave
        self.join = outbox.join
        self.part = outbox.part
        self.to = outbox.to
        self._outbox = outbox
        self._info = self.log.info  # a logger that is a class attribute is made at each access

    def to_all(self, event: Event, origin: MemberId) -> None:
        """Log it, and tell everyone."""
        self._note(event)
        self._outbox.to_all(event, origin)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        """Log it, and tell everyone who hears `room`."""
        self._note(event)
        self._outbox.to_room(room, event, origin)

    def _note(self, event: Event) -> None:
        form, name, values = _NOTES[type(event)]
        self._info(form, event=name, **values(event))


class CommandLog:
    """Logs each request and its outcome: who, what, and how it ended; never what was in it."""

    log = Logger()

    def __init__(self, nickname: Callable[[MemberId], str]) -> None:
        self._nickname = nickname
        # A member who quits has no nickname any more when that is noted.
        self._last: WeakKeyDictionary[Speaker, str] = WeakKeyDictionary()

    def __call__(self, speaker: Speaker, asked: Request | Refusal | None, outcome: Outcome) -> None:
        """Log what became of what `speaker` asked; what nobody asked is no command."""
        if asked is None and not isinstance(outcome, Refusal):
            return
        self.log.debug(
            "{member} {command}: {outcome}",
            member=self._called(speaker),
            address=speaker.address,
            command=_command(asked, outcome),
            outcome=outcome.code if isinstance(outcome, Refusal) else _name(type(outcome)),
        )

    def _called(self, speaker: Speaker) -> str:
        nickname = "" if speaker.member_id is None else self._nickname(speaker.member_id)
        before = self._last.get(speaker, speaker.address)
        self._last[speaker] = nickname or before
        return nickname or before
