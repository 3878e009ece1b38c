"""What hosts and operators do to members: they kick, ban and mute them.

Nobody can do that to a host, nor to themself: so hosts cannot throw each other out, and the last
one cannot be locked out. Everybody is told what was done, and the member concerned also why.
"""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, Final

from chatd.chat import events, limits, names, order_commands
from chatd.chat.durations import duration
from chatd.chat.errors import BadText, NoSuchUser
from chatd.chat.events import Reply
from chatd.chat.inviting import Inviting
from chatd.chat.joining import Joining
from chatd.chat.members import Connections, Nicknames
from chatd.chat.model import Member, Room
from chatd.chat.moderation_errors import (
    NoSuchBan,
    NotAllowedHere,
    TooManyBans,
    UserNotInRoom,
)
from chatd.chat.moderation_events import Bans, Moderation, Restricted
from chatd.chat.outbox import MemberId, Outbox
from chatd.chat.permissions import Permissions, host_of
from chatd.chat.restrictions import BAN, MUTE, Identity, Restriction, Restrictions
from chatd.chat.roles import Roles
from chatd.chat.rooms import Rooms
from chatd.chat.sessions import Sessions

#: What a member is that is restricted.
_RESTRICTED: Final = {BAN: "banned", MUTE: "muted"}
#: What takes a member out of the room.
_REMOVING: Final = frozenset({"kick", "ban"})
#: The origin of events that no member has caused.
_NOBODY: Final = 0


