"""Messages that were removed: no word of them is left in any file."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.task import deferLater

from chatd.chat import limits
from chatd.chat.commands import Enter, ReadHistory, Search, SendMessage
from chatd.chat.events import Ok
from chatd.chat.order_commands import GrantHost, RemoveFound
from chatd.log.engine import Gap, RemovedMessage
from chatd.log.operations import Handle, ReserveSlot
from chatd.store import messages as messages_module
from chatd.store.database import Database
from chatd.store.engine import SQLiteEngine
from chatd.store.export import Export
from chatd.store.importing import import_messages
from chatd.store.index_tables import clean, remove_row
from chatd.wire.transcript import as_json_lines, parse_json_line
from tests.store.files import NOW, MakeEngine, entry, grep, message, texts
from tests.store.test_privacy import asked, gone, journal

together: Callable[..., Any] = pytest_twisted.ensureDeferred

#: No prefix of it is in another word: the index has the rest of each word alone.
SECRET = "zyzzyva"  # noqa: S105  # it opens nothing


@pytest.fixture(params=[1, 10_000], ids=["indexed", "not indexed"])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    size: int = request.param
    monkeypatch.setattr(messages_module, "BATCH_MESSAGES", size)
    return size


async def fill(engine: SQLiteEngine, count: int = 30) -> None:
    for number in range(1, count + 1):
        text = f"tea {SECRET}" if number == 7 else f"tea {number}"
        await engine.append(entry(number), [message(number, text)])


@pytest.mark.usefixtures("batch")
@together
async def test_no_word_of_a_removed_message_is_left_in_the_files(
    engine: SQLiteEngine, path: Path
) -> None:
    await fill(engine)
    assert grep(path, SECRET.encode())
    await engine.append(entry(31), [RemovedMessage("#LOBBY", 7, "moon")])
    await gone(path, SECRET[1:].encode())
    messages = await engine.archive.last("#lobby", 99)
    assert len(messages) == 30
    removed = messages[6]
    assert (removed.seq, removed.source, removed.time) == (7, "ice", NOW + 7)
    assert (removed.text, removed.removed) == ("", "moon")
    assert all(not each.removed for each in messages if each.seq != 7)


@pytest.mark.usefixtures("batch")
@together
async def test_a_search_finds_the_others_and_no_removed_message(engine: SQLiteEngine) -> None:
    await fill(engine)
    await engine.append(entry(31), [RemovedMessage("#lobby", 7, "moon")])
    assert (await engine.archive.search(Search(SECRET))).messages == ()
    for query in (Search("tea", limit=99), Search("", source="ice", limit=99)):
        found = await engine.archive.search(query)
        assert [each.seq for each in found.messages] == [n for n in range(30, 0, -1) if n != 7]


@together
async def test_a_message_that_is_removed_in_its_own_turn_is_never_found(
    engine: SQLiteEngine, path: Path
) -> None:
    removed = RemovedMessage("#lobby", 1, "ice")
    await engine.append(entry(1), [message(1, SECRET), removed, message(2, "tea")])
    assert texts(await engine.archive.last("#lobby", 9)) == ["", "tea"]
    assert texts((await engine.archive.search(Search("", source="ice"))).messages) == ["tea"]


@pytest.mark.usefixtures("batch")
@together
async def test_what_was_removed_before_a_server_was_killed_leaves_the_index_after_its_start(
    make_engine: MakeEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine()
    await engine.open()
    await fill(engine)
    with monkeypatch.context() as patch:
        patch.setattr("chatd.store.engine.clean", lambda database: iter(()))
        await engine.append(entry(31), [RemovedMessage("#lobby", 7, "moon")])
        await engine.close()
    await engine.open()
    await engine.append(entry(32), [message(31, "tea")])
    await gone(path, SECRET[1:].encode())


@together
async def test_a_damaged_index_does_not_keep_a_message_from_being_removed(
    make_engine: MakeEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages_module, "BATCH_MESSAGES", 1)
    engine = make_engine()
    await engine.open()
    await fill(engine)
    await engine.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE search_0_data SET block = x'00'")
        connection.commit()
    await engine.open()
    await engine.append(entry(31), [RemovedMessage("#lobby", 7, "moon"), message(31, "tea 31")])
    assert texts(await engine.archive.last("#lobby", 25))[:1] == [""]
    assert texts((await engine.archive.search(Search("31"))).messages) == ["tea 31"]


@together
async def test_an_export_keeps_its_place_and_an_import_does_not_bring_the_text_back(
    make_engine: MakeEngine, path: Path, tmp_path: Path
) -> None:
    engine = make_engine()
    await engine.open()
    await fill(engine, 8)
    with closing(Export(path)) as export:
        before = "".join(as_json_lines("party", export.pages()))
    await engine.append(entry(9), [RemovedMessage("#lobby", 7, "moon")])
    with closing(Export(path)) as export:
        after = "".join(as_json_lines("party", export.pages()))
    await engine.close()
    assert SECRET in before
    assert SECRET not in after
    exported = [parse_json_line(each.encode()) for each in after.splitlines()]
    assert [(each.seq, each.removed) for each in exported if each.removed] == [(7, "moon")]
    again = [parse_json_line(each.encode()) for each in before.splitlines()]
    done = import_messages(path, again, NOW + 100)
    assert (done.added, done.known) == (0, 8)
    other = tmp_path / "other.db"
    assert import_messages(other, exported, NOW + 100).added == 8
    for file in (path, other):
        with closing(Export(file)) as export:
            [removed] = [m for page in export.pages() for m in page if m.removed]
        assert (removed.seq, removed.text, removed.removed) == (7, "", "moon")
        assert not grep(file, SECRET.encode())


@together
async def test_messages_that_get_other_numbers_in_the_file_are_removed_from_the_index_as_well(
    make_engine: MakeEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that fills a gap puts the messages in order, with new ids."""
    monkeypatch.setattr(messages_module, "BATCH_MESSAGES", 1)
    engine = make_engine()
    await engine.open()
    early = [message(n, f"tea {n}") for n in range(1, 4)]
    late = [message(9, f"tea {SECRET}"), message(10, "tea 10")]
    await engine.add([*early, *late])
    with closing(sqlite3.connect(path)) as connection:
        statement = "SELECT value FROM numbers WHERE name = 'indexed'"
        while connection.execute(statement).fetchone()[0] < 5:
            await deferLater(reactor, 0.01)
    await engine.fill(Gap("#lobby", 1, 0), [message(n, f"tea {n}") for n in range(4, 9)])
    await engine.sort()
    assert texts((await engine.archive.search(Search(SECRET))).messages) == [f"tea {SECRET}"]
    await engine.add([RemovedMessage("#lobby", 9, "moon")])
    await gone(path, SECRET[1:].encode())
    found = await engine.archive.search(Search("tea", limit=99))
    assert [each.seq for each in found.messages] == [10, 8, 7, 6, 5, 4, 3, 2, 1]


