"""A log file that is made anew from time to time, and of which the last old ones are kept.

``chat.log.1`` is the newest of the old files, ``chat.log.2`` the one before it. Whatever goes wrong
is said once on standard error and never raised: a log must not stop what it tells of.
"""

import os
import re
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Final

#: How many old files are kept, unless somebody says otherwise.
KEEP_FILES: Final = 7

_DAY_SECONDS: Final = 86_400
_SECONDS: Final = {"m": 60, "h": 3_600, "d": _DAY_SECONDS}
_BYTES: Final = {"K": 2**10, "M": 2**20, "G": 2**30}


@dataclass(frozen=True, slots=True)
class Interval:
    """A new file at each multiple of `seconds` on the clock of the wall, and `offset` after it.

    Multiples are counted from a midnight before a Monday: six hours end at 0, 6, 12 and 18 o'clock.
    """

    seconds: int
    offset: int = 0

    def period(self, moment: datetime) -> int:
        """Which of these stretches of time `moment` is in."""
        days = moment.toordinal() - 1  # the first of January of the year 1 was a Monday
        seconds = (days * 24 + moment.hour) * 3_600 + moment.minute * 60 + moment.second
        return (seconds - self.offset) // self.seconds


@dataclass(frozen=True, slots=True)
class MaxSize:
    """A new file before one gets larger than so many bytes."""

    max_bytes: int


Rotation = Interval | MaxSize


def parse_rotation(value: str) -> Rotation:
    """Read when there shall be a new file: ``midnight``, ``W0``, ``30m``, ``6h``, ``7d``, ``10M``.

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
        "is neither midnight, a weekday W0 (Monday) to W6, a time such as 30m, 6h or 7d, nor a "
        "size such as 500K, 10M or 1G"
    )


def complain(sentence: str) -> None:
    """Say on standard error, if there is one, what is wrong with the log."""
    if sys.__stderr__ is not None:
        with suppress(OSError, ValueError):
            print(sentence, file=sys.__stderr__)  # the log itself cannot tell


class LogFile:
    """A file that is appended to.

    :param path: where it is.
    :param rotate: when there is a new one; never if left out.
    :param keep: how many old ones are kept, at least one.
    :param utc: whether times are those of UTC, or those of this host.
    :param now: the time of day, in seconds since 1970.
    :param tell: what tells a person that something is wrong with the file.
    :raises OSError: if it cannot be written.
    :raises ValueError: if it is no regular file, and shall be rotated.
    """

    def __init__(
        self,
        path: Path,
        rotate: Rotation | None = None,
        keep: int = KEEP_FILES,
        *,
        utc: bool = False,
        now: Callable[[], float] = time.time,
        notify: Callable[[str], None] = complain,
    ) -> None:
        self._path = path.absolute()  # a daemon changes its directory
        self._rotation = rotate
        self._keep = keep
        self._zone = UTC if utc else None
        self._now = now
        self._notify = notify
        self._reported: set[str] = set()
        self._needs_newline = False
        # Not buffered: a line that could not be written must not wait and be written twice.
        self._file = self._new()
        status = os.fstat(self._file.fileno())
        if rotate is not None and not stat.S_ISREG(status.st_mode):
            self._file.close()
            raise ValueError("is no regular file, which cannot be rotated")
        self._size = status.st_size
        self._is_regular = stat.S_ISREG(status.st_mode)
        self._identity = (status.st_dev, status.st_ino)
        # What was written last, even by an earlier run, says which stretch of time the file is of.
        self._number = self._period(status.st_mtime)

    def write(self, text: str) -> None:
        """Append whole lines, to a new file if it is time for one."""
        data = text.encode("utf-8", "backslashreplace")
        if self._is_due(len(data)):
            self._reopen(self._rotate_and_open)
        elif self._is_regular and self._is_gone():
            self._reopen(self._new)
        try:
            self._append(data)
        except OSError as error:
            self._report_once("cannot be written", error)

    def close(self) -> None:
        """Close it; nothing can be written any more."""
        self._file.close()

    def _is_due(self, more: int) -> bool:
        """Whether `more` bytes belong to a new file; an empty file is new."""
        if isinstance(self._rotation, MaxSize):
            return self._size > 0 and self._size + more > self._rotation.max_bytes
        before, self._number = self._number, self._period(self._now())
        return self._size > 0 and before < self._number

    def _period(self, when: float) -> int:
        if not isinstance(self._rotation, Interval):
            return 0
        return self._rotation.period(datetime.fromtimestamp(when, self._zone))

    def _is_gone(self) -> bool:
        """Whether somebody took the file away, or put another one in its place."""
        try:
            status = self._path.stat()
        except OSError:
            return True
        return (status.st_dev, status.st_ino) != self._identity

    def _reopen(self, opened: Callable[[], FileIO]) -> None:
        """Go on in the file that `opened` gives.

        The old one stays open until there is a new one: if there cannot be one, it goes on.
        """
        # Whether this works or not, the next try is due after another full file, or another time.
        self._size = 0
        try:
            new = opened()
        except OSError as error:
            self._report_once("cannot be begun anew, and goes on as it is", error)
            return
        self._file.close()
        self._file = new
        status = os.fstat(new.fileno())
        self._identity, self._size = (status.st_dev, status.st_ino), status.st_size
        self._needs_newline = False
        self._reported.clear()

    def _new(self) -> FileIO:
        return self._path.open("ab", buffering=0)

    def _rotate_and_open(self) -> FileIO:
        """Rename the file, as it was so far, and open a new one."""
        self._shift_backups()
        with suppress(FileNotFoundError):  # somebody else took it away
            self._path.replace(self._backup_path(1))
        try:
            return self._new()
        except OSError:
            with suppress(OSError):
                self._backup_path(1).replace(self._path)
            raise

    def _shift_backups(self) -> None:
        """Free the number of the newest old file.

        Only files up to the first free number move, so that trying again and again loses none.
        """
        numbers = range(1, self._keep)
        free = next((each for each in numbers if not self._backup_path(each).exists()), self._keep)
        for number in range(free, 1, -1):
            self._backup_path(number - 1).replace(self._backup_path(number))

    def _backup_path(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _append(self, data: bytes) -> None:
        if self._needs_newline:
            data = b"\n" + data
        written = self._file.write(data) or 0
        self._size += written
        if written:
            self._needs_newline = written < len(data)

    def _report_once(self, what: str, error: OSError) -> None:
        """Tell of it, unless it was told already."""
        if what not in self._reported:
            self._reported.add(what)
            self._notify(f"the log {self._path} {what}: {error.strerror}")
