"""MODE of channels and users, and OPER: what hosts and operators do, in IRC's words. Pure.

Sources: https://modern.ircdocs.horse/#mode-message, #oper-message and #channel-modes.
"""

from dataclasses import replace
from typing import Final, Literal

from chatd.chat import commands, irc_commands, order_commands
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import BadText, NoSuchUser, Refusal
from chatd.chat.events import UserInfo
from chatd.chat.moderation_events import Bans, RoomInfo
from chatd.chat.names import casefold
from chatd.wire.dialect import Result
from chatd.wire.irc import features, modes, numerics
from chatd.wire.irc.client import Answer, Client, Steps, answer
from chatd.wire.irc.lines import Line
from chatd.wire.irc.masks import ban_mask, banned_nickname, source
from chatd.wire.irc.modes import ModeChange
from chatd.wire.irc.refusals import not_enough, refused
from chatd.wire.irc.targets import is_channel

#: Settings of a room that are on or off.
_SWITCHES: Final = {
    "i": "closed",
    "m": "read_only",
    "s": "private",
    "t": "topic_locked",
}
#: Modes of members, with their roles.
_ROLES: Final[dict[str, Literal["operator", "voice"]]] = {"o": "operator", "v": "voice"}
#: Modes whose parameter may be wrong, and why it is.
_BAD_PARAMS: Final = {
    "k": "The word of a room is not empty.",
    "l": "The limit of a room is a number of members.",
}


def mode(client: Client, line: Line) -> Steps:
    """MODE of a channel or of the client itself."""
    if not line.params:
        return answer(not_enough(client, line.command))
    target, *params = line.params
    if not is_channel(target):
        return (yield from _user_mode(client, target, params))
    if not params:
        return (yield from _show_modes(client, target))
    lines: list[Line] = []
    changes = modes.parse_changes(params, features.MAX_MODE_CHANGES)
    switches = [each for each in changes if each.letter in _SWITCHES]
    if switches:
        lines += (yield from _switch(client, target, switches)).lines
    for change in changes:
        if change in switches:
            continue
        if change.is_list:
            lines += (yield from _list_bans(client, target)).lines
        else:
            lines += (yield from _change(client, target, change)).lines
    return answer(*lines)


