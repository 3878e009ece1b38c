"""CHATHISTORY: what was said in a channel before. Pure.

Source: https://ircv3.net/specs/extensions/chathistory. Private messages are not kept, so what was
said with a user is always empty.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from chatd.chat import commands, events, limits
from chatd.chat.commands import Place
from chatd.chat.errors import SearchFailed
from chatd.chat.events import Message
from chatd.chat.names import casefold
from chatd.wire.irc import features
from chatd.wire.irc.batches import within
from chatd.wire.irc.client import Answer, Client, Search, Steps, answer
from chatd.wire.irc.lines import Line, encode
from chatd.wire.irc.message_lines import text_lines
from chatd.wire.irc.refusals import failed
from chatd.wire.irc.tags import parse_message_id, parse_server_time, server_time
from chatd.wire.irc.targets import is_channel

_COMMAND: Final = "CHATHISTORY"
#: How many messages or times each subcommand names.
_REFERENCES: Final = {
    "AFTER": 1,
    "AROUND": 1,
    "BEFORE": 1,
    "BETWEEN": 2,
    "LATEST": 1,
    "TARGETS": 2,
}
#: The batches of messages and of targets, and the name of either: one answer follows the other.
_MESSAGES: Final = "chathistory"
_TARGETS: Final = "draft/chathistory-targets"
_BATCH_REFERENCE: Final = "history"
#: After every message of that moment.
_LAST_SEQ: Final = 2**53 - 1
#: For the lines of the batches, around the messages of a reply.
_ENVELOPE_BYTES: Final = 2_048


class _Reference(NamedTuple):
    """A message or a moment in the history: the places before it and after it."""

    before: Place
    after: Place


class _Failure(NamedTuple):
    """Why there are no messages: the code of a standard reply, and its sentence."""

    code: str
    text: str


_NO_TARGET: Final = _Failure(
    "INVALID_TARGET", "There is no such channel, or you are not in it, so join it first"
)
_NO_MESSAGE: Final = _Failure("MESSAGE_ERROR", "There is no such message here")
_BAD_PARAMS: Final = _Failure("INVALID_PARAMS", "These parameters are not valid")
_BAD_TYPE: Final = _Failure("INVALID_MSGREFTYPE", "Name a message by msgid= or timestamp=")


def chathistory(client: Client, line: Line) -> Steps:
    """CHATHISTORY: some messages of a channel, or the channels that have new ones."""
    subcommand, *params = line.params or ("*",)
    subcommand = subcommand.upper()
    names = [] if subcommand == "TARGETS" else params[:1]
    count = _REFERENCES.get(subcommand)
    if count is None or len(params) != len(names) + count + 1:
        return _failed(client, _BAD_PARAMS, subcommand)
    limit = _limit(params[-1])
    references = _parse_references(subcommand, params[len(names) : -1], names)
    if isinstance(references, _Failure):
        return _failed(client, references, subcommand, *names)
    if limit is None:
        return _failed(client, _BAD_PARAMS, subcommand, *names)
    if subcommand == "TARGETS":
        return (yield from _targets(client, references, limit))
    [target] = names
    if not is_channel(target):
        return answer(*_in_batch(client, (), _MESSAGES, target))
    blocks = yield from _read(client, subcommand, references, target, limit)
    if isinstance(blocks, _Failure):
        return _failed(client, blocks, subcommand, target)
    lines = (line for block in blocks for line in block)
    return answer(*_in_batch(client, lines, _MESSAGES, target))


# --- parameters ---------------------------------------------------------------------------------


def _limit(text: str) -> int | None:
    """How many messages are asked for, as far as that is allowed; None if it is no number."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10) or int(text) == 0:
        return None
    return min(int(text), limits.HISTORY_REPLY_MESSAGES)


def _parse_references(
    subcommand: str, selectors: list[str], names: list[str]
) -> list[_Reference] | _Failure:
    """What the selectors name; nothing for the one that stands for everything."""
    references = []
    for selector in selectors:
        if selector == "*" and subcommand == "LATEST":
            continue
        reference = _parse_reference(selector, names)
        if isinstance(reference, _Failure):
            return reference
        references.append(reference)
    return references


def _parse_reference(selector: str, names: list[str]) -> _Reference | _Failure:
    kind, equals, value = selector.partition("=")
    if not equals:
        return _BAD_PARAMS
    if kind == "timestamp":
        time = parse_server_time(value)
        if time is None:
            return _BAD_PARAMS
        return _Reference(Place(time, 0), Place(time, _LAST_SEQ))
    if kind != "msgid" or not names:  # channels have new messages since a time
        return _BAD_TYPE
    found = parse_message_id(value)
    if found is None or casefold(found[1]) != casefold(names[0]):
        return _NO_MESSAGE
    return _Reference(found[0], found[0])


