"""The messages of the SQLite file, read in threads of their own: no search delays a commit.

Only valid messages come out of it, also when somebody has changed the file by hand.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from twisted.internet.defer import Deferred

from chatd.chat import limits, names
from chatd.chat import search_words as words
from chatd.chat.commands import Place, ReadMessages, Search
from chatd.chat.events import Message, SearchResult
from chatd.chat.reading import bounded
from chatd.log.engine import StoreFailed
from chatd.log.validity import is_valid
from chatd.store import schema
from chatd.store.database import check_kind, decode
from chatd.store.failures import ERRORS, Vanished, describe
from chatd.store.messages import PARTITION_MESSAGES, decode_file, partitions
from chatd.store.worker import Worker

_Result = TypeVar("_Result")

#: The most messages that ``last`` and ``after`` fire with: one more than are in a reply, which
#: shows whether there are others.
READ_MESSAGES: Final = limits.HISTORY_MESSAGES + 1

_COLUMNS: Final = (
    "messages.id, coalesce(messages.name, rooms.name), seq, time, source, text, action, file, "
    "removed FROM messages JOIN rooms ON rooms.id = messages.room "
)
#: Larger than any id.
_END: Final = 2**63 - 1


class SQLiteArchive:
    """The messages in the file at `path`, of a server that runs or does not.

    Searches have a thread of their own: no history waits for them.
    """

    def __init__(self, path: Path, reactor: Any) -> None:
        self._histories = _Reader(path, Worker(reactor, "archive"))
        self._searches = _Reader(path, Worker(reactor, "search"))

    def last(
        self,
        room: str,
        limit: int,
        before: int | None = None,
        lives: frozenset[int] = frozenset(),
    ) -> Deferred[tuple[Message, ...]]:
        """See :class:`~chatd.log.engine.Archive`."""
        return self._histories.call(
            lambda connection: tuple(
                reversed(
                    _messages(
                        connection,
                        f"WHERE rooms.key = ? AND seq < ? AND {_readable(lives)} "
                        "ORDER BY seq DESC LIMIT ?",
                        (_key(room), _bounded(before, _END), *lives, _page(limit)),
                    )
                )
            )
        )

    def after(
        self, room: str, seq: int, limit: int, lives: frozenset[int] = frozenset()
    ) -> Deferred[tuple[Message, ...]]:
        """See :class:`~chatd.log.engine.Archive`."""
        return self._histories.call(
            lambda connection: tuple(
                _messages(
                    connection,
                    f"WHERE rooms.key = ? AND seq > ? AND {_readable(lives)} ORDER BY seq LIMIT ?",
                    (_key(room), _bounded(seq, 0), *lives, _page(limit)),
                )
            )
        )

    def between(
        self, query: ReadMessages, lives: frozenset[int] = frozenset()
    ) -> Deferred[tuple[Message, ...]]:
        """See :class:`~chatd.log.engine.Archive`."""
        return self._histories.call(lambda connection: _between(connection, query, lives))

    def search(self, query: Search, lives: frozenset[int] = frozenset()) -> Deferred[SearchResult]:
        """See :class:`~chatd.log.engine.Archive`."""
        return self._searches.call(lambda connection: _search(connection, query, lives))

    def close(self) -> Deferred[None]:
        """Close the file and end the threads; the next call opens it again."""
        return self._histories.close().addCallback(lambda _: self._searches.close())


class _Reader:
    """A connection to the file at `path`, used in the thread of `worker`."""

    def __init__(self, path: Path, worker: Worker) -> None:
        self._path = path
        self._worker = worker
        self._connection: sqlite3.Connection | None = None
        self._identity = (0, 0)

    def call(self, call: Callable[[sqlite3.Connection], _Result]) -> Deferred[_Result]:
        """Fire with the result of `call`, of one state of the file.

        The Deferred fails with :exc:`StoreFailed` if it cannot be read; the next call tries again.
        """
        return self._worker.call(lambda: self._read(call))

    def close(self) -> Deferred[None]:
        """Close the file and end the thread; the next call opens it again."""
        return self._worker.call(self._close).addCallback(lambda _: self._worker.stop())

    # --- in the thread ---------------------------------------------------------------------------

    def _read(self, call: Callable[[sqlite3.Connection], _Result]) -> _Result:
        try:
            with _transaction(self._connected()) as connection:
                return call(connection)
        except (*ERRORS, StoreFailed) as error:
            self._close()
            raise describe(self._path, error) from error

    def _connected(self) -> sqlite3.Connection:
        """The connection, to the file that is at the path now."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._close()
            raise Vanished(self._path) from None
        identity = (status.st_dev, status.st_ino)
        if self._connection is not None and identity != self._identity:
            self._close()
        if self._connection is None:
            check_kind(self._path)  # to open a pipe would take for ever
            real = os.path.realpath(self._path)
            connection = sqlite3.connect(
                f"file:{quote(real)}?mode=ro", uri=True, isolation_level=None
            )
            connection.text_factory = decode
            try:
                schema.check(connection, self._path)
            except BaseException:
                connection.close()
                raise
            self._connection, self._identity = connection, identity
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("ROLLBACK")


