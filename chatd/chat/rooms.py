"""The rooms: creating them, joining and leaving them, and deleting the empty ones.

A room that was made private, or has had a key, is so until it ends: only its members hear of it,
and know of it.
Two functions here see to that: :meth:`Rooms.find` finds a room for whoever asks, and ``Room.tell``,
which :meth:`Rooms.set_settings` changes, sends what happens there.
"""

from collections.abc import Iterable, Mapping
from functools import partial

from chatd.chat import events, limits, names
from chatd.chat.commands import JoinRoom, SetTopic
from chatd.chat.errors import AlreadyInRoom, NoSuchRoom, NotInRoom, TooManyRooms
from chatd.chat.model import Member, Room, RoomHistory
from chatd.chat.moderation_events import Moderation, SettingsChanged
from chatd.chat.names import LOBBY
from chatd.chat.outbox import MemberId, Outbox
from chatd.chat.permissions import Permissions
from chatd.chat.restrictions import Restrictions
from chatd.chat.state import HubState, RoomState, Settings


class Rooms:
    """All rooms, each by its case-insensitive name. The lobby always exists.

    A room exists as long as it has members: joining creates it, and its history ends with it. But
    one that was emptied by a restart of the server lives on for a while, so that its members can
    come back.

    :param history: how many messages are kept of each room.
    :param is_archived: whether messages outlive their room. Then a room's numbers never begin
        again: they go on from the highest number that any ended room had. So nothing has to be
        kept of rooms that have ended.
    :ivar is_archived: the same.
    :ivar private_lives: the lives of private rooms, and their names, also of the last that ended.
    :param outbox: is told which rooms a member is in.
    """

    def __init__(
        self, history: int, is_archived: bool, permissions: Permissions, outbox: Outbox
    ) -> None:
        self._history = history
        self.is_archived = is_archived
        self._permissions = permissions
        self._outbox = outbox
        self._rooms: dict[str, Room] = {}
        self.private_lives: dict[int, str] = {}
        self._lives = 0
        self._ended_seq = 0
        self._create(LOBBY, 0)

    def find(self, room_name: str, member: Member | None) -> Room:
        """The room with that name, in any case, for `member`, or for anybody.

        :raises Refusal: if the name is not valid, there is no such room, or it is private and
            `member` is not in it.
        """
        room = self.get(room_name)
        if _is_hidden(room, member):
            raise NoSuchRoom(names.room_name(room_name))
        return room

    def get(self, room_name: str) -> Room:
        """The room with that name, in any case, whoever may know of it.

        :raises Refusal: if the name is not valid, or there is no such room.
        """
        name = names.room_name(room_name)
        room = self._rooms.get(names.casefold(name))
        if room is None:
            raise NoSuchRoom(name)
        return room

    def get_joined(self, member: Member, room_name: str) -> Room:
        """The room with that name, if `member` is in it.

        :raises Refusal: if the name is not valid, there is no such room, or `member` is not in it.
        """
        room = self.find(room_name, member)
        if room.name not in member.rooms:
            raise NotInRoom(room.name)
        return room

    def all(self) -> Iterable[Room]:
        """All rooms, in the order in which they were created."""
        return self._rooms.values()

    def join(self, member: Member, command: JoinRoom, now: int) -> events.JoinDone:
        """Put `member` into that room; if need be it is created, with `member` as its operator.

        :raises Refusal: if the name is not valid, `member` is in it or may not join it, or there
            are too many rooms.
        """
        name = names.room_name(command.room)
        room = self._rooms.get(names.casefold(name))
        if room is not None and room.name in member.rooms:
            raise AlreadyInRoom(room.name)
        if len(member.rooms) >= limits.JOINED_ROOMS:
            raise TooManyRooms(f"You may be in at most {limits.JOINED_ROOMS} rooms.")
        if room is None and len(self._rooms) >= limits.ROOMS:
            raise TooManyRooms(f"The server may have at most {limits.ROOMS} rooms.")
        if room is not None:
            self._permissions.check_may_join(member, room, now, command.key)
            member.invited = tuple(life for life in member.invited if life != room.life)
        created = room is None
        room = room or self._create(name, now)
        if created:
            room.operators.add(member.member_id)
            room.maker = member.member_id
        self.add(member, room, now)
        return events.JoinDone(room.name, created)

    def add(self, member: Member, room: Room, now: int) -> None:
        """Put `member` into `room`, without a check."""
        self.place(member, room, now)
        self._outbox.join_room(member.member_id, room.name)

    def place(self, member: Member, room: Room, now: int) -> None:
        """Put `member` into `room`, where it is not sent anything yet."""
        if room.settings.slow:
            room.wrote[member.member_id] = now
        room.members[member.member_id] = member
        room.ends_at = None
        member.rooms[room.name] = room

    def opens(self, room_name: str, key: str) -> bool | None:
        """Whether the word `key` opens that room; None if none is needed."""
        room = self._rooms.get(names.casefold(room_name))
        return room.settings.fits(key) if room and room.settings.key else None

    def has_ended_private(self, room_name: str, life: int) -> bool:
        """Whether that life of a room was private, and has ended."""
        return life in self.private_lives and life not in self.private_life(room_name)

    def find_or_create(self, room_name: str, now: int) -> Room | None:
        """The room with that name, which is created if need be; None if there are too many."""
        room = self._rooms.get(names.casefold(room_name))
        if room is None and len(self._rooms) < limits.ROOMS:
            room = self._create(room_name, now)
        return room

    def remove(self, member: Member, room: Room, ends_at: int | None = None) -> None:
        """Take `member` out of `room`. An empty room, other than the lobby, is deleted.

        :param ends_at: when it is deleted, if its member may come back, in milliseconds since 1970.
        """
        if member.away_until is None:
            self._outbox.leave_room(member.member_id, room.name)
        self.take_out(member, room, ends_at)

    def take_out(self, member: Member, room: Room, ends_at: int | None = None) -> None:
        """The same for a member that is not sent anything any more."""
        del room.members[member.member_id]
        del member.rooms[room.name]
        room.operators.discard(member.member_id)
        room.voiced.discard(member.member_id)
        if room.maker == member.member_id:
            room.maker = 0
        room.wrote.pop(member.member_id, None)
        if not room.members:
            self._end_at(room, ends_at)

    def next_end(self) -> int | None:
        """When the next room ends unless somebody joins it, or the next restriction in one."""
        ends = [room.ends_at for room in self._rooms.values() if room.ends_at]
        restrictions = (room.restrictions.next_end() for room in self._rooms.values())
        return min((*ends, *filter(None, restrictions)), default=None)

    def end_outdated(self, now: int) -> None:
        """End the rooms to which nobody came back in time, and outdated restrictions in others."""
        for room in list(self._rooms.values()):
            if room.ends_at is not None and room.ends_at <= now:
                self._end(room)
            room.restrictions.end_outdated(now)

    def count_restrictions(self) -> int:
        """How many restrictions the rooms have."""
        return sum(len(room.restrictions) for room in self._rooms.values())

    def list(self, member: Member | None = None) -> events.Rooms:
        """The list of rooms for `member`, or for anybody, in the order of their creation."""
        return events.Rooms(
            tuple(
                events.RoomEntry(
                    room.name, len(room.members), room.topic.text if room.topic else ""
                )
                for room in self._rooms.values()
                if not _is_hidden(room, member)
            )
        )

    def set_settings(self, room: Room, settings: Settings) -> None:
        """Give `room` other settings. One that becomes private is told to its members alone."""
        if settings.is_private and not room.settings.is_private:
            self.private_lives[room.life] = room.name
            self._forget_private_lives()
        room.settings = settings
        send = self._outbox.to_members if settings.is_private else self._outbox.to_room
        room.tell = partial(send, room.name)

    def _forget_private_lives(self) -> None:
        """Keep no more than the limit of those that have ended, and all others."""
        there = {room.life for room in self._rooms.values()}
        ended = [life for life in self.private_lives if life not in there]
        for life in ended[: max(0, len(ended) - limits.PRIVATE_ROOMS)]:
            del self.private_lives[life]

    def tell_moderation(
        self, room: Room, moderation: Moderation | SettingsChanged, member: Member
    ) -> None:
        """Tell `room` what `member` has done there, and the member itself, wherever it is."""
        room.tell(moderation, member.member_id)
        if room.name not in member.rooms:
            self._outbox.to_member(member.member_id, moderation)

    def private_life(self, room_name: str) -> frozenset[int]:
        """The life of a room, if there is such a one and it is private."""
        room = self._rooms.get(names.casefold(room_name))
        return frozenset({room.life} if room and room.settings.is_private else ())

    def topics(self, member: Member) -> tuple[events.Topic, ...]:
        """The topics of the rooms that `member` is in."""
        return tuple(room.topic for room in member.rooms.values() if room.topic)

    def read_topic(self, member: Member, room_name: str) -> events.Topic:
        """The topic of that room.

        :raises Refusal: if there is no such room for `member`.
        """
        room = self.find(room_name, member)
        return room.topic or events.Topic(room.name, "")

    def set_topic(self, member: Member, command: SetTopic, now: int) -> events.Ok:
        """Change the topic of a room that `member` is in, and tell all who are there.

        :raises Refusal: if it is not in that room or may not write there, or the text is not valid.
        """
        room = self.get_joined(member, command.room)
        self._permissions.check_may_set_topic(member, room, now)
        text = names.line_text(command.text, limits.TOPIC_CHARACTERS, "A topic")
        topic = events.Topic(room.name, text, member.nickname, now)
        room.topic = topic if text else None
        room.tell(topic, member.member_id)
        return events.Ok()

    def skip_numbers(self, numbers: Mapping[str, int]) -> None:
        """Number later messages above these, by the casefolded name of the room."""
        for name, seq in numbers.items():
            room = self._rooms.get(name)
            if room is not None:
                room.history.seq = max(room.history.seq, seq)
            else:
                self._ended_seq = max(self._ended_seq, seq)

    def state(self) -> tuple[int, int, tuple[RoomState, ...]]:
        """The number of lives, the highest number of a message in an ended room, and the rooms."""
        return (
            self._lives,
            self._ended_seq,
            tuple(
                RoomState(
                    room.name,
                    room.life,
                    room.history.seq,
                    room.ends_at,
                    tuple(room.members),
                    _topic_state(room.topic),
                    room.settings,
                    tuple(room.wrote.items()),
                    tuple(sorted(room.operators)),
                    tuple(room.restrictions),
                    room.begins_after,
                    room.created,
                    tuple(sorted(room.voiced)),
                    room.maker,
                )
                for room in self._rooms.values()
            ),
        )

    def restore(self, hub: HubState, members: Mapping[MemberId, Member]) -> None:
        """Put back the rooms of a state, with the `members` whom it names."""
        self._lives, self._ended_seq = hub.lives, hub.ended_seq
        self._rooms.clear()
        self.private_lives.clear()
        self.private_lives.update(hub.private_lives)
        for state in hub.rooms:
            room = self._add(state.name, state.life, state.seq)
            room.ends_at = state.ends_at
            room.members = {member_id: members[member_id] for member_id in state.members}
            if state.topic is not None:
                room.topic = events.Topic(state.name, *state.topic)
            room.wrote = dict(state.wrote)
            self.set_settings(room, state.settings)
            room.operators = set(state.operators)
            room.restrictions = Restrictions(state.restrictions)
            room.begins_after = state.begins_after
            room.created = state.created
            room.voiced = set(state.voiced)
            room.maker = state.maker

    def _create(self, name: str, now: int) -> Room:
        self._lives += 1
        room = self._add(name, self._lives, self._ended_seq)
        room.created = now
        room.begins_after = self._ended_seq
        return room

    def _add(self, name: str, life: int, seq: int) -> Room:
        tell = partial(self._outbox.to_room, name)
        room = Room(name, life, RoomHistory(name, self._history, seq), tell)
        self._rooms[names.casefold(name)] = room
        return room

    def _end_at(self, room: Room, ends_at: int | None) -> None:
        if ends_at is None:
            self._end(room)
        elif room.name != LOBBY:
            room.ends_at = ends_at

    def _end(self, room: Room) -> None:
        if room.name != LOBBY:
            if self.is_archived:
                self._ended_seq = max(self._ended_seq, room.history.seq)
            del self._rooms[names.casefold(room.name)]


