"""Entering, leaving and renaming: who is a member, and under which nickname.

A client that can resume gets a session when it enters, or goes on with the one that it had.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from chatd.chat import commands, events, names
from chatd.chat.errors import AlreadyRegistered, Refusal
from chatd.chat.events import Reply
from chatd.chat.members import Connections, Nicknames, check_needs_no_password
from chatd.chat.model import WATCHERS, Member
from chatd.chat.moderation import Moderating
from chatd.chat.monitoring import Monitoring
from chatd.chat.nodes import Nodes
from chatd.chat.outbox import Outbox
from chatd.chat.past_members import PastNicknames
from chatd.chat.permissions import Permissions
from chatd.chat.resuming import Resuming
from chatd.chat.room_settings import set_up
from chatd.chat.rooms import Rooms, join_event
from chatd.chat.sessions import MemberSession, Sessions
from chatd.chat.user_events import AccountChanged


class Registration:
    """Makes connections members, and members mere connections.

    :param server_id: the server's name.
    :param started: when the chat began, in milliseconds since 1970.
    :ivar started: the same.
    """

    def __init__(
        self,
        server_id: str,
        started: int,
        connections: Connections,
        nicknames: Nicknames,
        rooms: Rooms,
        sessions: Sessions,
        resuming: Resuming,
        nodes: Nodes,
        permissions: Permissions,
        moderating: Moderating,
        monitoring: Monitoring,
        past: PastNicknames,
        outbox: Outbox,
    ) -> None:
        self.started = started
        self._server_id = server_id
        self._connections = connections
        self._nicknames = nicknames
        self._rooms = rooms
        self._sessions = sessions
        self._resuming = resuming
        self._nodes = nodes
        self._permissions = permissions
        self._moderating = moderating
        self._monitoring = monitoring
        self._past = past
        self._outbox = outbox
        self._accounts: Mapping[str, bool] = {}

    @property
    def accounts(self) -> Mapping[str, bool]:
        """The casefolded nicknames that need a password, and whether each is blocked."""
        return self._accounts

    @accounts.setter
    def accounts(self, accounts: Mapping[str, bool]) -> None:
        self._accounts = accounts
        self._nicknames.set_accounts(accounts)

    # --- watching and entering ------------------------------------------------------------------

    def watch(self, member: Member, command: commands.Watch, now: int) -> Reply:
        """Let a connection receive what is public.

        :raises Refusal: if there are too many watchers.
        """
        if member.pool.name != WATCHERS:
            self._connections.watch(member)
            self._outbox.add_watcher(member.member_id)
        cluster = self._nodes.cluster(member.pool.node)
        return events.Watching(self._server_id, self.started, cluster=cluster)

    def enter(self, member: Member, command: commands.Enter, now: int) -> Reply:
        """Make a connection a member, or let it resume.

        :raises Refusal: if no slot is free, or it cannot have the nickname.
        """
        session = self._sessions.get(command.keys.resumed)
        if session is not None and session.member is not None:
            return self._take_over(member, session, session.member, command.keys)
        self._connections.check_slot(member)  # first: a full server must not ask for a password
        if session is not None:
            nickname, is_authenticated = self._nickname_again(member, session, command, now)
            session.is_authenticated = is_authenticated
            return self._enter_again(member, session, nickname, command.keys, now)
        nickname = self._guest_nickname(member, command.nickname)
        self._permissions.check_may_enter(member, nickname, command.keys.resumed, now)
        return self._enter_anew(member, nickname, command, now, is_authenticated=False)

    def enter_authenticated(
        self, member: Member, command: commands.EnterAuthenticated, now: int
    ) -> Reply:
        """The same for an account whose password was checked."""
        session = self._sessions.get(command.keys.resumed)
        if session is not None and session.member is not None:
            return self._take_over(member, session, session.member, command.keys)
        # Check again: during the password check another connection may have taken the nickname or
        # the slot.
        nickname = self._nicknames.check_available(member, command.account)
        self._connections.check_slot(member)
        self._check_account_may_enter(member, nickname, command.keys, now)
        if session is not None:
            session.is_authenticated = True
            return self._enter_again(member, session, nickname, command.keys, now)
        return self._enter_anew(member, nickname, command, now, is_authenticated=True)

    def late_hello(self, member: Member, command: commands.Enter, now: int) -> Reply:
        """A ``hello`` from a connection that was registered as ``ADDRESS:PORT`` before.

        The connection sent nothing for ``DIALECT_DETECTION_MILLISECONDS`` and was therefore
        registered as a basic client under its address. The ``hello`` renames it, or resumes a
        session, and the reply is the ``welcome`` that the client waits for.

        :raises AlreadyRegistered: if the member is no such connection.
        """
        if not self._is_late(member):
            raise AlreadyRegistered
        session = self._sessions.get(command.keys.resumed)
        if session is None:
            nickname = self._guest_nickname(member, command.nickname)
            self._permissions.check_may_enter(member, nickname, command.keys.resumed, now)
            self.rename(member, commands.Rename(command.nickname), now)
            return self._begin_session(member, command.keys, is_authenticated=False)
        if session.member is None:
            self._nickname_again(member, session, command, now)  # a refusal changes nothing
        self._leave_for_session(member)
        return self.enter(member, command, now)

    def _is_late(self, member: Member) -> bool:
        """Whether the member may be one whose first line comes late."""
        return member.nickname == member.address and self._sessions.of(member.member_id) is None

    def _guest_nickname(self, member: Member, nickname: str) -> str:
        nickname = self._nicknames.check_available(member, nickname)
        check_needs_no_password(nickname, self._accounts)
        return nickname

    def _check_account_may_enter(
        self, member: Member, nickname: str, keys: commands.SessionKeys, now: int
    ) -> None:
        session = self._sessions.get(keys.resumed)
        self._permissions.check_may_enter(
            member, nickname, keys.resumed, now, session, is_authenticated=True
        )

    def _enter_anew(
        self,
        member: Member,
        nickname: str,
        command: commands.Enter | commands.EnterAuthenticated,
        now: int,
        *,
        is_authenticated: bool,
    ) -> Reply:
        member.is_authenticated = is_authenticated
        self._enter(member, nickname, command.rooms, now)
        return self._begin_session(member, command.keys, is_authenticated=is_authenticated)

    def _enter(self, member: Member, nickname: str, rooms: tuple[str, ...], now: int) -> None:
        self._connections.take_slot(member)
        self._nicknames.assign(member, nickname)
        member.since = member.named_since = now
        member.real_name = self._permissions.said_to_all(member, member.real_name, now)
        self._outbox.add_member(member.member_id)
        for room in map(self._rooms.get, rooms):
            if not self._permissions.is_banned(member, room, now):
                self._rooms.add(member, room, now)
        entered = events.MemberEntered(nickname, self._permissions.is_host(member))
        self._outbox.to_all(entered, member.member_id)
        for room in member.rooms.values():
            room.tell(join_event(member, room, events.RoomEntered), member.member_id)
        self._monitoring.came(nickname)

    def _begin_session(
        self, member: Member, keys: commands.SessionKeys, *, is_authenticated: bool
    ) -> Reply:
        member.is_authenticated = is_authenticated
        if keys.new:
            self._sessions.begin(keys.new, member, is_authenticated=is_authenticated)
        return self._welcome(member)

    def _welcome(self, member: Member) -> events.Welcome:
        topics, settings = self._rooms.topics(member), set_up(member)
        entered = partial(events.Entered, topics=topics, settings=settings)
        return (entered if topics or settings else events.Welcome)(
            self._server_id,
            self.started,
            member.nickname,
            tuple(member.rooms),
            cluster=self._nodes.cluster(member.pool.node),
        )

    # --- resuming -------------------------------------------------------------------------------

    def _take_over(
        self,
        member: Member,
        session: MemberSession,
        old: Member,
        keys: commands.SessionKeys,
    ) -> Reply:
        """Go on as `old`, the member of a session."""
        self._resuming.take_over(session, old, member, keys.private)
        return self._resumed(member, session)

    def _nickname_again(
        self, member: Member, session: MemberSession, command: commands.Enter, now: int
    ) -> tuple[str, bool]:
        """The nickname that the session had, if it can have it, or else that of `command`.

        :return: it, and whether its password was given.
        :raises Refusal: if it can have neither, or may not enter.
        """
        try:
            nickname = self._nicknames.check_available(member, session.nickname)
        except Refusal:
            nickname = self._guest_nickname(member, command.nickname)
            is_authenticated = False
        else:
            is_authenticated = session.is_authenticated
            check_needs_no_password(nickname, self._accounts, is_given=is_authenticated)
        self._permissions.check_may_enter(
            *(member, nickname, command.keys.resumed, now, session),
            is_authenticated=is_authenticated,
        )
        return nickname, is_authenticated

    def _enter_again(
        self,
        member: Member,
        session: MemberSession,
        nickname: str,
        keys: commands.SessionKeys,
        now: int,
    ) -> Reply:
        """Enter with a session whose member has left."""
        member.is_authenticated = session.is_authenticated
        member.has_host_code = session.has_host_code
        self._enter(member, nickname, (), now)
        session.nickname = nickname
        self._sessions.resumed(session, member, keys.private)
        restarted = self._resuming.rejoin(session, member, now)
        return self._resumed(member, session, restarted)

    def _resumed(
        self, member: Member, session: MemberSession, restarted: tuple[str, ...] = ()
    ) -> Reply:
        welcome = replace(self._welcome(member), resumed=True)
        return events.Resumed(welcome, tuple(session.private), restarted)

    def _leave_for_session(self, member: Member) -> None:
        """Take back that it is a member of its own, as its first line had not come yet."""
        self.leave(member)
        self._outbox.to_all(events.MemberLeft(member.nickname, "resumed"), member.member_id)
        self._monitoring.went(member.nickname)
        member.nickname = ""

    # --- renaming -------------------------------------------------------------------------------

    def rename(self, member: Member, command: commands.Rename, now: int) -> Reply:
        """Give a member another nickname.

        :raises Refusal: if it cannot have it.
        """
        nickname = self._nicknames.check_available(member, command.nickname)
        is_same = names.casefold(nickname) == names.casefold(member.nickname)
        if not is_same:
            check_needs_no_password(nickname, self._accounts)
        self._permissions.check_may_rename(member, nickname, now)
        self._apply_rename(member, nickname, now, is_authenticated=None if is_same else False)
        return events.Ok()

    def rename_authenticated(
        self, member: Member, command: commands.EnterAuthenticated, now: int
    ) -> Reply:
        """The same for an account whose password was checked."""
        nickname = self._nicknames.check_available(member, command.account)
        is_late = self._is_late(member)
        self._permissions.check_may_rename(member, nickname, now, is_authenticated=True)
        if is_late:
            self._check_account_may_enter(member, nickname, command.keys, now)
        if is_late and self._sessions.get(command.keys.resumed) is not None:
            self._leave_for_session(member)
            return self.enter_authenticated(member, command, now)
        self._apply_rename(member, nickname, now, is_authenticated=True)
        if is_late:
            return self._begin_session(member, command.keys, is_authenticated=True)
        return events.Ok()

    def _apply_rename(
        self, member: Member, nickname: str, now: int, *, is_authenticated: bool | None
    ) -> None:
        """:param is_authenticated: None if that does not change."""
        old, was_host = member.nickname, self._permissions.is_host(member)
        was_authenticated = member.is_authenticated
        if is_authenticated is not None:
            member.is_authenticated = is_authenticated
        session = self._sessions.of(member.member_id)
        if session is not None:
            session.nickname = nickname
            if is_authenticated is not None:
                session.is_authenticated = is_authenticated
        if nickname != old:
            self._moderating.renamed(member, nickname, now)
            self._nicknames.assign(member, nickname)
            renamed = events.MemberRenamed(old, nickname)
            self._outbox.to_all(renamed, member.member_id, frozenset(member.rooms))
        if names.casefold(nickname) != names.casefold(old):
            self._past.add(member, old, now)
            self._monitoring.went(old)
            self._monitoring.came(nickname)
        if member.is_authenticated != was_authenticated or (was_authenticated and nickname != old):
            changed = AccountChanged(nickname, member.is_authenticated)
            self._monitoring.changed(member, changed)
        self._moderating.tell_role(member, was_host=was_host)

    # --- leaving --------------------------------------------------------------------------------

    def leave(self, member: Member, ends_at: int | None = None) -> None:
        """Undo everything that entering and joining did, and tell nobody.

        :param ends_at: when the rooms that are empty now end; None for now.
        """
        for room in list(member.rooms.values()):
            self._rooms.remove(member, room, ends_at)
        self._monitoring.forget(member)
        if member.nickname:
            self._nicknames.release(member)
        is_sent_events = member.nickname or member.pool.name == WATCHERS
        if is_sent_events and member.away_until is None:
            self._outbox.remove_member(member.member_id)
