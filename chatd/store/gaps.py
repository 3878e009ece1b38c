"""The gaps in the archive of a cluster's node: messages that it has to get from another node.

A node that was away has the messages from before and from after, and gets those between later.
Until then the table ``numbers`` has, for each room, the numbers of the first and of the last
missing message, under the names below and the room's key.
"""

from collections.abc import Sequence
from typing import Final

from chatd.chat import names
from chatd.log.engine import ArchivedMessage, Gap, RoomNumber
from chatd.store.database import Database
from chatd.store.messages import Messages

_FIRST: Final = "first missing in "
_LAST: Final = "last missing in "


class Gaps:
    """The gaps of an open store."""

    def __init__(self, database: Database, messages: Messages) -> None:
        self._database = database
        self._messages = messages

    def find(self, rooms: Sequence[RoomNumber]) -> tuple[Gap, ...]:
        """See :meth:`~chatd.log.engine.MessageStore.find_gaps`."""
        gaps = [gap for room in rooms if (gap := self._find(room)) is not None]
        with self._database.transaction():
            self._database.execute(
                "DELETE FROM numbers WHERE name GLOB ? OR name GLOB ?", (f"{_FIRST}*", f"{_LAST}*")
            )
            for gap in gaps:
                self._write(gap)
        return tuple(gaps)

    def _find(self, room: RoomNumber) -> Gap | None:
        key = _key(room.room)
        first, last = self._value(_FIRST + key), self._value(_LAST + key)
        newest = self._database.number(
            "SELECT max(seq) FROM messages JOIN rooms ON rooms.id = messages.room WHERE key = ?",
            (key,),
        )
        if newest < room.seq:
            first, last = min(first or newest + 1, newest + 1), max(last, room.seq)
        if not 0 < first <= last:
            return None
        life = self._database.execute(
            "SELECT life FROM messages JOIN rooms ON rooms.id = messages.room "
            "WHERE key = ? AND seq < ? ORDER BY seq DESC LIMIT 1",
            (key, first),
        ).fetchone()
        return Gap(room.room, first, last, is_certain=life == (room.life,))

    def fill(self, gap: Gap, messages: Sequence[ArchivedMessage]) -> None:
        """See :meth:`~chatd.log.engine.MessageStore.fill`."""
        with self._database.transaction():
            self._messages.add_missing(messages)
            self._database.execute(
                "DELETE FROM numbers WHERE name IN (?, ?)",
                (_FIRST + _key(gap.room), _LAST + _key(gap.room)),
            )
            if gap.first <= gap.last:
                self._write(gap)
            if messages:
                oldest = min(each.message.time for each in messages)
                self._database.execute(
                    "INSERT INTO numbers VALUES ('unsorted', ?) "
                    "ON CONFLICT DO UPDATE SET value = min(value, excluded.value)",
                    (oldest,),
                )

    def sort(self) -> None:
        """See :meth:`~chatd.log.engine.MessageStore.sort`."""
        row = self._database.execute("SELECT value FROM numbers WHERE name = 'unsorted'").fetchone()
        if row is not None:
            with self._database.transaction():
                self._messages.put_in_order(self._value("unsorted"))
                self._database.execute("DELETE FROM numbers WHERE name = 'unsorted'")

    def _write(self, gap: Gap) -> None:
        key = _key(gap.room)
        self._database.execute_many(
            "INSERT OR REPLACE INTO numbers VALUES (?, ?)",
            [(_FIRST + key, gap.first), (_LAST + key, gap.last)],
        )

    def _value(self, name: str) -> int:
        return self._database.number("SELECT value FROM numbers WHERE name = ?", (name,))


def _key(room: str) -> str:
    return names.casefold(room)
