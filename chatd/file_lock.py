"""Only one program has a file, or a folder.

The lock is SQLite's own, on an empty file: so it works on every platform, and ends with the
process, however that ends.
"""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote


class Locked(Exception):
    """The lock is held already, by this process or another one."""


class FileLock:
    """Holds the lock that the file at `path` stands for, until it is released.

    :raises Locked: if it is held already.
    :raises OSError: if the file cannot be made.
    :raises sqlite3.Error: likewise.
    """

    def __init__(self, path: Path) -> None:
        # Only ever by the one who makes it: closing a file that is locked would end the lock.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        self._connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw",
            uri=True,
            isolation_level=None,
            timeout=0,
            check_same_thread=False,
        )
        try:
            self._connection.execute("PRAGMA journal_mode = MEMORY")  # or there is a third file
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._connection.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise Locked from None
            raise

    def release(self) -> None:
        """Let another program have it."""
        self._connection.close()
