"""The tables of a store, and how an older file becomes one of this version.

The version is SQLite's ``user_version``; ``application_id`` tells such a file from others. A change
of the tables is one more migration, with a file of the version before it in
``tests/store/fixtures``. A migration that has been released never changes.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chatd.log.engine import StoreFailed

#: "chat" in ASCII.
APPLICATION_ID: Final = 0x63686174

#: What makes a file of version 1 of an empty one, then one of version 2 of that, and so on.
#:
#: ``entries`` is the journal. ``snapshots`` lists those that are complete; ``parts`` are also there
#: of one that is being written. ``checksum`` is CRC-32. ``numbers`` has: ``trimmed``, the last
#: position that was forgotten; ``indexed``, the last message in the tables ``search_0``,
#: ``search_1`` …; ``deleted``, the last message that was deleted; ``opened``, how often the file
#: was opened; ``believed`` and ``doubted``, what is known of the clock (``retention.py``). A
#: message's ``id`` is never used again. ``name`` is the room's name where it differs from that in
#: ``rooms``, as in another life. ``action`` is 1 if the text is what the sender does, ``file`` the
#: file that was sent, in JSON, ``removed`` the nickname of who has removed the text and the file.
#: ``private_lives`` has those lives of rooms that were for their members alone.
MIGRATIONS: Final[Sequence[str]] = (
    """
    CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO numbers VALUES ('trimmed', 0), ('indexed', 0), ('deleted', 0), ('opened', 0);
    CREATE TABLE entries (
        position INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, checksum INTEGER NOT NULL,
        data BLOB NOT NULL
    );
    CREATE TABLE snapshots (
        id INTEGER PRIMARY KEY, position INTEGER NOT NULL, checksum INTEGER NOT NULL
    );
    CREATE TABLE parts (
        snapshot INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL,
        UNIQUE (snapshot, part)
    );
    CREATE TABLE rooms (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY, room INTEGER NOT NULL, seq INTEGER NOT NULL, life INTEGER NOT NULL,
        name TEXT, time INTEGER NOT NULL, source TEXT NOT NULL, text TEXT NOT NULL
    );
    CREATE UNIQUE INDEX messages_by_number ON messages (room, seq)
    """,
    "ALTER TABLE messages ADD COLUMN action INTEGER NOT NULL DEFAULT 0",
    """
    ALTER TABLE messages ADD COLUMN file TEXT;
    ALTER TABLE messages ADD COLUMN removed TEXT;
    CREATE TABLE private_lives (life INTEGER PRIMARY KEY, room INTEGER NOT NULL)
    """,
)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Make the file one of this version.

    :raises StoreFailed: if it is another program's, or of a newer version.
    """
    version, tables = _check(connection, path, len(MIGRATIONS))
    if not tables:
        # Of an empty file only.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    for number, migration in enumerate(MIGRATIONS[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for statement in migration.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Check that the file can be read by this version.

    :raises StoreFailed: if it cannot.
    """
    version, tables = _check(connection, path, len(MIGRATIONS))
    if not tables:
        raise StoreFailed(f"There is no chat in {path}.")
    if version != len(MIGRATIONS):
        raise StoreFailed(
            f"{path} was written by an older chatd; start a server with it once, then try again."
        )


def _check(connection: sqlite3.Connection, path: Path, newest: int) -> tuple[int, int]:
    """The version of the file, and how many tables it has.

    :raises StoreFailed: if it is another program's, or newer than `newest`.
    """
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    is_empty = not application and not version and not tables
    if application != APPLICATION_ID and not is_empty:
        raise StoreFailed(f"{path} is a database of another program; name another file.")
    if version > newest:
        raise StoreFailed(
            f"{path} was written by a newer chatd (format {version}, this one knows {newest}); "
            "use that one, or name another file with --store."
        )
    return version, tables
