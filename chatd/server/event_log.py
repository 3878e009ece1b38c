"""The log of the chat's events and commands.

At level info it has who enters, leaves, joins a room or is renamed, and each room message, in
order. At level debug it also has each member's commands and their results, by name alone. Private
texts and passwords are in no log: private events do not pass through here, and of a command only
its type is logged.

What is below the log's level is not even created, so a busy server at level ``warn`` spends no time
on it.
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
    """The name of a command, event or reply in the log: ``list-users`` for ``ListUsers``."""
    return re.sub("(?<=.)(?=[A-Z])", "-", kind.__name__).lower()


def _values(kind: type[Event]) -> Callable[[Event], dict[str, object]]:
    """A function that returns the fields of an event of this kind."""
    names = tuple(field.name for field in fields(kind))
    return lambda event: {name: getattr(event, name) for name in names}


#: For each kind of event: the format of its log message, its name, and what returns its fields.
_ENTRIES: Final = {kind: (form, _log_name(kind), _values(kind)) for kind, form in _FORMATS.items()}


def _command_name(request: Request | Refusal | None, result: Result) -> str:
    if isinstance(request, Request):
        return _log_name(type(request.command))
    # Over-long lines and truncated objects are refused before they are parsed: no request.
    return "unreadable" if isinstance(request or result, Malformed) else "nothing"


class Client(Protocol):
    """A connection that sends commands: :class:`chatd.server.session.Session`."""

    address: str
    member_id: MemberId | None


#: Logs a request and its result. The request is the refusal if the frame could not be decoded, and
#: None if the result belongs to no frame.
LogCommand = Callable[[Client, Request | Refusal | None, Result], None]


def with_event_log(outbox: Outbox, level: str) -> Outbox:
    """`outbox`, with a log of its public events if the log's `level` includes info."""
    return LoggingOutbox(outbox) if LogLevel.levelWithName(level) <= LogLevel.info else outbox


def command_logger(nickname: Callable[[MemberId], str], level: str) -> LogCommand:
    """A log of commands if the log's `level` includes debug, otherwise a no-op.

    :param nickname: returns the nickname of a member, empty if it has none.
    """
    return CommandLog(nickname) if LogLevel.levelWithName(level) <= LogLevel.debug else _ignore


def _ignore(client: Client, request: Request | Refusal | None, result: Result) -> None:
    pass


class LoggingOutbox:
    """An outbox that logs public events, and passes every call on to `outbox`."""

    log = Logger()

    def __init__(self, outbox: Outbox) -> None:
        # An outbox method that logs nothing is the inner outbox's own: it costs no extra call.
        self.add_member = outbox.add_member
        self.add_watcher = outbox.add_watcher
        self.remove_member = outbox.remove_member
        self.join_room = outbox.join_room
        self.leave_room = outbox.leave_room
        self.to_member = outbox.to_member
        self._outbox = outbox
        self._info = self.log.info  # Twisted makes a new Logger at each access of the attribute

    def to_all(self, event: Event, origin: MemberId) -> None:
        """Log `event`, and send it to all members and watchers."""
        self._log_event(event)
        self._outbox.to_all(event, origin)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        """Log `event`, and send it to the members of `room`, and to watchers."""
        self._log_event(event)
        self._outbox.to_room(room, event, origin)

    def _log_event(self, event: Event) -> None:
        form, name, values = _ENTRIES[type(event)]
        self._info(form, event=name, **values(event))


class CommandLog:
    """Logs each request: the member, the command and the result; never what they contain."""

    log = Logger()

    def __init__(self, nickname: Callable[[MemberId], str]) -> None:
        self._nickname = nickname
        # The last nickname of each client: one that quits has none any more when that is logged.
        self._last: WeakKeyDictionary[Client, str] = WeakKeyDictionary()

    def __call__(self, client: Client, request: Request | Refusal | None, result: Result) -> None:
        """Log a request and its result, or a refusal without a request (a timeout)."""
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
        name = nickname or self._last.get(client, client.address)
        self._last[client] = name
        return name
