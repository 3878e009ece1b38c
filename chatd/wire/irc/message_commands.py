"""PRIVMSG, NOTICE and TAGMSG. Pure.

Sources: https://modern.ircdocs.horse/#sending-messages,
https://ircv3.net/specs/extensions/echo-message and message-tags.
"""

from typing import Final

from chatd.chat import commands, events, limits
from chatd.chat.errors import NotReached, Refusal
from chatd.wire.irc import features, numerics
from chatd.wire.irc.client import Answer, Client, Steps, answer
from chatd.wire.irc.event_lines import text_lines
from chatd.wire.irc.lines import Line
from chatd.wire.irc.refusals import refused
from chatd.wire.irc.targets import is_channel, split_list
from chatd.wire.irc.text import ClientText, read_text

_NOTICE: Final = "NOTICE"


def is_single(line: Line) -> bool:
    """Whether `line` leads to one command for the hub and no more, as most messages do."""
    return len(line.params) > 1 and "," not in line.params[0]


def message(client: Client, line: Line) -> Steps:
    """PRIVMSG, and NOTICE, about which a client is never told that it failed."""
    done = yield from _message(client, line)
    if line.command != _NOTICE:
        return done
    return answer(*(each for each in done.lines if each.command == _NOTICE))


def tag_message(client: Client, line: Line) -> Answer:
    """TAGMSG: tags without a text. Members of other dialects have no use for them."""
    return answer() if line.params else answer(client.numeric(numerics.NORECIPIENT, text="TAGMSG"))


def _message(client: Client, line: Line) -> Steps:
    said = _read(client, line)
    if isinstance(said, Answer):
        return said
    targets = split_list(line.params[0])
    is_notice = line.command == _NOTICE
    lines: list[Line] = []
    for room in filter(is_channel, targets):
        result = yield commands.SendMessage(said.text, room, said.action, is_notice)
        if isinstance(result, Refusal):
            lines.append(refused(client, result, line.command, room))
        elif client.has(features.ECHO_MESSAGE) and isinstance(result, events.Ok):
            lines += _echo(client, _sent(client, result, said, is_notice), room)
    nicknames = tuple(each for each in targets if not is_channel(each))
    if nicknames:
        result = yield commands.SendPrivate(said.text, nicknames, said.action, is_notice)
        lines += _private_answer(client, line.command, result, said, nicknames)
    return answer(*lines)


def _read(client: Client, line: Line) -> ClientText | Answer:
    """The text to send, or the answer if there is no text or no recipient."""
    targets = split_list(line.params[0]) if line.params else []
    if not targets:
        return answer(client.numeric(numerics.NORECIPIENT))
    said = read_text(line.params[1]) if len(line.params) > 1 else ClientText("")
    if said is None:  # a question to the other client
        return answer()
    if not said.text or said.text.isspace():
        return answer(client.numeric(numerics.NOTEXTTOSEND))
    if len(targets) > limits.RECIPIENTS:
        text = f"A message may have at most {limits.RECIPIENTS} recipients."
        first_too_many = targets[limits.RECIPIENTS]
        return answer(client.numeric(numerics.TOOMANYTARGETS, first_too_many, text=text))
    return said


def _sent(client: Client, ok: events.Ok, said: ClientText, is_notice: bool) -> events.Message:
    """The message as the others were told of it."""
    room, seq, time = ok.room or "", ok.seq or 0, ok.time or 0
    return events.Message(
        room, seq, time, client.nickname, said.text, said.action, notice=is_notice
    )


def _private_answer(
    client: Client, command: str, result: object, said: ClientText, nicknames: tuple[str, ...]
) -> list[Line]:
    if isinstance(result, NotReached):
        return [_no_such(client, each) for each in result.undelivered]
    if isinstance(result, Refusal):
        return [refused(client, result, command, nicknames[0])]
    if not isinstance(result, events.PrivateSent):
        return []
    lines = [_no_such(client, each) for each in result.undelivered]
    lines += [client.numeric(numerics.AWAY, each.nickname, text=each.text) for each in result.away]
    if client.has(features.ECHO_MESSAGE):
        for nickname in result.to:
            private = events.PrivateMessage(
                client.nickname,
                (nickname,),
                result.time,
                said.text,
                action=said.action,
                notice=command == _NOTICE,
            )
            lines += _echo(client, private, nickname)
    return lines


def _no_such(client: Client, undelivered: events.Undelivered) -> Line:
    text = "No such nick/channel"
    if undelivered.reason == "offline":
        text = f"{undelivered.nickname} is not here at present"
    return client.numeric(numerics.NOSUCHNICK, undelivered.nickname, text=text)


def _echo(client: Client, sent: events.Message | events.PrivateMessage, target: str) -> list[Line]:
    return text_lines(client.agreed.enabled, sent, target, client.files_url)
