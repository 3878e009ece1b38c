"""The archive's messages, as the writer's thread adds them, indexes them and deletes them.

The index is in several tables of full-text search, each for ``PARTITION_MESSAGES``. A search begins
with the newest, and mostly ends there; old ones are deleted as a whole, and none gets so large that
merging its parts makes anybody wait. Messages are indexed a batch at a time, and not with the entry
that made them; a search looks through the few that are not indexed yet.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

import msgspec

from chatd.chat import limits, names
from chatd.chat import search_words as words
from chatd.chat.events import File, Message
from chatd.log.engine import ArchiveChange, ArchivedMessage, PrivateLife, RemovedMessage
from chatd.store.database import Database
from chatd.store.failures import Damaged
from chatd.store.index_tables import is_broken, remove_row

#: The messages in one table of the index.
PARTITION_MESSAGES: Final = 32_768
#: Messages that are indexed in one transaction.
BATCH_MESSAGES: Final = 512

#: No server comes near it.
_MAX_ID: Final = 2**53

_CREATE: Final = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS search_{} USING fts5"
    "(words, content='', columnsize=0, tokenize='ascii')"
)


def partitions(execute: Callable[[str], sqlite3.Cursor]) -> list[int]:
    """The numbers of the tables of the index, oldest first."""
    rows = execute(
        "SELECT name FROM sqlite_master WHERE name GLOB 'search_[0-9]*' AND rootpage = 0"
    )
    return sorted(int(name.removeprefix("search_")) for (name,) in rows)


def indexed_text(room_id: int, source: str, text: str) -> str:
    """The row of one message in the index."""
    # Words, if nobody has changed the file by hand.
    sender, said = str(source), str(text)
    return f"{words.room_tag(room_id)} {_source_tag(sender)} {words.normalize(said)}"


@lru_cache(maxsize=1_024)
def _source_tag(sender: str) -> str:
    return words.source_tag(names.casefold(sender))


def encode_file(file: File | None) -> str | None:
    """A file as it is in the column ``file``."""
    return None if file is None else msgspec.json.encode(file).decode()


def decode_file(value: object) -> File | None:
    """The file in the column ``file``; None if there is none, or somebody has changed it."""
    try:
        return msgspec.json.decode(value, type=File) if isinstance(value, str) else None
    except ValueError:
        return None


class Messages:
    """The messages of an open store.

    :ivar first: the id of the oldest message; one more than `last` if there is none.
    :ivar last: the id of the newest message that there ever was.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.last = max(
            database.number("SELECT max(id) FROM messages"),
            database.number("SELECT max(value) FROM numbers WHERE name IN ('deleted', 'indexed')"),
        )
        if self.last > _MAX_ID:
            raise Damaged(database.path)
        self.first = database.number("SELECT min(id) FROM messages") or self.last + 1
        self._indexed = database.number("SELECT value FROM numbers WHERE name = 'indexed'")
        self._oldest_partition = -1
        self._rooms = self._read_rooms()

    def carry_out(self, changes: Sequence[ArchiveChange], *, again: bool = False) -> None:
        """Carry out `changes` in their order; within a transaction.

        :param again: whether some messages among them may be there already.
        """
        for kind, group in groupby(changes, type):
            same: list[Any] = list(group)
            if kind is ArchivedMessage:
                (self.add_missing if again else self.add)(same)
            else:
                for each in same:
                    self._make_private(each) if kind is PrivateLife else self._remove(each)

    def add(self, messages: Sequence[ArchivedMessage]) -> None:
        """Add `messages`; within a transaction."""
        rows = []
        rooms = {
            name: self.room(name) for name in dict.fromkeys(each.message.room for each in messages)
        }
        for number, archived in enumerate(messages, self.last + 1):
            message = archived.message
            room_id, name = rooms[message.room]
            rows.append(
                (
                    number,
                    room_id,
                    message.seq,
                    archived.life,
                    None if message.room == name else message.room,
                    message.time,
                    message.source,
                    message.text,
                    int(message.action),
                    encode_file(message.file),
                    message.removed or None,
                )
            )
        # A number that is there already was not confirmed, or somebody has changed the file.
        self._database.execute_many(
            "INSERT OR REPLACE INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
        self.last += len(rows)

    def add_missing(self, messages: Sequence[ArchivedMessage]) -> None:
        """Add those of `messages` that are not there; within a transaction."""
        self.add([each for each in messages if not self._has(each.message)])

    def _has(self, message: Message) -> bool:
        known = self._rooms.get(names.casefold(message.room))
        return known is not None and bool(
            self._database.execute(
                "SELECT 1 FROM messages WHERE room = ? AND seq = ?", (known[0], message.seq)
            ).fetchone()
        )

    def _make_private(self, life: PrivateLife) -> None:
        room_id, _ = self.room(life.room)
        self._database.execute(
            "INSERT OR REPLACE INTO private_lives VALUES (?, ?)", (life.life, room_id)
        )

    def _remove(self, removed: RemovedMessage) -> None:
        """Take the text and the file out of a message, if there is such a one."""
        room_id, _ = self._rooms.get(names.casefold(removed.room), (0, ""))
        row = self._database.execute(
            "SELECT id, source, text FROM messages WHERE room = ? AND seq = ? AND removed IS NULL",
            (room_id, removed.seq),
        ).fetchone()
        if row is not None:
            message_id, source, text = row
            self._remove_words([(message_id, room_id, source, text)])
            self._database.execute(
                "UPDATE messages SET text = '', action = 0, file = NULL, removed = ? WHERE id = ?",
                (removed.by, message_id),
            )

    def _remove_words(self, messages: Iterable[tuple[int, int, str, str]]) -> None:
        """Take messages out of the index: their ids, rooms, senders and texts."""
        for message_id, room_id, source, text in messages:
            if message_id <= self._indexed:
                table = f"search_{message_id // PARTITION_MESSAGES}"
                remove_row(self._database, table, message_id, indexed_text(room_id, source, text))

    def put_in_order(self, oldest: int) -> None:
        """Put the messages in the order of their times; within a transaction.

        Searching and deleting rely on it. A message that is not in its place, and all after that,
        get new ids.

        :param oldest: the time of the oldest one that may not be in its place.
        """
        first = self._database.number("SELECT min(id) FROM messages WHERE time > ?", (oldest,))
        if not first:
            return
        # The part of the index that has older messages as well is kept, without these.
        kept = first // PARTITION_MESSAGES
        if kept * PARTITION_MESSAGES < first:
            end = (kept + 1) * PARTITION_MESSAGES
            self._remove_words(
                self._database.execute(
                    "SELECT id, room, source, text FROM messages "
                    "WHERE id >= ? AND id < ? AND removed IS NULL",
                    (first, end),
                ).fetchall()
            )
        next_id = self.last + 1
        rows = self._database.execute(
            "SELECT id FROM messages WHERE id >= ? ORDER BY time, room, seq", (first,)
        ).fetchall()
        self._database.execute_many(
            "UPDATE messages SET id = ? WHERE id = ?",
            ((new, old) for new, (old,) in enumerate(rows, next_id)),
        )
        self._database.execute(
            "UPDATE numbers SET value = ? WHERE name = 'indexed' AND value >= ?",
            (next_id - 1, first - 1),
        )
        for number in partitions(self._database.execute):
            if number * PARTITION_MESSAGES >= first:
                self._database.execute(f"DROP TABLE search_{number}")
        self.last += len(rows)
        self.first = self._database.number("SELECT min(id) FROM messages")
        self._indexed = self._database.number("SELECT value FROM numbers WHERE name = 'indexed'")

    def has_batch(self) -> bool:
        """Whether there are so many messages without an index that they are worth a transaction."""
        return self.last - self._indexed >= BATCH_MESSAGES

    def index_batch(self) -> None:
        """Index the next messages, in a transaction of their own.

        If that part of the index was damaged or changed by hand, it begins anew; and if that is
        impossible, there is none: the messages are worth more than the search.
        """
        partition = (self._indexed + 1) // PARTITION_MESSAGES
        try:
            self._index_batch(partition)
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
            if self._drop_partition(partition):
                self._set_indexed(max(self.first, partition * PARTITION_MESSAGES) - 1)
            else:
                self._set_indexed(min(self.last, (partition + 1) * PARTITION_MESSAGES - 1))

    def _index_batch(self, partition: int) -> None:
        end = min(self._indexed + BATCH_MESSAGES, (partition + 1) * PARTITION_MESSAGES - 1)
        rows = [
            (message_id, indexed_text(room_id, source, text))
            for message_id, room_id, source, text in self._database.execute(
                "SELECT id, room, source, text FROM messages "
                "WHERE id > ? AND id <= ? AND removed IS NULL",
                (self._indexed, end),
            )
        ]
        with self._database.lazy_transaction():
            self._database.execute(_CREATE.format(partition))
            self._database.execute_many(
                f"INSERT INTO search_{partition} (rowid, words) VALUES (?, ?)",  # noqa: S608
                rows,
            )
            self._write_indexed(end)
        self._indexed = end

    def _set_indexed(self, end: int) -> None:
        with self._database.lazy_transaction():
            self._write_indexed(end)
        self._indexed = end

    def _write_indexed(self, end: int) -> None:
        self._database.execute("UPDATE numbers SET value = ? WHERE name = 'indexed'", (end,))

    def oldest_time(self) -> int | None:
        """The time of the oldest message."""
        row = self._database.execute("SELECT time FROM messages ORDER BY id LIMIT 1").fetchone()
        return row[0] if row else None

    def delete(self, last: int) -> Iterator[None]:
        """Delete the messages up to the id `last`, each step in a transaction of its own."""
        while self.first <= last:
            yield from self._drop_partitions()
            end = min(last, self.first + limits.DELETED_MESSAGES - 1)
            with self._database.lazy_transaction():
                self._database.execute("DELETE FROM messages WHERE id <= ?", (end,))
                self._database.execute(
                    "UPDATE numbers SET value = max(value, ?) WHERE name IN ('deleted', 'indexed')",
                    (end,),
                )
            self.first = end + 1
            self._indexed = max(self._indexed, end)
            yield
        yield from self._drop_partitions()

    def forget_rooms(self) -> None:
        """Forget the names of the rooms that have no message any longer."""
        with self._database.lazy_transaction():
            self._database.execute(
                "DELETE FROM rooms WHERE id NOT IN (SELECT room FROM messages "
                "WHERE messages.room = rooms.id)"
            )
            # Lives count up. One that is older than all that is left of its room is of no use.
            self._database.execute(
                "DELETE FROM private_lives WHERE life < coalesce((SELECT life FROM messages "
                "WHERE messages.room = private_lives.room ORDER BY seq LIMIT 1), life + 1)"
            )
        self._rooms = self._read_rooms()

    def _drop_partitions(self) -> Iterator[None]:
        """Drop the parts of the index whose messages are all deleted."""
        current = self.first // PARTITION_MESSAGES
        if current == self._oldest_partition:
            return
        for number in partitions(self._database.execute):
            if number < current:
                self._drop_partition(number)
                yield
        self._oldest_partition = current

    def _drop_partition(self, number: int) -> bool:
        """Drop a part of the index; False if it is so damaged that it cannot be."""
        try:
            with self._database.lazy_transaction():
                self._database.execute(f"DROP TABLE search_{number}")
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
            return False
        return True

    def _read_rooms(self) -> dict[str, tuple[int, str]]:
        rows = self._database.execute("SELECT id, key, name FROM rooms")
        return {key: (room_id, name) for room_id, key, name in rows}

    def room(self, name: str) -> tuple[int, str]:
        """The id of a room, and its name; a new one is added, within a transaction."""
        key = names.casefold(name)
        known = self._rooms.get(key)
        if known is None:
            cursor = self._database.execute(
                "INSERT INTO rooms (key, name) VALUES (?, ?)", (key, name)
            )
            known = self._rooms[key] = (cursor.lastrowid or 0, name)
        return known
