"""The rooms as a log and an archive see them, which keep what was said there."""

from collections.abc import Iterable, Mapping

from chatd.chat.errors import NoSuchRoom
from chatd.chat.events import Message
from chatd.chat.members import Connections
from chatd.chat.outbox import MemberId
from chatd.chat.removing import Removing
from chatd.chat.rooms import Rooms


class ArchivedRooms:
    """What an archive has to know of the rooms, and what of it a member may read.

    :ivar is_kept: whether there is one, or the chat goes on after its server in another way.
    :ivar private_lives: the lives of private rooms, and their names, also of the last that ended.
    :ivar removed: the last messages that were removed: the casefolded name of the room and the
        number of each, and who has removed it.
    """

    def __init__(self, connections: Connections, rooms: Rooms, removing: Removing) -> None:
        self.is_kept = rooms.is_archived
        self._connections = connections
        self._rooms = rooms
        self._removing = removing
        self.private_lives: Mapping[int, str] = rooms.private_lives
        self.removed: Mapping[tuple[str, int], str] = removing.removed

    # --- all rooms, the private ones as well ----------------------------------------------------

    def names(self) -> list[str]:
        """The names of all rooms."""
        return [room.name for room in self._rooms.all()]

    def life(self, room: str) -> int:
        """The number of the life of a room that exists."""
        return self._rooms.get(room).life

    def life_of(self, room: str, seq: int) -> int | None:
        """The number of the life to which a message belongs, if it is the present one.

        None if that is not so, or not known.
        """
        try:
            found = self._rooms.get(room)
        except NoSuchRoom:  # it has ended meanwhile
            return None
        begins_after = found.begins_after
        return None if begins_after is None or seq <= begins_after else found.life

    def last_seq(self, room: str) -> int:
        """The number of the last message of a room that exists; 0 if there was none.

        :raises Refusal: if there is no such room.
        """
        return self._rooms.get(room).history.seq

    def skip_numbers(self, numbers: Mapping[str, int]) -> None:
        """Number later messages above these, by the casefolded name of the room."""
        self._rooms.skip_numbers(numbers)

    def restore_history(self, room: str, messages: Iterable[Message]) -> None:
        """Put back the last messages of a room that exists, oldest first."""
        self._rooms.get(room).history.restore(self.without_removed(room, messages))

    def without_removed(self, room: str, messages: Iterable[Message]) -> list[Message]:
        """`messages` of that room, where those that were removed have no text."""
        return self._removing.without_removed(room, messages)

    def private_life(self, room: str) -> frozenset[int]:
        """The life of a room, if it is private; nothing if it is not, or there is no such room."""
        return self._rooms.private_life(room)

    def opens(self, room: str, key: str) -> bool | None:
        """Whether that word opens a room; None if none is needed."""
        return self._rooms.opens(room, key)

    # --- what one member may read ---------------------------------------------------------------

    def readable_lives(self, member_id: MemberId | None) -> frozenset[int]:
        """The lives of the private rooms that a member is in; None for one who is no member."""
        member = None if member_id is None else self._connections.get(member_id)
        rooms = () if member is None else member.rooms.values()
        return frozenset(room.life for room in rooms if room.settings.is_private)

    def messages(self, member_id: MemberId | None, room: str) -> tuple[Message, ...]:
        """The messages of `room` that are in memory, as far as a member may read them."""
        member = None if member_id is None else self._connections.get(member_id)
        try:
            return self._rooms.find(room, member).history.after(0)
        except NoSuchRoom:  # or it has ended meanwhile
            return ()

    def find(self, member_id: MemberId, room: str, seq: int) -> Message | None:
        """The message of `room` with that number, if it is in memory.

        :raises Refusal: if there is no such room for that member.
        """
        found = self._rooms.find(room, self._connections.get(member_id)).history.last(1, seq + 1)
        return found[0] if found and found[0].seq == seq else None
