"""Reading all that a file has, while a server uses it or not."""

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from chatd.chat import limits
from chatd.chat.events import Message
from chatd.log.engine import Snapshot, StoreFailed
from chatd.store.engine import SQLiteEngine
from chatd.store.export import Export
from chatd.store.retention import Keep
from tests.store.files import NOW, MakeEngine, entry, message, size, texts

together: Callable[..., Any] = pytest_twisted.ensureDeferred


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPORT_PAGE_MESSAGES", 7)


async def fill(engine: SQLiteEngine, count: int = 50) -> list[Message]:
    """Messages of two rooms in turn."""
    said = [message(number, f"lobby {number}") for number in range(1, count + 1)]
    said += [message(number, f"tea {number}", room="#Tea") for number in range(1, count + 1)]
    said.sort(key=lambda each: each.message.time)
    for number, each in enumerate(said, 1):
        await engine.append(entry(number), [each])
    return [each.message for each in said]


def exported(path: Path, room: str | None = None, since: int = 0) -> list[Message]:
    with closing(Export(path)) as export:
        return [each for page in export.pages(room, since) for each in page]


@together
async def test_all_messages_come_oldest_first(engine: SQLiteEngine, path: Path) -> None:
    said = await fill(engine)
    assert exported(path) == said
    await engine.close()
    assert exported(path) == said


@together
async def test_messages_can_be_those_of_a_room_and_since_a_time(
    engine: SQLiteEngine, path: Path
) -> None:
    said = await fill(engine)
    assert exported(path, "#TEA") == [each for each in said if each.room == "#Tea"]
    assert exported(path, since=NOW + 30) == [each for each in said if each.time >= NOW + 30]
    assert texts(exported(path, "#lobby", NOW + 49)) == ["lobby 49", "lobby 50"]
    assert exported(path, "#nowhere") == []
    assert exported(path, since=2**63 - 1) == []


@together
async def test_what_is_said_meanwhile_comes_in_the_next_export(
    engine: SQLiteEngine, path: Path
) -> None:
    said = await fill(engine)
    with closing(Export(path)) as export:
        pages = export.pages()
        found = list(next(pages))
        await engine.append(entry(101), [message(51, "meanwhile")])
        found += [each for page in pages for each in page]
    assert found == said
    assert texts(exported(path))[-1] == "meanwhile"


@together
async def test_a_reader_that_takes_its_time_does_not_hold_up_a_snapshot(
    engine: SQLiteEngine, path: Path
) -> None:
    """A snapshot is complete when the write-ahead log is empty, which a reader prevents."""
    await fill(engine)
    with closing(Export(path)) as export:
        pages = export.pages()
        next(pages)
        await engine.save(Snapshot(100, b"state"), 100)
        assert size(path.with_name(path.name + "-wal")) == 0
        assert len([each for page in pages for each in page]) == 93


@together
async def test_messages_that_are_deleted_meanwhile_do_no_harm(make_engine: MakeEngine) -> None:
    engine = make_engine(keep=Keep(None, 50, None))
    await engine.open()
    said = await fill(engine)
    with closing(Export(engine.path)) as export:
        pages = export.pages()
        found = list(next(pages))
        await engine.retain()
        found += [each for page in pages for each in page]
    assert found == said[:7] + said[50:]


@together
async def test_a_chat_without_messages_has_none(engine: SQLiteEngine, path: Path) -> None:
    assert exported(path) == []


