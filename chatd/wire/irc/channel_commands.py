"""Channels, which are the rooms: JOIN, PART, TOPIC, NAMES, LIST, KICK and INVITE. Pure.

Source: https://modern.ircdocs.horse/#channel-operations.
"""

from collections.abc import Iterable

from chatd.chat import commands, events, order_commands
from chatd.chat.errors import AlreadyInRoom, NoSuchUser, Refusal, ServerFailed
from chatd.chat.moderation_events import RoomSettings
from chatd.wire.irc import features, modes, numerics
from chatd.wire.irc.client import Client, Search, Steps, answer
from chatd.wire.irc.event_lines import part_line
from chatd.wire.irc.lines import Line, in_lines
from chatd.wire.irc.list_conditions import picked
from chatd.wire.irc.masks import source
from chatd.wire.irc.member_lines import join_line
from chatd.wire.irc.read_markers import joined_marker
from chatd.wire.irc.refusals import not_enough, refused
from chatd.wire.irc.targets import channels_and_keys, channels_and_nicknames, split_list
from chatd.wire.irc.text import last_text, remove_formatting, shown

#: Between the number and the names in RPL_NAMREPLY: the room is public, or it is private (secret,
#: as ``+s``).
_PUBLIC, _PRIVATE = "=", "@"


def join(client: Client, line: Line) -> Steps:
    """JOIN: each channel is joined by itself, and answered with its topic and its members."""
    if not line.params or not line.params[0]:
        # irssi begins with "JOIN :" before it is registered; then 451 is answered.
        return answer(not_enough(client, line.command))
    if line.params[0] == "0":
        return (yield from _part_all(client))
    keys = line.params[1] if len(line.params) > 1 else ""
    lines: list[Line] = []
    for channel, key in channels_and_keys(line.params[0], keys):
        result = yield commands.JoinQuietly(channel, key)
        if isinstance(result, events.JoinDone):
            lines.append(_own_join(client, result.room))
            # At once: the room's messages come after it, and not before.
            yield answer(*lines)
            lines = list((yield from _joined(client, result.room)).lines)
        elif isinstance(result, Refusal) and not isinstance(result, AlreadyInRoom):
            lines.append(refused(client, result, line.command, channel))
    return answer(*lines)


def _own_join(client: Client, room: str) -> Line:
    has_account = bool(client.account)
    enabled = client.agreed.enabled
    return join_line(enabled, room, client.nickname, client.real_name, has_account=has_account)


def _joined(client: Client, room: str) -> Steps:
    lines = yield from joined_marker(client, room)
    topic = yield commands.ReadTopic(room)
    if isinstance(topic, events.Topic) and topic.text:
        lines += _topic_lines(client, topic)
    listed = yield from _names(client, room)
    return answer(*lines, *listed, _end_of_names(client, room))


def _part_all(client: Client) -> Steps:
    info = yield commands.WhoIs(client.nickname)
    rooms = info.rooms if isinstance(info, events.UserInfo) else ()
    return (yield from _part(client, rooms))


def part(client: Client, line: Line) -> Steps:
    """PART: channels are left, each with the same text."""
    if not line.params or not line.params[0]:
        return answer(not_enough(client, line.command))
    return (yield from _part(client, split_list(line.params[0]), last_text(line.params[1:])))


def _part(client: Client, channels: Iterable[str], text: str = "") -> Steps:
    lines = []
    for channel in channels:
        result = yield commands.LeaveRoom(channel, text)
        if isinstance(result, Refusal):
            lines.append(refused(client, result, "PART", channel))
        else:
            lines.append(part_line(channel, client.nickname, text))
    return answer(*lines)


def topic(client: Client, line: Line) -> Steps:
    """TOPIC: the topic of a channel, or a new one."""
    if not line.params:
        return answer(not_enough(client, line.command))
    channel, *rest = line.params
    if rest:
        text = remove_formatting(rest[0]).strip()
        result = yield commands.SetTopic(channel, text)
        if isinstance(result, Refusal):
            return answer(refused(client, result, line.command, channel))
        told = Line("TOPIC", (channel, shown(text)), client.source, has_text=True)
        return answer(told)
    result = yield commands.ReadTopic(channel)
    if isinstance(result, Refusal):
        return answer(refused(client, result, line.command, channel))
    if isinstance(result, events.Topic) and result.text:
        return answer(*_topic_lines(client, result))
    return answer(client.numeric(numerics.NOTOPIC, channel))


