"""PRIVMSG, NOTICE and TAGMSG. Pure.

Sources: https://modern.ircdocs.horse/#sending-messages,
https://ircv3.net/specs/extensions/echo-message and message-tags.
"""

import re
from typing import Final, NamedTuple

from chatd.chat import commands, events, irc_commands, limits
from chatd.chat.errors import NotReached, Refusal
from chatd.chat.tagged_messages import TaggedMessage, TaggedPrivate
from chatd.chat.tags import Tags, TagsSent
from chatd.wire.irc import features, numerics
from chatd.wire.irc.client import Answer, Client, Steps, answer
from chatd.wire.irc.lines import Line
from chatd.wire.irc.message_lines import tags_lines, text_lines
from chatd.wire.irc.refusals import refused
from chatd.wire.irc.tags import format_tags
from chatd.wire.irc.targets import is_channel, split_list
from chatd.wire.irc.text import ClientText, read_text, shown

_NOTICE: Final = "NOTICE"
#: The name of a tag that is for other clients: message-tags, "Format".
_CLIENT_TAG: Final = re.compile(r"\+[A-Za-z0-9./-]+")


class Outgoing(NamedTuple):
    """A message that is to be sent.

    :ivar command: PRIVMSG or NOTICE.
    :ivar tags: those for the recipients, as IRC writes them.
    """

    command: str
    targets: list[str]
    said: ClientText
    tags: str


def is_single(line: Line) -> bool:
    """Whether `line` leads to one command for the hub and no more, as most messages do."""
    return len(line.params) > 1 and "," not in line.params[0] and "batch" not in line.tags


def message(client: Client, line: Line) -> Steps:
    """PRIVMSG, and NOTICE, about which a client is never told that it failed."""
    targets = _targets(client, line)
    said = _read(client, line)
    if isinstance(targets, Answer):
        return _heard(line.command, targets)
    if isinstance(said, Answer):
        return _heard(line.command, said)
    outgoing = Outgoing(line.command, targets, said, client_tags(client, line))
    return (yield from send(client, outgoing))


def send(client: Client, outgoing: Outgoing) -> Steps:
    """Send a message, and answer with what became of it, or with itself."""
    return _heard(outgoing.command, (yield from _send(client, outgoing)))


def _heard(command: str, done: Answer) -> Answer:
    """What a client is told of it."""
    if command != _NOTICE:
        return done
    return answer(*(each for each in done.lines if each.command in (_NOTICE, "BATCH")))


def client_tags(client: Client, line: Line) -> str:
    """The tags of `line` that are for other clients; the others are for the server alone."""
    if not (line.tags and client.has(features.MESSAGE_TAGS)):
        return ""
    names = (name for name in line.tags if _CLIENT_TAG.fullmatch(name))
    return format_tags({name: line.tags[name] for name in names})


def _targets(client: Client, line: Line) -> list[str] | Answer:
    targets = split_list(line.params[0]) if line.params else []
    if not targets:
        return answer(client.numeric(numerics.NORECIPIENT))
    if len(targets) > limits.RECIPIENTS:
        text = f"A message may have at most {limits.RECIPIENTS} recipients."
        first_too_many = targets[limits.RECIPIENTS]
        return answer(client.numeric(numerics.TOOMANYTARGETS, first_too_many, text=text))
    return targets


def _read(client: Client, line: Line) -> ClientText | Answer:
    """The text to send, or the answer if there is none."""
    said = read_text(line.params[1]) if len(line.params) > 1 else ClientText("")
    if said is None:  # a question to the other client
        return answer()
    if not said.text or said.text.isspace():
        return answer(client.numeric(numerics.NOTEXTTOSEND))
    return said


