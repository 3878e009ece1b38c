"""Removing messages: the text and the file go, and the place in the room stays.

Not all nodes of a cluster have the same messages in memory, and a hub must decide the same
everywhere. So the server finds the message first, and the hub is told what it has found.
"""

from collections.abc import Iterable

from chatd.chat import events, limits, names, order_commands
from chatd.chat.events import Message
from chatd.chat.members import Nicknames
from chatd.chat.model import Member, Room, without_text
from chatd.chat.moderation_errors import NoSuchMessage
from chatd.chat.moderation_events import Moderation, Restricted
from chatd.chat.outbox import Outbox
from chatd.chat.permissions import Permissions
from chatd.chat.rooms import Rooms


class Removing:
    """Removes messages.

    :ivar removed: the last that were removed: the casefolded name of the room and the number of
        each, and who has removed it. An archive that was away learns of them.
    :ivar count: how many were removed.
    """

    def __init__(
        self, nicknames: Nicknames, rooms: Rooms, permissions: Permissions, outbox: Outbox
    ) -> None:
        self.removed: dict[tuple[str, int], str] = {}
        self.count = 0
        self._nicknames = nicknames
        self._rooms = rooms
        self._permissions = permissions
        self._outbox = outbox

    def remove(self, member: Member, command: order_commands.RemoveFound, now: int) -> events.Ok:
        """Remove a message, and tell those who hear its room.

        The reason is left out if `member` might not write there: a mute could be spoken past.

        :raises Refusal: if `member` may not, or it was removed before.
        """
        reason = names.line_text(command.reason, limits.REASON_CHARACTERS, "A reason")
        room = self._rooms.find(command.room, member)
        if room.name not in member.rooms and not self._permissions.is_host(member):
            reason = ""  # it is told to the room, where only members and hosts have a say
        reason = self._permissions.last_text(member, reason, [room], now)
        if not _has_written(member, command):
            # The operator of a room is none of the messages of an earlier room of that name.
            is_of_this_life = command.seq > (room.begins_after or 0)
            self._permissions.check_keeps_order(member, room if is_of_this_life else None)
        place = (names.casefold(room.name), command.seq)
        if self._was_removed(room, command.seq):
            raise NoSuchMessage(room.name, command.seq)
        by = member.nickname
        self.removed[place] = by
        if len(self.removed) > limits.REMOVED_MESSAGES:
            del self.removed[next(iter(self.removed))]
        self.count += 1
        room.history.remove(command.seq, by)
        self._outbox.remove_message(room.name, command.seq, by)
        moderation = Moderation(
            *("remove", by, command.source, room.name, command.seq),
            time=command.time,
            reason=reason,
        )
        self._rooms.tell_moderation(room, moderation, member)
        author = self._nicknames.get(command.source)
        if author is not None and author is not member and _has_written(author, command):
            self._outbox.to_member(
                author.member_id, Restricted("remove", by, room.name, reason, seq=command.seq)
            )
        return events.Ok()

    def _was_removed(self, room: Room, seq: int) -> bool:
        if self._rooms.is_archived:
            return (names.casefold(room.name), seq) in self.removed
        # Its numbers begin again with each life, so that of an ended life means another message.
        return any(each.removed and each.seq == seq for each in room.history.last(1, seq + 1))

    def restore(self, removed: Iterable[tuple[str, int, str]]) -> None:
        """Put back what was in a state: the room and number of each, and who has removed it."""
        self.removed.clear()
        self.removed.update(((room, seq), by) for room, seq, by in removed)

    def without_removed(self, room: str, messages: Iterable[Message]) -> list[Message]:
        """`messages` of that room, where those that were removed have no text."""
        key = names.casefold(room)
        return [
            without_text(each, by) if (by := self.removed.get((key, each.seq))) else each
            for each in messages
        ]


def _has_written(member: Member, command: order_commands.RemoveFound) -> bool:
    """Whether `member` has sent that message, under the nickname that it still has."""
    is_name = names.casefold(member.nickname) == names.casefold(command.source)
    return is_name and member.named_since < command.time