# --- messages -----------------------------------------------------------------------------------

#: The lines of one message.
_Block = list[Line]


def _read(
    client: Client, subcommand: str, references: list[_Reference], room: str, limit: int
) -> Search[Sequence[_Block] | _Failure]:
    """The messages of `room`, oldest first, or why there are none."""
    size = limits.REPLY_BYTES - _ENVELOPE_BYTES
    match subcommand, references:
        case "BEFORE", [end]:
            query = commands.ReadMessages(room, limit, before=end.before)
        case "AFTER", [start]:
            query = commands.ReadMessages(room, limit, after=start.after, oldest=True)
        case "BETWEEN", [start, end]:
            is_forwards = start <= end
            first, last = sorted((start, end))
            query = commands.ReadMessages(room, limit, first.after, last.before, is_forwards)
        case "AROUND", [middle]:
            return (yield from _read_around(client, middle.before, room, limit, size // 2))
        case _:
            after = references[0].after if references else None
            query = commands.ReadMessages(room, limit, after)
    return (yield from _read_blocks(client, query, size))


def _read_around(
    client: Client, middle: Place, room: str, limit: int, size: int
) -> Search[Sequence[_Block] | _Failure]:
    """Half of the messages from before that place, the others from there on."""
    before = commands.ReadMessages(room, limit // 2, before=middle)
    older = yield from _read_blocks(client, before, size)
    if isinstance(older, _Failure):
        return older
    start = Place(middle.time, middle.seq - 1)
    rest = commands.ReadMessages(room, limit - len(older), after=start, oldest=True)
    newer = yield from _read_blocks(client, rest, size)
    return newer if isinstance(newer, _Failure) else [*older, *newer]


def _read_blocks(
    client: Client, query: commands.ReadMessages, size: int
) -> Search[Sequence[_Block] | _Failure]:
    messages = yield from _read_messages(query)
    if isinstance(messages, _Failure):
        return messages
    blocks = [
        text_lines(client.agreed.enabled, each, each.room, client.files_url) for each in messages
    ]
    if client.has(features.BATCH):
        blocks = [list(within(_BATCH_REFERENCE, block)) for block in blocks]
    # What does not fit is asked for next.
    return _first_that_fit(blocks, size) if query.oldest else _last_that_fit(blocks, size)


def _read_messages(query: commands.ReadMessages) -> Search[Sequence[Message] | _Failure]:
    result = yield query
    match result:
        case events.RoomMessages(messages=messages):
            return messages
        case SearchFailed():
            return _Failure("MESSAGE_ERROR", str(result))
        case _:
            # A channel that is private must look like one that there is not.
            return _NO_TARGET


def _first_that_fit(blocks: list[_Block], size: int) -> list[_Block]:
    fitting = []
    for block in blocks:
        size -= sum(len(encode(line)) for line in block)
        if size < 0:
            break
        fitting.append(block)
    return fitting


def _last_that_fit(blocks: list[_Block], size: int) -> list[_Block]:
    return _first_that_fit(blocks[::-1], size)[::-1]


# --- targets ------------------------------------------------------------------------------------


def _targets(client: Client, references: list[_Reference], limit: int) -> Steps:
    """The channels of the client whose last message lies between two times, oldest first."""
    start, end = references
    first, last = sorted((start, end))
    info = yield commands.WhoIs(client.nickname)
    found = []
    for room in info.rooms if isinstance(info, events.UserInfo) else ():
        messages = yield from _read_messages(commands.ReadMessages(room, 1))
        if not isinstance(messages, _Failure) and messages:
            place = Place(messages[0].time, messages[0].seq)
            if first.after < place < last.before:
                found.append((place, room))
    found.sort()
    found = found[:limit] if start <= end else found[-limit:]
    lines = [
        Line(_COMMAND, ("TARGETS", room, server_time(place.time)), client.server.name)
        for place, room in found
    ]
    if client.has(features.BATCH):
        lines = list(within(_BATCH_REFERENCE, lines))
    return answer(*_in_batch(client, lines, _TARGETS))


# --- answers ------------------------------------------------------------------------------------


def _in_batch(client: Client, lines: Iterable[Line], kind: str, *params: str) -> Iterable[Line]:
    if not client.has(features.BATCH):
        yield from lines
        return
    server = client.server.name
    yield Line("BATCH", (f"+{_BATCH_REFERENCE}", kind, *params), server)
    yield from lines
    yield Line("BATCH", (f"-{_BATCH_REFERENCE}",), server)


def _failed(client: Client, failure: _Failure, *context: str) -> Answer:
    return answer(failed(client, _COMMAND, failure.code, *context, text=failure.text))
