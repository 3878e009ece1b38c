"""The rooms: creating them, joining and leaving them, and deleting the empty ones."""

from chatd.chat import events, limits, names
from chatd.chat.errors import AlreadyInRoom, NoSuchRoom, NotInRoom, TooManyRooms
from chatd.chat.model import Member, Room, RoomHistory
from chatd.chat.names import LOBBY
from chatd.chat.outbox import Outbox


class Rooms:
    """All rooms, each by its case-insensitive name. The lobby always exists.

    A room exists as long as it has members: joining creates it, and its history ends with it.

    :param history: how many messages are kept of each room.
    :param outbox: is told which rooms a member is in.
    """

    def __init__(self, history: int, outbox: Outbox) -> None:
        self._history = history
        self._outbox = outbox
        self._rooms: dict[str, Room] = {}
        self._create(LOBBY)

    def get(self, room_name: str) -> Room:
        """The room with that name, in any case.

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
        room = self.get(room_name)
        if room.name not in member.rooms:
            raise NotInRoom(room.name)
        return room

    def join(self, member: Member, room_name: str) -> events.JoinDone:
        """Put `member` into that room, and create it if need be.

        :raises Refusal: if the name is not valid, `member` is in it, or there are too many rooms.
        """
        name = names.room_name(room_name)
        room = self._rooms.get(names.casefold(name))
        if room is not None and room.name in member.rooms:
            raise AlreadyInRoom(room.name)
        if len(member.rooms) >= limits.JOINED_ROOMS:
            raise TooManyRooms(f"You may be in at most {limits.JOINED_ROOMS} rooms.")
        if room is None and len(self._rooms) >= limits.ROOMS:
            raise TooManyRooms(f"The server may have at most {limits.ROOMS} rooms.")
        created = room is None
        room = room or self._create(name)
        self.add(member, room)
        return events.JoinDone(room.name, created)

    def add(self, member: Member, room: Room) -> None:
        """Put `member` into `room`, without a check."""
        room.members[member.member_id] = member
        member.rooms[room.name] = room
        self._outbox.join_room(member.member_id, room.name)

    def remove(self, member: Member, room: Room) -> None:
        """Take `member` out of `room`. An empty room, other than the lobby, is deleted."""
        del room.members[member.member_id]
        del member.rooms[room.name]
        self._outbox.leave_room(member.member_id, room.name)
        if not room.members and room.name != LOBBY:
            del self._rooms[names.casefold(room.name)]

    def list(self) -> events.Rooms:
        """The list of rooms, in the order in which they were created."""
        return events.Rooms(
            tuple(events.RoomEntry(room.name, len(room.members)) for room in self._rooms.values())
        )

    def _create(self, name: str) -> Room:
        room = self._rooms[names.casefold(name)] = Room(name, RoomHistory(name, self._history))
        return room