class Moderating:
    """Carries out the commands of hosts and operators that concern members.

    :param remove_member: has a member leave the chat for a reason, at that time.
    """

    def __init__(
        self,
        connections: Connections,
        nicknames: Nicknames,
        rooms: Rooms,
        sessions: Sessions,
        joining: Joining,
        permissions: Permissions,
        outbox: Outbox,
        remove_member: Callable[[MemberId, str, int], None],
    ) -> None:
        self._connections = connections
        self._nicknames = nicknames
        self._rooms = rooms
        self._sessions = sessions
        self._joining = joining
        self._permissions = permissions
        self._outbox = outbox
        self._remove_member = remove_member
        self.handlers: dict[type, Callable[[Member, Any, int], Reply]] = {
            order_commands.Kick: self._kick,
            order_commands.Ban: lambda member, command, now: self._restrict(
                member, command, BAN, now
            ),
            order_commands.Mute: lambda member, command, now: self._restrict(
                member, command, MUTE, now
            ),
            order_commands.Unban: lambda member, command, now: self._lift(
                member, command, BAN, now
            ),
            order_commands.Unmute: lambda member, command, now: self._lift(
                member, command, MUTE, now
            ),
            order_commands.ListBans: self._list,
            order_commands.GrantHost: self._grant_host,
            **Inviting(nicknames, rooms, permissions, outbox).handlers,
            order_commands.SetRole: Roles(nicknames, rooms, sessions, permissions, outbox).set_role,
        }

    # --- becoming a host ------------------------------------------------------------------------

    def _grant_host(self, member: Member, command: order_commands.GrantHost, now: int) -> Reply:
        was_host = self._permissions.is_host(member)
        member.has_host_code = True
        session = self._sessions.of(member.member_id)
        if session is not None:
            session.has_host_code = True
        self.tell_role(member, was_host=was_host)
        return events.Ok()

    def tell_role(self, member: Member, *, was_host: bool, by: str | None = None) -> None:
        """Tell everybody that the member has become a host, or is one no more, if it has.

        :param by: the nickname of who has done that; None for the member itself.
        """
        is_host = self._permissions.is_host(member)
        if is_host != was_host:
            what = "host" if is_host else "unhost"
            event = Moderation(what, member.nickname if by is None else by, member.nickname)
            self._outbox.to_all(event, _NOBODY)

    def set_hosts(self, hosts: frozenset[str]) -> None:
        """Replace the casefolded nicknames of the accounts that are marked as hosts."""
        members = [each for each in self._connections.all() if each.is_authenticated]
        before = [self._permissions.is_host(each) for each in members]
        self._permissions.hosts = hosts
        for member, was_host in zip(members, before, strict=True):
            self.tell_role(member, was_host=was_host, by="")

    def throw_out_blocked(self, accounts: Mapping[str, bool], now: int) -> None:
        """Have the members leave that have the nickname of a blocked account.

        :param accounts: the casefolded nicknames, and whether each is blocked.
        """
        for key, is_blocked in accounts.items():
            member = self._nicknames.get(key) if is_blocked else None
            if member is not None:
                self._throw_out(member, "blocked", now)

    # --- kicking, banning and muting ------------------------------------------------------------

    def _kick(self, member: Member, command: order_commands.Kick, now: int) -> Reply:
        room = self._place(member, command.room)
        reason = _reason(command.reason)
        target = self._nicknames.get(command.nickname)
        if target is None:
            raise NoSuchUser(command.nickname[: limits.NICKNAME_CHARACTERS])
        self._check_target(member, target, "kick", room)
        if room is not None and room.name not in target.rooms:
            hint = f": /ban {room.name} {target.nickname} keeps it out."
            raise UserNotInRoom(target.nickname, room.name, hint)
        self._tell(member, target.nickname, "kick", room, target, reason=reason)
        self._take_out(target, room, "kicked", member, now)
        return events.Ok()

    def _restrict(
        self, member: Member, command: order_commands.Ban | order_commands.Mute, what: str, now: int
    ) -> Reply:
        room = self._place(member, command.room)
        reason = _reason(command.reason)
        until = _until(command.seconds, now)
        target = self._nicknames.get(command.nickname)
        if target is None:
            nickname = names.nickname(command.nickname)
            self._check_absent(nickname, what)
        else:
            nickname = target.nickname
            self._check_target(member, target, what, room)
        restrictions = self._restrictions(room)
        if restrictions.same(what, nickname) is None and not self._has_space():
            raise TooManyBans
        made = Restriction(
            *(what, nickname, member.nickname, reason, until),
            has_looks=not self._nicknames.has_look_alike(nickname, target),
        )
        restrictions.add(made if target is None else self._for_member(made, target))
        self._tell(member, nickname, what, room, target, reason=reason, until=until)
        if what == BAN and target is not None and (room is None or room.name in target.rooms):
            self._take_out(target, room, "banned", member, now)
        return events.Ok()

    def _lift(
        self,
        member: Member,
        command: order_commands.Unban | order_commands.Unmute,
        what: str,
        now: int,
    ) -> Reply:
        room = self._place(member, command.room)
        restrictions = self._restrictions(room)
        target = self._nicknames.get(command.nickname)
        same = restrictions.same(what, command.nickname)
        lifted = [] if same is None else [same]
        if target is not None:
            lifted += restrictions.all_for(what, self._permissions.identity(target))
        found = [each for each in lifted if each.lasts(now)]
        if not found:
            nickname = command.nickname[: limits.NICKNAME_CHARACTERS]
            raise NoSuchBan(nickname, _RESTRICTED[what])
        if target is member and not self._permissions.is_host(member):
            raise NotAllowedHere(f"You cannot un{what} yourself: a host can.")
        restrictions.remove(found)
        nickname = found[0].nickname if target is None else target.nickname
        if what == MUTE and target is None:
            target = self._find(found[0])
        told = target if what == MUTE else None
        self._tell(member, nickname, f"un{what}", room, told)
        return events.Ok()

    def _list(self, member: Member, command: order_commands.ListBans, now: int) -> Reply:
        room = self._place(member, command.room)
        entries = tuple(each.entry() for each in self._restrictions(room) if each.lasts(now))
        return Bans(entries, None if room is None else room.name)

    def renamed(self, member: Member, nickname: str, now: int) -> None:
        """The member gets that nickname: what rooms have decided for the one before follows it."""
        before = Identity((member.nickname,))
        others = self._permissions.identity(member)._replace(nicknames=())
        for room in self._rooms.all():
            for what in (BAN, MUTE):
                found = room.restrictions.find(what, before, now)
                is_known = room.restrictions.find(what, others, now) is not None
                if found is not None and not is_known and self._has_space():
                    following = found._replace(
                        nickname=nickname,
                        host="",
                        session=others.session,
                        member_id=member.member_id,
                        has_looks=False,
                    )
                    room.restrictions.add(following)

    # --- what is decided on, and by whom --------------------------------------------------------

    def _place(self, member: Member, room_name: str | None) -> Room | None:
        """The room for which the member decides; None for the whole chat.

        :raises Refusal: if there is no such room, or the member may not decide for it.
        """
        room = None if room_name is None else self._rooms.find(room_name, member)
        self._permissions.check_keeps_order(member, room)
        return room

    def _restrictions(self, room: Room | None) -> Restrictions:
        return self._permissions.restrictions if room is None else room.restrictions

    def _has_space(self) -> bool:
        """Whether there may be one more restriction."""
        count = len(self._permissions.restrictions) + self._rooms.count_restrictions()
        return count < limits.BANS

    def _check_target(self, member: Member, target: Member, what: str, room: Room | None) -> None:
        if target is member:
            leaving = "/quit leaves the chat" if room is None else f"/leave leaves {room.name}"
            instead = "/away tells the others that you are busy" if what == MUTE else leaving
            raise NotAllowedHere(f"You cannot {what} yourself: {instead}.")
        if self._permissions.is_host(target):
            raise _is_host(target.nickname, what)

    def _check_absent(self, nickname: str, what: str) -> None:
        if self._permissions.is_host_account(nickname) or self._sessions.has_host(nickname):
            raise _is_host(nickname, what)

    def _for_member(self, restriction: Restriction, target: Member) -> Restriction:
        """`restriction` for all that `target` is known by, unless others are, too."""
        identity = self._permissions.identity(target)
        is_shared = _is_loopback(identity.host) or any(
            host_of(each.address) == identity.host
            for each in self._connections.all()
            if each.nickname and each is not target
        )
        return restriction._replace(
            host="" if is_shared else identity.host,
            session=identity.session,
            member_id=target.member_id,
        )

    def _find(self, restriction: Restriction) -> Member | None:
        """The member for whom it was made, if it is there under another nickname."""
        session = self._sessions.get(restriction.session)
        if session is not None and session.member is not None:
            return session.member
        return self._connections.get(restriction.member_id)

    # --- carrying it out ------------------------------------------------------------------------

    def _tell(
        self,
        member: Member,
        nickname: str,
        what: str,
        room: Room | None,
        target: Member | None,
        *,
        reason: str = "",
        until: int = 0,
    ) -> None:
        room_name = None if room is None else room.name
        event = Moderation(what, member.nickname, nickname, room_name)
        if room is not None:
            # First: whoever is taken out of a room is told nothing of the room after that.
            self._rooms.tell_moderation(room, event, member)
        if target is not None:
            removed = what in _REMOVING and room_name in target.rooms
            restricted = Restricted(
                what, member.nickname, room_name, reason, until, removed=removed
            )
            self._outbox.to_member(target.member_id, restricted)
        if room is None:
            self._outbox.to_all(event, member.member_id)

    def _take_out(
        self, target: Member, room: Room | None, reason: str, by: Member, now: int
    ) -> None:
        if room is None:
            self._throw_out(target, reason, now)
        else:
            self._joining.take_out(target, room, by.nickname)

    def _throw_out(self, target: Member, reason: str, now: int) -> None:
        self._remove_member(target.member_id, reason, now)
        # Last: this may make the connection leave at once.
        self._outbox.end_connection(target.member_id, reason)


def _reason(text: str) -> str:
    return names.line_text(text, limits.REASON_CHARACTERS, "A reason")


def _until(seconds: int | None, now: int) -> int:
    """When what lasts so many seconds ends, in milliseconds since 1970; 0 for no end.

    :raises BadText: if that is too short or too long.
    """
    if seconds is None:
        return 0
    if not 0 < seconds <= limits.BAN_SECONDS:
        longest = duration(1_000 * limits.BAN_SECONDS)
        raise BadText(f"A ban or a mute lasts 1 s to {longest}, or until it is lifted.")
    return now + 1_000 * seconds


def _is_host(nickname: str, what: str) -> NotAllowedHere:
    return NotAllowedHere(
        f"{nickname} is a host, and nobody can {what} a host; /ignore {nickname} hides what it "
        "writes from you."
    )


def _is_loopback(host: str) -> bool:
    """Whether that is the server's own computer, or a program there that connects for others."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