@together
async def test_a_removed_text_leaves_the_journal_with_the_next_trim(
    engine: SQLiteEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PRIVATE_TRIM_SECONDS", 0)
    log = journal(engine)
    await log.open()
    ice = await asked(log, ReserveSlot("127.0.0.1:40001"))
    await asked(log, Handle(ice, Enter("ice")))
    await asked(log, Handle(ice, GrantHost()))
    said = await asked(log, Handle(ice, SendMessage(f"tea {SECRET}")))
    assert isinstance(said, Ok)
    assert grep(path, SECRET.encode())
    assert said.seq
    assert said.time
    removal = RemoveFound("#lobby", said.seq, "ice", said.time)
    assert await asked(log, Handle(ice, removal)) == Ok()
    await gone(path, SECRET[1:].encode())
    await log.stop()
    assert not grep(path, SECRET[1:].encode())


@together
async def test_after_the_server_was_killed_it_is_still_removed(
    make_engine: MakeEngine,
    engine: SQLiteEngine,
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nothing moves from one file to the other while they are copied.
    monkeypatch.setattr("chatd.store.engine.clean", lambda database: iter(()))
    log = journal(engine)
    await log.open()
    ice = await asked(log, ReserveSlot("127.0.0.1:40001"))
    await asked(log, Handle(ice, Enter("ice")))
    await asked(log, Handle(ice, GrantHost()))
    said = await asked(log, Handle(ice, SendMessage(f"tea {SECRET}")))
    await asked(log, Handle(ice, RemoveFound("#lobby", 1, "ice", said.time)))
    # What the file would be if the server was killed now: its journal has the text still.
    killed = tmp_path / "killed.db"
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{killed}{suffix}")
    await log.stop()
    again = journal(make_engine(killed))
    assert await again.open() is None
    sun = await asked(again, ReserveSlot("127.0.0.1:40002"))
    await asked(again, Handle(sun, Enter("sun")))
    history = await asked(again, Handle(sun, ReadHistory()))
    assert [(each.text, each.removed) for each in history.messages] == [("", "ice")]
    await again.stop()


def test_what_is_removed_while_the_index_is_cleaned_leaves_it_with_the_next_cleaning(
    path: Path,
) -> None:
    database = Database(path, sqlite3.connect, "normal", is_suspect=False)
    said = {1: f"first{SECRET}", 2: f"second{SECRET}"}
    with database.transaction():
        database.execute(
            "CREATE VIRTUAL TABLE search_0 USING fts5"
            "(words, content='', columnsize=0, tokenize='ascii')"
        )
    for number, text in said.items():
        with database.transaction():
            database.execute("INSERT INTO search_0 (rowid, words) VALUES (?, ?)", (number, text))

    def remove(number: int) -> None:
        with database.transaction():
            remove_row(database, "search_0", number, said[number])

    remove(1)
    cleaning = clean(database)
    next(cleaning)
    remove(2)  # a call comes between two steps
    for _ in chain(cleaning, clean(database)):
        pass
    assert not grep(path, SECRET.encode())
    database.close()
