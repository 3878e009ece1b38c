"""The lines that tell an IRC client of an event. Pure.

They depend on the capabilities of the client, and not on who it is, so that many clients may be
sent the same bytes; but a private message, and what concerns a member itself, is told to that
member alone.
"""

from collections.abc import Callable
from typing import Any, Final

from chatd.chat import events
from chatd.chat.moderation_events import Invited, Moderation, Restricted, SettingsChanged
from chatd.chat.tags import TagsSent
from chatd.wire import moderation_sentences
from chatd.wire.irc import features, message_lines, modes
from chatd.wire.irc.lines import Line
from chatd.wire.irc.masks import source
from chatd.wire.irc.member_lines import MEMBER_EVENTS, account_tag, member_lines
from chatd.wire.irc.tags import room_id, server_time
from chatd.wire.irc.text import shown

#: What the server tells everybody has no better target: `encode` does not know the nickname.
_EVERYBODY: Final = "*"


def event_lines(
    enabled: frozenset[str],
    event: events.Event,
    now: int,
    server: str,
    nickname: str = "",
    files_url: str = "",
) -> list[Line]:
    """The lines for `event`; none if IRC clients are not told of it.

    :param enabled: the capabilities that are on.
    :param now: in milliseconds since 1970.
    :param server: the server's name.
    :param nickname: of the member that is told, where it is told alone.
    """
    match event:
        case events.Message() | events.PrivateMessage() | TagsSent():
            return message_lines.sent_lines(enabled, event, nickname, files_url)
        case Moderation():
            return _timed(enabled, now, _moderation_lines(enabled, event, server))
        case SettingsChanged():
            return _timed(enabled, now, _settings_lines(event))
        case Restricted() | Invited():
            return _timed(enabled, now, _lines_for_one(enabled, event, now, server, nickname))
    if isinstance(event, MEMBER_EVENTS):
        return _timed(enabled, now, member_lines(enabled, event, server, nickname))
    make = _LINES.get(type(event))
    return _timed(enabled, now, [make(event, server)]) if make else []


_LINES: Final[dict[type, Callable[[Any, str], Line]]] = {
    events.RoomLeft: lambda event, _: _left_line(event),
    events.MemberRenamed: lambda event, _: Line("NICK", (event.new,), source(event.old)),
    events.MemberLeft: lambda event, _: Line(
        # The prefix is Modern's: no text can be taken for a reason of the server.
        "QUIT",
        (shown(f"Quit: {event.text}") if event.text else event.reason,),
        source(event.nickname),
        has_text=True,
    ),
    events.Topic: lambda event, _: Line(
        "TOPIC", (event.room, shown(event.text)), source(event.source), has_text=True
    ),
    events.ServerNotice: lambda event, server: notice(event.text, server),
}


def _timed(enabled: frozenset[str], now: int, lines: list[Line]) -> list[Line]:
    if features.SERVER_TIME not in enabled:
        return lines
    tags = {"time": server_time(now)}
    return [
        Line(each.command, each.params, each.source, tags | dict(each.tags), each.has_text)
        for each in lines
    ]


def notice(text: str, server: str, target: str = _EVERYBODY) -> Line:
    """A text of the server."""
    return Line("NOTICE", (target, shown(text)), server, has_text=True)


def _left_line(event: events.RoomLeft) -> Line:
    """PART; or KICK, whose text is the nickname of the one who did it: the reason is not public."""
    if event.by:
        return Line("KICK", (event.room, event.nickname, event.by), source(event.by), has_text=True)
    return part_line(event.room, event.nickname, event.text)


def part_line(room: str, nickname: str, text: str) -> Line:
    """PART, with what the member says as it leaves; may be empty."""
    params = (room, shown(text)) if text else (room,)
    return Line("PART", params, source(nickname), has_text=bool(text))


def _redact_line(event: Moderation, room: str) -> Line:
    why = (shown(event.reason),) if event.reason else ()
    params = (room, room_id(room, event.seq, event.time), *why)
    return Line("REDACT", params, source(event.by), has_text=bool(why))


def _moderation_lines(enabled: frozenset[str], event: Moderation, server: str) -> list[Line]:
    """MODE for what a host or operator did, where IRC has it; else a sentence."""
    by = source(event.by)
    room = event.room
    if room is not None and event.what == "invite":
        has_notify = features.INVITE_NOTIFY in enabled
        return [Line("INVITE", (event.nickname, room), by)] if has_notify else []
    if room is not None and (event.what == "kick" or modes.is_setting(event)):
        return []  # RoomLeft, after a ban as well, and SettingsChanged say so
    if room is not None and event.what == "remove" and features.REDACTION in enabled:
        return [_redact_line(event, room)]
    change = None if room is None else modes.change_of(event)
    if room is not None and change is not None:
        return [Line("MODE", (room, *modes.format_changes([change])), by)]
    sentences = moderation_sentences.describe(event, 0)
    return [notice(each, server, room or _EVERYBODY) for each in sentences]


def _settings_lines(event: SettingsChanged) -> list[Line]:
    """One MODE for all settings that have changed at once."""
    changes = [change for change in map(modes.change_of, event.changes) if change is not None]
    if not changes:
        return []
    first = event.changes[0]
    params = (first.room or "", *modes.format_changes(changes))
    return [Line("MODE", params, source(first.by))]


def _lines_for_one(
    enabled: frozenset[str], event: Restricted | Invited, now: int, server: str, nickname: str
) -> list[Line]:
    """INVITE; or the sentence for the member concerned, and KICK if it is out of a room now."""
    if isinstance(event, Invited):
        tags = account_tag(enabled, event.by, has_account=event.account)
        return [Line("INVITE", (nickname, event.room), source(event.by), tags)]
    lines = [notice(each, server, nickname) for each in moderation_sentences.describe(event, now)]
    if event.room is not None and event.removed:
        params = (event.room, nickname, shown(event.reason or event.by))
        lines.insert(0, Line("KICK", params, source(event.by), has_text=True))
    return lines
