"""The messages of a file, oldest first, read a page at a time: of a server that runs or does not.

Each page is a short transaction: a reader that stayed longer would hinder a running server from
emptying its write-ahead log, and so from finishing a snapshot.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from chatd.chat import limits, names
from chatd.chat.events import Message
from chatd.log.engine import StoreFailed
from chatd.log.validity import is_valid
from chatd.store import schema
from chatd.store.database import check_kind, decode
from chatd.store.failures import ERRORS, describe
from chatd.store.messages import decode_file

_Result = TypeVar("_Result")

_COLUMNS: Final = (
    "messages.id, messages.room, coalesce(messages.name, rooms.name), seq, time, source, text, "
    "action, file, removed FROM messages LEFT JOIN rooms ON rooms.id = messages.room "
)


class Export:
    """The messages in the file at `path`.

    :param with_private: whether those of private rooms are among them.
    :ivar left_out: how many rows were no messages; somebody has changed the file by hand.
    :raises StoreFailed: if it cannot be read; so do all methods.
    """

    def __init__(self, path: Path, *, with_private: bool = False) -> None:
        self.path = path
        self._readable = "1" if with_private else "life NOT IN (SELECT life FROM private_lives)"
        self.left_out = 0
        if not path.exists():
            raise StoreFailed(f"There is no file {path}.")
        self._connection = self._read(lambda: _connect(path))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def has_room(self, room: str) -> bool:
        """Whether there are messages of a room of that name, in any case."""
        return bool(
            self._fetch(
                f"SELECT {_COLUMNS} WHERE messages.room = ? AND {self._readable} LIMIT 1",
                (self._room_id(room),),
            )
        )

    def pages(self, room: str | None = None, since: int = 0) -> Iterator[list[Message]]:
        """The messages that there are now.

        :param room: only of the room of that name, in any case.
        :param since: only those that are not older, in milliseconds since 1970.
        """
        room_id = None if room is None else self._room_id(room)
        # Ids are numbers, unless somebody has changed the file by hand; SQLite compares anything.
        end: object = self._fetch("SELECT max(id) FROM messages")[0][0]
        last: object = -(2**63)
        while rows := self._page(last, end):
            last = rows[-1][0]
            yield [
                message
                for row in rows
                if room is None or row[1] == room_id
                for message in self._messages(*row[2:])
                if message.time >= since
            ]

    def _page(self, last: object, end: object) -> list[tuple[Any, ...]]:
        return self._fetch(
            f"SELECT {_COLUMNS} WHERE messages.id > ? AND messages.id <= ? AND {self._readable} "
            "ORDER BY messages.id LIMIT ?",
            (last, end, limits.EXPORT_PAGE_MESSAGES),
        )

    def _messages(
        self,
        room: Any,
        seq: Any,
        time: Any,
        source: Any,
        text: Any,
        action: Any,
        file: Any,
        removed: Any,
    ) -> Iterator[Message]:
        """The message, if it is one."""
        if is_valid(room, seq, time, source, text, removed):
            sent = decode_file(file)
            yield Message(room, seq, time, source, text, bool(action), sent, removed or "")
        else:
            self.left_out += 1

    def _room_id(self, room: str) -> int | None:
        key = names.casefold(room).encode(errors="replace").decode()
        rows = self._fetch("SELECT id FROM rooms WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def _fetch(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        return self._read(lambda: self._connection.execute(statement, parameters).fetchall())

    def _read(self, call: Callable[[], _Result]) -> _Result:
        try:
            return call()
        except (*ERRORS, StoreFailed) as error:
            raise describe(self.path, error) from error


def _connect(path: Path) -> sqlite3.Connection:
    check_kind(path)  # to open a pipe would take for ever
    real = os.path.realpath(path)
    try:
        return _connect_with(path, f"file:{quote(real)}?mode=ro")
    except sqlite3.OperationalError:
        # SQLite has other files beside it. Where they cannot be made, nobody can write to this one.
        if os.access(path.parent, os.W_OK) or Path(f"{real}-wal").exists():
            raise
        return _connect_with(path, f"file:{quote(real)}?mode=ro&immutable=1")


def _connect_with(path: Path, uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    connection.text_factory = decode
    try:
        schema.check(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection
