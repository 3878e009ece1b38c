"""Slots, members and rooms: commands in, events out.

The hub is deterministic: it knows no bytes, sockets or clocks, and the same commands with the same
`now` give the same events, always. It checks everything before it changes anything, so a refused
command leaves no trace.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chatd.chat import commands, events, limits, names, refusals
from chatd.chat.events import Reply
from chatd.chat.history import History
from chatd.chat.membership import Member, Room
from chatd.chat.names import LOBBY
from chatd.chat.outbox import MemberId, Outbox


@dataclass(frozen=True, slots=True)
class HubSettings:
    """What a hub is made with: the server's id, its slots, messages of history for each room."""

    server_id: str
    slots: int
    history: int


class Hub:
    """One chat: everything that is decided is decided here, in one order.

    :ivar accounts: the nicknames that need a password, folded, and whether each is blocked.
    """

    def __init__(self, settings: HubSettings, outbox: Outbox, now: int) -> None:
        self.accounts: Mapping[str, bool] = {}
        self._settings = settings
        self._outbox = outbox
        self._started = now
        self._next_id: MemberId = 1
        self._seats: dict[MemberId, Member] = {}
        self._by_name: dict[str, Member] = {}
        self._rooms = {LOBBY: Room(LOBBY, History(LOBBY, settings.history))}
        self._at_the_door: dict[type, Callable[[Member, Any, int], Reply]] = {
            commands.Enter: self._enter_as_guest,
            commands.SignIn: self._enter_signed_in,
            commands.Quit: self._quit,
        }
        self._inside: dict[type, Callable[[Member, Any, int], Reply]] = {
            commands.Enter: self._enter_again,
            commands.SignIn: self._sign_in,
            commands.Say: self._say,
            commands.Tell: self._tell,
            commands.Rename: self._rename,
            commands.Join: self._join_room,
            commands.Leave: self._leave_room,
            commands.ListRooms: self._list_rooms,
            commands.ListUsers: self._list_users,
            commands.ReadHistory: self._read_history,
            commands.Ping: self._ping,
            commands.Quit: self._quit,
        }

    @property
    def free(self) -> int:
        """How many slots are not taken."""
        return self._settings.slots - len(self._seats)

    def seat(self, address: str) -> MemberId:
        """Take a slot for the connection from `address` (``ADDRESS:PORT``).

        :raises Full: if none is free.
        """
        if self.free <= 0:
            raise refusals.Full
        member = Member(self._next_id, address)
        self._next_id += 1
        self._seats[member.member_id] = member
        return member.member_id

    def nickname(self, member_id: MemberId) -> str:
        """What the member is called; empty before it has entered and after it has left."""
        member = self._seats.get(member_id)
        return member.nickname if member else ""

    def handle(self, member_id: MemberId, command: commands.Command, now: int) -> Reply:
        """Do what a member asks; the events go to the outbox, the answer is returned.

        :param now: milliseconds since 1970.
        :raises Refusal: if it will not be done; then nothing has changed.
        """
        member = self._seats[member_id]
        handler = (self._inside if member.nickname else self._at_the_door).get(type(command))
        if handler is None:
            raise refusals.NotEntered
        return handler(member, command, now)

    def leave(self, member_id: MemberId, reason: str) -> None:
        """Free the slot and the nickname, and tell the others; a second time does nothing."""
        member = self._seats.pop(member_id, None)
        if member is not None:
            self._take_out(member)
            if member.nickname:
                self._outbox.to_all(events.Left(member.nickname, reason), member_id)

    def end(self) -> None:
        """Free everything and tell nobody: each member is told by its own goodbye."""
        for member in self._seats.values():
            self._take_out(member)
        self._seats.clear()

    def _take_out(self, member: Member) -> None:
        for room in list(member.rooms.values()):
            self._remove(member, room)
        if member.nickname:
            del self._by_name[names.folded(member.nickname)]
            self._outbox.leave(member.member_id)

    # --- who is who -----------------------------------------------------------------------------

    def _enter_as_guest(self, member: Member, command: commands.Enter, now: int) -> Reply:
        nickname = self._available(member, command.nickname)
        self._check_account(nickname)
        return self._enter(member, nickname, command.rooms, now)

    def _enter_signed_in(self, member: Member, command: commands.SignIn, now: int) -> Reply:
        return self._enter(member, self._available(member, command.account), command.rooms, now)

    def _enter(self, member: Member, nickname: str, rooms: tuple[str, ...], now: int) -> Reply:
        self._call(member, nickname)
        member.since = now
        self._outbox.enter(member.member_id)
        for room in rooms:
            self._add(member, self._rooms[room])
        self._outbox.to_all(events.Entered(nickname), member.member_id)
        return self._welcome(member)

    def _enter_again(self, member: Member, command: commands.Enter, now: int) -> Reply:
        """A ``hello`` that came too late to be the first: whose silence had a name already."""
        if member.nickname != member.address:
            raise refusals.AlreadyEntered
        self._rename(member, commands.Rename(command.nickname), now)
        return self._welcome(member)

    def _welcome(self, member: Member) -> Reply:
        server_id = self._settings.server_id
        return events.Welcome(server_id, self._started, member.nickname, tuple(member.rooms))

    def _available(self, member: Member, wanted: str) -> str:
        """The nickname `wanted`, if `member` may have it as far as others go."""
        nickname = names.nickname(wanted, member.address)
        if self._by_name.get(names.folded(nickname), member) is not member:
            raise refusals.NicknameTaken(nickname)
        return nickname

    def _check_account(self, nickname: str) -> None:
        """Refuse a nickname that needs a password."""
        is_blocked = self.accounts.get(names.folded(nickname))
        if is_blocked is not None:
            raise (refusals.Blocked if is_blocked else refusals.PasswordRequired)(nickname)

    def _call(self, member: Member, nickname: str) -> None:
        self._by_name.pop(names.folded(member.nickname), None)
        self._by_name[names.folded(nickname)] = member
        member.nickname = nickname

    def _rename(self, member: Member, command: commands.Rename, now: int) -> Reply:
        nickname = self._available(member, command.nickname)
        if names.folded(nickname) != names.folded(member.nickname):
            self._check_account(nickname)
        return self._renamed(member, nickname)

    def _sign_in(self, member: Member, command: commands.SignIn, now: int) -> Reply:
        nickname = self._available(member, command.account)
        is_late = member.nickname == member.address  # as in _enter_again
        done = self._renamed(member, nickname)
        return self._welcome(member) if is_late else done

    def _renamed(self, member: Member, nickname: str) -> Reply:
        old = member.nickname
        if nickname != old:
            self._call(member, nickname)
            self._outbox.to_all(events.Renamed(old, nickname), member.member_id)
        return events.Done()

    def _list_users(self, member: Member, command: commands.ListUsers, now: int) -> Reply:
        room = None if command.room is None else self._room(command.room)
        listed = self._seats if room is None else room.members
        return events.Users(
            tuple(
                events.User(each.nickname, each.since, tuple(each.rooms))
                for each in listed.values()
                if each.nickname
            ),
            None if room is None else room.name,
        )

    # --- what is said ---------------------------------------------------------------------------

    def _say(self, member: Member, command: commands.Say, now: int) -> Reply:
        room = member.rooms.get(command.room) or self._joined_room(member, command.room)
        text = names.message_text(command.text)
        message = room.history.add(member.nickname, text, now)
        self._outbox.to_room(room.name, message, member.member_id)
        return events.Done(room.name, message.seq, message.time)

    def _tell(self, member: Member, command: commands.Tell, now: int) -> Reply:
        text = names.message_text(command.text)
        recipients: dict[str, str] = {}
        for name in command.to:
            recipients.setdefault(names.folded(name), name[: limits.NICKNAME_CHARACTERS])
        if not 0 < len(recipients) <= limits.RECIPIENTS:
            raise refusals.BadRecipients(
                f"A private message goes to 1 to {limits.RECIPIENTS} nicknames."
            )
        reached = [self._by_name[key] for key in recipients if key in self._by_name]
        missed = tuple(
            events.Missed(name, "offline" if key in self.accounts else "unknown")
            for key, name in recipients.items()
            if key not in self._by_name
        )
        if not reached:
            raise refusals.NotReached(missed)
        to = tuple(each.nickname for each in reached)
        message = events.Private(member.nickname, to, now, text)
        for each in reached:
            self._outbox.to(each.member_id, message)
        return events.Told(now, missed)

    def _read_history(self, member: Member, command: commands.ReadHistory, now: int) -> Reply:
        room = self._room(command.room)
        return events.HistoryRead(room.name, room.history.last(command.limit, command.before))

    # --- rooms ----------------------------------------------------------------------------------

    def _room(self, wanted: str) -> Room:
        name = names.room_name(wanted)
        room = self._rooms.get(names.folded(name))
        if room is None:
            raise refusals.NoSuchRoom(name)
        return room

    def _joined_room(self, member: Member, wanted: str) -> Room:
        room = self._room(wanted)
        if room.name not in member.rooms:
            raise refusals.NotInRoom(room.name)
        return room

    def _add(self, member: Member, room: Room) -> None:
        room.members[member.member_id] = member
        member.rooms[room.name] = room
        self._outbox.join(member.member_id, room.name)

    def _remove(self, member: Member, room: Room) -> None:
        """Take a member out of a room; a room without members, but for the lobby, is gone."""
        del room.members[member.member_id]
        del member.rooms[room.name]
        self._outbox.part(member.member_id, room.name)
        if not room.members and room.name != LOBBY:
            del self._rooms[names.folded(room.name)]

    def _join_room(self, member: Member, command: commands.Join, now: int) -> Reply:
        name = names.room_name(command.room)
        room = self._rooms.get(names.folded(name))
        if room is not None and room.name in member.rooms:
            raise refusals.AlreadyInRoom(room.name)
        if len(member.rooms) >= limits.JOINED_ROOMS:
            raise refusals.TooManyRooms(f"You may be in {limits.JOINED_ROOMS} rooms at most.")
        if room is None and len(self._rooms) >= limits.ROOMS:
            raise refusals.TooManyRooms(f"There may be {limits.ROOMS} rooms at most.")
        created = room is None
        if room is None:
            room = Room(name, History(name, self._settings.history))
            self._rooms[names.folded(name)] = room
        self._add(member, room)
        self._outbox.to_room(room.name, events.Joined(room.name, member.nickname), member.member_id)
        return events.RoomJoined(room.name, created)

    def _leave_room(self, member: Member, command: commands.Leave, now: int) -> Reply:
        room = self._joined_room(member, command.room)
        self._outbox.to_room(room.name, events.Parted(room.name, member.nickname), member.member_id)
        self._remove(member, room)
        return events.Done()

    def _list_rooms(self, member: Member, command: commands.ListRooms, now: int) -> Reply:
        return events.Rooms(
            tuple(events.RoomEntry(room.name, len(room.members)) for room in self._rooms.values())
        )

    # --- the rest -------------------------------------------------------------------------------

    def _ping(self, member: Member, command: commands.Ping, now: int) -> Reply:
        return events.Pong()

    def _quit(self, member: Member, command: commands.Quit, now: int) -> Reply:
        self.leave(member.member_id, "quit")
        return events.Goodbye("quit")
