"""Describes a failure of the file, in one sentence for the host."""

import errno
import os
import sqlite3
from pathlib import Path
from typing import Final

from chatd.log.engine import StoreFailed

#: What using the file may raise. Numbers that SQLite cannot take can only come from the file.
ERRORS: Final = (sqlite3.Error, OSError, OverflowError)

_FULL: Final = "The disk is full, and nothing more can be kept in {path}; free some space."
_READ_ONLY: Final = "{path} cannot be written; give this user the right to, or name another file."
_FORBIDDEN: Final = "This user may not open {path}; give it the right to, or name another file."
_DAMAGED: Final = "{path} is damaged; move it away, or put a backup in its place."
_NOT_A_DATABASE: Final = "{path} is not a file of chatd; name another one."
_VANISHED: Final = "{path} was moved, removed or replaced; put it back, or start the server again."
_BUSY: Final = "Another program has locked {path}; end that program."
_NO_OPENING: Final = "{path} cannot be opened; see whether its directory exists and is writable."
_BROKEN_DISK: Final = "{path} could not be read or written ({error}); see to the disk."
_UNKNOWN: Final = "{path} cannot be used: {error}."

#: The exact codes of SQLite first.
_BY_SQLITE_CODE: Final = {
    sqlite3.SQLITE_READONLY_DBMOVED: _VANISHED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _FORBIDDEN,
    sqlite3.SQLITE_AUTH: _FORBIDDEN,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _NOT_A_DATABASE,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CANTOPEN: _NO_OPENING,
    sqlite3.SQLITE_IOERR: _BROKEN_DISK,
}

_BY_ERRNO: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.ENOENT: _VANISHED,
    errno.EIO: _BROKEN_DISK,
}


class Damaged(StoreFailed):
    """The file's contents make no sense."""

    def __init__(self, path: Path) -> None:
        super().__init__(_DAMAGED.format(path=path))


class NotAStore(StoreFailed):
    """The file is something else."""

    def __init__(self, path: Path) -> None:
        super().__init__(_NOT_A_DATABASE.format(path=path))


class Vanished(StoreFailed):
    """The file is no longer the one that was opened."""

    def __init__(self, path: Path) -> None:
        super().__init__(_VANISHED.format(path=path))


def describe(path: Path, error: Exception) -> StoreFailed:
    """`error` of SQLite, of the operating system or of ours, as a sentence about `path`."""
    if isinstance(error, StoreFailed):
        return error
    template = _UNKNOWN
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)
        template = _BY_SQLITE_CODE.get(code) or _BY_SQLITE_CODE.get(code & 0xFF, _UNKNOWN)
    elif isinstance(error, OverflowError):
        template = _DAMAGED
    elif isinstance(error, OSError):
        template = _BY_ERRNO.get(error.errno or 0, _UNKNOWN)
        error = OSError(error.strerror or error)
    if template is _NO_OPENING and path.exists() and not os.access(path, os.W_OK):
        template = _READ_ONLY
    if template is _DAMAGED:
        return Damaged(path)
    return StoreFailed(template.format(path=path, error=str(error).rstrip(".")))
