"""The lines that tell an IRC client of members: who joins, and what changes about them. Pure.

Sources: https://ircv3.net/specs/extensions/ extended-join, away-notify, account-notify, setname,
monitor and extended-monitor.
"""

from typing import Final

from chatd.chat import events, irc_limits
from chatd.chat.user_events import (
    AccountChanged,
    MonitoredChange,
    MonitorStatus,
    RealNameChanged,
)
from chatd.wire.irc import features, numerics
from chatd.wire.irc.lines import Line, in_lines
from chatd.wire.irc.masks import source
from chatd.wire.irc.text import cut, shown

#: Stands for no account.
_NO_ACCOUNT: Final = "*"

#: The events that :func:`member_lines` has lines for.
MEMBER_EVENTS: Final = (
    events.RoomJoined,
    events.RoomEntered,
    events.AwayChanged,
    AccountChanged,
    RealNameChanged,
    MonitorStatus,
    MonitoredChange,
)


def member_lines(enabled: frozenset[str], event: object, server: str, nickname: str) -> list[Line]:
    """The lines for one of :data:`MEMBER_EVENTS`; none if the client has not asked for them.

    :param enabled: the capabilities that are on.
    :param nickname: of the member that is told, where it is told alone.
    """
    match event:
        case events.RoomJoined(room, member, account, real_name, away_text):
            lines = [join_line(enabled, room, member, real_name, has_account=account)]
            if away_text and features.AWAY_NOTIFY in enabled:
                lines.append(_away_line(member, away_text))
            return lines
        case events.AwayChanged(member, text) if features.AWAY_NOTIFY in enabled:
            return [_away_line(member, text)]
        case AccountChanged(member, account) if features.ACCOUNT_NOTIFY in enabled:
            shown_account = member if account else _NO_ACCOUNT
            tags = account_tag(enabled, member, has_account=account)
            return [Line("ACCOUNT", (shown_account,), source(member), tags)]
        case RealNameChanged(member, real_name) if features.SETNAME in enabled:
            return [setname_line(member, real_name)]
        case MonitorStatus():
            return status_lines(event, server, nickname)
        case MonitoredChange(change) if features.EXTENDED_MONITOR in enabled:
            return member_lines(enabled, change, server, nickname)
    return []


def join_line(
    enabled: frozenset[str], room: str, nickname: str, real_name: str, *, has_account: bool
) -> Line:
    """JOIN of a member; with extended-join, its account and its real name, too."""
    tags = account_tag(enabled, nickname, has_account=has_account)
    if features.EXTENDED_JOIN not in enabled:
        return Line("JOIN", (room,), source(nickname), tags)
    account = nickname if has_account else _NO_ACCOUNT
    shown_name = shown(real_name) or nickname
    return Line("JOIN", (room, account, shown_name), source(nickname), tags, has_text=True)


def account_tag(enabled: frozenset[str], nickname: str, *, has_account: bool) -> dict[str, str]:
    """The tag that names the account of whoever does something: an account is a nickname."""
    return {"account": nickname} if has_account and features.ACCOUNT_TAG in enabled else {}


def _away_line(nickname: str, text: str) -> Line:
    shown_text = (cut(text, irc_limits.IRC_TEXT_BYTES),) if text else ()
    return Line("AWAY", shown_text, source(nickname), has_text=bool(text))


def setname_line(nickname: str, real_name: str) -> Line:
    """SETNAME of a member."""
    return Line("SETNAME", (shown(real_name),), source(nickname), has_text=True)


def status_lines(status: MonitorStatus, server: str, nickname: str) -> list[Line]:
    """RPL_MONONLINE and RPL_MONOFFLINE, with as many nicknames in a line as it has room for."""
    online = [source(each) for each in status.online]
    return [
        numerics.numeric(number, server, nickname, text=",".join(part))
        for number, names in ((numerics.MONONLINE, online), (numerics.MONOFFLINE, status.offline))
        for part in in_lines(names)
    ]
