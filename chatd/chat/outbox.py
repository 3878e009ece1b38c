"""The port through which the hub sends events.

The hub refers to connections by id and to rooms by name. It says who joins which room, and to which
room an event goes; the implementation keeps the lists of recipients and delivers the bytes
(``server.fanout``; in tests, a list).
"""

from typing import Final, Protocol

from chatd.chat.events import Event

#: The hub's id of a connection: a number that is never used again.
MemberId = int

#: The origin of events that no member has caused, or whose cause they are for, too.
NOBODY: Final[MemberId] = 0


class Outbox(Protocol):
    """Delivers events. Members see events in the order of these calls.

    `origin` is the member whose command caused the event. Whether a member receives the events that
    it caused depends on its dialect (``Dialect.echoes``).
    """

    def add_member(self, member: MemberId) -> None:
        """Start sending `member` the events that go to all."""

    def add_watcher(self, member: MemberId) -> None:
        """Start sending the watcher `member` the events of all rooms, until it enters."""

    def remove_member(self, member: MemberId) -> None:
        """Stop sending events to `member`."""

    def join_room(self, member: MemberId, room: str) -> None:
        """Start sending `member` the events of `room`."""

    def leave_room(self, member: MemberId, room: str) -> None:
        """Stop sending `member` the events of `room`."""

    def end_connection(self, member: MemberId, reason: str) -> None:
        """Close the connection of `member`, which is no member any more, with a goodbye."""

    def to_member(self, member: MemberId, event: Event) -> None:
        """Send `event` to one member."""

    def to_all(self, event: Event, origin: MemberId, rooms: frozenset[str] | None = None) -> None:
        """Send `event` to all members and watchers.

        :param rooms: those of the member that it is about. Where one is told of members alone with
            whom one shares a room (``Dialect.is_scoped``), it is for those who are in one of them.
        """

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        """Send `event` to the members of `room`, and to watchers."""

    def to_members(self, room: str, event: Event, origin: MemberId) -> None:
        """Send `event` to the members of `room`, which is private, and to nobody else."""

    def remove_message(self, room: str, seq: int, by: str) -> None:
        """Have the text and the file of a message nowhere any more; `by` has removed them."""