def by_hand(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


LOOSE = (
    "CREATE TABLE loose AS SELECT * FROM messages",
    "DROP TABLE messages",
    "ALTER TABLE loose RENAME TO messages",
)
CHANGES: dict[str, tuple[tuple[str, ...], int, int]] = {
    "rows deleted": (("DELETE FROM messages WHERE id % 2",), 50, 0),
    "a room deleted": (("DELETE FROM rooms WHERE key = '#tea'",), 50, 50),
    "all rooms deleted": (("DELETE FROM rooms",), 0, 100),
    "numbers doubled": ((*LOOSE, "UPDATE messages SET seq = 5"), 100, 0),
    "ids doubled": ((*LOOSE, "UPDATE messages SET id = 5"), 7, 0),
    "ids of text": ((*LOOSE, "UPDATE messages SET id = 'x' || id WHERE id > 9"), 100, 0),
    "no ids": ((*LOOSE, "UPDATE messages SET id = NULL"), 0, 0),
    "the largest id": (("UPDATE messages SET id = 9223372036854775807 WHERE id = 4",), 100, 0),
    "negative ids": (("UPDATE messages SET id = -id",), 100, 0),
    "texts of bytes": (("UPDATE messages SET text = x'ff00' WHERE id <= 10",), 90, 10),
    "no texts": ((*LOOSE, "UPDATE messages SET text = NULL WHERE id <= 10"), 90, 10),
    "control characters": (("UPDATE messages SET text = char(27) WHERE id = 1",), 99, 1),
    "names of bytes": (("UPDATE rooms SET name = x'ff'",), 0, 100),
    "times of text": (("UPDATE messages SET time = 'now' WHERE id = 1",), 99, 1),
    "rooms of text": (("UPDATE messages SET room = 'x' WHERE id = 1",), 99, 1),
    "no index": (("DROP INDEX messages_by_number",), 100, 0),
}


@pytest.mark.parametrize("change", CHANGES)
@together
async def test_only_messages_come_out_of_a_file_that_was_changed_by_hand(
    engine: SQLiteEngine, path: Path, change: str
) -> None:
    said = await fill(engine)
    await engine.close()
    statements, expected, left_out = CHANGES[change]
    by_hand(path, *statements)
    with closing(Export(path)) as export:
        found = [each for page in export.pages() for each in page]
        assert (len(found), export.left_out) == (expected, left_out)
    assert {each.text for each in found} <= {each.text for each in said}
    # The same of one room, and without an exception.
    exported(path, "#tea")


@together
async def test_a_damaged_file_is_told_in_a_sentence_wherever_it_is(
    engine: SQLiteEngine, path: Path
) -> None:
    await fill(engine, 300)
    await engine.close()
    whole = path.read_bytes()
    told = set()
    for start in range(0, len(whole), 4_096):
        path.write_bytes(whole[:start] + b"\xa5" * 4_096 + whole[start + 4_096 :])
        try:
            exported(path)
        except StoreFailed as error:
            told.add(str(error))
    for length in (100, 512, 4_096, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        try:
            exported(path)
        except StoreFailed as error:
            told.add(str(error))
    assert told == {
        f"{path} is damaged; move it away, or put a backup in its place.",
        f"{path} is not a file of chatd; name another one.",
    }


@together
async def test_a_file_on_a_disk_that_nobody_can_write_to_is_read(
    make_engine: MakeEngine, small_disk: Path
) -> None:
    """A backup on a CD: SQLite cannot make its other files there."""
    engine = make_engine(small_disk / "chat.db")
    await engine.open()
    said = await fill(engine, 20)
    await engine.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert exported(engine.path) == said


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: None, "There is no file"),
        (lambda path: path.mkdir(), "is a directory; name a file"),
        (lambda path: path.write_text("Dear diary\n" * 99), "is not a file of chatd"),
        (lambda path: path.write_text("x"), "is not a file of chatd"),
        (lambda path: path.touch(), "There is no chat in"),
        (lambda path: by_hand(path, "CREATE TABLE recipes (name)"), "of another program"),
        (
            lambda path: by_hand(
                path,
                f"PRAGMA application_id = {0x63686174}",
                "PRAGMA user_version = 99",
                "CREATE TABLE unheard_of (name)",
            ),
            "was written by a newer chatd",
        ),
    ],
)
def test_what_is_no_store_is_refused_in_a_sentence(
    path: Path, make: Callable[[Path], object], sentence: str
) -> None:
    make(path)
    with pytest.raises(StoreFailed, match=sentence):
        Export(path)
