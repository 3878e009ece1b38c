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
from chatd.chat.errors import Malformed, Refusal
from chatd.chat.events import Event
from chatd.chat.outbox import MemberId, Outbox
from chatd.wire.dialect import Request, Result

_FORMATS: Final[dict[type[Event], str]] = {
    events.MemberEntered: "{nickname} has entered the chat",
    events.MemberLeft: "{nickname} has left the chat ({reason})",
    events.MemberRenamed: "{old} is now {new}",
    events.RoomJoined: "{nickname} has joined {room}",
    events.RoomLeft: "{nickname} has left {room}",
    events.Message: "{room} {source}: {text!r}",
}


def _log_name(kind: type) -> str:
    """How a command, an event or a reply is called in the log: ``list-users``."""
    return re.sub("(?<=.)(?=[A-Z])", "-", kind.__name__).lower()


def _values(kind: type[Event]) -> Callable[[Event], dict[str, object]]:
    """How to read the fields of such an event."""
    names = tuple(field.name for field in fields(kind))
    return lambda event: {name: getattr(event, name) for name in names}


_ENTRIES: Final = {kind: (form, _log_name(kind), _values(kind)) for kind, form in _FORMATS.items()}


def _command_name(request: Request | Refusal | None, result: Result) -> str:
    if isinstance(request, Request):
        return _log_name(type(request.command))
    # A line that is too long, or half an object, is refused before it is anything.
    return "unreadable" if isinstance(request or result, Malformed) else "nothing"


class Client(Protocol):
    """A connection that asks for things."""

    address: str
    member_id: MemberId | None


#: Takes note of what became of a request; where it could not be read, of the refusal alone.
LogCommand = Callable[[Client, Request | Refusal | None, Result], None]


def with_event_log(outbox: Outbox, level: str) -> Outbox:
    """`outbox`, with a log of what is told to many if that is to be seen at `level`."""
    return LoggingOutbox(outbox) if LogLevel.levelWithName(level) <= LogLevel.info else outbox


def command_logger(nickname: Callable[[MemberId], str], level: str) -> LogCommand:
    """A log of commands if that is to be seen at `level`; `nickname` knows who is called what."""
    return CommandLog(nickname) if LogLevel.levelWithName(level) <= LogLevel.debug else _nothing


def _nothing(client: Client, request: Request | Refusal | None, result: Result) -> None:
    """Log nothing."""


class LoggingOutbox:
    """An outbox that logs what is told to many, and hands everything on to `outbox`."""

    log = Logger()

    def __init__(self, outbox: Outbox) -> None:
        self.add_member = outbox.add_member
        self.add_watcher = outbox.add_watcher
        self.remove_member = outbox.remove_member
        self.join_room = outbox.join_room
        self.leave_room = outbox.leave_room
        self.to_member = outbox.to_member
        self._outbox = outbox
        self._info = self.log.info  # a logger that is a class attribute is made at each access

    def to_all(self, event: Event, origin: MemberId) -> None:
        """Log it, and tell everyone."""
        self._log_event(event)
        self._outbox.to_all(event, origin)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        """Log it, and tell everyone who hears `room`."""
        self._log_event(event)
        self._outbox.to_room(room, event, origin)

    def _log_event(self, event: Event) -> None:
        form, name, values = _ENTRIES[type(event)]
        self._info(form, event=name, **values(event))


class CommandLog:
    """Logs each request and its outcome: who, what, and how it ended; never what was in it."""

    log = Logger()

    def __init__(self, nickname: Callable[[MemberId], str]) -> None:
        self._nickname = nickname
        # A member who quits has no nickname any more when that is noted.
        self._last: WeakKeyDictionary[Client, str] = WeakKeyDictionary()

    def __call__(self, client: Client, request: Request | Refusal | None, result: Result) -> None:
        """Log what became of what `speaker` asked; what nobody asked is no command."""
        if request is None and not isinstance(result, Refusal):
            return
        self.log.debug(
            "{member} {command}: {outcome}",
            member=self._display_name(client),
            address=client.address,
            command=_command_name(request, result),
            outcome=result.code if isinstance(result, Refusal) else _log_name(type(result)),
        )

    def _display_name(self, client: Client) -> str:
        nickname = "" if client.member_id is None else self._nickname(client.member_id)
        before = self._last.get(client, client.address)
        self._last[client] = nickname or before
        return nickname or before
