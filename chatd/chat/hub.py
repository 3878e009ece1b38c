"""What members ask, and what becomes of it: commands in, events out.

The hub is deterministic: it knows no bytes, sockets or clocks, and the same commands with the same
`now` give the same events, always. It checks everything before it changes anything, so a refused
command leaves no trace.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chatd.chat import commands, events, names
from chatd.chat.directory import Directory, check_guest
from chatd.chat.events import Reply
from chatd.chat.membership import Member
from chatd.chat.outbox import MemberId, Outbox
from chatd.chat.places import Places, check_room
from chatd.chat.registration import (
    AlreadyEntered,
    Full,
    FullForNow,
    NotEntered,
    TooManyStanding,
    TooManyWatchers,
)
from chatd.chat.rooms import Rooms

_Handler = Callable[[Member, Any, int], Reply]


@dataclass(frozen=True, slots=True)
class HubSettings:
    """What a hub is made with: the server's id, its slots, messages of history for each room."""

    server_id: str
    slots: int
    history: int


class Hub:
    """One chat: everything that is decided is decided here, in one order.

    :ivar accounts: the nicknames that need a password, folded, and whether each is blocked.
    :ivar started: when it began, in milliseconds since 1970.
    """

    def __init__(self, settings: HubSettings, outbox: Outbox, now: int) -> None:
        self.accounts: Mapping[str, bool] = {}
        self._server_id = settings.server_id
        self._outbox = outbox
        self.started = now
        self._places = Places(settings.slots)
        self._directory = Directory()
        self._rooms = Rooms(settings.history, outbox)
        self._at_the_door: dict[type, _Handler] = {
            commands.Enter: self._enter_as_guest,
            commands.SignIn: self._enter_signed_in,
            commands.Watch: self._watch,
            commands.Quit: self._quit,
        }
        reading: dict[type, _Handler] = {
            commands.ListRooms: lambda member, command, now: self.rooms(),
            commands.ListUsers: lambda member, command, now: self.users(command.room),
            commands.ReadHistory: lambda member, command, now: self.read_history(
                command.room, command.limit, command.before
            ),
            commands.Ping: lambda member, command, now: events.Pong(),
        }
        self._watching = self._at_the_door | reading
        self._inside: dict[type, _Handler] = reading | {
            commands.Enter: self._enter_again,
            commands.SignIn: self._sign_in,
            commands.Say: self._say,
            commands.Tell: self._tell,
            commands.Rename: self._rename,
            commands.Join: self._join_room,
            commands.Leave: self._leave_room,
            commands.Quit: self._quit,
        }

    # --- who comes, and goes --------------------------------------------------------------------

    def seat(self, address: str) -> MemberId:
        """Take a slot for the connection from `address` (``ADDRESS:PORT``).

        :raises Full: if none is free.
        """
        return self._places.admit(address, self._places.slots, Full).member_id

    def stand(self, address: str) -> MemberId:
        """Have the connection from `address` wait without a slot, which it takes by entering.

        :raises TooManyStanding: if too many do.
        """
        return self._places.admit(address, self._places.door, TooManyStanding).member_id

    def handle(self, member_id: MemberId, command: commands.Command, now: int) -> Reply:
        """Do what a member asks; the events go to the outbox, the answer is returned.

        :param now: milliseconds since 1970.
        :raises Refusal: if it will not be done; then nothing has changed.
        """
        member = self._places[member_id]
        handler = self._handlers(member).get(type(command))
        if handler is None:
            raise AlreadyEntered if member.nickname else NotEntered
        return handler(member, command, now)

    def leave(self, member_id: MemberId, reason: str) -> None:
        """Free the place and the nickname, and tell the others; a second time does nothing."""
        member = self._places.remove(member_id)
        if member is not None:
            self._take_out(member)
            if member.nickname:
                self._outbox.to_all(events.Left(member.nickname, reason), member_id)

    def end(self) -> None:
        """Free everything and tell nobody: each connection is told by its own goodbye."""
        for member in self._places.clear():
            self._take_out(member)

    # --- what is public -------------------------------------------------------------------------

    @property
    def free(self) -> int:
        """How many slots are not taken."""
        return self._places.slots.size - len(self._places.slots.members)

    @property
    def members(self) -> int:
        """How many have entered."""
        return len(self._directory)

    def nickname(self, member_id: MemberId) -> str:
        """What the member is called; empty before it has entered and after it has left."""
        member = self._places.get(member_id)
        return member.nickname if member else ""

    def users(self, room: str | None = None) -> events.Users:
        """The members, or those in `room`.

        :raises Refusal: if there is no such room.
        """
        found = None if room is None else self._rooms.find(room)
        return events.Users(
            tuple(
                events.User(each.nickname, each.since, tuple(each.rooms))
                for each in (found or self._places.slots).members.values()
                if each.nickname
            ),
            None if found is None else found.name,
        )

    def rooms(self) -> events.Rooms:
        """The rooms that there are."""
        return self._rooms.listed()

    def read_history(self, room: str, limit: int, before: int | None = None) -> events.HistoryRead:
        """The last `limit` messages of `room`, of those numbered below `before` if given.

        :raises Refusal: if there is no such room.
        """
        found = self._rooms.find(room)
        return events.HistoryRead(found.name, found.history.last(limit, before))

    # --- who is who -----------------------------------------------------------------------------

    def _handlers(self, member: Member) -> dict[type, _Handler]:
        """What `member` may ask for."""
        if member.nickname:
            return self._inside
        return self._watching if member.place is self._places.gallery else self._at_the_door

    def _take_out(self, member: Member) -> None:
        """Have somebody who is gone hear nothing, and not be heard of."""
        for room in list(member.rooms.values()):
            self._rooms.remove(member, room)
        if member.nickname:
            self._directory.forget(member)
        if member.nickname or member.place is self._places.gallery:
            self._outbox.leave(member.member_id)

    def _watch(self, member: Member, command: commands.Watch, now: int) -> Reply:
        if member.place is not self._places.gallery:
            self._places.move(member, self._places.gallery, TooManyWatchers)
            self._outbox.watch(member.member_id)
        return events.Watching(self._server_id, self.started)

    def _enter_as_guest(self, member: Member, command: commands.Enter, now: int) -> Reply:
        if member.place is not self._places.slots:
            check_room(self._places.slots, FullForNow)  # before a password is asked for in vain
        nickname = self._directory.available(member, command.nickname)
        check_guest(nickname, self.accounts)
        return self._enter(member, nickname, command.rooms, now)

    def _enter_signed_in(self, member: Member, command: commands.SignIn, now: int) -> Reply:
        nickname = self._directory.available(member, command.account)
        return self._enter(member, nickname, command.rooms, now)

    def _enter(self, member: Member, nickname: str, rooms: tuple[str, ...], now: int) -> Reply:
        self._places.move(member, self._places.slots, FullForNow)
        self._directory.call(member, nickname)
        member.since = now
        self._outbox.enter(member.member_id)
        for room in rooms:
            self._rooms.add(member, self._rooms.find(room))
        self._outbox.to_all(events.Entered(nickname), member.member_id)
        return self._welcome(member)

    def _enter_again(self, member: Member, command: commands.Enter, now: int) -> Reply:
        """A ``hello`` that came too late to be the first: whose silence had a name already."""
        if member.nickname != member.address:
            raise AlreadyEntered
        self._rename(member, commands.Rename(command.nickname), now)
        return self._welcome(member)

    def _welcome(self, member: Member) -> Reply:
        return events.Welcome(self._server_id, self.started, member.nickname, tuple(member.rooms))

    def _rename(self, member: Member, command: commands.Rename, now: int) -> Reply:
        nickname = self._directory.available(member, command.nickname)
        if names.folded(nickname) != names.folded(member.nickname):
            check_guest(nickname, self.accounts)
        return self._renamed(member, nickname)

    def _sign_in(self, member: Member, command: commands.SignIn, now: int) -> Reply:
        nickname = self._directory.available(member, command.account)
        is_late = member.nickname == member.address  # as in _enter_again
        done = self._renamed(member, nickname)
        return self._welcome(member) if is_late else done

    def _renamed(self, member: Member, nickname: str) -> Reply:
        old = member.nickname
        if nickname != old:
            self._directory.call(member, nickname)
            self._outbox.to_all(events.Renamed(old, nickname), member.member_id)
        return events.Done()

    def _quit(self, member: Member, command: commands.Quit, now: int) -> Reply:
        self.leave(member.member_id, "quit")
        return events.Goodbye("quit")

    # --- what is said ---------------------------------------------------------------------------

    def _say(self, member: Member, command: commands.Say, now: int) -> Reply:
        room = member.rooms.get(command.room) or self._rooms.joined(member, command.room)
        text = names.message_text(command.text)
        message = room.history.add(member.nickname, text, now)
        self._outbox.to_room(room.name, message, member.member_id)
        return events.Done(room.name, message.seq, message.time)

    def _tell(self, member: Member, command: commands.Tell, now: int) -> Reply:
        text = names.message_text(command.text)
        reached, missed = self._directory.recipients(command.to, self.accounts)
        to = tuple(each.nickname for each in reached)
        message = events.Private(member.nickname, to, now, text)
        for each in reached:
            self._outbox.to(each.member_id, message)
        return events.Told(now, missed)

    def _join_room(self, member: Member, command: commands.Join, now: int) -> Reply:
        joined = self._rooms.join(member, command.room)
        event = events.Joined(joined.room, member.nickname)
        self._outbox.to_room(joined.room, event, member.member_id)
        return joined

    def _leave_room(self, member: Member, command: commands.Leave, now: int) -> Reply:
        room = self._rooms.joined(member, command.room)
        self._outbox.to_room(room.name, events.Parted(room.name, member.nickname), member.member_id)
        self._rooms.remove(member, room)
        return events.Done()
