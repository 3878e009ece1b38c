"""One SQLite file, opened for writing: its settings, its transactions, and whether it is there.

Everything here is called in the thread that opened it.
"""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from chatd.log.engine import StoreFailed
from chatd.store import schema
from chatd.store.failures import Damaged, NotAStore, Vanished
from chatd.store.lock import Lock

#: Makes a connection, as :func:`sqlite3.connect` does.
Connect = Callable[..., sqlite3.Connection]

#: How long another program may have the file locked.
_LOCKED_SECONDS: Final = 2.0
#: The smallest page of SQLite.
_PAGE_BYTES: Final = 512
#: A longer write-ahead log is cut to this size when it is begun again.
_LOG_BYTES: Final = 16 * 2**20


class Database:
    """The file at `path`, made if there is none, and locked.

    :param sync: ``normal``, or ``full``: what is committed survives a power failure.
    :param is_suspect: whether to read the whole file, and refuse it if it is damaged.
    :raises StoreFailed: if it cannot be used.
    :raises sqlite3.Error: likewise.
    :raises OSError: likewise.
    """

    def __init__(self, path: Path, connect: Connect, sync: str, *, is_suspect: bool) -> None:
        check_kind(path)
        self.path = path
        real = Path(os.path.realpath(path))
        self._lock = Lock(real)
        self._connection: sqlite3.Connection | None = None
        try:
            with suppress(FileExistsError):
                os.close(os.open(real, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            self._files = (path, real.with_name(real.name + "-wal"), Path(f"{real}-shm"))
            _make_private(self._files)
            self._connection = connect(
                f"file:{quote(str(real))}?mode=rw",
                uri=True,
                isolation_level=None,
                timeout=_LOCKED_SECONDS,
            )
            self._connection.text_factory = decode
            schema.migrate(self._connection, path)
            self._set_up(sync, is_suspect)
            self._identities = [_identity(file) for file in self._files]
        except BaseException:
            self.close()
            raise

    def execute(self, statement: str, parameters: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Execute one statement."""
        return self._connected.execute(statement, parameters)

    def execute_many(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Execute one statement for each of `rows`."""
        self._connected.executemany(statement, rows)

    def number(self, statement: str, parameters: tuple[Any, ...] = ()) -> int:
        """The whole number that `statement` selects; 0 if there is none."""
        row = self.execute(statement, parameters).fetchone()
        return row[0] if row and isinstance(row[0], int) else 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done within, or nothing of it.

        :raises Vanished: if the file is no longer at its path: what was committed is lost.
        """
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self.execute("ROLLBACK")
            raise
        self.check_presence()

    @contextmanager
    def lazy_transaction(self) -> Iterator[None]:
        """Like :meth:`transaction`, for what may be undone by a power failure."""
        self.execute("PRAGMA synchronous = NORMAL")
        try:
            with self.transaction():
                yield
        finally:
            self.execute(f"PRAGMA synchronous = {self._sync}")

    def check_presence(self) -> None:
        """Check that the files are those that were opened.

        :raises Vanished: if one of them was moved, removed or replaced.
        """
        if [_identity(file) for file in self._files] != self._identities:
            raise Vanished(self.path)

    def empty_write_ahead_log(self) -> bool:
        """Move all of the write-ahead log into the file; return False if a reader hinders that."""
        self.execute("PRAGMA busy_timeout = 0")
        try:
            return not self.number("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self.execute(f"PRAGMA busy_timeout = {int(_LOCKED_SECONDS * 1_000)}")

    def used_bytes(self) -> int:
        """The size of the file without its free pages."""
        pages = self.number("PRAGMA page_count") - self.free_pages()
        return pages * self.number("PRAGMA page_size")

    def free_pages(self) -> int:
        """The pages of the file that are not used."""
        return self.number("PRAGMA freelist_count")

    def close(self) -> None:
        """Close the file, and let another server have it."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        self._lock.release()

    @property
    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreFailed(f"{self.path} is closed.")
        return self._connection

    def _set_up(self, sync: str, is_suspect: bool) -> None:
        if is_suspect and self.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise Damaged(self.path)
        if self.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise StoreFailed(
                f"{self.path} is on a file system without shared memory; name a file on a disk "
                "of this machine."
            )
        self._sync = sync.upper()
        for setting, value in {
            "synchronous": self._sync,
            "secure_delete": "ON",
            "temp_store": "MEMORY",  # a temporary file would have private texts, too
            "journal_size_limit": _LOG_BYTES,
        }.items():
            # One row or none: a statement that is not read to its end would hold the file.
            self.execute(f"PRAGMA {setting} = {value}").fetchall()
        # Whether it can be written is known now, and its other files are there.
        self.execute("UPDATE numbers SET value = value + 1 WHERE name = 'opened'")


def decode(text: bytes) -> str:
    """A text of the file, whatever somebody may have put there."""
    return text.decode(errors="replace")


def check_kind(path: Path) -> None:
    """Check that `path` is a file, or may become one.

    :raises StoreFailed: if it is not.
    :raises OSError: if that cannot be seen.
    """
    if not path.parent.is_dir():
        raise StoreFailed(f"There is no directory {path.parent}; make it, or name another file.")
    try:
        status = path.stat()
    except FileNotFoundError:
        return
    mode = status.st_mode
    if stat.S_ISDIR(mode):
        raise StoreFailed(f"{path} is a directory; name a file.")
    if not stat.S_ISREG(mode):
        raise StoreFailed(f"{path} is not a regular file; name another one.")
    if 0 < status.st_size < _PAGE_BYTES:  # SQLite would take it for an empty file
        raise NotAStore(path)


def _make_private(files: tuple[Path, ...]) -> None:
    for file in files:
        with suppress(OSError):  # there is none, or it belongs to somebody else
            if stat.S_IMODE(file.stat().st_mode) & 0o077:
                file.chmod(0o600)


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
