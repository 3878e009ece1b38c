"""What the others can learn of a member: the list of users, ``whois``, and who is away."""

from chatd.chat import commands, events, irc_commands, irc_limits, limits, names
from chatd.chat.errors import NoSuchUser
from chatd.chat.events import Reply
from chatd.chat.members import Connections, Nicknames
from chatd.chat.model import Member
from chatd.chat.monitoring import Monitoring
from chatd.chat.permissions import Permissions
from chatd.chat.rooms import Rooms, operator_rooms, visible_rooms, voiced_rooms
from chatd.chat.statistics import Statistics
from chatd.chat.user_events import RealNameChanged


class Profiles:
    """Lists and describes members.

    :param monitoring: tells the others what has changed.
    """

    def __init__(
        self,
        connections: Connections,
        nicknames: Nicknames,
        rooms: Rooms,
        permissions: Permissions,
        monitoring: Monitoring,
    ) -> None:
        self._connections = connections
        self._nicknames = nicknames
        self._rooms = rooms
        self._permissions = permissions
        self._monitoring = monitoring

    def users(self, room: str | None, asker: Member | None) -> events.Users:
        """The members, or those in `room`, in the order of entering or joining, or of resuming.

        :param asker: is told of private rooms if it is in them; None for anybody.
        :raises Refusal: if there is no such room for `asker`.
        """
        found = None if room is None else self._rooms.find(room, asker)
        return events.Users(
            tuple(
                events.User(
                    each.nickname,
                    each.since,
                    visible_rooms(each, asker),
                    each.away_until is not None,
                    each.away_text,
                    self._permissions.is_host(each),
                    operator_rooms(each, asker),
                    each.user_name,
                    each.real_name,
                    voiced_rooms(each, asker),
                    each.is_authenticated,
                    each.is_bot,
                )
                for each in (found.members.values() if found else self._connections.with_slot())
                if each.nickname
            ),
            None if found is None else found.name,
        )

    def who_is(self, nickname: str, asker: Member) -> events.UserInfo:
        """The profile of the member with that nickname, without its address.

        :param asker: is told of private rooms if it is in them.
        :raises NoSuchUser: if there is no such member.
        """
        member = self._nicknames.get(nickname)
        if member is None:
            raise NoSuchUser(nickname[: limits.NICKNAME_CHARACTERS])
        return events.UserInfo(
            member.nickname,
            member.since,
            visible_rooms(member, asker),
            member.away_until is not None,
            member.away_text,
            member.is_authenticated,
            self._permissions.is_host(member),
            operator_rooms(member, asker),
            member.user_name,
            member.real_name,
            voiced_rooms(member, asker),
            member.is_bot,
        )

    def count(self, member: Member, command: irc_commands.ReadStatistics, now: int) -> Statistics:
        """How many members, hosts and rooms there are."""
        members = len(self._nicknames)
        return Statistics(
            now,
            members,
            self._nicknames.most,
            sum(self._permissions.is_host(each) for each in self._connections.with_slot()),
            self._connections.count() - members,
            sum(bool(each.members) for each in self._rooms.list(member).rooms),
        )

    def set_user_info(self, member: Member, command: irc_commands.SetUserInfo, now: int) -> Reply:
        """Keep what the client of `member` says of its user, who may be about to enter.

        :raises Refusal: if a text is not valid, or the member is muted.
        """
        user_name = names.line_text(
            command.user_name, irc_limits.IRC_USER_CHARACTERS, "A user name"
        )
        real_name = names.line_text(
            command.real_name, irc_limits.REAL_NAME_CHARACTERS, "A real name"
        )
        is_changed = bool(member.nickname) and real_name != member.real_name
        if is_changed:
            self._permissions.check_is_heard(member, now)
        member.user_name, member.real_name = user_name, real_name
        if is_changed:
            self._monitoring.changed(member, RealNameChanged(member.nickname, real_name))
        return events.Ok()

    def set_bot(self, member: Member, command: irc_commands.SetBot, now: int) -> Reply:
        """`member` says that it is a program, or that it is none."""
        member.is_bot = command.is_bot
        return events.Ok()

    def set_away(self, member: Member, command: commands.SetAway, now: int) -> Reply:
        """Tell the others that the user of `member` is away, or back.

        :raises Refusal: if the text is not valid, or the member is muted.
        """
        text = names.line_text(command.text, limits.AWAY_CHARACTERS, "The reason to be away")
        if text:
            self._permissions.check_is_heard(member, now)
        if text != member.away_text:
            member.away_text = text
            self._monitoring.changed(member, events.AwayChanged(member.nickname, text))
        return events.AwayDone(text)
