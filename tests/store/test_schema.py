"""Files of other versions."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from chatd.chat.commands import Search
from chatd.log.engine import Snapshot, StoreFailed
from chatd.store import schema
from tests.store.files import MakeEngine, entry, message, texts

together: Callable[..., Any] = pytest_twisted.ensureDeferred
FIXTURES = Path(__file__).with_name("fixtures")
VERSIONS = range(1, len(schema.MIGRATIONS) + 1)


@pytest.mark.parametrize("version", VERSIONS)
@together
async def test_a_file_of_every_version_can_be_used(
    make_engine: MakeEngine, path: Path, version: int
) -> None:
    shutil.copy(FIXTURES / f"version-{version}.db", path)
    engine = make_engine()
    await engine.open()
    assert await engine.load() == Snapshot(5, b"state 5")
    entries = await engine.read(3)
    assert entries[:4] == [entry(number) for number in range(4, 8)]
    assert texts(await engine.archive.last("#tea", 2)) == ["Grüße 6", "Grüße 7"]
    found = await engine.archive.search(Search("GRUSSE"))
    assert texts(found.messages) == [f"Grüße {number}" for number in range(7, 0, -1)]
    if version > 2:
        last = await engine.archive.last("#lobby", 5)
        assert [(each.seq, each.removed) for each in last if each.removed] == [(3, "moon")]
        assert await engine.archive.last("#secret", 1) == ()
        assert texts(await engine.archive.last("#secret", 1, lives=frozenset({2}))) == [
            "tea for us alone"
        ]
    await engine.append(entry(9), [message(8, "tea 8")])
    assert texts((await engine.archive.search(Search("tea", limit=2))).messages) == [
        "tea 8",
        "tea 7",
    ]


def version_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


@together
async def test_a_newer_chatd_changes_an_older_file_and_an_older_one_refuses_a_newer_file(
    make_engine: MakeEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(FIXTURES / "version-1.db", path)
    newer = (*schema.MIGRATIONS, "ALTER TABLE messages ADD COLUMN edited INTEGER")
    engine = make_engine()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", newer)
        await engine.open()
        assert await engine.load() == Snapshot(5, b"state 5")
        await engine.close()
        assert version_of(path) == len(newer)
    before = path.read_bytes()
    with pytest.raises(StoreFailed, match=f"{path} was written by a newer chatd"):
        await engine.open()
    assert path.read_bytes() == before


@together
async def test_a_change_that_fails_leaves_the_file_as_it_was(
    make_engine: MakeEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(FIXTURES / f"version-{len(schema.MIGRATIONS)}.db", path)
    engine = make_engine()
    with monkeypatch.context() as patch:
        wrong = (*schema.MIGRATIONS, "CREATE TABLE made (name); CREATE TABLE made (name)")
        patch.setattr(schema, "MIGRATIONS", wrong)
        with pytest.raises(StoreFailed, match="already exists"):
            await engine.open()
    assert version_of(path) == len(schema.MIGRATIONS)
    await engine.open()
    assert await engine.load() == Snapshot(5, b"state 5")
