"""Only one server has a file: it holds a lock beside it."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from chatd.file_lock import FileLock, Locked
from chatd.log.engine import StoreInUse


class Lock:
    """Holds the lock of the file at `path` until it is released.

    :raises StoreInUse: if it is held already, by this process or another one.
    :raises OSError: if the file beside it cannot be made.
    :raises sqlite3.Error: likewise.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._lock = FileLock(path.with_name(path.name + "-lock"))
        except Locked:
            raise StoreInUse(
                f"Another server keeps its chat in {path}; name another file with --store."
            ) from None

    def release(self) -> None:
        """Let another server have the file."""
        self._lock.release()


def check_unused(path: Path) -> None:
    """Check that no server has the file at `path`. One that cannot be used otherwise may pass.

    :raises StoreInUse: if a server has it.
    """
    with suppress(OSError, sqlite3.Error):
        if path.is_file():
            Lock(Path(os.path.realpath(path))).release()
