"""An outbox that holds everything back until it is kept."""

from collections.abc import Callable
from typing import Any

from twisted.logger import Logger
from typing_extensions import override

from chatd.chat.events import Event, Message
from chatd.chat.outbox import MemberId, Outbox
from chatd.chat.tagged_messages import untagged
from chatd.log.engine import ArchiveChange, ArchivedMessage, PrivateLife, RemovedMessage

#: A call that is held back, with its arguments.
_Call = tuple[Any, ...]


class HeldOutbox(Outbox):
    """Records all calls in their order, together with the results of operations.

    :ivar room_life: returns the number of the life of a room.
    """

    log = Logger()
    room_life: Callable[[str], int]

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._calls: list[_Call] = []
        self._changes: list[ArchiveChange] = []
        # Of the rooms where something was said, and of the private ones where something happened.
        self._lives: dict[str, int] = {}
        self._private: set[str] = set()

    def add_result(self, done: Callable[[Any], None], result: object) -> None:
        """Hold back the result of an operation, behind what the operation caused."""
        self._calls.append((done, result))

    def take(self) -> tuple[list[_Call], list[ArchiveChange]]:
        """Return what is held back, and what it changes in the archive; hold it no more."""
        calls, changes = self._calls, self._changes
        self._calls, self._changes = [], []
        self._lives.clear()
        self._private.clear()
        return calls, changes

    def release(self, calls: list[_Call]) -> None:
        """Do what was held back."""
        for call, *arguments in calls:
            try:
                call(*arguments)
            except Exception:
                # A bug must affect one member, not all that happened in the same turn.
                self.log.failure("what was held back failed")

    @override
    def add_member(self, member: MemberId) -> None:
        self._calls.append((self._outbox.add_member, member))

    @override
    def add_watcher(self, member: MemberId) -> None:
        self._calls.append((self._outbox.add_watcher, member))

    @override
    def remove_member(self, member: MemberId) -> None:
        self._calls.append((self._outbox.remove_member, member))

    @override
    def join_room(self, member: MemberId, room: str) -> None:
        self._calls.append((self._outbox.join_room, member, room))

    @override
    def leave_room(self, member: MemberId, room: str) -> None:
        self._lives.pop(room, None)  # it may end with this
        self._private.discard(room)
        self._calls.append((self._outbox.leave_room, member, room))

    @override
    def end_connection(self, member: MemberId, reason: str) -> None:
        self._calls.append((self._outbox.end_connection, member, reason))

    @override
    def to_member(self, member: MemberId, event: Event) -> None:
        self._calls.append((self._outbox.to_member, member, event))

    @override
    def to_all(self, event: Event, origin: MemberId, rooms: frozenset[str] | None = None) -> None:
        self._calls.append((self._outbox.to_all, event, origin, rooms))

    @override
    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        if isinstance(event, Message):
            life = self._lives.get(room)
            if life is None:
                life = self._lives[room] = self.room_life(room)
            self._changes.append(ArchivedMessage(life, untagged(event)))
        self._calls.append((self._outbox.to_room, room, event, origin))

    @override
    def to_members(self, room: str, event: Event, origin: MemberId) -> None:
        self.to_room(room, event, origin)
        self._calls[-1] = (self._outbox.to_members, room, event, origin)
        if room not in self._private:
            self._private.add(room)
            self._changes.append(PrivateLife(room, self.room_life(room)))

    @override
    def remove_message(self, room: str, seq: int, by: str) -> None:
        self._changes.append(RemovedMessage(room, seq, by))
        self._calls.append((self._outbox.remove_message, room, seq, by))
