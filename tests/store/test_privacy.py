"""The files of a chat have its public messages, and no private text or password."""

from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from chatd.chat import limits
from chatd.chat.commands import (
    Command,
    Enter,
    EnterAuthenticated,
    Quit,
    SendMessage,
    SendPrivate,
    SessionKeys,
)
from chatd.chat.hub import HubSettings
from chatd.chat.outbox import MemberId
from chatd.log.engine import Store
from chatd.log.journal_log import JournalLog
from chatd.log.operations import Clear, Handle, LoseConnection, Operation, ReserveSlot
from chatd.store.engine import SQLiteEngine
from chatd.store.export import Export
from chatd.wire.transcript import FORMATS
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


async def journal_of_two(
    engine: SQLiteEngine, moon_enters: Command
) -> tuple[JournalLog, MemberId, MemberId]:
    """A journal in which ice and moon have entered."""
    log = journal(engine)
    await log.open()
    ice = await asked(log, ReserveSlot("127.0.0.1:40001"))
    moon = await asked(log, ReserveSlot("127.0.0.1:40002"))
    await asked(log, Handle(ice, Enter("ice")))
    await asked(log, Handle(moon, moon_enters))
    return log, ice, moon


def of_seconds(seconds: float) -> Deferred[None]:
    """Fires after so many seconds."""
    return deferLater(reactor, seconds)


@pytest.fixture
def trimmed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PRIVATE_TRIM_SECONDS", 0)


async def gone(path: Path, text: bytes) -> None:
    """Wait until `text` is in none of the files."""
    while grep(path, text):
        await of_seconds(0.02)


@pytest.mark.usefixtures("trimmed_at_once")
@together
async def test_a_private_message_is_in_the_files_only_while_somebody_may_be_sent_it(
    engine: SQLiteEngine, path: Path
) -> None:
    log, ice, moon = await journal_of_two(engine, Enter("moon", keys=SessionKeys("digest")))
    sun = await asked(log, ReserveSlot("127.0.0.1:40003"))
    await asked(log, Handle(sun, Enter("sun")))
    await asked(log, Handle(ice, SendPrivate("sun cannot resume", ("sun",))))
    await gone(path, b"sun cannot resume")
    await asked(log, LoseConnection(moon))
    await asked(log, Handle(ice, SendPrivate("moon may come back", ("moon",))))
    await of_seconds(0.1)  # the entry is replaced by a snapshot, which has it
    assert grep(path, b"moon may come back")
    again = await asked(log, ReserveSlot("127.0.0.1:40004"))
    keys = SessionKeys("new", "digest")
    resumed = await asked(log, Handle(again, Enter("moon", keys=keys)))
    assert [each.text for each in resumed.private] == ["moon may come back"]
    await asked(log, Handle(again, Quit()))
    await gone(path, b"moon may come back")
    await log.stop()


@pytest.mark.usefixtures("trimmed_at_once")
@together
async def test_no_private_message_stays_in_the_files(engine: SQLiteEngine, path: Path) -> None:
    log, ice, moon = await journal_of_two(engine, EnterAuthenticated("moon"))
    await asked(log, Handle(ice, SendMessage("for everybody")))
    await asked(log, Handle(ice, SendPrivate("for moon alone", ("moon",))))
    await asked(log, Handle(moon, SendPrivate("for nobody at all", ("sun",))))
    await gone(path, b"for moon alone")
    assert grep(path, b"for everybody")
    assert not grep(path, b"for nobody")
    await log.stop()
    assert grep(path, b"for everybody") == [path.name]
    assert not grep(path, b"for moon alone") + grep(path, b"for nobody")


@together
async def test_addresses_are_in_the_files_until_the_server_stops(
    engine: SQLiteEngine, path: Path
) -> None:
    log, *_ = await journal_of_two(engine, Enter("moon", keys=SessionKeys("digest")))
    assert grep(path, b"127.0.0.1:40001")
    # As the chat does when the server stops.
    await asked(log, Clear())
    await log.stop()
    assert not grep(path, b"127.0.0.1:40001")


@pytest.mark.parametrize("name", FORMATS)
@together
async def test_no_export_has_a_private_message_although_the_file_has_it(
    engine: SQLiteEngine, path: Path, name: str
) -> None:
    log, ice, _ = await journal_of_two(engine, Enter("moon", keys=SessionKeys("digest")))
    await asked(log, Handle(ice, SendMessage("for everybody")))
    await asked(log, Handle(ice, SendPrivate("for moon alone", ("moon",))))
    assert grep(path, b"for moon alone")
    with closing(Export(path)) as export:
        exported = "".join(FORMATS[name]("party", export.pages()))
    assert "for everybody" in exported
    assert "for moon alone" not in exported
    assert "127.0.0.1" not in exported
    await log.stop()
