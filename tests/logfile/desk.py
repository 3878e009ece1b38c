"""A log file, and a clock to set."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chatd.logfile import LogFile, parse_rotation


class Desk:
    """A log file, a clock to set, and what a person was told."""

    def __init__(self, directory: Path, value: str | None = None, **options: Any) -> None:
        self.path = directory / "chat.log"
        self.told: list[str] = []
        self.seconds = 0.0
        self.set("2026-11-21T12:00")
        self._options = {"utc": True, **options}
        self._value = value
        self.open()

    def open(self) -> None:
        """Start, or start again."""
        self.file = LogFile(
            self.path,
            parse_rotation(self._value) if self._value else None,
            now=lambda: self.seconds,
            notify=self.told.append,
            **self._options,
        )

    def set(self, moment: str) -> None:
        """Set the clock, to a time of UTC."""
        self.seconds = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()

    def write(self, *lines: str) -> None:
        for line in lines:
            self.file.write(f"{line}\n")

    def lines(self, number: int | None = None) -> list[str]:
        """What is in the file, or in one of the old ones."""
        path = self.path if number is None else self.path.with_name(f"chat.log.{number}")
        return path.read_text().splitlines()

    def old(self) -> list[str]:
        """The names of the old files."""
        names = (each.name for each in self.path.parent.iterdir() if each != self.path)
        return sorted(name.removeprefix("chat.log.") for name in names)


#: Makes a desk, whose file is closed in the end.
MakeDesk = Callable[..., Desk]
