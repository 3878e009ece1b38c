"""Reading what was said in a room between two places in its history."""

from collections.abc import Sequence
from itertools import islice

from chatd.chat import events, limits
from chatd.chat.commands import Place, ReadMessages
from chatd.chat.events import Message
from chatd.chat.model import Member
from chatd.chat.rooms import Rooms


class Reading:
    """Reads the messages in memory, and says whether an archive may have others."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def read(self, member: Member, command: ReadMessages, now: int) -> events.RoomMessages:
        """The messages in memory that `command` asks for.

        :raises Refusal: if `member` is not in that room.
        """
        room = self._rooms.get_joined(member, command.room)
        kept = room.history.after(0)
        found = select(kept, command)
        is_complete = (
            not self._rooms.is_archived
            or (len(found) == bounded(command.limit) and not command.oldest)
            # Memory has the last messages without a gap: what follows its first one is there.
            or (bool(kept) and command.after is not None and place_of(kept[0]) <= command.after)
        )
        return events.RoomMessages(room.name, found, is_complete)


def place_of(message: Message) -> Place:
    """The place of `message` in the history of its room."""
    return Place(message.time, message.seq)


def select(messages: Sequence[Message], command: ReadMessages) -> tuple[Message, ...]:
    """Those of `messages`, which are oldest first, that `command` asks for."""
    after, before = command.after, command.before
    found = (
        each
        for each in (messages if command.oldest else reversed(messages))
        if not each.removed
        # Tuples are compared like places, and made in a third of the time.
        and (after is None or (each.time, each.seq) > after)
        and (before is None or (each.time, each.seq) < before)
    )
    selected = tuple(islice(found, bounded(command.limit)))
    return selected if command.oldest else selected[::-1]


def bounded(limit: int) -> int:
    """How many messages a client gets that asks for `limit`."""
    return max(0, min(limit, limits.HISTORY_REPLY_MESSAGES))
