"""A chat that another version of chatd has kept."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from chatd.chat.commands import Enter, JoinRoom, ReadHistory, SendMessage
from chatd.chat.events import JoinDone, Ok
from chatd.chat.hub import HubSettings
from chatd.log.engine import Store
from chatd.log.journal_log import JournalLog
from chatd.log.operations import Handle, Operation, ReserveSlot
from chatd.store import schema
from chatd.store.engine import SQLiteEngine
from tests.fakes import RecordingOutbox
from tests.store.files import NOW, MakeEngine, grep

together: Callable[..., Any] = pytest_twisted.ensureDeferred
FIXTURES = Path(__file__).with_name("fixtures")
VERSIONS = range(1, len(schema.MIGRATIONS) + 1)


async def opened(engine: SQLiteEngine) -> JournalLog:
    log = JournalLog(
        HubSettings("party", slots=10, history=100, is_archived=True),
        RecordingOutbox(),
        lambda: NOW,
        reactor,
        Store(engine, engine.archive, str(engine.path)),
        lambda text: None,
    )
    assert await log.open() is None
    return log


def asked(log: JournalLog, operation: Operation[Any]) -> Deferred[Any]:
    done: Deferred[Any] = Deferred()
    log.ask(operation, done.callback)
    return done


async def history(log: JournalLog, member: int, room: str) -> list[tuple[int, str]]:
    reply = await asked(log, Handle(member, ReadHistory(room, 100)))
    return [(each.seq, each.text) for each in reply.messages]


@pytest.mark.parametrize("version", VERSIONS)
@together
async def test_a_chat_whose_server_was_killed_goes_on_with_a_newer_one(
    make_engine: MakeEngine, path: Path, version: int
) -> None:
    """Members were connected when its last snapshot was saved, and when it was killed."""
    for suffix in ("", "-wal"):
        shutil.copy(FIXTURES / f"killed-{version}.db{suffix}", f"{path}{suffix}")
    engine = make_engine()
    log = await opened(engine)
    assert [each.room for each in log.hub.rooms().rooms] == ["#lobby", "#tea", "#late"]
    assert log.hub.users().users == ()
    ice = await asked(log, ReserveSlot("127.0.0.1:40001"))
    await asked(log, Handle(ice, Enter("ice")))
    lobby = await history(log, ice, "#lobby")
    assert lobby == [
        (1, "before the restart"),
        *((number + 1, f"lobby {number}") for number in range(1, 31)),
        (32, "the last words"),
    ]
    joined = await asked(log, Handle(ice, JoinRoom("#TEA")))
    assert joined == JoinDone("#tea", created=False)
    tea = await history(log, ice, "#tea")
    assert tea == [(number + 3, f"tea {number} " + "x" * 40) for number in range(1, 31)]
    await asked(log, Handle(ice, JoinRoom("#late")))
    assert await history(log, ice, "#late") == [(5, "Grüße 🎉\nfrom\tsun")]
    for room, seq in (("#lobby", 33), ("#tea", 34), ("#late", 6)):
        reply = await asked(log, Handle(ice, SendMessage("on", room)))
        assert isinstance(reply, Ok)
        assert reply.seq == seq
    # A room that had ended: its messages are in the archive, and its numbers go on.
    joined = await asked(log, Handle(ice, JoinRoom("#ended")))
    assert joined == JoinDone("#ended", created=True)
    reply = await asked(log, Handle(ice, SendMessage("second life", "#ended")))
    assert reply.seq == 5
    said = await engine.archive.last("#ended", 9)
    assert [(each.seq, each.text) for each in said] == [
        *((number, f"first life {number}") for number in range(1, 4)),
        (5, "second life"),
    ]
    assert not grep(path, b"for moon alone")
    await log.stop()
