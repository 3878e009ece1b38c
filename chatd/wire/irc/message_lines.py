"""The lines of a message, and of what is sent without a text. Pure.

Sources: https://ircv3.net/specs/extensions/multiline, message-tags, message-ids, account-tag and
bot-mode there.
"""

from itertools import pairwise
from typing import Final

from chatd.chat import irc_limits
from chatd.chat.events import Message, PrivateMessage
from chatd.chat.tagged_messages import TaggedMessage, TaggedPrivate
from chatd.chat.tags import NO_TAGS, Tags, TagsSent
from chatd.wire import rendering
from chatd.wire.irc import features
from chatd.wire.irc.lines import Line
from chatd.wire.irc.masks import source
from chatd.wire.irc.multiline import CONCAT
from chatd.wire.irc.tags import message_id, number_id, parse_tags, server_time
from chatd.wire.irc.text import as_action, divide

#: The name of the batch of a message. No other one is open while its lines are sent.
_REFERENCE: Final = "message"

#: With so many characters a line is short enough, whatever these are.
_SHORT_CHARACTERS: Final = irc_limits.IRC_TEXT_BYTES // 4

_Tags = dict[str, str]


def sent_lines(
    enabled: frozenset[str],
    sent: Message | PrivateMessage | TagsSent,
    nickname: str,
    files_url: str = "",
) -> list[Line]:
    """The lines for the member `nickname`, or for all in the room."""
    if isinstance(sent, TagsSent):
        return tags_lines(enabled, sent, sent.room or nickname)
    target = sent.room if isinstance(sent, Message) else nickname
    return text_lines(enabled, sent, target, files_url)


def text_lines(
    enabled: frozenset[str],
    message: Message | PrivateMessage,
    target: str,
    files_url: str = "",
) -> list[Line]:
    """The lines of a message: one for each of its lines, and more for those that are too long.

    A message of several lines is a batch for a client that knows these. For the others blank lines
    are left out, and the id of the message is on the first line alone.

    :param enabled: the capabilities that are on.
    :param target: the room, or the nickname of the recipient.
    """
    command = "NOTICE" if message.notice else "PRIVMSG"
    sender = source(message.source)
    sent = message.tags if isinstance(message, TaggedMessage | TaggedPrivate) else NO_TAGS
    tags = _tags(enabled, message.source, message.time, sent)
    identifier = _identifier(message) if features.MESSAGE_TAGS in enabled else ""
    first_tags = {**tags, "msgid": identifier} if identifier else tags
    pieces = _pieces(message, sent.cuts, files_url)
    # Each line of an action says that it is one.
    if len(pieces) > 1 and not message.action and features.MULTILINE in enabled:
        return _batch(command, sender, target, pieces, first_tags)
    lines = []
    for text, _ in pieces:
        if text and not text.isspace():
            shown = as_action(text) if message.action else text
            lines.append(Line(command, (target, shown), sender, first_tags, True))
            first_tags = tags
    return lines


def tags_lines(enabled: frozenset[str], sent: TagsSent, target: str) -> list[Line]:
    """The line of what has no text: none for a client that knows no tags."""
    if features.MESSAGE_TAGS not in enabled:
        return []
    tags = _tags(enabled, sent.source, sent.time, sent.tags)
    tags["msgid"] = number_id(sent.number, sent.time)
    return [Line("TAGMSG", (target,), source(sent.source), tags)]


def _pieces(
    message: Message | PrivateMessage, cuts: tuple[int, ...], files_url: str
) -> list[tuple[str, bool]]:
    """The texts of the lines, each with whether it continues the one before it."""
    text = rendering.shown_text(message, files_url)
    if not cuts:
        shown = rendering.escape_message(text)
        if "\n" not in shown and len(shown) <= _SHORT_CHARACTERS:  # as most messages are
            return [(shown, False)]
        return list(divide(shown))
    return [
        piece
        for start, end in pairwise((0, *cuts, len(text)))
        for piece in divide(rendering.escape_message(text[start:end]), continues=start > 0)
    ]


def _batch(
    command: str, sender: str, target: str, pieces: list[tuple[str, bool]], tags: _Tags
) -> list[Line]:
    inner: _Tags = {"batch": _REFERENCE}
    return [
        Line("BATCH", (f"+{_REFERENCE}", features.MULTILINE, target), sender, tags),
        *(
            Line(
                command,
                (target, text),
                sender,
                inner | {CONCAT: ""} if continues else inner,
                has_text=True,
            )
            for text, continues in pieces
        ),
        Line("BATCH", (f"-{_REFERENCE}",), sender),
    ]


def _identifier(message: Message | PrivateMessage) -> str:
    """The id of a message; empty for what was private and is told again, as to no IRC client."""
    if isinstance(message, Message):
        return message_id(message)
    return number_id(message.number, message.time) if isinstance(message, TaggedPrivate) else ""


def _tags(enabled: frozenset[str], nickname: str, time: int, sent: Tags) -> _Tags:
    tags = {}
    if features.SERVER_TIME in enabled:
        tags["time"] = server_time(time)
    if sent is not NO_TAGS:
        # An account is a nickname.
        if sent.account and features.ACCOUNT_TAG in enabled:
            tags["account"] = nickname
        if features.MESSAGE_TAGS in enabled:
            if sent.bot:
                tags["bot"] = ""
            if sent.client:
                tags |= parse_tags(sent.client)
    return tags
