"""A model of the hub, as simple as possible: lists, and no cleverness."""

from dataclasses import dataclass, field

from chatd.chat import commands, events, limits, names
from chatd.chat.commands import Command
from chatd.chat.errors import Refusal
from chatd.chat.events import Event, Message, Topic
from chatd.chat.names import LOBBY
from chatd.chat.outbox import MemberId


@dataclass
class ModelRoom:
    """A room, with all messages that were ever sent to it."""

    name: str
    members: list[MemberId] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    topic: Topic | None = None


@dataclass
class Model:
    """The state that a hub must have after the same commands.

    :ivar names: the nickname of each member.
    :ivar addresses: the address of each connection.
    :ivar away: why the users of members are away.
    :ivar received: the events that each connection was sent, also after it was removed.
    """

    slots: int
    max_messages: int
    names: dict[MemberId, str] = field(default_factory=dict)
    addresses: dict[MemberId, str] = field(default_factory=dict)
    away: dict[MemberId, str] = field(default_factory=dict)
    unregistered: set[MemberId] = field(default_factory=set)
    watchers: set[MemberId] = field(default_factory=set)
    received: dict[MemberId, list[Event]] = field(default_factory=dict)
    rooms: list[ModelRoom] = field(default_factory=lambda: [ModelRoom(LOBBY)])

    @property
    def free(self) -> int:
        """How many slots are free."""
        return self.slots - len(self.addresses) + len(self.unregistered) + len(self.watchers)

    def send_to_all(self, origin: MemberId, event: Event) -> None:
        for member in (*self.names, *self.watchers):
            if member != origin:
                self.received[member].append(event)

    def send_to_room(self, room: ModelRoom, origin: MemberId, event: Event) -> None:
        for member in (*room.members, *self.watchers):
            if member != origin:
                self.received[member].append(event)

    def member_named(self, nickname: str) -> MemberId | None:
        """The member with that nickname, in any case."""
        for member, name in self.names.items():
            if names.casefold(name) == names.casefold(nickname):
                return member
        return None

    def room(self, name: str) -> ModelRoom | None:
        """The room of that name, in any case."""
        for room in self.rooms:
            if is_valid_room(name) and names.casefold(room.name) == names.casefold(
                names.room_name(name)
            ):
                return room
        return None

    def rooms_of(self, member: MemberId) -> set[str]:
        return {room.name for room in self.rooms if member in room.members}

    def may(self, member: MemberId, command: Command) -> bool:
        """Whether the hub must carry out `command`, if `member` has entered."""
        room = self.room(getattr(command, "room", None) or "")
        is_there = room is not None and member in room.members
        match command:
            case commands.SendMessage() | commands.LeaveRoom():
                return is_there and is_valid_text(getattr(command, "text", "none"))
            case commands.SendPrivate(text=text, to=to):
                return is_valid_text(text) and any(
                    self.member_named(name) is not None for name in to
                )
            case commands.JoinRoom(room=name):
                return is_valid_room(name) and not is_there
            case commands.ReadHistory() | commands.ListUsers():
                return room is not None or command.room is None
            case commands.Rename(nickname=nickname):
                return self.may_have_nickname(member, nickname)
            case commands.Enter(nickname=nickname):
                # A member that was entered under its address may still choose a nickname.
                is_nameless = self.names[member] == self.addresses[member]
                return is_nameless and self.may_have_nickname(member, nickname)
            case commands.Search(room=str(name)):
                return is_valid_room(name)
            case _:
                return self._may_tell(command, room, is_there=is_there)

    def _may_tell(self, command: Command, room: ModelRoom | None, *, is_there: bool) -> bool:
        match command:
            case commands.SetTopic(text=text):
                return is_there and is_valid_line(text)
            case commands.SetAway(text=text):
                return is_valid_line(text)
            case commands.ReadTopic():
                return room is not None
            case commands.WhoIs(nickname=nickname):
                return self.member_named(nickname) is not None
            case _:
                return not isinstance(command, commands.Watch)

    def may_before_entering(self, member: MemberId, command: Command) -> bool:
        """Whether the hub must carry out `command`, if `member` has not entered."""
        match command:
            case commands.Enter(nickname=nickname):
                has_slot = member not in self.unregistered | self.watchers
                return (has_slot or self.free > 0) and self.may_have_nickname(member, nickname)
            case commands.Watch():
                return True
            case (
                commands.ListRooms()
                | commands.ListUsers()
                | commands.ReadHistory()
                | commands.ReadTopic()
                | commands.WhoIs()
                | commands.Search()
                | commands.Ping()
            ):
                return member in self.watchers and self.may(member, command)
            case _:
                return False

    def may_have_nickname(self, member: MemberId, nickname: str) -> bool:
        try:
            name = names.nickname(nickname, self.addresses[member])
        except Refusal:
            return False
        return self.member_named(name) in (None, member)

    def leave_room(self, member: MemberId, room: ModelRoom) -> None:
        room.members.remove(member)
        if not room.members and room.name != LOBBY:
            self.rooms.remove(room)

    def remove(self, member: MemberId, reason: str) -> None:
        """Remove a connection; nothing happens if it was removed before."""
        self.addresses.pop(member, None)
        self.unregistered.discard(member)
        self.watchers.discard(member)
        for room in [room for room in self.rooms if member in room.members]:
            self.leave_room(member, room)
        self.away.pop(member, None)
        if name := self.names.pop(member, ""):
            self.send_to_all(member, events.MemberLeft(name, reason))

    def last(self, room: ModelRoom, limit: int, before: int | None) -> list[Message]:
        kept = room.messages[-self.max_messages :] if self.max_messages else []
        older = [each for each in kept if before is None or each.seq < before]
        return older[-limit:] if limit > 0 else []


def is_valid_text(text: str) -> bool:
    try:
        names.message_text(text)
    except Refusal:
        return False
    return True


def is_valid_line(text: str) -> bool:
    """Whether it can be a topic, or why somebody is away."""
    try:
        names.line_text(text, limits.AWAY_CHARACTERS, "It")
    except Refusal:
        return False
    return True


def is_valid_room(name: str) -> bool:
    try:
        names.room_name(name)
    except Refusal:
        return False
    return True
