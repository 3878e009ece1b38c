"""Only one server has a file.

The lock is SQLite's own, on an empty file beside it: so it works on every platform, and ends with
the process, however that ends.
"""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from chatd.log.engine import StoreInUse


class Lock:
    """Holds the lock of the file at `path` until it is released.

    :raises StoreInUse: if it is held already, by this process or another one.
    :raises OSError: if the file beside it cannot be made.
    :raises sqlite3.Error: likewise.
    """

    def __init__(self, path: Path) -> None:
        beside = path.with_name(path.name + "-lock")
        # Only ever by the one who makes it: closing a file that is locked would end the lock.
        with suppress(FileExistsError):
            os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        self._connection = sqlite3.connect(
            f"file:{quote(str(beside))}?mode=rw", uri=True, isolation_level=None, timeout=0
        )
        try:
            self._connection.execute("PRAGMA journal_mode = MEMORY")  # or there is a third file
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._connection.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise StoreInUse(
                    f"Another server keeps its chat in {path}; name another file with --store."
                ) from None
            raise

    def release(self) -> None:
        """Let another server have the file."""
        self._connection.close()


def check_unused(path: Path) -> None:
    """Check that no server has the file at `path`. One that cannot be used otherwise may pass.

    :raises StoreInUse: if a server has it.
    """
    with suppress(OSError, sqlite3.Error):
        if path.is_file():
            Lock(Path(os.path.realpath(path))).release()
