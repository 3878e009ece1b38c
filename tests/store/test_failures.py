"""A store that cannot be used says so in a sentence, destroys nothing, and can be used again."""

import errno
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from chatd.log.engine import Position, PositionTaken, Snapshot, StoreFailed
from chatd.store.engine import SQLiteEngine
from chatd.store.failures import describe
from chatd.store.schema import APPLICATION_ID
from tests.store.files import MakeEngine, entry, message, texts

together: Callable[..., Any] = pytest_twisted.ensureDeferred

WRITES = ("BEGIN", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "COMMIT", "PRAGMA")


class Faults:
    """Lets the writer's statements fail.

    :ivar left: how many writes succeed before one fails; None for all.
    :ivar is_late: whether the write that fails is done nevertheless.
    """

    def __init__(self) -> None:
        self.left: int | None = None
        self.is_late = False
        self.code = sqlite3.SQLITE_FULL
        self.failed = ""

    def connect(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        faults = self

        class Connection(sqlite3.Connection):
            def execute(self, statement: str, *rest: Any) -> sqlite3.Cursor:
                return faults.apply(
                    statement, lambda: super(Connection, self).execute(statement, *rest)
                )

            def executemany(self, statement: str, *rest: Any) -> sqlite3.Cursor:
                return faults.apply(
                    statement, lambda: super(Connection, self).executemany(statement, *rest)
                )

        return sqlite3.connect(*arguments, factory=Connection, **options)

    def apply(self, statement: str, call: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        if self.left is None or not statement.lstrip().startswith(WRITES):
            return call()
        self.left -= 1
        if self.left >= 0:
            return call()
        if self.left == -1:
            self.failed = statement
            if self.is_late:
                call()
        error = sqlite3.OperationalError("injected")
        error.sqlite_errorcode = self.code
        raise error


async def use(engine: SQLiteEngine, kept: list[Position]) -> None:
    """Add what was not kept yet, and save a snapshot now and then."""
    for position in range(len(kept) + 1, 9):
        try:
            await engine.append(entry(position), [message(position, f"{position} word")])
        except PositionTaken:  # the failure was told, but it was kept
            assert (await engine.read(position - 1))[0] == entry(position)
        kept.append(position)
        if position in (3, 6):
            await engine.save(Snapshot(position, b"state %d" % position), position - 1)


async def check(engine: SQLiteEngine, kept: list[Position]) -> None:
    """Check that all is there that was kept, and messages only with their entries."""
    snapshot = await engine.load()
    trimmed = snapshot.position - 1 if snapshot else 0
    entries = await engine.read(max(0, trimmed))
    last = entries[-1].position if entries else trimmed
    assert [each.position for each in entries] == list(range(trimmed + 1, last + 1))
    assert last in (len(kept), len(kept) + 1)
    said = texts(await engine.archive.last("#lobby", 99))
    assert said == [f"{position} word" for position in range(1, last + 1)]


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("opens_first", [False, True])
@together
async def test_a_failure_at_any_write_loses_nothing_that_was_kept(
    make_engine: MakeEngine, tmp_path: Path, is_late: bool, opens_first: bool
) -> None:
    statements = set()
    for count in range(1_000):
        faults = Faults()
        faults.is_late = is_late
        engine = make_engine(tmp_path / f"chat{count}.db", connect=faults.connect)
        kept: list[Position] = []
        if opens_first:
            await engine.open()
        faults.left = count
        try:
            if not opens_first:
                await engine.open()
            await use(engine, kept)
        except StoreFailed as error:
            assert str(error).startswith("The disk is full")  # noqa: PT017 (or none is raised)
        else:
            if not faults.failed:
                break
        # It stays closed, and the same is said again, until it can be opened.
        if faults.failed and not is_late:
            with pytest.raises(StoreFailed):
                await engine.append(entry(99))
        with pytest.raises(StoreFailed, match="The disk is full"):
            await engine.open()
        faults.left = None
        await engine.open()
        await check(engine, kept)
        await use(engine, kept)
        await check(engine, kept)
        await engine.close()
        statements.add(faults.failed.split()[0])
    assert {"BEGIN", "INSERT", "DELETE", "COMMIT", "PRAGMA"} <= statements


@together
async def test_a_full_disk_is_told_and_room_on_it_is_used_again(
    make_engine: MakeEngine, small_disk: Path
) -> None:
    other = small_disk / "other"
    other.write_bytes(bytes(100_000))
    engine = make_engine(small_disk / "chat.db")
    await engine.open()
    kept = 0

    async def keep_on() -> None:
        nonlocal kept
        while True:
            await engine.append(entry(kept + 1, bytes(9_000)), [message(kept + 1, "kept")])
            kept += 1

    with pytest.raises(StoreFailed, match=r"The disk is full, .* kept in .*chat\.db; free"):
        await keep_on()
    assert kept > 5
    other.unlink()
    await engine.open()
    entries = await engine.read(0)
    assert len(entries) in (kept, kept + 1)
    assert len(await engine.archive.last("#lobby", 999)) == len(entries)
    await engine.append(entry(len(entries) + 1))


@together
async def test_a_disk_that_becomes_read_only_is_told(
    make_engine: MakeEngine, small_disk: Path
) -> None:
    engine = make_engine(small_disk / "chat.db")
    await engine.open()
    await engine.append(entry(1), [message(1, "before")])
    await engine.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(StoreFailed, match=r"chat\.db cannot be written; give this user the right"):
        await engine.open()
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    await engine.open()
    assert await engine.read(0) == [entry(1)]


@pytest.mark.parametrize("how", ["removed", "moved", "replaced", "log removed", "memory removed"])
@together
async def test_a_file_that_vanishes_is_told_before_anything_is_confirmed(
    engine: SQLiteEngine, path: Path, how: str
) -> None:
    await engine.append(entry(1), [message(1)])
    if how == "removed":
        path.unlink()
    elif how == "moved":
        path.rename(path.with_name("elsewhere.db"))
    elif how == "replaced":
        shutil.copy(path, path.with_name("copy"))
        path.with_name("copy").rename(path)
    else:
        path.with_name("chat.db-wal" if how == "log removed" else "chat.db-shm").unlink()
    with pytest.raises(StoreFailed, match=f"{path} was moved, removed or replaced"):
        await engine.append(entry(2), [message(2)])
    await engine.open()
    await engine.save(Snapshot(9, b"all of it"), 9)
    await engine.append(entry(10), [message(10)])
    assert await engine.read(9) == [entry(10)]
    assert (await engine.archive.last("#lobby", 1))[0].seq == 10


@together
async def test_a_file_that_is_put_back_is_used_again(engine: SQLiteEngine, path: Path) -> None:
    await engine.append(entry(1))
    await engine.close()
    await engine.open()
    elsewhere = path.with_name("elsewhere.db")
    path.rename(elsewhere)
    with pytest.raises(StoreFailed):
        await engine.append(entry(2))
    elsewhere.rename(path)
    await engine.open()
    assert (await engine.read(0))[0] == entry(1)


def other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name)")
    connection.execute("INSERT INTO recipes VALUES ('soup')")
    connection.commit()
    connection.close()


def newer_file(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 99")
    connection.execute("CREATE TABLE unheard_of (name)")
    connection.commit()
    connection.close()


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("Dear diary\n" * 999), "is not a file of chatd; name"),
    "short text": (lambda path: path.write_text("x"), "is not a file of chatd; name another"),
    "random bytes": (lambda path: path.write_bytes(os.urandom(9_999)), "is not a file of chatd"),
    "directory": (lambda path: path.mkdir(), "is a directory; name a file"),
    "pipe": (lambda path: os.mkfifo(path), "is not a regular file; name another"),
    "foreign database": (other_database, "is a database of another program; name another"),
    "newer file": (newer_file, "was written by a newer chatd .format 99, this one knows"),
    "dangling link": (
        lambda path: path.symlink_to(path.parent / "no" / "where"),
        "cannot be op|was",
    ),
}