def _key(name: str) -> str:
    """The form in which names are compared, as one that SQLite can compare."""
    return names.casefold(name).encode(errors="replace").decode()


def _page(limit: int) -> int:
    return max(0, min(limit, READ_MESSAGES))


def _bounded(number: int | None, default: int) -> int:
    """`number` as one that SQLite can compare."""
    return default if number is None else max(-_END, min(number, _END))


def _readable(lives: frozenset[int]) -> str:
    """The condition that a message is not of a private life, or of one of `lives`."""
    own = ", ".join("?" * len(lives))
    return f"(life NOT IN (SELECT life FROM private_lives) OR life IN ({own}))"  # noqa: S608 (?)


def _messages(
    connection: sqlite3.Connection, condition: str, parameters: tuple[Any, ...]
) -> list[Message]:
    rows = connection.execute(f"SELECT {_COLUMNS} {condition}", parameters)
    return [message for _, message in _valid(rows)]


def _valid(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[int, Message]]:
    """Each valid message with its id."""
    for message_id, room, seq, time, source, text, action, file, removed in rows:
        if is_valid(room, seq, time, source, text, removed):
            yield (
                message_id,
                Message(
                    *(room, seq, time, source, text, bool(action)),
                    decode_file(file),
                    removed or "",
                ),
            )


def _between(
    connection: sqlite3.Connection, query: ReadMessages, lives: frozenset[int]
) -> tuple[Message, ...]:
    """The messages between two places; their numbers are found first, as times have no index."""
    key = _key(query.room)
    room = connection.execute("SELECT id FROM rooms WHERE key = ?", (key,)).fetchone()
    if room is None:
        return ()
    first, end = 0, _END
    if query.after is not None:
        first = _number_from(connection, room[0], Place(query.after.time, query.after.seq + 1))
    if query.before is not None:
        end = _number_from(connection, room[0], query.before)
    order = "" if query.oldest else "DESC"
    found = _messages(
        connection,
        f"WHERE rooms.key = ? AND seq >= ? AND seq < ? AND removed IS NULL AND {_readable(lives)} "
        f"ORDER BY seq {order} LIMIT ?",
        (key, first, end, *lives, bounded(query.limit)),
    )
    return tuple(found if query.oldest else reversed(found))


def _number_from(connection: sqlite3.Connection, room: int, place: Place) -> int:
    """The lowest number of a message of `room` that is at `place` or after it."""
    time = _bounded(place.time, 0)
    first = _first_number_since(connection, room, time)
    end = _first_number_since(connection, room, time + 1)
    return min(max(_bounded(place.seq, 0), first), end)


def _search(connection: sqlite3.Connection, query: Search, lives: frozenset[int]) -> SearchResult:
    """A page of what was found.

    :raises BadSearch: if the query is too long or has nothing to search for.
    """
    phrases = words.parse_search(query)
    limit = max(1, min(query.limit, limits.SEARCH_REPLY_MESSAGES))
    found = []
    for each in _find(connection, query, phrases, lives, limit + 1):
        found.append(each)
        if len(found) > limit:
            return _result(found).first(limit)
    return _result(found)


def _result(found: list[tuple[int, Message]]) -> SearchResult:
    return SearchResult(
        tuple(message for _, message in found), None, tuple(message_id for message_id, _ in found)
    )


