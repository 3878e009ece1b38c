"""Appends to the file that is named, and says which positions are kept, until it is killed."""

import sys
from pathlib import Path
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.internet.task import react

from chatd.log.engine import Snapshot
from chatd.store.engine import SQLiteEngine
from tests.store.files import EVERYTHING, entry, message


async def append(reactor: Any) -> None:
    engine = SQLiteEngine(Path(sys.argv[1]), reactor, keep=EVERYTHING)
    await engine.open()
    snapshot = await engine.load()
    position = snapshot.position if snapshot else 0
    while entries := await engine.read(position):
        position = entries[-1].position
    while True:
        position += 1
        await engine.append(entry(position, b"x" * 500), [message(position, f"word{position}")])
        sys.stdout.write(f"{position}\n")
        sys.stdout.flush()
        if position % 50 == 0:
            engine.save(Snapshot(position, bytes(600_000)), position - 10)


if __name__ == "__main__":
    react(lambda reactor: ensureDeferred(append(reactor)))
