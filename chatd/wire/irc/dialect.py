"""The IRC dialect: any IRC client joins, and rooms are its channels.

A line is a script, as it may lead to several commands with one answer (``JOIN #dev,#music``). What
a member does itself is told to it by the answer, and not as an event: so it is in the right place,
and in the batch of a labelled answer. docs/reference/irc.rst has the rules and their reasons.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from typing_extensions import override

from chatd.chat import events, limits
from chatd.chat.errors import Malformed, Refusal, RequestId
from chatd.chat.events import Event
from chatd.chat.moderation_events import Moderation, SettingsChanged
from chatd.wire.dialect import Dialect, KeepAlive, LocalReply, Request, Result, Script, begin
from chatd.wire.irc import (
    channel_commands,
    features,
    help_commands,
    history_commands,
    host_commands,
    message_commands,
    mode_commands,
    monitor_commands,
    multiline_commands,
    numerics,
    read_markers,
    redact_commands,
    registration,
    server_commands,
    user_commands,
)
from chatd.wire.irc.batches import close_labelled, label_of, labelled, open_labelled, within
from chatd.wire.irc.client import Answer, Client, Steps
from chatd.wire.irc.event_lines import event_lines
from chatd.wire.irc.lines import Line, encode, parse
from chatd.wire.irc.refusals import closing, refused

_Handler = Callable[[Client, Line], Steps | Answer]

#: The reference of a labelled batch. One answer is sent after the other, so one name will do.
_REFERENCE: Final = "answer"

#: The commands that a client may send before it has entered.
_CONNECTION_COMMANDS: Final[dict[str, _Handler]] = {
    "AUTHENTICATE": registration.authenticate,
    "CAP": registration.cap,
    "NICK": registration.nick,
    "PASS": registration.password,
    "PING": server_commands.ping,
    "PONG": server_commands.pong,
    "QUIT": server_commands.leave,
    "USER": registration.user,
}
#: Those that it may send as a member.
_COMMANDS: Final[dict[str, _Handler]] = {
    **_CONNECTION_COMMANDS,
    "AWAY": user_commands.away,
    "BATCH": multiline_commands.batch,
    "CHATHISTORY": history_commands.chathistory,
    "HELP": help_commands.help_,
    "HELPOP": help_commands.help_,
    "INFO": server_commands.info,
    "INVITE": channel_commands.invite,
    "ISON": user_commands.ison,
    "JOIN": channel_commands.join,
    "KICK": channel_commands.kick,
    "KILL": host_commands.kill,
    "LINKS": server_commands.links,
    "LIST": channel_commands.list_channels,
    "LUSERS": server_commands.lusers,
    "MARKREAD": read_markers.markread,
    "MODE": mode_commands.mode,
    "MONITOR": monitor_commands.monitor,
    "MOTD": server_commands.motd,
    "NAMES": channel_commands.names,
    "NOTICE": multiline_commands.message,
    "OPER": mode_commands.oper,
    "PART": channel_commands.part,
    "PRIVMSG": multiline_commands.message,
    "REDACT": redact_commands.redact,
    "SETNAME": user_commands.setname,
    "TAGMSG": message_commands.tag_message,
    "TIME": server_commands.time,
    "TOPIC": channel_commands.topic,
    "USERHOST": user_commands.userhost,
    "VERSION": server_commands.version,
    "WHO": user_commands.who,
    "WHOIS": user_commands.whois,
    "WHOWAS": user_commands.whowas,
}
#: Commands that clients send by themselves: they do not show that the user is there.
_NOT_ACTIVITY: Final = frozenset(
    {
        "",
        "CAP",
        "CHATHISTORY",
        "INFO",
        "ISON",
        "LINKS",
        "LIST",
        "LUSERS",
        "MARKREAD",
        "MODE",
        "MONITOR",
        "MOTD",
        "NAMES",
        "PING",
        "PONG",
        "TAGMSG",
        "TIME",
    }
    | {"USERHOST", "VERSION", "WHO", "WHOIS", "WHOWAS"}
)


@dataclass(frozen=True, slots=True)
class _Sent(LocalReply):
    """Lines that answer a client, and the client from then on."""

    sent: tuple[Line, ...] = ()
    client: Client | None = None


@dataclass(frozen=True, slots=True)
class _SentUnasked(KeepAlive, _Sent):
    """The same after a command that does not show that the user is there."""


@dataclass(frozen=True, slots=True)
class Irc(Dialect):
    """The dialect of an IRC client.

    :ivar variant: has what the bytes of events depend on: capabilities, and the URL of files.
    """

    auto_registers: ClassVar[bool] = False
    # What a host does is told to that host, too, as it shows that it was done.
    echoes: ClassVar[frozenset[type]] = frozenset({Moderation, SettingsChanged})
    entering_history: ClassVar[int] = 0
    greeting: ClassVar[bytes] = b""
    initial_rooms: ClassVar[tuple[str, ...]] = ()
    is_scoped: ClassVar[bool] = True
    client: Client = Client()  # noqa: RUF009  # a frozen value
    variant: str = "irc"

    @override
    def event_variant(self, kind: type[Event]) -> str:
        of_kind = features.OF_KIND.get(kind)
        return self.variant if of_kind is None else _variant(self.client, of_kind)

    @override
    def encode_probe(self, now: int) -> bytes:
        name = self.client.server.name
        return encode(Line("PING", (name,), name, has_text=True))

    @override
    def detect(self, frame: bytes) -> Dialect:
        return self

    @override
    def decode(self, frame: bytes) -> Request:
        try:
            line = parse(frame)
        except Malformed as refusal:
            failed = multiline_commands.unreadable(self.client, frame, refusal)
            if failed is None:
                raise
            return begin(_answered(_Sent(sent=failed.lines, client=failed.client)))
        is_single = line.command == "PRIVMSG" and message_commands.is_single(line)
        client = self.client
        batch = client.batch
        # Without the capability, which a client may lay down at any time, each line is a message.
        is_part = batch is not None and client.has(features.MULTILINE) and batch.is_paid(line)
        return begin(self._script(line), is_single=is_single, is_part=is_part)

    def _script(self, line: Line) -> Script:
        """Carry out the command, and label what answers it."""
        client, server = self.client, self.client.server.name
        reply = _SentUnasked if line.command in _NOT_ACTIVITY else _Sent
        label = label_of(client, line)
        is_open = False
        steps = _steps(client, line)
        result: Result | None = None
        try:
            while True:
                step = steps.send(result)
                if isinstance(step, Answer):
                    lines: Iterable[Line] = step.lines
                    if label and not is_open:
                        lines = open_labelled(label, lines, server, _REFERENCE)
                        is_open = True
                    elif label:
                        lines = within(_REFERENCE, lines)
                    yield reply(sent=tuple(lines))
                else:
                    result = yield step
        except StopIteration as end:
            answer: Answer = end.value
        lines = answer.lines
        if is_open:
            lines = close_labelled(lines, server, _REFERENCE)
        elif label and not answer.is_deferred:
            lines = labelled(label, list(lines), server, _REFERENCE)
        yield reply(sent=tuple(lines), client=answer.client)

    @override
    def encode_event(self, event: Event, now: int = 0) -> bytes:
        client = self.client
        lines = event_lines(
            client.agreed.enabled,
            event,
            now,
            client.server.name,
            client.nickname,
            client.files_url,
        )
        return b"".join(map(encode, lines))

    @override
    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        """The lines of an answer, or those of a connection that ends without having asked for it.

        :param request_id: the command of a line that could not be read.
        """
        match result:
            case _Sent(sent=sent):
                return _joined(sent)
            case Refusal() if result.closes_connection:
                return encode(closing(str(result)))
            case Refusal():
                return encode(refused(self.client, result, str(request_id or "")))
            case events.Goodbye(reason):
                return encode(closing(reason))
            case _:
                return b""

    @override
    def updated(self, request: Request, result: Result) -> Dialect:
        if not isinstance(result, _Sent) or result.client is None:
            return self
        return of_client(result.client)


def _answered(reply: LocalReply) -> Script:
    """The script of a line that is answered, and leads to nothing else."""
    yield reply


def of_client(client: Client) -> Irc:
    """The dialect of `client`."""
    return Irc(client, _variant(client, features.OF_EVENTS))


def _variant(client: Client, capabilities: frozenset[str]) -> str:
    """What the bytes of events depend on, of which those `capabilities` may count."""
    agreed = sorted(client.agreed.enabled & capabilities)
    return "\0".join(("irc", client.server.name, client.files_url, *agreed))


def _steps(client: Client, line: Line) -> Steps:
    """The steps of the command of `line`."""
    if not line.command:
        return Answer()
    handler = (_COMMANDS if client.nickname else _CONNECTION_COMMANDS).get(line.command)
    if handler is None and not client.nickname:
        return Answer((client.numeric(numerics.NOTREGISTERED),))
    if handler is None:
        return Answer((client.numeric(numerics.UNKNOWNCOMMAND, line.command),))
    carried_out = handler(client, line)
    if isinstance(carried_out, Answer):
        return carried_out
    return (yield from carried_out)


def _joined(lines: tuple[Line, ...]) -> bytes:
    """The bytes of `lines`, at most as many as one reply may have; the last line is kept."""
    encoded = [encode(line) for line in lines]
    size = sum(map(len, encoded))
    while size > limits.REPLY_BYTES:
        # The list is cut at its end, before the line that ends it.
        size -= len(encoded.pop(-2))
    return b"".join(encoded)