@pytest.mark.parametrize("kind", UNUSABLE)
@together
async def test_what_is_no_store_is_refused_in_a_sentence_and_left_alone(
    make_engine: MakeEngine, path: Path, kind: str
) -> None:
    make, sentence = UNUSABLE[kind]
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    engine = make_engine()
    for _ in range(2):
        with pytest.raises(StoreFailed, match=f"{path} ({sentence})"):
            await engine.open()
    assert not path.is_file() or path.read_bytes() == before
    with pytest.raises(StoreFailed, match=re.escape(str(path))):
        await engine.archive.last("#lobby", 1)
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()
    await engine.open()
    await engine.append(entry(1))


@together
async def test_a_directory_that_is_not_there_is_named(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    engine = make_engine(tmp_path / "nowhere" / "chat.db")
    with pytest.raises(StoreFailed, match=f"There is no directory {tmp_path}/nowhere; make it"):
        await engine.open()
    (tmp_path / "nowhere").mkdir()
    await engine.open()


@together
async def test_a_link_to_a_file_is_followed(
    make_engine: MakeEngine, path: Path, tmp_path: Path
) -> None:
    (tmp_path / "large disk").mkdir()
    path.symlink_to(tmp_path / "large disk" / "kept.db")
    engine = make_engine()
    await engine.open()
    await engine.append(entry(1), [message(1)])
    assert (tmp_path / "large disk" / "kept.db-wal").exists()
    assert len(await engine.archive.last("#lobby", 9)) == 1


@pytest.mark.parametrize("name", ["a b.db", "a?b#c%20.db", "ü☃.db", "-x.db", "a'b;c.db"])
@together
async def test_a_file_may_have_any_name(make_engine: MakeEngine, tmp_path: Path, name: str) -> None:
    engine = make_engine(tmp_path / name)
    await engine.open()
    await engine.append(entry(1), [message(1)])
    assert len(await engine.archive.last("#lobby", 9)) == 1
    assert (tmp_path / name).is_file()


@together
async def test_a_damaged_file_is_told_and_left_as_it_is(
    make_engine: MakeEngine, path: Path
) -> None:
    engine = make_engine()
    await engine.open()
    for position in range(1, 40):
        await engine.append(entry(position, os.urandom(3_000)), [message(position, "x" * 999)])
    await engine.close()
    whole = path.read_bytes()
    failed = set()

    async def use_all() -> None:
        await engine.open()
        await engine.read(0)
        await engine.archive.last("#lobby", 99)
        await engine.append(entry(40), [message(40)])

    for page in range(0, len(whole), 4_096):
        damaged = bytearray(whole)
        damaged[page + (100 if page == 0 else 0) : page + 4_096] = b"\xa5" * (
            3_996 if page == 0 else 4_096
        )
        path.write_bytes(damaged)
        try:
            await use_all()
        except StoreFailed as error:
            failed.add(str(error))
            with pytest.raises(StoreFailed):
                await use_all()
        await engine.close()
    assert f"{path} is damaged; move it away, or put a backup in its place." in failed
    path.write_bytes(whole)
    await engine.open()
    assert len(await engine.read(0)) == 39


@together
async def test_a_file_that_was_found_damaged_is_read_as_a_whole_before_it_is_used_again(
    engine: SQLiteEngine, path: Path
) -> None:
    """Else each attempt would begin well, and confirm what the next one cannot keep."""
    await engine.close()
    whole = path.read_bytes()
    connection = sqlite3.connect(path)
    statement = "SELECT rootpage FROM sqlite_master WHERE name = 'parts'"
    page = connection.execute(statement).fetchone()[0]
    connection.close()
    start = (page - 1) * 4_096
    path.write_bytes(whole[:start] + b"\xa5" * 4_096 + whole[start + 4_096 :])
    await engine.open()  # not seen yet
    with pytest.raises(StoreFailed, match="is damaged"):
        await engine.save(Snapshot(1, b"state"), 0)
    for _ in range(2):
        with pytest.raises(StoreFailed, match="is damaged"):
            await engine.open()
    path.write_bytes(whole)
    await engine.open()
    await engine.save(Snapshot(1, b"state"), 0)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entries SET data = x'00' WHERE position = 2",
        "UPDATE entries SET data = 'text' WHERE position = 2",
        "UPDATE parts SET data = 5",
        "UPDATE parts SET data = x'ff'",
        "DELETE FROM parts",
    ],
)
@together
async def test_entries_and_snapshots_that_were_changed_by_hand_are_told(
    engine: SQLiteEngine, path: Path, change: str
) -> None:
    for position in (1, 2, 3):
        await engine.append(entry(position))
    await engine.save(Snapshot(3, b"state"), 0)
    await engine.close()
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.commit()
    connection.close()
    await engine.open()
    with pytest.raises(StoreFailed, match=f"{path} is damaged"):
        await (engine.read(0) if "entries" in change else engine.load())


@together
async def test_a_file_that_another_program_has_locked_is_told(
    engine: SQLiteEngine, path: Path
) -> None:
    await engine.close()
    shell = sqlite3.connect(path)
    shell.execute("PRAGMA journal_mode = DELETE")
    shell.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreFailed, match=f"Another program has locked {path}; end that program"):
        await engine.open()
    shell.close()
    await engine.open()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left"), "The disk is full"),
        (OSError(errno.EDQUOT, "Quota exceeded"), "The disk is full"),
        (OSError(errno.EROFS, "Read-only"), "cannot be written"),
        (OSError(errno.EACCES, "Permission denied"), "This user may not open"),
        (OSError(errno.EIO, "Input/output error"), r"\(Input/output error\); see to the disk"),
        (OSError(errno.ELOOP, "Too many levels of links"), "used: Too many levels of links"),
        (sqlite3.OperationalError("no such module: fts5"), "cannot be used: no such module: fts5"),
    ],
)
def test_every_error_is_one_sentence_with_the_file(error: Exception, sentence: str) -> None:
    told = str(describe(Path("/kept/chat.db"), error))
    assert re.search(sentence, told)
    assert "/kept/chat.db" in told
    assert told.endswith(".")
