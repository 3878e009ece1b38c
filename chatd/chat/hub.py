"""The hub: the rules and the state of the chat.

It carries out commands, sends events to members, and returns replies. To enter is to register: the
connection becomes a member.

The hub is deterministic. It knows no bytes, sockets, passwords or clocks: ids count up, the time is
an argument, and the same calls in the same order always have the same outcome.

An event goes to many members, through the outbox. The reply to a command is what ``handle``
returns, or the refusal that it raises. So a reply needs no address, the hub needs no request ids,
and only the caller knows which connection sent the command.

Every handler checks everything before it changes anything: a refused command has changed nothing.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chatd.chat import commands, events, irc_commands, limits, names, order_commands
from chatd.chat.archived_rooms import ArchivedRooms
from chatd.chat.errors import (
    AlreadyRegistered,
    Full,
    NotRegistered,
    TooManyUnregistered,
)
from chatd.chat.events import Reply
from chatd.chat.joining import Joining
from chatd.chat.members import Connections, Nicknames, check_capacity
from chatd.chat.messages import Messages
from chatd.chat.model import WATCHERS, Member
from chatd.chat.moderation import Moderating
from chatd.chat.monitoring import Monitoring
from chatd.chat.nodes import Nodes
from chatd.chat.outbox import MemberId, Outbox
from chatd.chat.past_members import PastNicknames
from chatd.chat.permissions import Permissions
from chatd.chat.profiles import Profiles
from chatd.chat.read_markers import ReadMarkers
from chatd.chat.reading import Reading
from chatd.chat.registration import Registration
from chatd.chat.removing import Removing
from chatd.chat.restrictions import Restrictions
from chatd.chat.resuming import CONNECTION_LOST, MissedPage, Resuming
from chatd.chat.room_settings import SettingsChanges, room_info
from chatd.chat.rooms import Rooms
from chatd.chat.sessions import Sessions, is_numbered
from chatd.chat.state import RULES, HubState

_Handler = Callable[[Member, Any, int], Reply]

#: The reasons for leaving after which nobody can resume.
_FINAL_REASONS: Final = frozenset({"quit", "inactive", "kicked", "banned", "blocked"})


@dataclass(frozen=True, slots=True)
class HubSettings:
    """The settings of a hub.

    :ivar server_id: the server's name.
    :ivar slots: how many members there may be; 0 for a cluster, whose nodes bring their own.
    :ivar history: how many messages are kept of each room.
    :ivar is_archived: whether messages are kept in an archive as well, also when their room ends.
    """

    server_id: str
    slots: int
    history: int
    is_archived: bool = False


class Hub:
    """Carries out the commands of all connections.

    It holds the members, nicknames and rooms, and sends events to the outbox.

    :param outbox: delivers the events.
    :param now: milliseconds since 1970, here and in every method.
    :ivar messages: what members send.
    :ivar nodes: the nodes of a cluster.
    :ivar archived: the rooms as a log and an archive see them.
    """

    def __init__(self, settings: HubSettings, outbox: Outbox, now: int) -> None:
        self._outbox = outbox
        self._has_begun = False
        self._connections = Connections(settings.slots)
        self._nicknames = Nicknames()
        self._sessions = Sessions(self._connections)
        self._permissions = Permissions(self._sessions)
        self._rooms = Rooms(settings.history, settings.is_archived, self._permissions, outbox)
        self._monitoring = Monitoring(self._nicknames, outbox)
        self._past = PastNicknames()
        members = (self._connections, self._nicknames, self._rooms, self._sessions)
        self._resuming = Resuming(*members, self._permissions, self._monitoring, outbox)
        self._joining = Joining(self._rooms, self._sessions, self._permissions, outbox)
        self._moderating = Moderating(
            *members, self._joining, self._permissions, outbox, self.remove_member
        )
        self._removing = Removing(self._nicknames, self._rooms, self._permissions, outbox)
        self.archived = ArchivedRooms(self._connections, self._rooms, self._removing)
        self.messages = Messages(
            *(self._nicknames, self._rooms, self._sessions),
            *(self._joining, self._permissions, outbox),
        )
        self._profiles = Profiles(
            self._connections, self._nicknames, self._rooms, self._permissions, self._monitoring
        )
        self._read_markers = ReadMarkers()
        self.nodes = Nodes(self._connections, outbox, self.lose_connection)
        self._registration = Registration(
            *(settings.server_id, now, *members, self._resuming),
            *(self.nodes, self._permissions, self._moderating, self._monitoring, self._past),
            outbox,
        )
        # One table for each state of a connection: a command that is not in it is refused before
        # any handler runs.
        self._unregistered_handlers: dict[type, _Handler] = {
            commands.Enter: self._registration.enter,
            commands.EnterAuthenticated: self._registration.enter_authenticated,
            commands.Watch: self._registration.watch,
            irc_commands.SetUserInfo: self._profiles.set_user_info,
            commands.Quit: self._quit,
        }
        reading: dict[type, _Handler] = {
            commands.ListRooms: lambda member, command, now: self._rooms.list(member),
            commands.ListUsers: lambda member, command, now: self._profiles.users(
                command.room, member
            ),
            commands.ReadTopic: lambda member, command, now: self._rooms.read_topic(
                member, command.room
            ),
            commands.ReadSettings: lambda member, command, now: room_info(
                self._rooms.find(command.room, member)
            ),
            commands.WhoIs: lambda member, command, now: self._profiles.who_is(
                command.nickname, member
            ),
            irc_commands.WhoWas: lambda member, command, now: self._past.find(command),
            commands.ReadHistory: lambda member, command, now: self.read_history(
                command.room, command.limit, command.before, member
            ),
            commands.Search: lambda member, command, now: self.check_search(command),
            irc_commands.ReadStatistics: self._profiles.count,
            commands.Ping: lambda member, command, now: events.Pong(),
        }
        self._watcher_handlers = self._unregistered_handlers | reading
        self._member_handlers: dict[type, _Handler] = reading | {
            commands.Enter: self._registration.late_hello,
            commands.EnterAuthenticated: self._registration.rename_authenticated,
            irc_commands.SetBot: self._profiles.set_bot,
            commands.Rename: self._registration.rename,
            commands.SetTopic: self._rooms.set_topic,
            order_commands.ChangeRoom: SettingsChanges(
                self._rooms, self._permissions, outbox
            ).change,
            order_commands.RemoveFound: self._removing.remove,
            commands.ReadMessages: Reading(self._rooms).read,
            commands.SetAway: self._profiles.set_away,
            irc_commands.SetUserInfo: self._profiles.set_user_info,
            commands.Quit: self._quit,
            **self._joining.handlers,
            **self.messages.handlers,
            **self._moderating.handlers,
            **self._monitoring.handlers,
            **self._read_markers.handlers,
        }

    @property
    def accounts(self) -> Mapping[str, bool]:
        """The casefolded nicknames that need a password, and whether each is blocked."""
        return self._registration.accounts

    @accounts.setter
    def accounts(self, accounts: Mapping[str, bool]) -> None:
        self._registration.accounts = self.messages.accounts = accounts

    def set_accounts(self, accounts: Mapping[str, bool], hosts: frozenset[str], now: int) -> None:
        """Replace the accounts, as the password file has changed.

        Those that are blocked now leave, and those that are hosts now are told of. Otherwise this
        does not affect those already in the chat.

        :param hosts: the casefolded nicknames of the accounts that are marked as hosts.
        """
        self.accounts = accounts
        self._read_markers.keep(accounts)
        self._moderating.throw_out_blocked(accounts, now)
        self._moderating.set_hosts(hosts)

    @property
    def hosts(self) -> frozenset[str]:
        """The casefolded nicknames of the accounts that are marked as hosts."""
        return self._permissions.hosts

    @property
    def started(self) -> int:
        """When the chat began, in milliseconds since 1970."""
        return self._registration.started

    # --- connections ----------------------------------------------------------------------------

    def reserve_slot(self, address: str, node: str = "") -> MemberId:
        """Add a connection from `address` (``ADDRESS:PORT``), and take a slot for it.

        :param node: to which it is connected.
        :raises Full: if none is free there.
        """
        return self._connections.add(address, self._connections.pools(node).slots, Full).member_id

    def connect_without_slot(self, address: str, node: str = "") -> MemberId:
        """Add a connection from `address` that takes a slot only when it enters.

        :raises TooManyUnregistered: if too many such connections have not entered yet.
        """
        pool = self._connections.pools(node).unregistered
        return self._connections.add(address, pool, TooManyUnregistered).member_id

    def check_unregistered(self, node: str = "") -> None:
        """Check that one more connection may come to `node` without a slot.

        :raises TooManyUnregistered: if not.
        """
        check_capacity(self._connections.pools(node).unregistered, TooManyUnregistered)

    def handle(
        self, member_id: MemberId, command: commands.Command, now: int, number: int = 0
    ) -> Reply:
        """Carry out the command of a member, or of a connection that is about to be one.

        The events go to the outbox before the reply is returned.

        :param number: the client's number of the command; 0 for none. If it was carried out before,
            its reply is the same, and nothing else happens.
        :raises Refusal: if the command cannot be carried out; then nothing has changed.
        """
        member = self._connections.get(member_id)
        if member is None or member.away_until is not None:
            raise NotRegistered
        handler = self._handlers(member).get(type(command))
        if handler is None:
            raise AlreadyRegistered if member.nickname else NotRegistered
        session = self._sessions.of(member_id) if number and is_numbered(command) else None
        if session is None:
            return handler(member, command, now)
        reply = session.outcome(number, command)
        if reply is None:
            reply = handler(member, command, now)
            session.carried_out(number, command, reply)
        return reply

    def lose_connection(self, member_id: MemberId, now: int) -> None:
        """The connection is lost: a member that can resume goes away, any other one leaves."""
        member, session = self._connections.get(member_id), self._sessions.of(member_id)
        if member is None or session is None:
            self.remove_member(member_id, CONNECTION_LOST, now)
        elif member.away_until is None:
            self._resuming.go_away(member, session, now)

    def remove_member(self, member_id: MemberId, reason: str, now: int, text: str = "") -> None:
        """Remove a connection, free its nickname, and announce that a member left.

        The session and the hub may both end a connection, so removing it a second time does
        nothing. After most reasons, the client may still resume, and enters again.

        :param reason: ``quit``, ``connection lost``, ``inactive`` …
        :param text: what it says as it leaves.
        """
        member = self._connections.remove(member_id)
        if member is not None:
            session, rooms = self._sessions.of(member_id), frozenset(member.rooms)
            ends_at = None
            if session is not None and reason in _FINAL_REASONS:
                self._sessions.end(session)
            elif session is not None:
                self._sessions.disconnected(session, now)
                self._sessions.has_left(session)
                ends_at = now + 1_000 * limits.EMPTY_ROOM_SECONDS
            self._registration.leave(member, ends_at)
            if member.nickname:
                left = events.MemberLeft(member.nickname, reason, text)
                self._outbox.to_all(left, member_id, rooms)
                self._monitoring.went(member.nickname)
                self._past.add(member, member.nickname, now)

    def read_missed(
        self, member_id: MemberId, seen: Mapping[str, int], gaps: Collection[str]
    ) -> MissedPage:
        """The next page of what a member has missed: see :meth:`Resuming.read_missed`.

        :raises NotRegistered: if there is no such member.
        """
        member, session = self._connections.get(member_id), self._sessions.of(member_id)
        if member is None:
            raise NotRegistered
        return self._resuming.read_missed(member, session, seen, gaps)

    def set_fingerprints(self, fingerprints: Mapping[str, str], now: int) -> None:
        """End the sessions of changed passwords; their members stay, unless they are away."""
        for session in self._sessions.set_fingerprints(fingerprints):
            if session.member is not None and session.member.away_until is not None:
                self.remove_member(session.member.member_id, CONNECTION_LOST, now)
            self._sessions.end(session)

    def tick(self, now: int) -> None:
        """Time has passed: carry out what is due."""
        while (member := self._sessions.next_to_leave(now)) is not None:
            self.remove_member(member.member_id, CONNECTION_LOST, now)
        self._sessions.end_outdated(now)
        self._permissions.restrictions.end_outdated(now)
        self._rooms.end_outdated(now)

    def next_deadline(self) -> int | None:
        """When :meth:`tick` is to be called next, in milliseconds since 1970."""
        deadlines = (
            self._rooms.next_end(),
            self._sessions.next_end(),
            self._permissions.restrictions.next_end(),
        )
        return min((each for each in deadlines if each is not None), default=None)

    def begin(self, now: int) -> None:
        """A server begins, perhaps with a chat that another one has kept."""
        if not self._has_begun:
            self._has_begun = True
            self._registration.started = now
        for member in self._sessions.end_outdated(now):
            self._connections.remove(member.member_id)
            self._registration.leave(member)
        self.clear(now)

    def clear(self, now: int) -> None:
        """Remove all connections, and announce nothing: a server ends, or begins again.

        With N members, announcing each departure would be N² notices. Each member gets a
        ``goodbye`` from the server instead. If messages are archived, the chat goes on with the
        next server: those that can resume are away from now on, and empty rooms stay for
        ``EMPTY_ROOM_SECONDS``, so that their members can come back.
        """
        ends_at = now + 1_000 * limits.EMPTY_ROOM_SECONDS if self._rooms.is_archived else None
        for member in list(self._connections.all()):
            session = self._sessions.of(member.member_id)
            if session is not None and self._rooms.is_archived:
                self._resuming.go_away(member, session, now)
            else:
                self._connections.remove(member.member_id)
                for room in list(member.rooms.values()):
                    self._rooms.take_out(member, room, ends_at)
                if session is not None:
                    self._sessions.end(session)
                self._registration.leave(member)

    # --- the state, for a log that keeps it ------------------------------------------------------

    def state(self) -> HubState:
        """Everything but the messages of the rooms."""
        lives, ended_seq, rooms = self._rooms.state()
        return HubState(
            RULES,
            self.started,
            self._connections.next_id,
            lives,
            ended_seq,
            self._connections.member_states(),
            self._connections.state(""),
            rooms,
            tuple(self.accounts.items()),
            self._sessions.state(),
            self.nodes.state(),
            self.nodes.cluster_id,
            tuple(self._sessions.fingerprints.items()),
            tuple(sorted(self.hosts)),
            tuple(self._permissions.restrictions),
            tuple(self._rooms.private_lives.items()),
            tuple((*place, by) for place, by in self._removing.removed.items()),
            self._past.state(),
            self._nicknames.most,
            self.messages.last_number,
            self._read_markers.state(),
        )

    def restore(self, state: HubState) -> None:
        """Be in that state, and tell nobody; `archived` brings the messages back.

        :raises ValueError: if the state was made by newer rules.
        """
        if state.rules > RULES:
            raise ValueError(f"the state is of rules {state.rules}, this one knows {RULES}")
        self._registration.started = state.started
        self._has_begun = True
        nodes = {each.node.name: (each.slots, each.pools) for each in state.nodes}
        members = self._connections.restore(
            state.next_id,
            state.members,
            {"": (self._connections.pools("").slots.capacity, state.pools), **nodes},
        )
        self.nodes.restore(state.cluster_id, state.nodes)
        self._nicknames.clear()
        self._nicknames.most = state.max_members
        self._rooms.restore(state, members)
        for member_state in state.members:
            member = members[member_state.member_id]
            if member_state.nickname:
                self._nicknames.assign(member, member_state.nickname)
            member.rooms.update((name, self._rooms.get(name)) for name in member_state.rooms)
        self._sessions.restore(state.sessions, members)
        self.accounts = dict(state.accounts)
        self._sessions.fingerprints = dict(state.fingerprints)
        self._permissions.hosts = frozenset(state.hosts)
        self._permissions.restrictions = Restrictions(state.restrictions)
        self._removing.restore(state.removed)
        self._monitoring.restore(members.values())
        self._past.restore(state.past)
        self.messages.last_number = state.last_number
        self._read_markers.restore(state.read_markers)

    # --- what everyone may read: nothing of private rooms ---------------------------------------

    def free_slots(self, node: str = "") -> int:
        """How many more members there may be on that node."""
        slots = self._connections.pools(node).slots
        return slots.capacity - len(slots.members)

    @property
    def member_count(self) -> int:
        """How many members there are."""
        return len(self._nicknames)

    def is_connected(self, member_id: MemberId) -> bool:
        """Whether the connection was added, and not removed or lost yet."""
        member = self._connections.get(member_id)
        return member is not None and member.away_until is None

    def member_of(self, digest: str, node: str = "") -> Member | None:
        """The member on `node`, perhaps one that is away, that has that session."""
        return self._sessions.member(digest, node)

    @property
    def private_changes(self) -> int:
        """Counts what must leave the log: private messages that were sent, or that are kept no
        more, and messages that were removed.

        When it has changed, what was kept before has texts that the state does not have.
        """
        return self.messages.sent_private + self._sessions.forgotten_private + self._removing.count

    def nickname(self, member_id: MemberId) -> str:
        """The nickname of a connection; empty before it has entered and after it was removed."""
        member = self._connections.get(member_id)
        return member.nickname if member else ""

    def users(self, room: str | None = None) -> events.Users:
        """The members, or those in `room`, in the order of entering or joining, or of resuming.

        :raises Refusal: if there is no such room.
        """
        return self._profiles.users(room, None)

    def rooms(self) -> events.Rooms:
        """The rooms, in the order in which they were created."""
        return self._rooms.list()

    def read_history(
        self, room: str, limit: int, before: int | None = None, asker: Member | None = None
    ) -> events.History:
        """The last `limit` messages of `room`; with `before`, of those with a lower number.

        :raises Refusal: if there is no such room for `asker`, or for anybody.
        """
        found = self._rooms.find(room, asker)
        return events.History(found.name, found.history.last(limit, before))

    def check_search(self, command: commands.Search) -> events.SearchResult:
        """Whether the search may be made; who keeps the messages completes the result.

        :raises Refusal: if `room` is not the name of a room. It need not exist any more.
        """
        if command.room is not None:
            names.room_name(command.room)
        return events.SearchResult()

    # --- commands -------------------------------------------------------------------------------

    def _handlers(self, member: Member) -> dict[type, _Handler]:
        """The commands that `member` may send in its present state."""
        if member.nickname:
            return self._member_handlers
        return (
            self._watcher_handlers if member.pool.name == WATCHERS else self._unregistered_handlers
        )

    def _quit(self, member: Member, command: commands.Quit, now: int) -> Reply:
        # Some dialects tell everybody, in the lobby if the member is in no other room.
        rooms = [*member.rooms.values(), self._rooms.get(names.LOBBY)]
        text = self._permissions.last_text(member, command.text, rooms, now)
        self.remove_member(member.member_id, "quit", now, text)
        return events.Goodbye("quit")
