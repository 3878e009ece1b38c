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

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chatd.chat import commands, events, limits, names
from chatd.chat.errors import (
    AlreadyRegistered,
    Full,
    NotRegistered,
    TooManyUnregistered,
    TooManyWatchers,
)
from chatd.chat.events import Reply
from chatd.chat.members import Connections, Nicknames, check_capacity, check_needs_no_password
from chatd.chat.model import Member
from chatd.chat.outbox import MemberId, Outbox
from chatd.chat.rooms import Rooms
from chatd.chat.state import RULES, HubState, MemberState

_Handler = Callable[[Member, Any, int], Reply]


@dataclass(frozen=True, slots=True)
class HubSettings:
    """The settings of a hub.

    :ivar server_id: the server's name.
    :ivar slots: how many members there may be.
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
    :ivar started: when the chat began.
    """

    def __init__(self, settings: HubSettings, outbox: Outbox, now: int) -> None:
        self._accounts: Mapping[str, bool] = {}
        self._server_id = settings.server_id
        self._outbox = outbox
        self.started = now
        self._has_begun = False
        self._connections = Connections(settings.slots)
        self._nicknames = Nicknames()
        self._rooms = Rooms(settings.history, settings.is_archived, outbox)
        # One table for each state of a connection: a command that is not in it is refused before
        # any handler runs.
        self._unregistered_handlers: dict[type, _Handler] = {
            commands.Enter: self._enter_as_guest,
            commands.EnterAuthenticated: self._enter_authenticated,
            commands.Watch: self._watch,
            commands.Quit: self._quit,
        }
        reading: dict[type, _Handler] = {
            commands.ListRooms: lambda member, command, now: self.rooms(),
            commands.ListUsers: lambda member, command, now: self.users(command.room),
            commands.ReadHistory: lambda member, command, now: self.read_history(
                command.room, command.limit, command.before
            ),
            commands.Search: lambda member, command, now: self.check_search(command),
            commands.Ping: lambda member, command, now: events.Pong(),
        }
        self._watcher_handlers = self._unregistered_handlers | reading
        self._member_handlers: dict[type, _Handler] = reading | {
            commands.Enter: self._late_hello,
            commands.EnterAuthenticated: self._rename_authenticated,
            commands.SendMessage: self._send_message,
            commands.SendToLobby: self._send_to_lobby,
            commands.SendPrivate: self._send_private,
            commands.Rename: self._rename,
            commands.JoinRoom: self._join_room,
            commands.LeaveRoom: self._leave_room,
            commands.Quit: self._quit,
        }

    @property
    def accounts(self) -> Mapping[str, bool]:
        """The casefolded nicknames that need a password, and whether each is blocked.

        The server replaces it whenever the password file changes. A change does not affect those
        already in the chat.
        """
        return self._accounts

    @accounts.setter
    def accounts(self, accounts: Mapping[str, bool]) -> None:
        self._accounts = accounts
        self._nicknames.set_accounts(accounts)

    # --- connections ----------------------------------------------------------------------------

    def reserve_slot(self, address: str) -> MemberId:
        """Add a connection from `address` (``ADDRESS:PORT``), and take a slot for it.

        :raises Full: if none is free.
        """
        return self._connections.add(address, self._connections.slots, Full).member_id

    def connect_without_slot(self, address: str) -> MemberId:
        """Add a connection from `address` that takes a slot only when it enters.

        :raises TooManyUnregistered: if too many such connections have not entered yet.
        """
        return self._connections.add(
            address, self._connections.unregistered, TooManyUnregistered
        ).member_id

    def check_unregistered(self) -> None:
        """Check that one more connection may come without a slot.

        :raises TooManyUnregistered: if not.
        """
        check_capacity(self._connections.unregistered, TooManyUnregistered)

    def handle(self, member_id: MemberId, command: commands.Command, now: int) -> Reply:
        """Carry out the command of a member, or of a connection that is about to be one.

        The events go to the outbox before the reply is returned.

        :raises Refusal: if the command cannot be carried out; then nothing has changed.
        """
        member = self._connections.get(member_id)
        if member is None:
            raise NotRegistered
        handler = self._handlers(member).get(type(command))
        if handler is None:
            raise AlreadyRegistered if member.nickname else NotRegistered
        return handler(member, command, now)

    def remove_member(self, member_id: MemberId, reason: str) -> None:
        """Remove a connection, free its nickname, and announce that a member left.

        The session and the hub may both end a connection, so removing it a second time does
        nothing.

        :param reason: ``quit``, ``connection lost``, ``inactive`` …
        """
        member = self._connections.remove(member_id)
        if member is not None:
            self._remove(member)
            if member.nickname:
                self._outbox.to_all(events.MemberLeft(member.nickname, reason), member_id)

    def tick(self, now: int) -> None:
        """Time has passed: carry out what is due."""
        self._rooms.end_empty(now)

    def next_deadline(self) -> int | None:
        """When :meth:`tick` is to be called next, in milliseconds since 1970."""
        return self._rooms.next_end()

    def begin(self, now: int) -> None:
        """A server begins, perhaps with a chat that another one has kept."""
        if not self._has_begun:
            self._has_begun = True
            self.started = now
        self.clear(now)

    def clear(self, now: int) -> None:
        """Remove all connections, and announce nothing: a server ends, or begins again.

        With N members, announcing each departure would be N² notices. Each member gets a
        ``goodbye`` from the server instead. The rooms stay for ``EMPTY_ROOM_SECONDS``, so that
        their members can come back.
        """
        for member in self._connections.clear():
            self._remove_names(member)
        self._rooms.empty(now + 1_000 * limits.EMPTY_ROOM_SECONDS)

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
            tuple(
                MemberState(
                    member.member_id,
                    member.address,
                    member.pool.name,
                    member.nickname,
                    member.since,
                    tuple(member.rooms),
                )
                for member in self._connections.all()
            ),
            tuple((pool.name, tuple(pool.members)) for pool in self._connections.pools),
            rooms,
            tuple(self._accounts.items()),
        )

    def restore(self, state: HubState) -> None:
        """Be in that state, and tell nobody; :meth:`restore_history` brings the messages back.

        :raises ValueError: if the state was made by newer rules.
        """
        if state.rules > RULES:
            raise ValueError(f"the state is of rules {state.rules}, this one knows {RULES}")
        self.started = state.started
        self._has_begun = True
        members = self._connections.restore(state.next_id, state.members, state.pools)
        self._rooms.restore(state.lives, state.ended_seq, state.rooms, members)
        for member_state in state.members:
            member = members[member_state.member_id]
            if member_state.nickname:
                self._nicknames.assign(member, member_state.nickname)
            member.rooms.update((name, self._rooms.get(name)) for name in member_state.rooms)
        self.accounts = dict(state.accounts)

    def restore_history(self, room: str, messages: Iterable[events.Message]) -> None:
        """Put back the last messages of `room`, oldest first."""
        self._rooms.get(room).history.restore(messages)

    def skip_numbers(self, numbers: Mapping[str, int]) -> None:
        """Number later messages above these, by the casefolded name of the room."""
        self._rooms.skip_numbers(numbers)

    def room_life(self, room: str) -> int:
        """The number of the life of a room that exists."""
        return self._rooms.life(room)

    # --- what everyone may read -----------------------------------------------------------------

    @property
    def free_slots(self) -> int:
        """How many more members there may be."""
        return self._connections.slots.capacity - len(self._connections.slots.members)

    @property
    def member_count(self) -> int:
        """How many members there are."""
        return len(self._nicknames)

    def is_connected(self, member_id: MemberId) -> bool:
        """Whether the connection was added, and not removed yet."""
        return self._connections.get(member_id) is not None

    def nickname(self, member_id: MemberId) -> str:
        """The nickname of a connection; empty before it has entered and after it was removed."""
        member = self._connections.get(member_id)
        return member.nickname if member else ""

    def users(self, room: str | None = None) -> events.Users:
        """The members, or those in `room`, in the order of entering or joining.

        :raises Refusal: if there is no such room.
        """
        found = None if room is None else self._rooms.get(room)
        return events.Users(
            tuple(
                events.User(each.nickname, each.since, tuple(each.rooms))
                for each in (found or self._connections.slots).members.values()
                if each.nickname
            ),
            None if found is None else found.name,
        )

    def rooms(self) -> events.Rooms:
        """The rooms, in the order in which they were created."""
        return self._rooms.list()

    def read_history(self, room: str, limit: int, before: int | None = None) -> events.History:
        """The last `limit` messages of `room`; with `before`, of those with a lower number.

        :raises Refusal: if there is no such room.
        """
        found = self._rooms.get(room)
        return events.History(found.name, found.history.last(limit, before))

    def check_search(self, command: commands.Search) -> events.SearchResult:
        """Whether the search may be made; who keeps the messages completes the result.

        :raises Refusal: if `room` is not the name of a room. It need not exist any more.
        """
        if command.room is not None:
            names.room_name(command.room)
        return events.SearchResult()

    # --- entering, renaming, quitting -----------------------------------------------------------

    def _handlers(self, member: Member) -> dict[type, _Handler]:
        """The commands that `member` may send in its present state."""
        if member.nickname:
            return self._member_handlers
        return (
            self._watcher_handlers
            if member.pool is self._connections.watchers
            else self._unregistered_handlers
        )

    def _remove(self, member: Member) -> None:
        """Undo everything that entering and joining did, for a connection that was removed."""
        for room in list(member.rooms.values()):
            self._rooms.remove(member, room)
        self._remove_names(member)

    def _remove_names(self, member: Member) -> None:
        if member.nickname:
            self._nicknames.release(member)
        if member.nickname or member.pool is self._connections.watchers:
            self._outbox.remove_member(member.member_id)

    def _watch(self, member: Member, command: commands.Watch, now: int) -> Reply:
        if member.pool is not self._connections.watchers:
            self._connections.move(member, self._connections.watchers, TooManyWatchers)
            self._outbox.add_watcher(member.member_id)
        return events.Watching(self._server_id, self.started)

    def _enter_as_guest(self, member: Member, command: commands.Enter, now: int) -> Reply:
        if member.pool is not self._connections.slots:
            # Before anything else: a full server must not ask for a password first.
            check_capacity(self._connections.slots, _full)
        nickname = self._nicknames.check_available(member, command.nickname)
        check_needs_no_password(nickname, self._accounts)
        return self._enter(member, nickname, command.rooms, now)

    def _enter_authenticated(
        self, member: Member, command: commands.EnterAuthenticated, now: int
    ) -> Reply:
        # Check again: during the password check another connection may have taken the nickname or
        # the slot.
        nickname = self._nicknames.check_available(member, command.account)
        return self._enter(member, nickname, command.rooms, now)

    def _enter(self, member: Member, nickname: str, rooms: tuple[str, ...], now: int) -> Reply:
        self._connections.move(member, self._connections.slots, _full)
        self._nicknames.assign(member, nickname)
        member.since = now
        self._outbox.add_member(member.member_id)
        for room in rooms:
            self._rooms.add(member, self._rooms.get(room))
        self._outbox.to_all(events.MemberEntered(nickname), member.member_id)
        return self._welcome(member)

    def _late_hello(self, member: Member, command: commands.Enter, now: int) -> Reply:
        """A ``hello`` from a connection that was registered as ``ADDRESS:PORT`` before.

        The connection sent nothing for ``DIALECT_DETECTION_MILLISECONDS`` and was therefore
        registered as a basic client under its address. The ``hello`` renames it, and the reply is
        the ``welcome`` that the client waits for. Any other member is refused.
        """
        if member.nickname != member.address:
            raise AlreadyRegistered
        self._rename(member, commands.Rename(command.nickname), now)
        return self._welcome(member)

    def _welcome(self, member: Member) -> Reply:
        return events.Welcome(self._server_id, self.started, member.nickname, tuple(member.rooms))

    def _rename(self, member: Member, command: commands.Rename, now: int) -> Reply:
        nickname = self._nicknames.check_available(member, command.nickname)
        if names.casefold(nickname) != names.casefold(member.nickname):
            check_needs_no_password(nickname, self._accounts)
        return self._apply_rename(member, nickname)

    def _rename_authenticated(
        self, member: Member, command: commands.EnterAuthenticated, now: int
    ) -> Reply:
        nickname = self._nicknames.check_available(member, command.account)
        is_late_hello = member.nickname == member.address  # as in _late_hello
        reply = self._apply_rename(member, nickname)
        return self._welcome(member) if is_late_hello else reply

    def _apply_rename(self, member: Member, nickname: str) -> Reply:
        old = member.nickname
        if nickname != old:
            self._nicknames.assign(member, nickname)
            self._outbox.to_all(events.MemberRenamed(old, nickname), member.member_id)
        return events.Ok()

    def _quit(self, member: Member, command: commands.Quit, now: int) -> Reply:
        self.remove_member(member.member_id, "quit")
        return events.Goodbye("quit")

    # --- messages and rooms ---------------------------------------------------------------------

    def _send_message(self, member: Member, command: commands.SendMessage, now: int) -> Reply:
        # Fast path: most commands give the room's exact name; get_joined also finds other spellings
        # and refuses.
        room = member.rooms.get(command.room) or self._rooms.get_joined(member, command.room)
        text = names.message_text(command.text)
        message = room.history.add(member.nickname, text, now)
        self._outbox.to_room(room.name, message, member.member_id)
        return events.Ok(room.name, message.seq, message.time)

    def _send_to_lobby(self, member: Member, command: commands.SendToLobby, now: int) -> Reply:
        text = names.message_text(command.text)  # a refused command must change nothing
        if names.LOBBY not in member.rooms:
            self._join_room(member, commands.JoinRoom(names.LOBBY), now)
        return self._send_message(member, commands.SendMessage(text), now)

    def _send_private(self, member: Member, command: commands.SendPrivate, now: int) -> Reply:
        text = names.message_text(command.text)
        reached, undelivered = self._nicknames.resolve_recipients(command.to, self._accounts)
        to = tuple(each.nickname for each in reached)
        message = events.PrivateMessage(member.nickname, to, now, text)
        for each in reached:
            self._outbox.to_member(each.member_id, message)
        return events.PrivateSent(now, undelivered, to)

    def _join_room(self, member: Member, command: commands.JoinRoom, now: int) -> Reply:
        reply = self._rooms.join(member, command.room)
        event = events.RoomJoined(reply.room, member.nickname)
        self._outbox.to_room(reply.room, event, member.member_id)
        return reply

    def _leave_room(self, member: Member, command: commands.LeaveRoom, now: int) -> Reply:
        room = self._rooms.get_joined(member, command.room)
        # Before it is taken out: dialects that echo show a member that it left.
        event = events.RoomLeft(room.name, member.nickname)
        self._outbox.to_room(room.name, event, member.member_id)
        self._rooms.remove(member, room)
        return events.Ok()


def _full() -> Full:
    """The refusal to a connection without a slot, which may stay and try again."""
    return Full(closes_connection=False)
