"""A log file with a clock to set."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chatd.logfile import LogFile, parse_rotation


class Log:
    """A log file with a clock to set, and the errors that it reports.

    :ivar reports: the sentences for standard error.
    :ivar seconds: the time, since 1970.
    """

    def __init__(self, directory: Path, value: str | None = None, **options: Any) -> None:
        self.path = directory / "chat.log"
        self.reports: list[str] = []
        self.seconds = 0.0
        self.set("2026-11-21T12:00")
        self._options = {"utc": True, **options}
        self._value = value
        self.open()

    def open(self) -> None:
        """Open it, or open it again, as another run does."""
        self.file = LogFile(
            self.path,
            parse_rotation(self._value) if self._value else None,
            now=lambda: self.seconds,
            notify=self.reports.append,
            **self._options,
        )

    def set(self, moment: str) -> None:
        """Set the clock to a time in UTC."""
        self.seconds = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()

    def write(self, *lines: str) -> None:
        for line in lines:
            self.file.write(f"{line}\n")

    def lines(self, number: int | None = None) -> list[str]:
        """The lines of the file, or of an old one."""
        path = self.path if number is None else self.path.with_name(f"chat.log.{number}")
        return path.read_text().splitlines()

    def old(self) -> list[str]:
        """The names of the old files."""
        names = (each.name for each in self.path.parent.iterdir() if each != self.path)
        return sorted(name.removeprefix("chat.log.") for name in names)


#: Creates a log, which is closed after the test.
MakeLog = Callable[..., Log]