def _topic_lines(client: Client, topic: events.Topic) -> list[Line]:
    setter = source(topic.source) if topic.source else client.server.name
    seconds = str(topic.time // 1_000)
    return [
        client.numeric(numerics.TOPIC, topic.room, text=shown(topic.text)),
        client.numeric(numerics.TOPICWHOTIME, topic.room, setter, seconds),
    ]


def names(client: Client, line: Line) -> Steps:
    """NAMES: the members of channels. Without a channel there are none, as Modern allows.

    One RPL_ENDOFNAMES ends the answer: Modern has one for each "reply that is finished", and
    clients know it by the channels that they have asked for.
    """
    lines: list[Line] = []
    channels = split_list(line.params[0]) if line.params else []
    for channel in channels:
        lines += yield from _names(client, channel)
    return answer(*lines, _end_of_names(client, ",".join(channels) or "*"))


def _end_of_names(client: Client, channel: str) -> Line:
    return client.numeric(numerics.ENDOFNAMES, channel)


def _names(client: Client, channel: str) -> Search[list[Line]]:
    """The lines with the members of a channel; none if there is no such channel."""
    users = yield commands.ListUsers(channel)
    if not isinstance(users, events.Users) or users.room is None:
        return []
    room, settings = users.room, (yield commands.ReadSettings(users.room))
    is_private = isinstance(settings, RoomSettings) and settings.private
    has_hosts = client.has(features.USERHOST_IN_NAMES)
    names = (
        prefix(client, each, room) + (source(each.nickname) if has_hosts else each.nickname)
        for each in users.users
    )
    symbol = _PRIVATE if is_private else _PUBLIC
    return [
        client.numeric(numerics.NAMREPLY, symbol, room, text=" ".join(part))
        for part in in_lines(names)
    ]


def prefix(client: Client, user: events.User | events.UserInfo, room: str) -> str:
    """What stands before a member's nickname in a list of `room`; may be empty.

    It is the highest mark, or all of them: https://ircv3.net/specs/extensions/multi-prefix.
    """
    marks = modes.prefixes(user, room)
    return marks if client.has(features.MULTI_PREFIX) else marks[:1]


def list_channels(client: Client, line: Line) -> Steps:
    """LIST: the channels that have members, or those of them that a pattern or a number picks."""
    result = yield commands.ListRooms()
    rooms = result.rooms if isinstance(result, events.Rooms) else ()
    # The lobby exists without members, too; a channel of IRC does not.
    channels = [each for each in rooms if each.members]
    lines = [
        client.numeric(numerics.LIST, each.room, str(each.members), text=shown(each.topic))
        for each in picked(channels, line.params[0] if line.params else "")
    ]
    start = client.numeric(numerics.LISTSTART, "Channel", text="Users  Name")
    return answer(start, *lines, client.numeric(numerics.LISTEND))


def kick(client: Client, line: Line) -> Steps:
    """KICK: the room is told by the hub, the one who kicks as well.

    One channel has several nicknames, or each channel its own (RFC 2812, section 3.2.8).
    """
    if len(line.params) < 2 or not line.params[1]:
        return answer(not_enough(client, line.command))
    channels, nicknames, *rest = line.params
    reason = remove_formatting(rest[0]) if rest else ""
    lines = []
    for channel, nickname in channels_and_nicknames(channels, nicknames):
        result = yield order_commands.Kick(nickname, channel, reason)
        if isinstance(result, Refusal):
            lines.append(_not_kicked(client, result, channel, nickname))
    return answer(*lines)


def _not_kicked(client: Client, refusal: Refusal, channel: str, nickname: str) -> Line:
    line = refused(client, refusal, "KICK", channel)
    if line.command == numerics.NOSUCHNICK:
        return client.numeric(numerics.USERNOTINCHANNEL, nickname, channel)
    return line


def _list_invitations(client: Client) -> Steps:
    result = yield order_commands.ListInvitations()
    rooms = result.rooms if isinstance(result, events.Rooms) else ()
    lines = [client.numeric(numerics.INVITELIST, each.room) for each in rooms]
    return answer(*lines, client.numeric(numerics.ENDOFINVITELIST))


def invite(client: Client, line: Line) -> Steps:
    """INVITE: the other one is told by the hub, in the words of its dialect.

    Without parameters it lists the invitations that the client may still follow.
    """
    if not line.params:
        return (yield from _list_invitations(client))
    if len(line.params) < 2:
        return answer(not_enough(client, line.command))
    nickname, channel = line.params[:2]
    result = yield order_commands.Invite(nickname, channel)
    if isinstance(result, NoSuchUser):
        return answer(refused(client, result, line.command, nickname))
    if not isinstance(result, events.Ok):
        refusal = result if isinstance(result, Refusal) else ServerFailed()
        return answer(refused(client, refusal, line.command, channel))
    told = [client.numeric(numerics.INVITING, nickname, result.room or channel)]
    info = yield commands.WhoIs(nickname)
    if isinstance(info, events.UserInfo) and info.away_text:
        told.append(client.numeric(numerics.AWAY, info.nickname, text=shown(info.away_text)))
    return answer(*told)
