"""A file store whose calls on other threads are made at once."""

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

from chatd.chat.errors import Refusal
from chatd.chat.events import File
from chatd.files.directory import Directory
from chatd.files.incoming import IncomingFile, Sender
from chatd.files.store import FileStore

ICE = Sender("ice", "10.35.11.112")
MOON = Sender("moon", "10.35.11.113")

NOW = 1_700_000_000_000


def make_store(
    path: Path | None,
    now: Callable[[], int] = lambda: NOW,
    in_thread: Callable[[Callable[[], Any]], Deferred[Any]] = maybeDeferred,
    **options: Any,
) -> FileStore:
    """A store in the folder at `path`, which is not opened yet; its ids count up."""
    numbers = count(1)
    return FileStore(
        Directory(path, may_be_temporary=options.pop("may_be_temporary", False)),
        in_thread,
        now,
        lambda: f"{next(numbers):022}",
        **options,
    )


def result_of(deferred: Deferred[Any]) -> Any:
    """What the Deferred has fired with; a refusal is returned, another failure is raised."""
    results: list[Any] = []
    deferred.addBoth(results.append)
    [result] = results
    if isinstance(result, Failure):
        if isinstance(result.value, Refusal):
            return result.value
        result.raiseException()
    return result


def begin(store: FileStore, size: int, sender: Sender = ICE, name: str = "a.txt") -> IncomingFile:
    """A file that is on its way."""
    incoming = result_of(store.begin(name, size, sender))
    assert isinstance(incoming, IncomingFile), incoming
    return incoming


def keep(
    store: FileStore,
    content: bytes,
    sender: Sender = ICE,
    room: str = "#dev",
    seq: int = 0,
    name: str = "a.txt",
) -> File:
    """A file that has arrived; with a `seq`, its message was sent."""
    incoming = begin(store, len(content), sender, name)
    assert result_of(incoming.write(content)) is None
    file = result_of(incoming.complete(room))
    assert isinstance(file, File), file
    if seq:
        result_of(incoming.sent(room, seq))
    return file


def content(store: FileStore, file_id: str) -> bytes:
    """What is in a file that is kept."""
    descriptor = result_of(store.open_content(file_id))
    assert isinstance(descriptor, int), descriptor
    with os.fdopen(descriptor, "rb") as file:
        return file.read()
