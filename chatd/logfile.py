"""A log file rotated by time or size.

``chat.log.1`` is the newest of the old files, ``chat.log.2`` the one before it. An error in writing
or rotating is never raised, as a full disk must not stop the server. It is reported on standard
error, once until a new file could be opened again. Writing may take as long as the disk takes: a
:class:`~chatd.background_writer.BackgroundWriter` does it.
"""

import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Final

from chatd import stderr

#: How many old files are kept by default.
KEEP_FILES: Final = 7

_DAY_SECONDS: Final = 86_400
_SECONDS: Final = {"m": 60, "h": 3_600, "d": _DAY_SECONDS}
#: Where an entry of the log begins: its further lines begin with a tab (see ``chatd.logs``).
_ENTRY_START: Final = re.compile(rb"(?<=\n)(?!\t)")
_BYTES: Final = {"K": 2**10, "M": 2**20, "G": 2**30}


@dataclass(frozen=True, slots=True)
class Interval:
    """Rotate at every multiple of `seconds` of wall-clock time, shifted by `offset` seconds.

    Multiples are counted from a midnight at the start of a Monday: with six hours, files end at 0,
    6, 12 and 18 o'clock.
    """

    seconds: int
    offset: int = 0

    def period(self, moment: datetime) -> int:
        """The number of the interval that `moment` is in."""
        days = moment.toordinal() - 1  # the first of January of the year 1 was a Monday
        seconds = (days * 24 + moment.hour) * 3_600 + moment.minute * 60 + moment.second
        return (seconds - self.offset) // self.seconds


@dataclass(frozen=True, slots=True)
class MaxSize:
    """Rotate before the file would exceed `max_bytes`."""

    max_bytes: int


Rotation = Interval | MaxSize


def parse_rotation(value: str) -> Rotation:
    """Parse ``midnight``, ``W0`` to ``W6``, a time such as ``30m``, or a size such as ``10M``.

    :raises ValueError: if it is none of these.
    """
    if value == "midnight":
        return Interval(_DAY_SECONDS)
    if weekday := re.fullmatch("W([0-6])", value):
        return Interval(7 * _DAY_SECONDS, int(weekday[1]) * _DAY_SECONDS)
    if amount := re.fullmatch("0*([1-9][0-9]{0,5})([mhdKMG])", value):
        number, unit = int(amount[1]), amount[2]
        return (
            Interval(number * _SECONDS[unit])
            if unit in _SECONDS
            else MaxSize(number * _BYTES[unit])
        )
    raise ValueError(
        "must be midnight, a weekday W0 (Monday) to W6, an interval such as 30m, 6h or 7d, or a "
        "size such as 500K, 10M or 1G"
    )


