"""Entries and snapshots of an open store, as the writer's thread reads, adds and deletes them."""

import zlib
from collections.abc import Sequence
from typing import Any, Final

from chatd.log.engine import (
    ENTRIES_PER_READ,
    ArchiveChange,
    Entry,
    LogLost,
    Position,
    PositionTaken,
    Snapshot,
)
from chatd.store.database import Database
from chatd.store.failures import Damaged
from chatd.store.messages import Messages
from chatd.store.worker import Steps

#: The bytes of a snapshot in one row, and the bytes written or deleted in one transaction: nobody
#: waits for more.
SLICE_BYTES: Final = 512 * 1024
#: Rows deleted in one transaction.
_SLICE_ROWS: Final = 2_048
#: Bytes of entries in one read.
_READ_BYTES: Final = 4 * 2**20
#: Free pages that stay in the file for what is written next, and how many are given back at once.
_SPARE_PAGES: Final = 1_024
_RETURNED_PAGES: Final = 128
#: Pause before the write-ahead log is tried again, after a reader hindered that.
_READER_SECONDS: Final = 0.01


class Journal:
    """The journal in `database`; the messages that go with an entry go to `messages`."""

    def __init__(self, database: Database, messages: Messages) -> None:
        self._database = database
        self._messages = messages

    def load(self) -> Snapshot | None:
        """The newest snapshot.

        :raises Damaged: if it is not what was written.
        """
        row = self._database.execute(
            "SELECT id, position, checksum FROM snapshots ORDER BY position DESC, id DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        snapshot_id, position, checksum = row
        parts = self._database.execute(
            "SELECT data FROM parts WHERE snapshot = ? ORDER BY part", (snapshot_id,)
        ).fetchall()
        if not all(isinstance(part, bytes) for (part,) in parts):
            raise Damaged(self._database.path)
        data = b"".join(part for (part,) in parts)
        self._check(data, checksum)
        if not isinstance(position, int):
            raise Damaged(self._database.path)
        return Snapshot(position, data)

    def read(self, after: Position) -> list[Entry]:
        """The next entries after that position.

        :raises LogLost: if one of them is gone.
        :raises Damaged: if one is not what was written.
        """
        path = self._database.path
        trimmed = self._database.number("SELECT value FROM numbers WHERE name = 'trimmed'")
        if after < trimmed:
            raise LogLost(f"The entries of {path} up to {trimmed} were deleted.")
        entries: list[Entry] = []
        size = 0
        for position, at_ms, checksum, data in self._database.execute(
            "SELECT position, at_ms, checksum, data FROM entries WHERE position > ? "
            "ORDER BY position LIMIT ?",
            (after, ENTRIES_PER_READ),
        ).fetchall():
            expected = after + len(entries) + 1
            if position != expected:
                raise LogLost(f"{path} has no entry {expected}.")
            self._check(data, checksum)
            if not isinstance(at_ms, int):
                raise Damaged(path)
            entries.append(Entry(position, at_ms, data))
            size += len(data)
            if size >= _READ_BYTES:
                break
        return entries

    def append(self, entry: Entry, changes: Sequence[ArchiveChange]) -> None:
        """Add `entry`, and what it changes in the archive, in one transaction.

        :raises PositionTaken: if there is an entry at its position.
        """
        with self._database.transaction():
            inserted = self._database.execute(
                "INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?)",
                (entry.position, entry.at_ms, zlib.crc32(entry.data), entry.data),
            ).rowcount
            if not inserted:
                raise PositionTaken(f"{self._database.path} has an entry {entry.position} already.")
            self._messages.carry_out(changes)

    def save(self, snapshot: Snapshot, trim: Position, changes: Sequence[ArchiveChange]) -> Steps:
        """Add `snapshot`, and leave no byte of the entries up to `trim` in the files."""
        database = self._database
        snapshot_id = 1 + max(
            database.number("SELECT max(snapshot) FROM parts"),
            database.number("SELECT max(id) FROM snapshots"),
        )
        for number, start in enumerate(range(0, len(snapshot.data), SLICE_BYTES)):
            with database.transaction():
                database.execute(
                    "INSERT INTO parts VALUES (?, ?, ?)",
                    (snapshot_id, number, snapshot.data[start : start + SLICE_BYTES]),
                )
            yield 0
        with database.transaction():
            database.execute(
                "INSERT INTO snapshots VALUES (?, ?, ?)",
                (snapshot_id, snapshot.position, zlib.crc32(snapshot.data)),
            )
            self._messages.carry_out(changes)
            # A snapshot stays if the entries lead on from it; two are enough.
            database.execute(
                "DELETE FROM snapshots WHERE id != ? AND (position < ? OR id NOT IN "
                "(SELECT id FROM snapshots ORDER BY id DESC LIMIT 2))",
                (snapshot_id, trim),
            )
            database.execute(
                "UPDATE numbers SET value = max(value, ?) WHERE name = 'trimmed'", (trim,)
            )
        yield 0
        yield from self._delete("parts", "snapshot NOT IN (SELECT id FROM snapshots)", ())
        yield from self._delete("entries", "position <= ?", (trim,))
        yield from self.give_back_pages()
        while not database.empty_write_ahead_log():
            yield _READER_SECONDS

    def give_back_pages(self) -> Steps:
        """Make the file smaller, if many of its pages are free."""
        while (spare := self._database.free_pages() - _SPARE_PAGES) > 0:
            with self._database.lazy_transaction():
                count = min(spare, _RETURNED_PAGES)
                self._database.execute(f"PRAGMA incremental_vacuum({count})").fetchall()
            yield 0

    def _check(self, data: object, checksum: int) -> None:
        if not isinstance(data, bytes) or zlib.crc32(data) != checksum:
            raise Damaged(self._database.path)

    def _delete(self, table: str, condition: str, parameters: tuple[Any, ...]) -> Steps:
        """Delete the rows of `table` for which `condition` holds, oldest first, in slices."""
        while rows := self._database.execute(
            f"SELECT rowid, length(data) FROM {table} WHERE {condition} "  # noqa: S608 (constants)
            f"ORDER BY rowid LIMIT {_SLICE_ROWS}",
            parameters,
        ).fetchall():
            size = 0
            last = rows[-1][0]
            for row, length in rows:
                size += length
                if size >= SLICE_BYTES:
                    last = row
                    break
            with self._database.lazy_transaction():
                self._database.execute(
                    f"DELETE FROM {table} WHERE ({condition}) AND rowid <= ?",  # noqa: S608
                    (*parameters, last),
                )
            yield 0
