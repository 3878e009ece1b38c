"""Permissions of members: of hosts and operators, and of those who are banned or muted.

A *host* may do everything everywhere. An *operator* has created a room, and keeps order there.
Bans, mutes and settings of rooms hold for the others alone, never for a host.
"""

from collections.abc import Collection, Iterable

from chatd.chat import limits, names
from chatd.chat.errors import Refusal
from chatd.chat.model import Member, Room
from chatd.chat.moderation_errors import (
    Banned,
    Closed,
    Muted,
    NicknameBanned,
    NotHost,
    ReadOnly,
    RoomFull,
    Slow,
    WrongKey,
)
from chatd.chat.restrictions import BAN, MUTE, Identity, Restriction, Restrictions
from chatd.chat.sessions import JoinedRoom, MemberSession, Sessions
from chatd.chat.state import OPEN


class Permissions:
    """Checks whether members may do what they ask for.

    :ivar hosts: the casefolded nicknames of the accounts that are marked as hosts.
    :ivar restrictions: those of the whole chat; each room has its own.
    """

    def __init__(self, sessions: Sessions) -> None:
        self.hosts: frozenset[str] = frozenset()
        self.restrictions = Restrictions()
        self._sessions = sessions

    # --- roles ----------------------------------------------------------------------------------

    def is_host(self, member: Member) -> bool:
        """Whether the member is a host of the whole chat."""
        return member.has_host_code or (
            member.is_authenticated and self.is_host_account(member.nickname)
        )

    def is_host_account(self, nickname: str) -> bool:
        """Whether that nickname is an account that is marked as a host."""
        return names.casefold(nickname) in self.hosts

    def keeps_order(self, member: Member, room: Room | None) -> bool:
        """Whether the member is a host, or an operator of `room`."""
        is_operator = room is not None and member.member_id in room.operators
        return is_operator or self.is_host(member)

    def check_keeps_order(self, member: Member, room: Room | None) -> None:
        """Check that the member may decide for `room`, or with None for the whole chat.

        :raises NotHost: if not.
        """
        if not self.keeps_order(member, room):
            raise NotHost(None if room is None else room.name)

    # --- writing --------------------------------------------------------------------------------

    def check_may_write(self, member: Member, room: Room, now: int) -> None:
        """Check that the member may send something to `room`, a message or a file.

        :raises Refusal: if the member may not.
        """
        # Most chats have no mutes, and most rooms no settings: then a message costs no more than
        # this.
        if room.restrictions.mutes or self.restrictions.mutes:
            self._check_is_heard(member, room, now)
        if room.settings != OPEN and not self.keeps_order(member, room):
            _check_settings(member, room, now)

    def check_may_set_topic(self, member: Member, room: Room, now: int) -> None:
        """Check that the member may set the topic of `room`, where it is.

        :raises Refusal: if it may not.
        """
        self._check_is_heard(member, room, now)
        if room.settings.read_only and not self.keeps_order(member, room):
            raise ReadOnly(room.name)
        if room.settings.topic_locked:
            self.check_keeps_order(member, room)

    def _check_is_heard(self, member: Member, room: Room, now: int) -> None:
        self.check_is_heard(member, now)
        found = room.restrictions.find(MUTE, self.identity(member), now)
        if found is not None and not self.is_host(member):
            raise Muted(room.name, found.milliseconds_left(now), found.reason)

    def check_may_write_to(self, member: Member, to: Iterable[Member], now: int) -> None:
        """Check that the member may write to those members alone; everybody may write to hosts.

        :raises Muted: if it may not.
        """
        if self.restrictions.mutes and not all(map(self.is_host, to)):
            self.check_is_heard(member, now)

    def check_is_heard(self, member: Member, now: int) -> None:
        """Check that the member is not muted in the whole chat.

        :raises Muted: if it is.
        """
        found = self.restrictions.find(MUTE, self.identity(member), now)
        if found is not None and not self.is_host(member):
            raise Muted(None, found.milliseconds_left(now), found.reason)

    def last_text(self, member: Member, text: str, rooms: Collection[Room], now: int) -> str:
        """What the others in `rooms` are told that the member says as it leaves, or removes.

        :return: `text`; empty if the member might not write there: a mute could be spoken past.
        :raises BadText: if it is no text.
        """
        text = names.line_text(text, limits.REASON_CHARACTERS, "A text of leaving")
        try:
            self.check_is_heard(member, now)
            for room in rooms:
                self.check_may_write(member, room, now)
        except Refusal:
            return ""
        return "" if any(self.is_banned(member, room, now) for room in rooms) else text

    def said_to_all(self, member: Member, text: str, now: int) -> str:
        """`text`, which everybody may read; empty if the member is muted in the whole chat."""
        if self.restrictions.mutes:
            try:
                self.check_is_heard(member, now)
            except Muted:
                return ""
        return text

    # --- entering and joining -------------------------------------------------------------------

    def check_may_enter(
        self,
        member: Member,
        nickname: str,
        brought: str,
        now: int,
        session: MemberSession | None = None,
        *,
        is_authenticated: bool = False,
    ) -> None:
        """Check that a connection may enter with that nickname.

        :param brought: the digest of the token that it brings, whether there is such a session.
        :param session: that it goes on with.
        :raises Banned: if it may not.
        """
        has_code = member.has_host_code or (session is not None and session.has_host_code)
        if has_code or (is_authenticated and self.is_host_account(nickname)):
            return
        before = () if session is None else (session.nickname,)
        identity = Identity((nickname, *before), host_of(member.address), brought)
        found = self.restrictions.find(BAN, identity, now)
        if found is not None:
            raise Banned(None, found.milliseconds_left(now), found.reason)

    def check_may_rename(
        self, member: Member, nickname: str, now: int, *, is_authenticated: bool = False
    ) -> None:
        """Check that the member may take that nickname.

        :param is_authenticated: whether it has given the password of the account.
        :raises Refusal: if it may not: it is muted, or the nickname is banned.
        """
        if self.is_host(member) or (is_authenticated and self.is_host_account(nickname)):
            return
        if member.nickname != member.address:  # else it has no nickname of its own yet
            self.check_is_heard(member, now)
        if self.restrictions.find(BAN, Identity((nickname,)), now) is not None:
            raise NicknameBanned(nickname)

    def check_may_join(self, member: Member, room: Room, now: int, key: str = "") -> None:
        """Check that the member may join `room`, which exists.

        :param key: the word that it gives. Hosts, and those who are invited, need it as well, but
            join a room that is closed or full.
        :raises Refusal: if it may not.
        """
        found = self._ban(member, room, now)
        if found is not None:
            raise Banned(room.name, found.milliseconds_left(now), found.reason)
        if room.settings.key and not room.settings.fits(key):
            raise WrongKey(room.name, is_given=bool(key))
        if room.life in member.invited or self.is_host(member):
            return
        if room.settings.closed:
            raise Closed(room.name)
        if _is_full(room):
            raise RoomFull(room.name)

    def check_may_invite(self, member: Member, room: Room, now: int) -> None:
        """Check that the member may invite others into `room`, where it is.

        :raises Refusal: if the member is muted, or the room is closed and others keep order there.
        """
        self._check_is_heard(member, room, now)
        if room.settings.closed:
            self.check_keeps_order(member, room)

    def may_join_again(self, member: Member, room: Room, joined: JoinedRoom, now: int) -> bool:
        """Whether the member, who was in a room of that name, may be in `room`.

        It needs no key to come back. But if the room has ended meanwhile, this is another one.
        """
        if self.is_banned(member, room, now):
            return False
        is_open = not (room.settings.key or room.settings.closed or _is_full(room))
        return room.life == joined.life or is_open

    def is_banned(self, member: Member, room: Room, now: int) -> bool:
        """Whether the member is banned from `room`."""
        return self._ban(member, room, now) is not None

    def _ban(self, member: Member, room: Room, now: int) -> Restriction | None:
        found = room.restrictions.find(BAN, self.identity(member), now)
        return None if found is None or self.is_host(member) else found

    def identity(self, member: Member) -> Identity:
        """What the member is known by."""
        session = self._sessions.of(member.member_id)
        return Identity(
            (member.nickname,),
            host_of(member.address),
            "" if session is None else session.digest,
            member.member_id,
        )


def host_of(address: str) -> str:
    """The address without its port."""
    return address.rpartition(":")[0]


def _is_full(room: Room) -> bool:
    return 0 < room.settings.limit <= len(room.members)


def _check_settings(member: Member, room: Room, now: int) -> None:
    """Check that the settings of `room` let a member write there that keeps no order."""
    if room.settings.read_only and member.member_id not in room.voiced:
        raise ReadOnly(room.name)
    # Who is about to join has not written, and would wait from then on.
    ready_at = room.wrote.get(member.member_id, now) + 1_000 * room.settings.slow
    if room.settings.slow and now < ready_at:
        raise Slow(room.name, ready_at - now)