class LogFile:
    """A file to append to, rotated when it is due.

    :param rotate: when to rotate; never by default.
    :param keep: how many old files to keep, at least one.
    :param utc: whether the times of rotation are in UTC, and not in local time.
    :param now: returns the time in seconds since 1970.
    :param notify: called with a sentence when the file cannot be written or rotated.
    :raises OSError: if the file cannot be opened.
    :raises ValueError: if it is to be rotated and is not a regular file.
    """

    def __init__(
        self,
        path: Path,
        rotate: Rotation | None = None,
        keep: int = KEEP_FILES,
        *,
        utc: bool = False,
        now: Callable[[], float] = time.time,
        notify: Callable[[str], None] = stderr.write_line,
    ) -> None:
        self._path = path.absolute()  # a daemon changes its working directory
        self._rotation = rotate
        self._keep = keep
        self._zone = UTC if utc else None
        self._now = now
        self._notify = notify
        self._reported: set[str] = set()
        self._needs_newline = False
        # Not buffered: a line that could not be written must not wait and be written twice.
        self._file = self._open()
        status = os.fstat(self._file.fileno())
        if rotate is not None and not stat.S_ISREG(status.st_mode):
            self._file.close()
            raise ValueError("is not a regular file, so it cannot be rotated")
        self._size = status.st_size
        self._is_regular = stat.S_ISREG(status.st_mode)
        self._identity = (status.st_dev, status.st_ino)
        # The file belongs to the interval in which it was last written, even by an earlier run: the
        # first line of today rotates a file of yesterday.
        self._last_period = self._period(status.st_mtime)

    def write(self, text: str) -> int:
        """Append whole lines, after rotating the file if that is due.

        :return: how many of the lines were lost.
        """
        return sum(map(self._write_part, self._parts(text.encode("utf-8", "backslashreplace"))))

    def _parts(self, data: bytes) -> Iterator[bytes]:
        """The parts of `data` that go into one file each; an entry is never cut.

        Each part must be written before the next one is asked for.
        """
        if not isinstance(self._rotation, MaxSize):
            yield data
            return
        part = b""
        for entry in _ENTRY_START.split(data):
            if part and self._size + len(part) + len(entry) > self._rotation.max_bytes:
                yield part
                part = b""
            part += entry
        if part:
            yield part

    def _write_part(self, data: bytes) -> int:
        if self._is_due(len(data)):
            self._reopen(self._rotate_and_open)
        elif self._is_regular and self._is_gone():
            self._reopen(self._open)
        written = 0
        try:
            if self._needs_newline:  # a full disk cut the last line
                self._size += self._file.write(b"\n") or 0
                self._needs_newline = False
            while written < len(data):
                written += self._file.write(data[written:]) or 0
        except OSError as error:
            self._report_once("cannot be written", error)
        self._size += written
        if written:
            self._needs_newline = written < len(data)
        return data.count(b"\n", written)

    def close(self) -> None:
        """Close the file. Nothing can be written afterwards."""
        self._file.close()

    def _is_due(self, more: int) -> bool:
        """Whether to rotate before `more` bytes are written. An empty file is never rotated."""
        if isinstance(self._rotation, MaxSize):
            return self._size > 0 and self._size + more > self._rotation.max_bytes
        last_period, self._last_period = self._last_period, self._period(self._now())
        return self._size > 0 and last_period < self._last_period

    def _period(self, when: float) -> int:
        if not isinstance(self._rotation, Interval):
            return 0
        return self._rotation.period(datetime.fromtimestamp(when, self._zone))

    def _is_gone(self) -> bool:
        """Whether the file was removed, renamed (as logrotate does) or replaced."""
        try:
            status = self._path.stat()
        except OSError:
            return True
        return (status.st_dev, status.st_ino) != self._identity

    def _reopen(self, open_file: Callable[[], FileIO]) -> None:
        """Continue in the file that `open_file` returns, or in the old one if that fails.

        So the old file stays open until there is a new one.
        """
        # Even if this fails, the next attempt is due only after another full file or interval, and
        # not with every line.
        self._size = 0
        try:
            new = open_file()
        except OSError as error:
            self._report_once("cannot be reopened, and continues in the old file", error)
            return
        self._file.close()
        self._file = new
        status = os.fstat(new.fileno())
        self._identity, self._size = (status.st_dev, status.st_ino), status.st_size
        self._needs_newline = False
        self._reported.clear()

    def _open(self) -> FileIO:
        return open(self._path, "ab", buffering=0, opener=_open_without_waiting)

    def _rotate_and_open(self) -> FileIO:
        """Rename the file and open a new one; if that fails, undo the renaming."""
        self._shift_backups()
        with suppress(FileNotFoundError):  # another program removed it
            self._path.replace(self._backup_path(1))
        try:
            return self._open()
        except OSError:
            with suppress(OSError):
                self._backup_path(1).replace(self._path)
            raise

    def _shift_backups(self) -> None:
        """Rename the old files so that number 1 is free.

        Only those before the first free number are renamed, so that repeated attempts after an
        error do not push old files over the end.
        """
        numbers = range(1, self._keep)
        free = next((each for each in numbers if not self._backup_path(each).exists()), self._keep)
        for number in range(free, 1, -1):
            self._backup_path(number - 1).replace(self._backup_path(number))

    def _backup_path(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _report_once(self, problem: str, error: OSError) -> None:
        if problem not in self._reported:
            self._reported.add(problem)
            self._notify(f"the log {self._path} {problem}: {error.strerror}")


def _open_without_waiting(path: str, flags: int) -> int:
    """Open `path`; if it is a FIFO, without waiting until a program reads from it."""
    if Path(path).is_fifo():
        flags = flags & ~(os.O_WRONLY | os.O_CREAT) | os.O_RDWR
    return os.open(path, flags, 0o666)
