"""Adds messages to a file that no server uses: all of them, or none."""

import os
import sqlite3
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chatd.chat import limits, names
from chatd.chat.events import Message
from chatd.log import codec
from chatd.log.engine import StoreFailed
from chatd.log.operations import SkipNumbers
from chatd.store.database import Database
from chatd.store.failures import ERRORS, describe
from chatd.store.messages import Messages, encode_file

#: Rooms may go on with numbers above it for ever.
_MAX_SEQ: Final = 10**12
#: The life of rooms whose messages were imported: those of this chat begin with 1.
_LIFE: Final = 0


class ImportRefused(Exception):
    """The messages do not fit into the chat. Its text is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import.

    :ivar added: how many messages were added.
    :ivar known: how many were there already.
    :ivar oldest: the time of the oldest that was added, in milliseconds since 1970; 0 if none was.
    """

    added: int
    known: int
    oldest: int


def import_messages(path: Path, messages: Iterable[Message], now: int) -> Imported:
    """Add valid `messages`, in any order, to the file at `path`, which is made if there is none.

    :param now: milliseconds since 1970.
    :raises ImportRefused: if they do not fit; nothing is added.
    :raises StoreFailed: if the file cannot be used, by a server, for example; likewise.
    """
    is_new = not path.exists()
    try:
        try:
            database = Database(path, sqlite3.connect, "full", is_suspect=True)
            try:
                return _Import(database).run(messages, now)
            finally:
                database.close()
        except (*ERRORS, StoreFailed) as error:
            raise describe(path, error) from error
    except BaseException:
        if is_new:
            for suffix in ("", "-wal", "-shm", "-lock"):
                with suppress(OSError):
                    os.unlink(f"{os.path.realpath(path)}{suffix}")  # noqa: PTH108
        raise


class _Import:
    """One import.

    The archive is in the order of the messages' times.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._messages = Messages(database)
        self._first_id = self._next_id = self._messages.last + 1
        self._known = 0
        self._oldest = 0
        self._newest = database.number("SELECT time FROM messages ORDER BY id DESC LIMIT 1")
        self._is_in_order = True
        #: The highest number that was added to each room.
        self._numbers: dict[str, int] = {}

    def run(self, messages: Iterable[Message], now: int) -> Imported:
        with self._database.transaction():
            for message in messages:
                self._add(message)
            added = self._next_id - self._first_id
            if added:
                self._check_order()
                if not self._is_in_order:
                    self._messages.last = self._next_id - 1
                    self._messages.put_in_order(self._oldest)
                self._skip_numbers(now)
        self._index()
        return Imported(added, self._known, self._oldest)

    def _add(self, message: Message) -> None:
        room_id, name = self._messages.room(message.room)
        row = self._database.execute(
            "SELECT time, source, text, action, removed FROM messages WHERE room = ? AND seq = ?",
            (room_id, message.seq),
        ).fetchone()
        if row is not None:
            if not _is_same(row, message):
                raise ImportRefused(
                    f"{message.room} has another message {message.seq} in {self._database.path}; "
                    "import into another file."
                )
            self._known += 1
            return
        if message.seq > _MAX_SEQ:
            raise ImportRefused(f"{message.seq} is too large for the number of a message.")
        self._database.execute(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(self._next_id, room_id, message.seq, _LIFE),
                None if message.room == name else message.room,
                *(message.time, message.source, message.text, int(message.action)),
                *(encode_file(message.file), message.removed or None),
            ),
        )
        self._next_id += 1
        self._oldest = min(self._oldest or message.time, message.time)
        self._is_in_order = self._is_in_order and message.time >= self._newest
        self._newest = max(self._newest, message.time)
        key = names.casefold(message.room)
        self._numbers[key] = max(self._numbers.get(key, 0), message.seq)

    def _check_order(self) -> None:
        """Check that in each room the numbers grow with the times.

        :raises ImportRefused: if they do not.
        """
        row = self._database.execute(
            "SELECT rooms.name, seq, previous FROM ("
            "SELECT room, seq, time, lag(seq) OVER numbered AS previous, "
            "lag(time) OVER numbered AS previous_time "
            "FROM messages WINDOW numbered AS (PARTITION BY room ORDER BY seq)) AS pairs "
            "JOIN rooms ON rooms.id = pairs.room WHERE time < previous_time LIMIT 1"
        ).fetchone()
        if row is not None:
            room, seq, previous = row
            raise ImportRefused(
                f"In {room} message {seq} would be older than message {previous}; these are not "
                "the messages of one chat."
            )

    def _skip_numbers(self, now: int) -> None:
        """Have the rooms go on with higher numbers, when a server has the file again."""
        number = self._database.number
        position = 1 + max(
            number("SELECT max(position) FROM entries"),
            number("SELECT max(position) FROM snapshots"),
            number("SELECT value FROM numbers WHERE name = 'trimmed'"),
        )
        at_ms = max(now, number("SELECT max(at_ms) FROM entries"))
        rooms = list(self._numbers.items())
        for place, start in enumerate(range(0, len(rooms), limits.ROOMS), position):
            data = codec.encode_operations([SkipNumbers(dict(rooms[start : start + limits.ROOMS]))])
            self._database.execute(
                "INSERT INTO entries VALUES (?, ?, ?, ?)", (place, at_ms, zlib.crc32(data), data)
            )

    def _index(self) -> None:
        messages = Messages(self._database)
        while messages.has_batch():
            messages.index_batch()


def _is_same(row: tuple[int, str, str, int, str | None], message: Message) -> bool:
    """Whether `message` is that of the row; what was removed, there or here, stays removed."""
    time, source, text, action, removed = row
    if (time, source) != (message.time, message.source):
        return False
    is_equal = (text, action) == (message.text, int(message.action))
    return is_equal or bool(removed or message.removed)