def join_event(
    member: Member, room: Room, make: type[events.RoomJoined] = events.RoomJoined
) -> events.RoomJoined:
    """The event that `member` has joined `room`, with what IRC clients are told of it."""
    return make(
        room.name, member.nickname, member.is_authenticated, member.real_name, member.away_text
    )


def visible_rooms(member: Member, asker: Member | None) -> tuple[str, ...]:
    """The names of the rooms of `member` of which `asker`, or anybody, may know."""
    return tuple([room.name for room in member.rooms.values() if not _is_hidden(room, asker)])


def operator_rooms(member: Member, asker: Member | None) -> tuple[str, ...]:
    """The same for those of which `member` is an operator."""
    return tuple(
        [
            room.name
            for room in member.rooms.values()
            if member.member_id in room.operators and not _is_hidden(room, asker)
        ]
    )


def voiced_rooms(member: Member, asker: Member | None) -> tuple[str, ...]:
    """The same for those in which `member` has a voice."""
    return tuple(
        [
            room.name
            for room in member.rooms.values()
            if member.member_id in room.voiced and not _is_hidden(room, asker)
        ]
    )


def _is_hidden(room: Room, member: Member | None) -> bool:
    return room.settings.is_private and (member is None or room.name not in member.rooms)


def _topic_state(topic: events.Topic | None) -> tuple[str, str, int] | None:
    return None if topic is None else (topic.text, topic.source, topic.time)