def _send(client: Client, outgoing: Outgoing) -> Steps:
    command, targets, said, tags = outgoing
    is_notice = command == _NOTICE
    is_tagged = tags or said.cuts
    lines: list[Line] = []
    for room in filter(is_channel, targets):
        result = yield (
            commands.SendTagged(said.text, room, said.action, is_notice, tags, said.cuts)
            if is_tagged
            else commands.SendMessage(said.text, room, said.action, is_notice)
        )
        if isinstance(result, Refusal):
            lines.append(refused(client, result, command, room))
        elif client.has(features.ECHO_MESSAGE) and isinstance(result, events.Ok):
            lines += _echo(client, _sent(client, result, outgoing), room)
    nicknames = tuple(each for each in targets if not is_channel(each))
    if nicknames:
        result = yield (
            commands.SendPrivateTagged(
                said.text, nicknames, said.action, is_notice, tags, said.cuts
            )
            if is_tagged
            else commands.SendPrivate(said.text, nicknames, said.action, is_notice)
        )
        lines += _private_answer(client, result, outgoing, nicknames)
    return answer(*lines)


def _sent(client: Client, ok: events.Ok, outgoing: Outgoing) -> TaggedMessage:
    """The message as the others were told of it."""
    room, seq, time = ok.room or "", ok.seq or 0, ok.time or 0
    said, tags = outgoing.said, _tags(client, outgoing.tags, outgoing.said.cuts)
    is_notice = outgoing.command == _NOTICE
    return TaggedMessage(
        *(room, seq, time, client.nickname, said.text, said.action),
        notice=is_notice,
        tags=tags,
    )


def _tags(client: Client, tags: str, cuts: tuple[int, ...] = ()) -> Tags:
    return Tags(tags, bool(client.account), client.is_bot, cuts)


def _private_answer(
    client: Client, result: object, outgoing: Outgoing, nicknames: tuple[str, ...]
) -> list[Line]:
    if isinstance(result, NotReached):
        return [_no_such(client, each) for each in result.undelivered]
    if isinstance(result, Refusal):
        return [refused(client, result, outgoing.command, nicknames[0])]
    if not isinstance(result, events.PrivateSent):
        return []
    lines = [_no_such(client, each) for each in result.undelivered]
    lines += [
        client.numeric(numerics.AWAY, each.nickname, text=shown(each.text)) for each in result.away
    ]
    if client.has(features.ECHO_MESSAGE):
        said = outgoing.said
        private = TaggedPrivate(
            *(client.nickname, result.to, result.time, said.text),
            action=said.action,
            notice=outgoing.command == _NOTICE,
            number=result.number,
            tags=_tags(client, outgoing.tags, said.cuts),
        )
        for nickname in result.to:
            lines += _echo(client, private, nickname)
    return lines


def _no_such(client: Client, undelivered: events.Undelivered) -> Line:
    text = "No such nick/channel"
    if undelivered.reason == "offline":
        text = f"{undelivered.nickname} is not here at present"
    return client.numeric(numerics.NOSUCHNICK, undelivered.nickname, text=text)


def _echo(client: Client, sent: TaggedMessage | TaggedPrivate, target: str) -> list[Line]:
    return text_lines(client.agreed.enabled, sent, target, client.files_url)


def tag_message(client: Client, line: Line) -> Steps:
    """TAGMSG: tags without a text, such as that somebody is typing.

    Clients send it by themselves, so what cannot be sent is refused without a word.
    """
    targets = _targets(client, line)
    if isinstance(targets, Answer):
        return targets
    tags = client_tags(client, line)
    lines: list[Line] = []
    if not tags:
        return answer()
    for room in filter(is_channel, targets):
        result = yield irc_commands.SendTags(tags, room)
        if isinstance(result, events.Ok):
            number, time = result.seq or 0, result.time or 0
            lines += _tags_echo(client, tags, number, time, result.room or room)
    nicknames = tuple(each for each in targets if not is_channel(each))
    if nicknames:
        result = yield irc_commands.SendTags(tags, None, nicknames)
        if isinstance(result, events.PrivateSent):
            for nickname in result.to:
                lines += _tags_echo(client, tags, result.number, result.time, nickname)
    return answer(*lines)


def _tags_echo(client: Client, tags: str, number: int, time: int, target: str) -> list[Line]:
    if not client.has(features.ECHO_MESSAGE):
        return []
    sent = TagsSent(client.nickname, None, (), time, number, _tags(client, tags))
    return tags_lines(client.agreed.enabled, sent, target)
