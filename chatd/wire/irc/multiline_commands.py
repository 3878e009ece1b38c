"""BATCH, and PRIVMSG and NOTICE alone or in a batch. Pure.

Source: https://ircv3.net/specs/extensions/multiline.
"""

from dataclasses import replace

from chatd.chat.errors import Malformed
from chatd.wire.irc import features, message_commands, multiline, numerics
from chatd.wire.irc.batches import label_of, labelled
from chatd.wire.irc.client import Answer, Client, Steps, answer
from chatd.wire.irc.lines import Line
from chatd.wire.irc.message_commands import Outgoing
from chatd.wire.irc.multiline import Fault, OpenBatch
from chatd.wire.irc.refusals import failed, not_enough, refused


def message(client: Client, line: Line) -> Steps | Answer:
    """PRIVMSG or NOTICE: a message, or a line of one."""
    if "batch" in line.tags and client.has(features.MULTILINE):
        return _add(client, line)
    return message_commands.message(client, line)


def batch(client: Client, line: Line) -> Steps | Answer:
    """BATCH: a message of several lines begins, or ends."""
    if not client.has(features.MULTILINE):
        return answer(client.numeric(numerics.UNKNOWNCOMMAND, line.command))
    if not line.params:
        return answer(not_enough(client, line.command))
    if line.params[0].startswith("+"):
        return _open(client, line)
    if client.batch is None or not client.batch.has(line):
        return answer(_fail(client, multiline.invalid("There is no such batch")))
    return _close(replace(client, batch=None), client.batch)


def _open(client: Client, line: Line) -> Answer:
    reference, *rest = line.params
    if len(reference) < 2 or len(rest) < 2 or rest[0] != features.MULTILINE:
        text = f"A batch has a name, the type {features.MULTILINE} and a target"
        return answer(_fail(client, multiline.invalid(text)))
    if not rest[1] or "," in rest[1]:
        return answer(_fail(client, multiline.invalid("A message of several lines has one target")))
    opened = OpenBatch(
        reference[1:],
        rest[1],
        label_of(client, line),
        message_commands.client_tags(client, line),
    )
    lines: list[Line] = []
    if client.batch is not None and not client.batch.has_failed:
        lines = [_fail(client, multiline.invalid("Another batch has begun before it was closed"))]
        if client.batch.label:  # it is answered by this, and the new one by what comes of it
            lines = labelled(client.batch.label, lines, client.server.name, "")
    return Answer(tuple(lines), replace(client, batch=opened), is_deferred=True)


def _add(client: Client, line: Line) -> Answer:
    opened = client.batch
    if opened is None or not opened.has(line):
        return answer(_fail(client, multiline.invalid("There is no such batch")))
    if opened.has_failed:
        return Answer(is_deferred=True)
    added = multiline.add(opened, line)
    if isinstance(added, Fault):
        return Answer((_fail(client, added),), replace(client, batch=opened.failed()))
    return Answer(client=replace(client, batch=added), is_deferred=True)


def _close(client: Client, closed: OpenBatch) -> Steps:
    if closed.has_failed:
        return Answer(client=client)
    said = multiline.compose(closed)
    if isinstance(said, Fault):
        return Answer((_fail(client, said),), client)
    if said is None:
        return Answer(client=client)
    outgoing = Outgoing(closed.command, [closed.target], said, closed.tags)
    done = yield from message_commands.send(client, outgoing)
    return Answer(done.lines, client)


def unreadable(client: Client, frame: bytes, refusal: Malformed) -> Answer | None:
    """The answer to a line that cannot be read, if it is one of the open batch.

    Nothing comes of that batch any more: without the line it would be another message.
    """
    opened = client.batch
    if opened is None or opened.has_failed or not client.has(features.MULTILINE):
        return None
    tags, _, _ = frame.partition(b" ")
    if f"batch={opened.reference}".encode() not in tags.removeprefix(b"@").split(b";"):
        return None
    lines = [refused(client, refusal, str(refusal.request_id or "PRIVMSG"))]
    if opened.label:
        lines = labelled(opened.label, lines, client.server.name, "")
    return Answer(tuple(lines), replace(client, batch=opened.failed()))


def _fail(client: Client, fault: Fault) -> Line:
    return failed(client, "BATCH", fault.code, *fault.context, text=fault.text)