def _find(
    connection: sqlite3.Connection,
    query: Search,
    phrases: tuple[words.Phrase, ...],
    lives: frozenset[int],
    wanted: int,
) -> Iterator[tuple[int, Message]]:
    """What `query` finds, newest first, in the index and in what is not in it yet."""
    room_id = None
    if query.room is not None:
        room = connection.execute(
            "SELECT id FROM rooms WHERE key = ?", (_key(query.room),)
        ).fetchone()
        if room is None:
            return
        room_id = room[0]
    source = None if query.source is None else _key(query.source)
    before = _bounded(query.before, _END)
    since = _bounded(query.since, 0)
    first = _first_since(connection, since)
    indexed = _number(connection, "SELECT max(value) FROM numbers WHERE name = 'indexed'")
    yield from _find_unindexed(
        *(connection, phrases, room_id, source, lives),
        (max(indexed + 1, first), before, since),
    )
    expression = " AND ".join(
        [phrase.expression for phrase in phrases]
        + ([] if room_id is None else [f'"{words.room_tag(room_id)}"'])
        + ([] if source is None else [f'"{words.source_tag(source)}"'])
    )
    for number in reversed(partitions(connection.execute)):
        if number * PARTITION_MESSAGES < before and (number + 1) * PARTITION_MESSAGES > first:
            table = f"search_{number}"
            yield from _valid(
                connection.execute(
                    f"SELECT {_COLUMNS} JOIN {table} ON {table}.rowid = messages.id "
                    f"WHERE {table} MATCH ? AND {table}.rowid < ? AND {table}.rowid >= ? "
                    f"AND time >= ? AND {_readable(lives)} ORDER BY {table}.rowid DESC LIMIT ?",
                    (expression, before, first, since, *lives, wanted),
                )
            )


def _find_unindexed(
    connection: sqlite3.Connection,
    phrases: tuple[words.Phrase, ...],
    room_id: int | None,
    source: str | None,
    lives: frozenset[int],
    bounds: tuple[int, int, int],
) -> Iterator[tuple[int, Message]]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} WHERE messages.id >= ? AND messages.id < ? AND time >= ? "
        f"AND coalesce(messages.room = ?, 1) AND removed IS NULL AND {_readable(lives)} "
        "ORDER BY messages.id DESC",
        (*bounds, room_id, *lives),
    )
    for message_id, message in _valid(rows):
        is_from = source is None or names.casefold(message.source) == source
        if is_from and words.matches(phrases, message.text):
            yield message_id, message


def _first_since(connection: sqlite3.Connection, since: int) -> int:
    """The id of the first message that is not older than `since`."""
    low = _number(connection, "SELECT min(id) FROM messages")
    high = _number(connection, "SELECT max(id) FROM messages")
    if since <= 0:
        return low
    statement = "SELECT id, time < ? FROM messages WHERE id >= ? ORDER BY id LIMIT 1"
    return _halved(
        low, high + 1, lambda middle: connection.execute(statement, (since, middle)).fetchone()
    )


def _first_number_since(connection: sqlite3.Connection, room: int, since: int) -> int:
    """The number of the first message of `room` that is not older than `since`.

    One more than the last number, if there is none.
    """
    low = _number(connection, "SELECT min(seq) FROM messages WHERE room = ?", (room,))
    high = _number(connection, "SELECT max(seq) FROM messages WHERE room = ?", (room,))
    statement = (
        "SELECT seq, time < ? FROM messages WHERE room = ? AND seq >= ? ORDER BY seq LIMIT 1"
    )
    return _halved(
        low,
        high + 1,
        lambda middle: connection.execute(statement, (since, room, middle)).fetchone(),
    )


def _halved(low: int, end: int, look: Callable[[int], Any]) -> int:
    """The first number from `low` to `end` that is not of an older message.

    Times grow with the numbers, so that half of those in question fall away with each look.

    :param look: returns, of the first message from that number on, the number, and whether it is
        older; or nothing.
    """
    while low < end:
        middle = (low + end) // 2
        row = look(middle)
        if row and row[1] and isinstance(row[0], int):
            low = row[0] + 1
        else:
            end = middle
    return low


def _number(
    connection: sqlite3.Connection, statement: str, parameters: tuple[int, ...] = ()
) -> int:
    """The whole number that `statement` selects; 0 if there is none."""
    found = connection.execute(statement, parameters).fetchone()[0]
    return found if isinstance(found, int) else 0
