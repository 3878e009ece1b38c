"""The rooms: who is in them, how they begin and how they end."""

from chatd.chat import events, limits, names
from chatd.chat.errors import AlreadyInRoom, NoSuchRoom, NotInRoom, TooManyRooms
from chatd.chat.model import Member, Room, RoomHistory
from chatd.chat.names import LOBBY
from chatd.chat.outbox import Outbox


class Rooms:
    """The rooms that there are; the lobby always is.

    :param history: messages kept for each.
    :param outbox: is told who hears which.
    """

    def __init__(self, history: int, outbox: Outbox) -> None:
        self._history = history
        self._outbox = outbox
        self._rooms: dict[str, Room] = {}
        self._create(LOBBY)

    def get(self, room_name: str) -> Room:
        """The room that is meant.

        :raises Refusal: if there is none, or it is no name of a room.
        """
        name = names.room_name(room_name)
        room = self._rooms.get(names.casefold(name))
        if room is None:
            raise NoSuchRoom(name)
        return room

    def get_joined(self, member: Member, room_name: str) -> Room:
        """The room that is meant, which `member` is in.

        :raises Refusal: if there is none, or `member` is not in it.
        """
        room = self.get(room_name)
        if room.name not in member.rooms:
            raise NotInRoom(room.name)
        return room

    def join(self, member: Member, room_name: str) -> events.JoinDone:
        """Have `member` be in that room, which is made if there is none.

        :raises Refusal: if it is there already, or there are too many rooms.
        """
        name = names.room_name(room_name)
        room = self._rooms.get(names.casefold(name))
        if room is not None and room.name in member.rooms:
            raise AlreadyInRoom(room.name)
        if len(member.rooms) >= limits.JOINED_ROOMS:
            raise TooManyRooms(f"You may be in {limits.JOINED_ROOMS} rooms at most.")
        if room is None and len(self._rooms) >= limits.ROOMS:
            raise TooManyRooms(f"There may be {limits.ROOMS} rooms at most.")
        created = room is None
        room = room or self._create(name)
        self.add(member, room)
        return events.JoinDone(room.name, created)

    def add(self, member: Member, room: Room) -> None:
        """Put `member` into `room`."""
        room.members[member.member_id] = member
        member.rooms[room.name] = room
        self._outbox.join_room(member.member_id, room.name)

    def remove(self, member: Member, room: Room) -> None:
        """Take `member` out of `room`; a room without members, but for the lobby, is gone."""
        del room.members[member.member_id]
        del member.rooms[room.name]
        self._outbox.leave_room(member.member_id, room.name)
        if not room.members and room.name != LOBBY:
            del self._rooms[names.casefold(room.name)]

    def list(self) -> events.Rooms:
        """The list of rooms, in the order in which they were made."""
        return events.Rooms(
            tuple(events.RoomEntry(room.name, len(room.members)) for room in self._rooms.values())
        )

    def _create(self, name: str) -> Room:
        room = self._rooms[names.casefold(name)] = Room(name, RoomHistory(name, self._history))
        return room
