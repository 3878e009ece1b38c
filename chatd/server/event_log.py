"""The log of the chat's events and commands.

At level info it has who enters, leaves, joins a room or is renamed, what hosts and operators do,
and each room message, in order. At level debug it also has each member's commands and their
results, by name alone. Private texts and passwords are in no log: private events do not pass
through here, and of a command only its type is logged.

Events below the log's level are not even created, so a busy server at level ``warn`` spends no time
on them.
"""

import re
from collections.abc import Callable
from time import time
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger, LogLevel

from chatd.chat import events, server_events
from chatd.chat.errors import Malformed, Refusal
from chatd.chat.events import Event
from chatd.chat.moderation_events import Moderation
from chatd.chat.outbox import MemberId, Outbox
from chatd.chat.tagged_messages import TaggedMessage
from chatd.turn_log import TurnLog
from chatd.wire.dialect import Request, Result
from chatd.wire.moderation_sentences import describe

#: For each kind of event, its message in the log, and what returns its fields.
_FORMATS: Final[dict[type[Event], tuple[str, Callable[[Any], dict[str, object]]]]] = {
    events.MemberEntered: (
        "{nickname} has entered the chat",
        lambda event: {"nickname": event.nickname} | ({"host": event.host} if event.host else {}),
    ),
    events.MemberLeft: (
        "{nickname} has left the chat ({reason})",
        lambda event: (
            {"nickname": event.nickname, "reason": event.reason}
            | ({"text": event.text} if event.text else {})
        ),
    ),
    events.MemberRenamed: (
        "{old} is now {new}",
        lambda event: {"old": event.old, "new": event.new},
    ),
    events.RoomJoined: (
        "{nickname} has joined {room}",
        lambda event: {"room": event.room, "nickname": event.nickname},
    ),
    events.RoomLeft: (
        "{nickname} has left {room}",
        lambda event: (
            {"room": event.room, "nickname": event.nickname}
            | ({"by": event.by} if event.by else {})
            | ({"text": event.text} if event.text else {})
        ),
    ),
    events.Topic: (
        "{source} has set the topic of {room}: {text!r}",
        lambda event: {
            "room": event.room,
            "text": event.text,
            "source": event.source,
            "time": event.time,
        },
    ),
    events.AwayChanged: (
        "{nickname} is {state}",
        lambda event: {
            "nickname": event.nickname,
            "state": f"away: {event.text!r}" if event.text else "back",
            "text": event.text,
        },
    ),
    Moderation: (
        "{sentence}",
        lambda event: (
            {
                "what": event.what,
                "by": event.by,
                "nickname": event.nickname,
                "room": event.room,
                "seq": event.seq,
                "value": event.value,
                "sentence": " ".join(describe(event, 0)).removesuffix("."),
            }
            | ({"time": event.time} if event.time else {})
            | ({"reason": event.reason} if event.reason else {})
        ),
    ),
    server_events.NodesChanged: (
        "the nodes of the cluster are: {nodes}",
        lambda event: {"nodes": ", ".join(node.name for node in event.nodes)},
    ),
    events.Message: (
        "{room} {source}: {text!r}",
        lambda event: (
            {
                "room": event.room,
                "seq": event.seq,
                "time": event.time,
                "source": event.source,
                "text": event.text,
            }
            | ({"action": event.action} if event.action else {})
            | ({"notice": event.notice} if event.notice else {})
            # Not its id: whoever has that can read the file.
            | ({"bytes": event.file.bytes} if event.file else {})
        ),
    ),
}


def _log_name(kind: type) -> str:
    """The name of a command, event or reply in the log: ``list-users`` for ``ListUsers``."""
    return re.sub("(?<=.)(?=[A-Z])", "-", kind.__name__).lower()


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


def with_event_log(outbox: Outbox, level: str, clock: IReactorTime) -> Outbox:
    """`outbox`, with a log of its public events if the log's `level` includes info."""
    is_logged = LogLevel.levelWithName(level) <= LogLevel.info
    return LoggingOutbox(outbox, clock) if is_logged else outbox


def command_logger(nickname: Callable[[MemberId], str], level: str) -> LogCommand:
    """A log of commands if the log's `level` includes debug, otherwise a no-op.

    :param nickname: returns the nickname of a member, empty if it has none.
    """
    return CommandLog(nickname) if LogLevel.levelWithName(level) <= LogLevel.debug else _ignore


def _ignore(client: Client, request: Request | Refusal | None, result: Result) -> None:
    pass


class LoggingOutbox:
    """An outbox that logs public events, and passes every call on to `outbox`.

    :param clock: events are published at the end of its turn, each with the time when it happened.
    """

    log = Logger()

    def __init__(self, outbox: Outbox, clock: IReactorTime) -> None:
        # An outbox method that logs nothing is the inner outbox's own: it costs no extra call.
        self.add_member = outbox.add_member
        self.add_watcher = outbox.add_watcher
        self.remove_member = outbox.remove_member
        self.join_room = outbox.join_room
        self.leave_room = outbox.leave_room
        self.to_member = outbox.to_member
        self.remove_message = outbox.remove_message
        self.end_connection = outbox.end_connection
        self._outbox = outbox
        self._turn: TurnLog[tuple[float, Event]] = TurnLog(clock, self._publish)
        # The fields that all entries of a kind share, as Logger.info makes them. That takes several
        # times as long as all of the rest.
        self._shared = {
            kind: {
                "log_logger": self.log,
                "log_level": LogLevel.info,
                "log_namespace": self.log.namespace,
                "log_source": self,
                "log_format": log_format,
                "event": _log_name(kind),
            }
            for kind, (log_format, _) in _FORMATS.items()
        }

    def to_all(self, event: Event, origin: MemberId, rooms: frozenset[str] | None = None) -> None:
        """Log `event`, and send it to all members and watchers."""
        self._turn.add((time(), event))
        self._outbox.to_all(event, origin, rooms)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        """Log `event`, and send it to the members of `room`, and to watchers."""
        self._turn.add((time(), event))
        self._outbox.to_room(room, event, origin)

    def to_members(self, room: str, event: Event, origin: MemberId) -> None:
        """Send `event` to the members of a private room; log it if a host or operator did it."""
        if isinstance(event, Moderation):
            self._turn.add((time(), event))
        self._outbox.to_members(room, event, origin)

    def _publish(self, entries: list[tuple[float, Event]]) -> None:
        publish = self.log.observer
        for when, event in entries:
            kind = events.Message if type(event) is TaggedMessage else type(event)
            if kind in _FORMATS:  # what says no more than another one is not
                _, fields = _FORMATS[kind]
                publish({**self._shared[kind], "log_time": when, **fields(event)})


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
