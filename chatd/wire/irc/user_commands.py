"""About users: WHO, WHOIS, WHOWAS, ISON, USERHOST, AWAY and SETNAME. Pure.

Source: https://modern.ircdocs.horse/#user-based-queries; WHOX: https://ircv3.net/specs/extensions/whox.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from chatd.chat import commands, events, irc_commands, irc_limits
from chatd.chat.errors import BadText, Refusal
from chatd.chat.user_events import PastMember, PastMembers
from chatd.wire.irc import features, masks, modes, numerics
from chatd.wire.irc.channel_commands import prefix
from chatd.wire.irc.client import Answer, Client, Search, Steps, answer
from chatd.wire.irc.lines import Line, in_lines
from chatd.wire.irc.masks import HOST, matches
from chatd.wire.irc.member_lines import setname_line
from chatd.wire.irc.refusals import failed, not_enough, refused
from chatd.wire.irc.targets import is_channel, split_list
from chatd.wire.irc.text import remove_formatting, shown

#: The description of the server in WHOIS.
_SERVER_INFO: Final = "chat for people on one network"

#: Stands for a channel in WHO, where none is asked about.
_NO_CHANNEL: Final = "*"

_Profile = events.User | events.UserInfo


def who(client: Client, line: Line) -> Steps:
    """WHO: the members of a channel, or all whose nicknames have a form."""
    if not line.params or not line.params[0]:
        return answer(not_enough(client, line.command))
    mask, *options = line.params
    users, room = yield from _find(mask)
    option = options[0] if options else ""
    flags, percent, fields = option.partition("%")
    lines = []
    for user in users:
        if "o" in flags and not user.host:
            continue
        if percent:
            lines.append(_whox_line(client, user, room, fields))
        else:
            lines.append(_who_line(client, user, room))
    return answer(*lines, client.numeric(numerics.ENDOFWHO, mask))


def _find(mask: str) -> Search[tuple[Sequence[_Profile], str]]:
    """The members that WHO lists, and the channel that they are listed of; ``*`` for none."""
    if is_channel(mask):
        result = yield commands.ListUsers(mask)
    elif "*" in mask or "?" in mask or mask == "0":
        result = yield commands.ListUsers()
    else:
        result = yield commands.WhoIs(mask)
    if isinstance(result, events.UserInfo):
        return [result], _NO_CHANNEL
    users = result.users if isinstance(result, events.Users) else ()
    if isinstance(result, events.Users) and result.room is not None:
        return users, result.room
    is_all = mask == "0"
    return [each for each in users if is_all or matches(mask, each.nickname)], _NO_CHANNEL


def _user_name(user: _Profile) -> str:
    return f"~{user.user_name or masks.NO_USER}"


def _real_name(user: _Profile) -> str:
    return shown(user.real_name) or user.nickname


def _flags(client: Client, user: _Profile, room: str) -> str:
    away = "G" if user.away or user.away_text else "H"
    about = "*" * user.host + modes.BOT * user.bot
    return away + about + (prefix(client, user, room) if room != _NO_CHANNEL else "")


def _who_line(client: Client, user: _Profile, room: str) -> Line:
    return client.numeric(
        numerics.WHOREPLY,
        *(
            room,
            _user_name(user),
            HOST,
            client.server.name,
            user.nickname,
            _flags(client, user, room),
        ),
        text=f"0 {_real_name(user)}",
    )


#: The fields of WHOX, in the order in which they are answered.
_FIELDS: Final[dict[str, Callable[[Client, _Profile, str], str]]] = {
    "c": lambda client, user, room: room,
    "u": lambda client, user, room: _user_name(user),
    "i": lambda client, user, room: "255.255.255.255",  # WHOX, for an address that is not shown
    "h": lambda client, user, room: HOST,
    "s": lambda client, user, room: client.server.name,
    "n": lambda client, user, room: user.nickname,
    "f": lambda client, user, room: _flags(client, user, room),
    "d": lambda client, user, room: "0",
    "l": lambda client, user, room: "0",
    "a": lambda client, user, room: user.nickname if user.account else "0",
    "o": lambda client, user, room: "n/a",
    "r": lambda client, user, room: _real_name(user),
}


def _whox_line(client: Client, user: _Profile, room: str, fields: str) -> Line:
    wanted, _, token = fields.partition(",")
    values = [token or "0"] * ("t" in wanted)
    values += [make(client, user, room) for letter, make in _FIELDS.items() if letter in wanted]
    if "r" in wanted:
        return client.numeric(numerics.WHOSPCRPL, *values[:-1], text=values[-1])
    return client.numeric(numerics.WHOSPCRPL, *values)


def whois(client: Client, line: Line) -> Steps:
    """WHOIS: what is known of a member. A server before the nickname is ignored: there is one."""
    if not line.params or not line.params[-1]:
        return answer(client.numeric(numerics.NONICKNAMEGIVEN))
    lines = []
    nicknames = split_list(line.params[1] if len(line.params) > 1 else line.params[0])
    for nickname in nicknames:
        result = yield commands.WhoIs(nickname)
        if isinstance(result, events.UserInfo):
            lines += _whois_lines(client, result)
        else:
            lines.append(client.numeric(numerics.NOSUCHNICK, nickname))
    return answer(*lines, client.numeric(numerics.ENDOFWHOIS, ",".join(nicknames)))


def _whois_lines(client: Client, user: events.UserInfo) -> list[Line]:
    name = user.nickname
    about = (_user_name(user), HOST, "*")
    lines = [client.numeric(numerics.WHOISUSER, name, *about, text=_real_name(user))]
    rooms = [prefix(client, user, room) + room for room in user.rooms]
    lines += [
        client.numeric(numerics.WHOISCHANNELS, name, text=" ".join(part))
        for part in in_lines(rooms)
    ]
    server = client.server.name
    lines.append(client.numeric(numerics.WHOISSERVER, name, server, text=_SERVER_INFO))
    if user.host:
        lines.append(client.numeric(numerics.WHOISOPERATOR, name, text="is a host of this chat"))
    if user.bot:
        lines.append(client.numeric(numerics.WHOISBOT, name, text="is a bot"))
    if user.account:
        lines.append(client.numeric(numerics.WHOISACCOUNT, name, name, text="is logged in as"))
    if user.away_text or user.away:
        text = shown(user.away_text) or "The connection is lost"
        lines.append(client.numeric(numerics.AWAY, name, text=text))
    # How long somebody has said nothing is not told to others.
    since = str(user.since // 1_000)
    text = "seconds idle, signon time"
    return [*lines, client.numeric(numerics.WHOISIDLE, name, "0", since, text=text)]


def whowas(client: Client, line: Line) -> Steps:
    """WHOWAS: who had a nickname before, newest first; at most as many as are asked for."""
    if not line.params or not line.params[0]:
        return answer(client.numeric(numerics.NONICKNAMEGIVEN))
    nickname, *rest = line.params
    is_count = bool(rest) and rest[0].isdecimal() and len(rest[0]) < 9
    result = yield irc_commands.WhoWas(nickname, int(rest[0]) if is_count else 0)
    past = result.members if isinstance(result, PastMembers) else ()
    lines = [each for member in past for each in _whowas_lines(client, member)]
    end = client.numeric(numerics.ENDOFWHOWAS, nickname)
    return answer(*(lines or [client.numeric(numerics.WASNOSUCHNICK, nickname)]), end)


def _whowas_lines(client: Client, member: PastMember) -> Iterator[Line]:
    about = (f"~{member.user_name or masks.NO_USER}", HOST, "*")
    real_name = shown(member.real_name) or member.nickname
    yield client.numeric(numerics.WHOWASUSER, member.nickname, *about, text=real_name)
    left = datetime.fromtimestamp(member.left // 1_000, UTC)
    name = client.server.name
    text = f"{left:%Y-%m-%d %H:%M} UTC"
    yield client.numeric(numerics.WHOISSERVER, member.nickname, name, text=text)


def ison(client: Client, line: Line) -> Steps:
    """ISON: which of the nicknames are those of members."""
    if not line.params:
        return answer(not_enough(client, line.command))
    users = yield from _profiles(" ".join(line.params).split())
    text = " ".join(each.nickname for each in users)
    return answer(client.numeric(numerics.ISON, text=text))


def userhost(client: Client, line: Line) -> Steps:
    """USERHOST: for each of up to five nicknames, whether it is here or away."""
    if not line.params:
        return answer(not_enough(client, line.command))
    users = yield from _profiles(line.params[:5])
    text = " ".join(
        f"{each.nickname}{'*' * each.host}={'-' if each.away or each.away_text else '+'}"
        f"{_user_name(each)}@{HOST}"
        for each in users
    )
    return answer(client.numeric(numerics.USERHOST, text=text))


def _profiles(nicknames: Iterable[str]) -> Search[list[events.UserInfo]]:
    profiles = []
    for nickname in nicknames:
        result = yield commands.WhoIs(nickname)
        if isinstance(result, events.UserInfo):
            profiles.append(result)
    return profiles


def away(client: Client, line: Line) -> Steps:
    """AWAY: the user is away, for this reason; without one, back."""
    text = remove_formatting(line.params[0]) if line.params else ""
    result = yield commands.SetAway(text)
    if isinstance(result, Refusal):
        return answer(refused(client, result, line.command))
    is_away = isinstance(result, events.AwayDone) and result.text
    return answer(client.numeric(numerics.NOWAWAY if is_away else numerics.UNAWAY))


def setname(client: Client, line: Line) -> Steps:
    """SETNAME: another real name (https://ircv3.net/specs/extensions/setname)."""
    if not line.params:
        return answer(not_enough(client, line.command))
    real_name = remove_formatting(line.params[0]).strip()
    failure = "INVALID_REALNAME"
    if len(real_name) > irc_limits.REAL_NAME_CHARACTERS:
        text = f"A real name may have at most {irc_limits.REAL_NAME_CHARACTERS} characters."
        return answer(failed(client, line.command, failure, text=text))
    result = yield irc_commands.SetUserInfo(client.user, real_name)
    if isinstance(result, Refusal):
        code = failure if isinstance(result, BadText) else "CANNOT_CHANGE_REALNAME"
        return answer(failed(client, line.command, code, text=str(result)))
    lines = [setname_line(client.nickname, real_name)] if client.has(features.SETNAME) else []
    return Answer(tuple(lines), replace(client, real_name=real_name))
