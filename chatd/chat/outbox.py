"""The port the hub speaks through.

The hub knows members by number and rooms by name. Who hears what follows from what it says here;
how the bytes get there is the business of whoever implements it (``server.fanout``; in tests, a
list).
"""

from typing import Protocol

from chatd.chat.events import Event

#: What the hub calls a member: a number, never used again.
MemberId = int


class Outbox(Protocol):
    """Where events go. Calls are made in the order that every member must see."""

    def add_member(self, member: MemberId) -> None:
        """From now on `member` hears what everyone hears."""

    def add_watcher(self, member: MemberId) -> None:
        """From now on `member` hears what everyone hears, and every room, until it enters."""

    def remove_member(self, member: MemberId) -> None:
        """From now on `member` hears nothing; it has parted from its rooms before."""

    def join_room(self, member: MemberId, room: str) -> None:
        """From now on `member` hears `room`."""

    def leave_room(self, member: MemberId, room: str) -> None:
        """From now on `member` does not hear `room`."""

    def to_member(self, member: MemberId, event: Event) -> None:
        """Tell one member."""

    def to_all(self, event: Event, origin: MemberId) -> None:
        """Tell everyone, as `origin` did this (some dialects tell a member its own doings)."""

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        """Tell everyone who hears `room`, as `origin` did this."""
