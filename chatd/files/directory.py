"""The folder with the files: what is on the disk. All calls here may block.

Each file has its content in ``ID.data`` and what is known of it in ``ID.json``. Either is written
under another name, ``ID.part`` or ``ID.new``, and renamed when it is complete: a crash leaves
nothing half, and the next start removes what it has left. Other files in the folder are nobody's
business here.
"""

import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from chatd.chat import limits
from chatd.chat.events import File
from chatd.chat.file_errors import DiskFull
from chatd.file_lock import FileLock, Locked

#: The names of the files here: an id that the server has made, and what it is.
_NAME: Final = re.compile(r"(?P<id>[A-Za-z0-9_-]{16,64})\.(?P<kind>data|json|part|new)", re.ASCII)
#: The file in the folder that stands for its lock.
LOCK: Final = "lock"
#: A longer record was not written by a server.
_MAX_RECORD_BYTES: Final = 4_096

#: Only whoever runs the server reads them; a link that somebody has put here is not followed.
_MODE: Final = 0o600
_NEW: Final = (
    os.O_CREAT | os.O_TRUNC | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
)
_READ: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """The record of a file that is kept: who sent it, where and when.

    :ivar time: when it was sent, in milliseconds since 1970.
    :ivar sender: the casefolded nickname of whoever has sent it.
    :ivar room: the room of its message; empty if it was sent in private.
    :ivar seq: the number of its message; 0 if that is not known, as the server has crashed.
    """

    file: File
    time: int
    sender: str
    room: str = ""
    seq: int = 0


class Directory:
    """The folder at `path`, which only one server has at a time.

    :param path: None for a temporary folder, which is removed when it is closed.
    :param may_be_temporary: whether a temporary folder takes its place if another server has it.
    """

    def __init__(self, path: Path | None, *, may_be_temporary: bool = False) -> None:
        self._path = path
        self._may_be_temporary = may_be_temporary
        self._is_temporary = path is None
        self._lock: FileLock | None = None
        # Files begin on several threads; the lock would be found taken by the thread beside.
        self._making = threading.Lock()

    def open(self) -> list[Record]:
        """Make the folder, lock it, and return what is kept there, the oldest first.

        What is not complete is removed.

        :raises chatd.file_lock.Locked: if another server has the folder.
        :raises OSError: if it cannot be used.
        :raises sqlite3.Error: likewise.
        """
        try:
            self._make_and_lock()
        except Locked:
            if not self._may_be_temporary:
                raise
            self._is_temporary = True
            self._make_and_lock()
        found: dict[str, set[str]] = {}
        for name, kind in self._names():
            found.setdefault(name, set()).add(kind)
        records = []
        for file_id, kinds in found.items():
            record = self._read_record(file_id) if {"data", "json"} <= kinds else None
            if record is not None:
                records.append(record)
            for kind in kinds - ({"data", "json"} if record else set()):
                self._unlink(file_id, kind)
        return sorted(records, key=lambda each: (each.time, each.seq))

    def close(self) -> None:
        """Let another server have the folder, or remove it if it was a temporary one."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
            if self._is_temporary:
                shutil.rmtree(self.path, ignore_errors=True)

    @property
    def path(self) -> Path:
        """The folder, as far as it is known."""
        return self._path or Path(tempfile.gettempdir())

    def create(self, file_id: str, size: int) -> int:
        """A file descriptor to write the content to, of so many bytes.

        A folder that somebody has deleted is made again.

        :raises DiskFull: if there is no room for it.
        :raises OSError: if it cannot be made, and so on, as by :meth:`open`.
        """
        self._make_and_lock()
        if shutil.disk_usage(self.path).free < size + limits.FREE_DISK_BYTES:
            raise DiskFull
        return os.open(self._file(file_id, "part"), _NEW, _MODE)

    def keep(self, record: Record) -> None:
        """The content is complete: keep it, with `record`.

        :raises OSError: if that is not possible.
        """
        self._file(record.file.id, "part").replace(self._file(record.file.id, "data"))
        self.write(record)

    def write(self, record: Record) -> None:
        """Write `record`, perhaps in the place of another one.

        :raises OSError: if that is not possible.
        """
        new = self._file(record.file.id, "new")
        descriptor = os.open(new, _NEW, _MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(record))
        new.replace(self._file(record.file.id, "json"))

    def open_content(self, file_id: str) -> int:
        """A file descriptor to read the content from.

        :raises OSError: if it is not there, or cannot be read.
        """
        return os.open(self._file(file_id, "data"), _READ)

    def remove(self, file_id: str) -> None:
        """Remove the file, as far as it is there.

        :raises OSError: if that is not possible.
        """
        # The record first: what is left after a crash is not complete, and goes at the next start.
        for kind in ("json", "new", "data", "part"):
            self._file(file_id, kind).unlink(missing_ok=True)

    def _make_and_lock(self) -> None:
        """Make the folder and take its lock, where that is not done, or somebody has deleted it."""
        with self._making:
            if self._lock is not None:
                if (self.path / LOCK).exists():
                    return
                self._lock.release()
                self._lock = None
            if self._is_temporary:
                self._path = Path(tempfile.mkdtemp(prefix="chatd-files-"))
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = FileLock(self.path / LOCK)

    def _names(self) -> Iterator[tuple[str, str]]:
        with os.scandir(self.path) as entries:
            for entry in entries:
                match = _NAME.fullmatch(entry.name)
                if match and entry.is_file(follow_symlinks=False):
                    yield match["id"], match["kind"]

    def _read_record(self, file_id: str) -> Record | None:
        """The record of a file; None if it is unreadable, or does not fit the content."""
        with suppress(OSError, msgspec.DecodeError):
            descriptor = os.open(self._file(file_id, "json"), _READ)
            with os.fdopen(descriptor, "rb") as file:
                record = msgspec.json.decode(file.read(_MAX_RECORD_BYTES), type=Record)
            size = self._file(file_id, "data").lstat().st_size
            if (record.file.id, record.file.bytes) == (file_id, size):
                return record
        return None

    def _file(self, file_id: str, kind: str) -> Path:
        return self.path / f"{file_id}.{kind}"

    def _unlink(self, file_id: str, kind: str) -> None:
        with suppress(OSError):
            self._file(file_id, kind).unlink()
