"""Taking messages out of the search index, so that no word of them is left in the files.

A table of full-text search only notes that a row is deleted. Its words leave the file when the
parts of the table are merged, which takes a while, and is done in steps.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from chatd.store.database import Database

#: The table ``numbers`` has an entry with this name for each table that has such words: how many
#: rows were deleted.
_UNCLEAN: Final = "unclean "
#: The pages that one step merges.
_MERGED_PAGES: Final = 64
#: Pause before the write-ahead log is tried again, after a reader hindered that.
_READER_SECONDS: Final = 0.01


def is_broken(error: sqlite3.DatabaseError) -> bool:
    """Whether `error` may be of a damaged table of the index, or of one that is not there."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR)


def remove_row(database: Database, table: str, message_id: int, words: str) -> None:
    """Find a message no more; within a transaction.

    :param words: what was indexed of it.
    """
    try:
        database.execute(
            f"INSERT INTO {table} ({table}, rowid, words) VALUES ('delete', ?, ?)",  # noqa: S608
            (message_id, words),
        )
    except sqlite3.DatabaseError as error:
        _drop_broken(database, table, error)
    database.execute(
        "INSERT INTO numbers VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
        (_UNCLEAN + table,),
    )


def clean(database: Database) -> Iterator[float]:
    """Leave no word of the removed messages in the files; each step takes little time."""
    unclean = database.execute(
        "SELECT name, value FROM numbers WHERE name GLOB ?", (f"{_UNCLEAN}*",)
    ).fetchall()
    for name, deleted in unclean:
        yield from _merge(database, name.removeprefix(_UNCLEAN))
        with database.lazy_transaction():
            # More may have been deleted between two steps: that is left to the next cleaning.
            database.execute("DELETE FROM numbers WHERE name = ? AND value = ?", (name, deleted))
        yield 0
    while not database.empty_write_ahead_log():
        yield _READER_SECONDS


def _merge(database: Database, table: str) -> Iterator[float]:
    """Merge all parts of a table into one."""
    pages = -_MERGED_PAGES  # negative: the parts that are there are one level from now on
    changes = 2
    while changes >= 2:  # as SQLite's documentation has it: with fewer, nothing was left to do
        before = database.number("SELECT total_changes()")
        try:
            with database.lazy_transaction():
                database.execute(
                    f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)",  # noqa: S608
                    (pages,),
                )
        except sqlite3.DatabaseError as error:
            with database.lazy_transaction():
                _drop_broken(database, table, error)
            return
        changes = database.number("SELECT total_changes()") - before
        pages = _MERGED_PAGES
        yield 0


def _drop_broken(database: Database, table: str, error: sqlite3.DatabaseError) -> None:
    """Drop a table after `error`: what was removed is worth more than the search.

    :raises sqlite3.DatabaseError: if the error is another one.
    """
    if not is_broken(error):
        raise error
    with suppress(sqlite3.DatabaseError):
        database.execute(f"DROP TABLE IF EXISTS {table}")
