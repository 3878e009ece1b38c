"""A chat that another version of chatd has kept."""

import shutil
import sqlite3
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from chatd.chat.commands import Enter, JoinRoom, ReadHistory, ReadTopic, Search, SendMessage
from chatd.chat.errors import NoSuchRoom
from chatd.chat.events import JoinDone, Ok
from chatd.chat.hub import HubSettings
from chatd.chat.moderation_errors import WrongKey
from chatd.chat.state import RULES
from chatd.log import codec
from chatd.log.engine import Store, StoreFailed
from chatd.log.journal_log import JournalLog
from chatd.log.operations import Handle, Operation, ReserveSlot
from chatd.store import schema
from chatd.store.engine import SQLiteEngine
from tests.fakes import RecordingOutbox
from tests.store.files import NOW, MakeEngine, grep

together: Callable[..., Any] = pytest_twisted.ensureDeferred
FIXTURES = Path(__file__).with_name("fixtures")
VERSIONS = range(1, len(schema.MIGRATIONS) + 1)


def journal(engine: SQLiteEngine) -> JournalLog:
    return JournalLog(
        HubSettings("party", slots=10, history=100, is_archived=True),
        RecordingOutbox(),
        lambda: NOW,
        reactor,
        Store(engine, engine.archive, str(engine.path)),
        lambda text: None,
    )


async def opened(engine: SQLiteEngine) -> JournalLog:
    log = journal(engine)
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
    assert all(each.away for each in log.hub.users().users)  # those that can resume
    ice = await asked(log, ReserveSlot("127.0.0.1:40001"))
    await asked(log, Handle(ice, Enter("ice" if version == 1 else "snow")))
    lobby = await history(log, ice, "#lobby")
    assert lobby == [
        (1, "before the restart"),
        *((number + 1, f"lobby {number}") for number in range(1, 31)),
        (32, "the last words"),
    ]
    joined = await asked(log, Handle(ice, JoinRoom("#TEA")))
    assert joined == JoinDone("#tea", created=False)
    tea = await history(log, ice, "#tea")
    removed = [(4, "")] * (version > 2)
    first = 4 + len(removed)
    assert tea == [
        *removed,
        *((first + number, f"tea {number + 1} " + "x" * 40) for number in range(30)),
    ]
    await asked(log, Handle(ice, JoinRoom("#late")))
    late = [(5, "Grüße 🎉\nfrom\tsun"), (6, "waves")][:version]
    assert await history(log, ice, "#late") == late
    if version > 1:
        topic = await asked(log, Handle(ice, ReadTopic("#tea")))
        assert (topic.text, topic.source) == ("green or black", "ice")
        [_, waves] = (await asked(log, Handle(ice, ReadHistory("#late", 2)))).messages
        assert waves.action
    for room, seq in (("#lobby", 33), ("#tea", first + 30), ("#late", late[-1][0] + 1)):
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
    if version > 2:
        await check_private_room(engine, log, ice)
    if version == 1:  # later, moon may still come back for it
        assert not grep(path, b"for moon alone")
    await log.stop()


async def check_private_room(engine: SQLiteEngine, log: JournalLog, ice: int) -> None:
    """The room with a key has its members, who are away, and nobody else knows of it."""
    for refused in (ReadHistory("#secret"), ReadTopic("#secret")):
        assert isinstance(await asked(log, Handle(ice, refused)), NoSuchRoom)
    assert isinstance(await asked(log, Handle(ice, JoinRoom("#secret"))), WrongKey)
    assert (await engine.archive.search(Search("those"))).messages == ()
    joined = await asked(log, Handle(ice, JoinRoom("#secret", "sesame")))
    assert joined == JoinDone("#secret", created=False)
    [(_, text)] = await history(log, ice, "#secret")
    assert text == "tea for those who know the word"


def change_snapshot(path: Path, **changes: Any) -> None:
    """Write another state into the newest snapshot, with its checksum."""
    connection = sqlite3.connect(path)
    [snapshot_id] = connection.execute("SELECT max(id) FROM snapshots").fetchone()
    rows = connection.execute(
        "SELECT data FROM parts WHERE snapshot = ? ORDER BY part", (snapshot_id,)
    )
    time, state = codec.decode_snapshot(b"".join(data for (data,) in rows))
    changed = codec.encode_snapshot(time, replace(state, **changes))
    connection.execute("DELETE FROM parts WHERE snapshot = ?", (snapshot_id,))
    connection.execute("INSERT INTO parts VALUES (?, 0, ?)", (snapshot_id, changed))
    connection.execute(
        "UPDATE snapshots SET checksum = ? WHERE id = ?", (zlib.crc32(changed), snapshot_id)
    )
    connection.commit()
    connection.close()


def add_entry(path: Path, data: bytes) -> None:
    connection = sqlite3.connect(path)
    [position] = connection.execute("SELECT max(position) + 1 FROM entries").fetchone()
    row = (position, NOW, zlib.crc32(data), data)
    connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", row)
    connection.commit()
    connection.close()


NEWER: dict[str, tuple[Callable[[Path], None], str]] = {
    "a snapshot": (
        lambda path: change_snapshot(path, rules=RULES + 1),
        f"rules {RULES + 1}, this one knows",
    ),
    "the journal": (
        lambda path: add_entry(path, msgspec.msgpack.encode([["begin", RULES + 1]])),
        f"rules {RULES + 1}, this one knows",
    ),
    "an operation": (
        lambda path: add_entry(path, msgspec.msgpack.encode([["unheard of", 1]])),
        "unheard of",
    ),
}


@pytest.mark.parametrize("what", NEWER)
@together
async def test_a_chat_of_newer_rules_is_refused_in_words_and_left_as_it_is(
    make_engine: MakeEngine, path: Path, what: str
) -> None:
    for suffix in ("", "-wal"):
        shutil.copy(FIXTURES / f"killed-{VERSIONS[-1]}.db{suffix}", f"{path}{suffix}")
    change, words = NEWER[what]
    change(path)
    before = dump(path)
    log = journal(make_engine())
    problem = await log.open()
    assert isinstance(problem, StoreFailed)
    assert str(problem).startswith(f"{path} was kept by another version of chatd (")
    assert words in str(problem)
    assert str(problem).endswith("); use that one, or name another file with --store.")
    ice = await asked(log, ReserveSlot("127.0.0.1:40001"))
    await asked(log, Handle(ice, Enter("ice")))
    await asked(log, Handle(ice, SendMessage("hello")))
    await log.stop()
    assert dump(path) == before


def dump(path: Path) -> list[str]:
    """All that is in the file, but for how often it was opened and what is known of the clock."""
    connection = sqlite3.connect(path)
    try:
        lines = list(connection.iterdump())
    finally:
        connection.close()
    return [each for each in lines if 'INTO "numbers"' not in each]
