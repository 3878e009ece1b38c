"""Stores in files of a test, and what is kept in them."""

import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.internet import reactor

from chatd.chat.events import Message
from chatd.log.engine import ArchivedMessage, Entry
from chatd.store.engine import SQLiteEngine
from chatd.store.retention import Keep

#: A Saturday in November 2026, in milliseconds since 1970.
NOW = 1_795_000_000_000
EVERYTHING = Keep(None, None, None)

#: Makes an engine that is closed after the test.
MakeEngine = Callable[..., SQLiteEngine]


def engine_at(path: Path, **options: Any) -> SQLiteEngine:
    options = {"keep": EVERYTHING, "now": lambda: NOW / 1_000, **options}
    return SQLiteEngine(path, reactor, **options)


def entry(position: int, data: bytes | None = None) -> Entry:
    return Entry(position, NOW + position, data if data is not None else b"entry %d" % position)


def message(
    seq: int, text: str = "hello", *, room: str = "#lobby", source: str = "ice", time: int = 0
) -> ArchivedMessage:
    return ArchivedMessage(1, Message(room, seq, time or NOW + seq, source, text))


def texts(messages: Sequence[Message]) -> list[str]:
    return [each.text for each in messages]


def files_of(path: Path) -> list[Path]:
    """The file, and what SQLite has beside it."""
    return [each for each in path.parent.iterdir() if each.name.startswith(path.name)]


def size(path: Path) -> int:
    return path.stat().st_size


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def make_public(path: Path) -> None:
    path.chmod(0o644)


def grep(path: Path, text: bytes) -> list[str]:
    """The names of the files that have `text`."""
    return [file.name for file in files_of(path) if text in file.read_bytes()]
