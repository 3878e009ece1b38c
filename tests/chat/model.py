"""What must be so in a hub, kept in the simplest way there is: lists, and no cleverness."""

from dataclasses import dataclass, field

from chatd.chat import commands, events, names
from chatd.chat.commands import Command
from chatd.chat.errors import Refusal
from chatd.chat.events import Event, Message
from chatd.chat.names import LOBBY
from chatd.chat.outbox import MemberId


@dataclass
class ModelRoom:
    """A room: who is in it, and everything that was ever said there."""

    name: str
    members: list[MemberId] = field(default_factory=list)
    said: list[Message] = field(default_factory=list)


@dataclass
class Model:
    """Who is here, what they are called, where they are, and what each of them has heard."""

    slots: int
    kept: int
    names: dict[MemberId, str] = field(default_factory=dict)
    here: dict[MemberId, str] = field(default_factory=dict)  # and from which address
    standing: set[MemberId] = field(default_factory=set)
    watching: set[MemberId] = field(default_factory=set)
    heard: dict[MemberId, list[Event]] = field(default_factory=dict)
    rooms: list[ModelRoom] = field(default_factory=lambda: [ModelRoom(LOBBY)])

    @property
    def free(self) -> int:
        """How many slots are."""
        return self.slots - len(self.here) + len(self.standing) + len(self.watching)

    def tell_all(self, origin: MemberId, event: Event) -> None:
        for member in (*self.names, *self.watching):
            if member != origin:
                self.heard[member].append(event)

    def tell_room(self, room: ModelRoom, origin: MemberId, event: Event) -> None:
        for member in (*room.members, *self.watching):
            if member != origin:
                self.heard[member].append(event)

    def called(self, nickname: str) -> MemberId | None:
        """Who is called so, in any case."""
        for member, name in self.names.items():
            if names.casefold(name) == names.casefold(nickname):
                return member
        return None

    def room(self, wanted: str) -> ModelRoom | None:
        """The room of that name, in any case."""
        for room in self.rooms:
            if is_valid_room(wanted) and names.casefold(room.name) == names.casefold(
                names.room_name(wanted)
            ):
                return room
        return None

    def rooms_of(self, member: MemberId) -> set[str]:
        return {room.name for room in self.rooms if member in room.members}

    def may(self, member: MemberId, command: Command) -> bool:
        """Whether the hub must do this, if `member` has entered."""
        room = self.room(getattr(command, "room", None) or "")
        is_there = room is not None and member in room.members
        match command:
            case commands.SendMessage(text=text):
                return is_valid_text(text) and is_there
            case commands.SendPrivate(text=text, to=to):
                return is_valid_text(text) and any(self.called(name) is not None for name in to)
            case commands.JoinRoom(room=wanted):
                return is_valid_room(wanted) and not is_there
            case commands.LeaveRoom():
                return is_there
            case commands.ReadHistory() | commands.ListUsers():
                return room is not None or command.room is None
            case commands.Rename(nickname=nickname):
                return self.may_be_called(member, nickname)
            case commands.Enter(nickname=nickname):
                # Whom its own silence gave the name of its connection may still choose one.
                is_nameless = self.names[member] == self.here[member]
                return is_nameless and self.may_be_called(member, nickname)
            case _:
                return not isinstance(command, commands.Watch)

    def may_outside(self, member: MemberId, command: Command) -> bool:
        """Whether the hub must do this, if `member` has not entered."""
        match command:
            case commands.Enter(nickname=nickname):
                has_slot = member not in self.standing | self.watching
                return (has_slot or self.free > 0) and self.may_be_called(member, nickname)
            case commands.Watch():
                return True
            case (
                commands.ListRooms()
                | commands.ListUsers()
                | commands.ReadHistory()
                | commands.Ping()
            ):
                return member in self.watching and self.may(member, command)
            case _:
                return False

    def may_be_called(self, member: MemberId, nickname: str) -> bool:
        try:
            name = names.nickname(nickname, self.here[member])
        except Refusal:
            return False
        return self.called(name) in (None, member)

    def take_out(self, member: MemberId, room: ModelRoom) -> None:
        room.members.remove(member)
        if not room.members and room.name != LOBBY:
            self.rooms.remove(room)

    def go(self, member: MemberId, reason: str) -> None:
        """Somebody is gone, perhaps once more."""
        self.here.pop(member, None)
        self.standing.discard(member)
        self.watching.discard(member)
        for room in [room for room in self.rooms if member in room.members]:
            self.take_out(member, room)
        if name := self.names.pop(member, ""):
            self.tell_all(member, events.MemberLeft(name, reason))

    def last(self, room: ModelRoom, limit: int, before: int | None) -> list[Message]:
        kept = room.said[-self.kept :] if self.kept else []
        older = [said for said in kept if before is None or said.seq < before]
        return older[-limit:] if limit > 0 else []


def is_valid_text(text: str) -> bool:
    try:
        names.message_text(text)
    except Refusal:
        return False
    return True


def is_valid_room(wanted: str) -> bool:
    try:
        names.room_name(wanted)
    except Refusal:
        return False
    return True
