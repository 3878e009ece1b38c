"""Slots, members and rooms: commands in, events out.

The hub is deterministic: it knows no bytes, sockets or clocks, and the same commands with the same
`now` give the same events, always. It checks everything before it changes anything, so a refused
command leaves no trace.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chatd.chat import commands, names
from chatd.chat.events import (
    Done,
    Entered,
    Goodbye,
    HistoryRead,
    Left,
    Pong,
    Renamed,
    Reply,
    User,
    Users,
    Welcome,
)
from chatd.chat.history import History
from chatd.chat.names import LOBBY
from chatd.chat.outbox import MemberId, Outbox
from chatd.chat.refusals import (
    AlreadyEntered,
    Full,
    NicknameTaken,
    NoSuchRoom,
    NotEntered,
    NotInRoom,
)


@dataclass(frozen=True, slots=True)
class HubSettings:
    """What a hub is made with: the server's id, its slots, messages of history for each room."""

    server_id: str
    slots: int
    history: int


@dataclass(slots=True)
class Member:
    """Who sits in a slot; without a nickname it has not entered yet."""

    member_id: MemberId
    address: str
    nickname: str = ""
    since: int = 0
    rooms: dict[str, "Room"] = field(default_factory=dict)


@dataclass(slots=True)
class Room:
    """A room and who is in it, in the order they came."""

    name: str
    history: History
    members: dict[MemberId, Member] = field(default_factory=dict)


class Hub:
    """One chat: everything that is decided is decided here, in one order."""

    def __init__(self, settings: HubSettings, outbox: Outbox, now: int) -> None:
        self._settings = settings
        self._outbox = outbox
        self._started = now
        self._next_id: MemberId = 1
        self._seats: dict[MemberId, Member] = {}
        self._by_name: dict[str, Member] = {}
        self._rooms = {LOBBY: Room(LOBBY, History(LOBBY, settings.history))}
        self._handlers: dict[type, Callable[[Member, Any, int], Reply]] = {
            commands.Say: self._say,
            commands.Rename: self._rename,
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
            raise Full
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
        if isinstance(command, commands.Enter):
            return self._enter(member, command, now)
        if not member.nickname:
            raise NotEntered
        return self._handlers[type(command)](member, command, now)

    def leave(self, member_id: MemberId, reason: str) -> None:
        """Free the slot and the nickname, and tell the others; a second time does nothing."""
        member = self._seats.pop(member_id, None)
        if member is None:
            return
        for room in member.rooms.values():
            del room.members[member_id]
        if member.nickname:
            del self._by_name[names.folded(member.nickname)]
            self._outbox.leave(member_id)
            self._outbox.to_all(Left(member.nickname, reason), member_id)

    def end(self) -> None:
        """Free everything and tell nobody: each member is told by its own goodbye."""
        for member_id, member in self._seats.items():
            if member.nickname:
                self._outbox.leave(member_id)
        self._seats.clear()
        self._by_name.clear()
        for room in self._rooms.values():
            room.members.clear()

    def _enter(self, member: Member, command: commands.Enter, now: int) -> Reply:
        if member.nickname:
            raise AlreadyEntered
        member.nickname = self._claim(member, command.nickname)
        member.since = now
        self._outbox.enter(member.member_id)
        self._join(member, self._rooms[LOBBY])
        self._outbox.to_all(Entered(member.nickname), member.member_id)
        return Welcome(
            self._settings.server_id, self._started, member.nickname, tuple(member.rooms)
        )

    def _claim(self, member: Member, wanted: str) -> str:
        """Give `member` the name it wants, in place of the one it has."""
        nickname = names.nickname(wanted, member.address)
        key = names.folded(nickname)
        if self._by_name.get(key, member) is not member:
            raise NicknameTaken(nickname)
        self._by_name.pop(names.folded(member.nickname), None)
        self._by_name[key] = member
        return nickname

    def _join(self, member: Member, room: Room) -> None:
        room.members[member.member_id] = member
        member.rooms[room.name] = room
        self._outbox.join(member.member_id, room.name)

    def _say(self, member: Member, command: commands.Say, now: int) -> Reply:
        room = member.rooms.get(command.room) or self._joined_room(member, command.room)
        text = names.message_text(command.text)
        message = room.history.add(member.nickname, text, now)
        self._outbox.to_room(room.name, message, member.member_id)
        return Done(room.name, message.seq, message.time)

    def _joined_room(self, member: Member, wanted: str) -> Room:
        room = self._room(wanted)
        if room.name not in member.rooms:
            raise NotInRoom(room.name)
        return room

    def _room(self, wanted: str) -> Room:
        name = names.room_name(wanted)
        room = self._rooms.get(names.folded(name))
        if room is None:
            raise NoSuchRoom(name)
        return room

    def _rename(self, member: Member, command: commands.Rename, now: int) -> Reply:
        old = member.nickname
        new = self._claim(member, command.nickname)
        if new != old:
            member.nickname = new
            self._outbox.to_all(Renamed(old, new), member.member_id)
        return Done()

    def _list_users(self, member: Member, command: commands.ListUsers, now: int) -> Reply:
        room = None if command.room is None else self._room(command.room)
        listed = self._seats if room is None else room.members
        return Users(
            tuple(
                User(each.nickname, each.since, tuple(each.rooms))
                for each in listed.values()
                if each.nickname
            ),
            None if room is None else room.name,
        )

    def _read_history(self, member: Member, command: commands.ReadHistory, now: int) -> Reply:
        room = self._room(command.room)
        return HistoryRead(room.name, room.history.last(command.limit, command.before))

    def _ping(self, member: Member, command: commands.Ping, now: int) -> Reply:
        return Pong()

    def _quit(self, member: Member, command: commands.Quit, now: int) -> Reply:
        self.leave(member.member_id, "quit")
        return Goodbye("quit")
