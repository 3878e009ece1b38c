"""A model of the hub, as simple as possible: lists, and no cleverness."""

from dataclasses import dataclass, field

from chatd.chat import commands, events, irc_commands, limits, names, order_commands
from chatd.chat.commands import Command, SendMessage
from chatd.chat.errors import Refusal
from chatd.chat.events import Event, Message, Topic
from chatd.chat.marker_events import Marker
from chatd.chat.names import LOBBY
from chatd.chat.outbox import MemberId
from tests.chat.model_restrictions import ModelRestriction, ModelRestrictions, look_alike

#: What hosts and operators decide.
Decision = (
    order_commands.Kick
    | order_commands.Ban
    | order_commands.Mute
    | order_commands.Unban
    | order_commands.Unmute
    | order_commands.ListBans
    | order_commands.SetRole
)


@dataclass
class ModelRoom:
    """A room, with all messages that were ever sent to it.

    :ivar life: counts the rooms that there have been.
    """

    name: str
    life: int
    members: list[MemberId] = field(default_factory=list)
    operators: set[MemberId] = field(default_factory=set)
    voiced: set[MemberId] = field(default_factory=set)
    maker: MemberId | None = None
    messages: list[Message] = field(default_factory=list)
    topic: Topic | None = None


@dataclass
class Model:
    """The state that a hub must have after the same commands.

    :ivar names: the nickname of each member.
    :ivar addresses: the address of each connection.
    :ivar away: why the users of members are away.
    :ivar hosts: the members that are hosts.
    :ivar bots: the members that say that they are programs.
    :ivar last_number: of what is in no room.
    :ivar received: the events that each connection was sent, also after it was removed.
    """

    slots: int
    max_messages: int
    now: int = 0
    names: dict[MemberId, str] = field(default_factory=dict)
    addresses: dict[MemberId, str] = field(default_factory=dict)
    away: dict[MemberId, str] = field(default_factory=dict)
    unregistered: set[MemberId] = field(default_factory=set)
    watchers: set[MemberId] = field(default_factory=set)
    received: dict[MemberId, list[Event]] = field(default_factory=dict)
    lives: int = 1
    rooms: list[ModelRoom] = field(default_factory=lambda: [ModelRoom(LOBBY, 1)])
    hosts: set[MemberId] = field(default_factory=set)
    bots: set[MemberId] = field(default_factory=set)
    last_number: int = 0
    restrictions: ModelRestrictions = field(default_factory=ModelRestrictions)
    markers: dict[tuple[MemberId, str], int] = field(default_factory=dict)

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

    def create_room(self, name: str, member: MemberId) -> ModelRoom:
        self.lives += 1
        room = ModelRoom(name, self.lives, operators={member}, maker=member)
        self.rooms.append(room)
        return room

    def rooms_of(self, member: MemberId) -> set[str]:
        return {room.name for room in self.rooms if member in room.members}

    def may(self, member: MemberId, command: Command) -> bool:
        """Whether the hub must carry out `command`, if `member` has entered."""
        room = self.room(getattr(command, "room", None) or "")
        is_there = room is not None and member in room.members
        match command:
            case commands.LeaveRoom(text=text):
                return is_there and is_valid_last(text)
            case commands.ReadMessages():
                return is_there
            case commands.SendMessage() | commands.SetTopic() | irc_commands.SendTags():
                return is_there and _is_valid(command) and not self.is_muted(member, room)
            case commands.JoinRoom(room=name):
                is_banned = room is not None and self.is_restricted("ban", member, room)
                return is_valid_room(name) and not is_there and not is_banned
            case commands.ReadHistory() | commands.ListUsers():
                return room is not None or command.room is None
            case commands.ReadTopic():
                return room is not None
            case commands.Search(room=str(name)):
                return is_valid_room(name)
            case _:
                return self._may_in_the_chat(member, command)

    def _may_in_the_chat(self, member: MemberId, command: Command) -> bool:
        match command:
            case commands.SendPrivate(text=text, to=to):
                found = [each for each in map(self.member_named, to) if each is not None]
                is_heard = self.hosts.issuperset(found) or not self.is_muted(member, None)
                return is_valid_text(text) and bool(found) and is_heard
            case order_commands.Invite(nickname=nickname):
                room, target = self.room(command.room), self.member_named(nickname)
                is_there = room is not None and member in room.members
                is_new = room is not None and target is not None and target not in room.members
                return is_there and is_new and not self.is_muted(member, room)
            case commands.SetAway(text=text):
                is_heard = not text.strip() or not self.is_muted(member, None)
                return is_valid_line(text) and is_heard
            case commands.WhoIs(nickname=nickname):
                return self.member_named(nickname) is not None
            case commands.Rename(nickname=nickname):
                is_free = not self.is_muted(member, None) or self._is_nameless(member)
                return is_free and self._may_be_called(member, nickname)
            case _:
                return self._may_otherwise(member, command)

    def _may_otherwise(self, member: MemberId, command: Command) -> bool:
        match command:
            case commands.Enter(nickname=nickname):
                # A member that was entered under its address may still choose a nickname.
                return self._is_nameless(member) and self._may_be_called(member, nickname)
            case irc_commands.MarkRead(target=target) | irc_commands.ReadMarker(target=target):
                return is_valid_room(target) or is_valid_nickname(target, target)
            case commands.Watch():
                return False
            case _:
                return not isinstance(command, Decision) or self._may_decide(member, command)

    def _may_be_called(self, member: MemberId, nickname: str) -> bool:
        return self.may_have_nickname(member, nickname) and (
            member in self.hosts or not self.is_banned_name(nickname)
        )

    def _may_decide(self, member: MemberId, command: Decision) -> bool:
        """Whether a member may decide that for a room, or for the chat."""
        room = None if command.room is None else self.room(command.room)
        if isinstance(command, order_commands.SetRole):
            return room is not None and self._may_set_role(member, room, command)
        operators = set() if room is None else room.operators
        if (room is None) != (command.room is None) or member not in self.hosts | operators:
            return False
        match command:
            case order_commands.ListBans():
                return True
            case order_commands.Unban(nickname=nickname) | order_commands.Unmute(nickname=nickname):
                is_own = self.member_named(nickname) == member and member not in self.hosts
                return bool(self.lifted(command)) and not is_own
            case order_commands.Kick(nickname=nickname, reason=reason):
                target = self.member_named(nickname)
                is_known = target is not None and (room is None or target in room.members)
            case (
                order_commands.Ban(nickname=nickname, seconds=seconds, reason=reason)
                | order_commands.Mute(nickname=nickname, seconds=seconds, reason=reason)
            ):
                target = self.member_named(nickname)
                is_known = (target is not None or is_valid_nickname(nickname)) and (
                    seconds is None or 0 < seconds <= limits.BAN_SECONDS
                )
        return is_known and is_valid_line(reason) and target not in self.hosts | {member}

    def _may_set_role(
        self, member: MemberId, room: ModelRoom, command: order_commands.SetRole
    ) -> bool:
        target = self.member_named(command.nickname)
        keeps_order = member in self.hosts | room.operators
        takes_back = member == target == room.maker and command.given
        if target not in room.members or not (keeps_order or takes_back):
            return False
        stays_host = not command.given and target in self.hosts
        return command.role == "voice" or (room.name != LOBBY and not stays_host)

    def _life(self, room_name: str | None) -> int:
        room = None if room_name is None else self.room(room_name)
        return 0 if room is None else room.life

    def lifted(
        self, command: order_commands.Unban | order_commands.Unmute
    ) -> list[ModelRestriction]:
        """The restrictions that the command lifts."""
        what = "ban" if isinstance(command, order_commands.Unban) else "mute"
        life = self._life(command.room)
        target = self.member_named(command.nickname)
        same = ModelRestriction(what, life, command.nickname, None, None, has_looks=False)
        return [
            each
            for each in self.restrictions.all
            if (each.what, each.life) == (what, life)
            and each.lasts(self.now)
            and (
                each.is_same(same)
                or (target is not None and each.is_for(self.names[target], target))
            )
        ]

    def restrict(self, command: order_commands.Ban | order_commands.Mute) -> MemberId | None:
        """Remember a ban or a mute; returns the member for whom it is, if it is there."""
        target = self.member_named(command.nickname)
        nickname = names.nickname(command.nickname) if target is None else self.names[target]
        others = [name for each, name in self.names.items() if each != target]
        self.restrictions.add(
            ModelRestriction(
                "ban" if isinstance(command, order_commands.Ban) else "mute",
                self._life(command.room),
                nickname,
                None if command.seconds is None else self.now + 1_000 * command.seconds,
                target,
                has_looks=not any(look_alike(nickname, each) for each in others),
            )
        )
        return target

    def is_restricted(self, what: str, member: MemberId, room: ModelRoom | None) -> bool:
        life = 0 if room is None else room.life
        found = self.restrictions.found(what, life, self.names[member], member, self.now)
        return bool(found) and member not in self.hosts

    def is_muted(self, member: MemberId, room: ModelRoom | None) -> bool:
        """Whether the member is muted there, or in the whole chat."""
        places = {None} if room is None else {None, room.name}
        return any(
            self.is_restricted("mute", member, None if place is None else room) for place in places
        )

    def may_say_last(self, member: MemberId) -> bool:
        """Whether everybody is told what the member says as it leaves the chat."""
        lobby = self.rooms[0]
        rooms = [lobby, *(room for room in self.rooms if member in room.members)]
        is_muted = any(self.is_muted(member, room) for room in rooms)
        return not is_muted and not self.is_restricted("ban", member, lobby)

    def is_banned_name(self, nickname: str) -> bool:
        """Whether a valid nickname is banned from the chat."""
        name = names.nickname(nickname, nickname)
        return bool(self.restrictions.found("ban", 0, name, None, self.now))

    def _is_nameless(self, member: MemberId) -> bool:
        return self.names[member] == self.addresses[member]

    def may_before_entering(self, member: MemberId, command: Command) -> bool:
        """Whether the hub must carry out `command`, if `member` has not entered."""
        match command:
            case commands.Enter(nickname=nickname):
                has_slot = member not in self.unregistered | self.watchers
                return (
                    (has_slot or self.free > 0)
                    and self.may_have_nickname(member, nickname)
                    and not self.is_banned_name(nickname)
                )
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
        room.operators.discard(member)
        room.voiced.discard(member)
        room.maker = None if room.maker == member else room.maker
        if not room.members and room.name != LOBBY:
            self.rooms.remove(room)
            ended = [each for each in self.restrictions.all if each.life == room.life]
            for each in ended:
                self.restrictions.all.remove(each)

    def remove(self, member: MemberId, reason: str, text: str = "") -> None:
        """Remove a connection; nothing happens if it was removed before."""
        self.addresses.pop(member, None)
        self.unregistered.discard(member)
        self.watchers.discard(member)
        for room in [room for room in self.rooms if member in room.members]:
            self.leave_room(member, room)
        self.away.pop(member, None)
        self.hosts.discard(member)
        if name := self.names.pop(member, ""):
            self.send_to_all(member, events.MemberLeft(name, reason, text))

    def marker(self, member: MemberId, target: str, time: int = 0) -> Marker:
        """Up to when the member has read there, once it has read up to `time`."""
        is_room = is_valid_room(target)
        name = names.room_name(target) if is_room else names.nickname(target, target)
        place = (member, names.casefold(name))
        self.markers[place] = max(min(time, self.now), self.markers.get(place, 0))
        return Marker(target, self.markers[place])

    def last(self, room: ModelRoom, limit: int, before: int | None) -> list[Message]:
        kept = room.messages[-self.max_messages :] if self.max_messages else []
        older = [each for each in kept if before is None or each.seq < before]
        return older[-limit:] if limit > 0 else []

    def between(self, room: ModelRoom, command: commands.ReadMessages) -> list[Message]:
        kept = room.messages[-self.max_messages :] if self.max_messages else []
        after, before = command.after or (-1, 0), command.before or (10**40, 0)
        found = [each for each in kept if after < (each.time, each.seq) < before]
        limit = max(command.limit, 0)
        return found[:limit] if command.oldest else found[::-1][:limit][::-1]


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


def is_valid_last(text: str) -> bool:
    """Whether a member can say it as it leaves."""
    return is_valid_line(text) and len(text) <= limits.REASON_CHARACTERS


def is_valid_nickname(name: str, address: str = "") -> bool:
    try:
        names.nickname(name, address)
    except Refusal:
        return False
    return True


def is_valid_room(name: str) -> bool:
    try:
        names.room_name(name)
    except Refusal:
        return False
    return True


def _is_valid(command: SendMessage | commands.SetTopic | irc_commands.SendTags) -> bool:
    match command:
        case SendMessage(text=text):
            return is_valid_text(text)
        case commands.SetTopic(text=text):
            return is_valid_line(text)
        case _:
            return True
