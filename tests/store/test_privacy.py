"""The files of a chat have its public messages, and no private text or password."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from chatd.chat.commands import Enter, EnterAuthenticated, SendMessage, SendPrivate
from chatd.chat.hub import HubSettings
from chatd.log.engine import Store
from chatd.log.journal_log import JournalLog
from chatd.log.operations import Clear, Handle, Operation, ReserveSlot
from chatd.store.engine import SQLiteEngine
from tests.fakes import RecordingOutbox
from tests.store.files import NOW, grep

together: Callable[[Callable[..., Awaitable[None]]], Any] = pytest_twisted.ensureDeferred


def journal(engine: SQLiteEngine) -> JournalLog:
    return JournalLog(
        HubSettings("party", slots=10, history=100, is_archived=True),
        RecordingOutbox(),
        lambda: NOW,
        reactor,
        Store(engine, engine.archive),
        lambda text: None,
    )


def asked(log: JournalLog, operation: Operation[Any]) -> Deferred[Any]:
    done: Deferred[Any] = Deferred()
    log.ask(operation, done.callback)
    return done


@together
async def test_no_private_message_gets_into_the_files(engine: SQLiteEngine, path: Path) -> None:
    log = journal(engine)
    await log.open()
    ice = await asked(log, ReserveSlot("127.0.0.1:40001"))
    moon = await asked(log, ReserveSlot("127.0.0.1:40002"))
    await asked(log, Handle(ice, Enter("ice")))
    await asked(log, Handle(moon, EnterAuthenticated("moon")))
    await asked(log, Handle(ice, SendMessage("for everybody")))
    await asked(log, Handle(ice, SendPrivate("for moon alone", ("moon",))))
    await asked(log, Handle(moon, SendPrivate("for nobody at all", ("sun",))))
    assert grep(path, b"for everybody")
    assert not grep(path, b"for moon alone") + grep(path, b"for nobody")
    await log.stop()
    assert grep(path, b"for everybody") == [path.name]
    assert not grep(path, b"for moon alone") + grep(path, b"for nobody")


@together
async def test_addresses_are_in_the_files_until_the_server_stops(
    engine: SQLiteEngine, path: Path
) -> None:
    log = journal(engine)
    await log.open()
    ice = await asked(log, ReserveSlot("127.0.0.1:40001"))
    await asked(log, Handle(ice, Enter("ice")))
    assert grep(path, b"127.0.0.1:40001")
    # As the chat does when the server stops.
    await asked(log, Clear())
    await log.stop()
    assert not grep(path, b"127.0.0.1:40001")