def _show_modes(client: Client, room: str) -> Steps:
    result = yield commands.ReadSettings(room)
    if isinstance(result, Refusal):
        return answer(refused(client, result, "MODE", room))
    if not isinstance(result, RoomInfo):
        return answer()
    lines = [client.numeric(numerics.CHANNELMODEIS, result.room, *modes.room_modes(result))]
    if result.created:
        seconds = str(result.created // 1_000)
        lines.append(client.numeric(numerics.CREATIONTIME, result.room, seconds))
    return answer(*lines)


def _switch(client: Client, room: str, changes: list[ModeChange]) -> Steps:
    """Make these changes at once, so that one MODE tells of them; or none of them."""
    settings = {_SWITCHES[change.letter]: change.is_set for change in changes}
    result = yield order_commands.ChangeRoom(room, **settings)  # type: ignore[arg-type]  # all of them are bool
    return (
        answer(refused(client, result, "MODE", room)) if isinstance(result, Refusal) else answer()
    )


def _list_bans(client: Client, room: str) -> Steps:
    result = yield order_commands.ListBans(room)
    # Who is no operator is shown an empty list: clients ask for it by themselves.
    bans = result.bans if isinstance(result, Bans) else ()
    lines = [
        client.numeric(numerics.BANLIST, room, ban_mask(each.nickname), source(each.by), "0")
        for each in bans
        if each.what == "ban"
    ]
    return answer(*lines, client.numeric(numerics.ENDOFBANLIST, room))


def _change(client: Client, room: str, change: ModeChange) -> Steps:
    if change.letter == "n" and change.is_set:
        return answer()  # clients set it by themselves in a room that they have made
    if change.letter == "n":
        text = "Only members write to a room: this cannot be changed."
        return answer(client.numeric(numerics.CHANOPRIVSNEEDED, room, text=text))
    command = _command(room, change)
    if isinstance(command, str):
        return answer(client.numeric(command, change.letter))
    result: Result | None
    if command is None:
        result = BadText(_BAD_PARAMS[change.letter])
    else:
        result = yield command
    if isinstance(result, BadText) and change.letter in _BAD_PARAMS:
        # The word is shown to nobody, and not every parameter can stand in the middle of a line.
        params = (room, change.letter, "*")
        return answer(client.numeric(numerics.INVALIDMODEPARAM, *params, text=str(result)))
    if isinstance(result, NoSuchUser):
        return answer(refused(client, result, "MODE", change.param or ""))
    if isinstance(result, Refusal):
        return answer(refused(client, result, "MODE", room))
    return answer()


def _command(room: str, change: ModeChange) -> ClientCommand | str | None:
    """The command that makes the change, or the number of the refusal if there is none.

    None for a parameter that cannot be.
    """
    if change.letter in _BAD_PARAMS and change.is_set and not change.param:
        return None
    if change.letter == "k":
        return order_commands.ChangeRoom(room, key=(change.param or "") if change.is_set else "")
    if change.letter == "l":
        limit = _number(change.param or "") if change.is_set else 0
        return None if limit is None else order_commands.ChangeRoom(room, limit=limit)
    if change.letter in _ROLES:
        role = _ROLES[change.letter]
        return order_commands.SetRole(change.param or "", room, role, given=change.is_set)
    if change.letter != "b":
        return numerics.UNKNOWNMODE
    nickname = banned_nickname(change.param or "")
    if nickname is None:
        return numerics.BADCHANMASK
    return (order_commands.Ban if change.is_set else order_commands.Unban)(nickname, room)


def _number(text: str) -> int | None:
    """The number that `text` is; None if it is none that a limit may be."""
    is_number = text.isascii() and text.isdecimal() and len(text) < 10
    return int(text) or None if is_number else None


def _user_mode(client: Client, nickname: str, params: list[str]) -> Steps:
    """The modes of a user: a host is ``o``, which MODE does not change, a program is ``B``."""
    if casefold(nickname) != casefold(client.nickname):
        return answer(client.numeric(numerics.USERSDONTMATCH))
    if not params:
        info = yield commands.WhoIs(client.nickname)
        is_host = isinstance(info, UserInfo) and info.host
        letters = modes.BOT * client.is_bot + "o" * is_host
        return answer(client.numeric(numerics.UMODEIS, f"+{letters}"))
    # "+i" (invisible) is what clients set by themselves.
    if params[0].strip(f"+-{modes.USER_LETTERS}"):
        return answer(client.numeric(numerics.UMODEUNKNOWNFLAG))
    return (yield from _set_bot(client, params[0]))


def _set_bot(client: Client, changes: str) -> Steps:
    before, letter, _ = changes.rpartition(modes.BOT)
    # The last sign before the last of these letters counts.
    is_bot = before.rfind("-") <= before.rfind("+") if letter else client.is_bot
    if is_bot == client.is_bot:
        return answer()
    yield irc_commands.SetBot(is_bot)
    told = Line("MODE", (client.nickname, ("+" if is_bot else "-") + modes.BOT), client.source)
    return Answer((told,), replace(client, is_bot=is_bot))


def oper(client: Client, line: Line) -> Steps:
    """OPER: whoever gives the host code is a host. The name before it says nothing."""
    if len(line.params) < 2:
        return answer(not_enough(client, line.command))
    result = yield order_commands.GiveHostCode(line.params[1])
    if isinstance(result, Refusal):
        return answer(refused(client, result, line.command))
    told = Line("MODE", (client.nickname, "+o"), client.server.name)
    return answer(client.numeric(numerics.YOUREOPER), told)
