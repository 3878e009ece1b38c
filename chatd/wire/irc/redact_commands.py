"""REDACT: a message is taken back, or removed by those who keep order. Pure.

Source: https://ircv3.net/specs/extensions/message-redaction.
"""

from chatd.chat import commands, order_commands
from chatd.chat.errors import Refusal
from chatd.chat.moderation_errors import NoSuchMessage, NotHost
from chatd.chat.names import casefold
from chatd.wire.irc import features, numerics
from chatd.wire.irc.client import Client, Steps, answer
from chatd.wire.irc.lines import Line
from chatd.wire.irc.refusals import failed, not_enough
from chatd.wire.irc.tags import parse_message_id
from chatd.wire.irc.targets import is_channel
from chatd.wire.irc.text import remove_formatting


def redact(client: Client, line: Line) -> Steps:
    """REDACT: remove the message with that id from a channel, and perhaps say why."""
    if not client.has(features.REDACTION):
        return answer(client.numeric(numerics.UNKNOWNCOMMAND, line.command))
    if len(line.params) < 2 or not all(line.params[:2]):
        return answer(not_enough(client, line.command))
    target, identifier, *rest = line.params
    if not is_channel(target):
        text = "What was said in private cannot be taken back"
        return answer(failed(client, "REDACT", "INVALID_TARGET", target, text=text))
    found = parse_message_id(identifier)
    if found is not None and casefold(found[1]) == casefold(target):
        place, reason = found[0], remove_formatting(rest[0]) if rest else ""
        result = yield order_commands.RedactMessage(target, place.seq, place.time, reason)
    else:
        # Whether there is such a channel is the first thing to know.
        result = yield commands.ReadSettings(target)
        if not isinstance(result, Refusal):
            result = NoSuchMessage(target, 0)
    if not isinstance(result, Refusal):
        return answer()  # the event tells everybody
    return answer(_refused(client, result, target, identifier))


def _refused(client: Client, refusal: Refusal, target: str, identifier: str) -> Line:
    match refusal:
        case NoSuchMessage():
            text = f"{target} has no such message"
            return failed(client, "REDACT", "UNKNOWN_MSGID", target, identifier, text=text)
        case NotHost():
            text = str(refusal)
            return failed(client, "REDACT", "REDACT_FORBIDDEN", target, identifier, text=text)
    # A channel that is private must look like one that there is not.
    return failed(client, "REDACT", "INVALID_TARGET", target, text=str(refusal))
