"""The journal in a file: what was kept is there again, and what was forgotten is not."""

import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults

from chatd.chat.events import Message
from chatd.log.engine import (
    ENTRIES_PER_READ,
    LogLost,
    PositionTaken,
    Snapshot,
    StoreFailed,
    StoreInUse,
)
from chatd.store.engine import SQLiteEngine
from chatd.store.journal import SLICE_BYTES
from tests.store.files import (
    MakeEngine,
    entry,
    files_of,
    grep,
    make_public,
    message,
    mode,
    size,
    texts,
)

together: Callable[[Callable[..., Awaitable[None]]], Any] = pytest_twisted.ensureDeferred


@together
async def test_a_new_store_is_empty(engine: SQLiteEngine) -> None:
    assert await engine.load() is None
    assert await engine.read(0) == []
    assert await engine.archive.last("#lobby", 10) == ()


@together
async def test_what_was_kept_is_there_after_a_restart(
    engine: SQLiteEngine, make_engine: MakeEngine
) -> None:
    for position in (1, 2, 3):
        await engine.append(entry(position), [message(position, f"text {position}")])
    await engine.save(Snapshot(2, b"state"), 2)
    await engine.append(entry(4))
    await engine.close()
    again = make_engine()
    await again.open()
    assert await again.load() == Snapshot(2, b"state")
    assert await again.read(2) == [entry(3), entry(4)]
    assert texts(await again.archive.last("#lobby", 10)) == ["text 1", "text 2", "text 3"]


@together
async def test_many_entries_are_read_a_part_at_a_time(engine: SQLiteEngine) -> None:
    count = ENTRIES_PER_READ + 5
    await gatherResults([engine.append(entry(number)) for number in range(1, count + 1)])
    first = await engine.read(0)
    rest = await engine.read(first[-1].position)
    assert first + rest == [entry(number) for number in range(1, count + 1)]
    assert await engine.read(count) == []


@together
async def test_large_entries_are_read_a_few_at_a_time(engine: SQLiteEngine) -> None:
    large = bytes(SLICE_BYTES)
    for position in range(1, 20):
        await engine.append(entry(position, large))
    assert len(await engine.read(0)) < 19
    assert (await engine.read(18)) == [entry(19, large)]


@together
async def test_a_position_is_never_taken_twice(engine: SQLiteEngine) -> None:
    await engine.append(entry(1), [message(1, "the first")])
    with pytest.raises(PositionTaken, match="entry 1"):
        await engine.append(entry(1, b"another"), [message(2, "the second")])
    assert await engine.read(0) == [entry(1)]
    assert texts(await engine.archive.last("#lobby", 9)) == ["the first"]
    await engine.append(entry(2))


@together
async def test_forgotten_entries_are_lost_and_not_merely_absent(engine: SQLiteEngine) -> None:
    for position in range(1, 6):
        await engine.append(entry(position))
    await engine.save(Snapshot(5, b"state"), 3)
    for after in (0, 1, 2):
        with pytest.raises(LogLost, match="up to 3"):
            await engine.read(after)
    assert await engine.read(3) == [entry(4), entry(5)]
    await engine.save(Snapshot(5, b"state"), 5)
    assert await engine.read(5) == []
    with pytest.raises(LogLost):
        await engine.read(4)


@together
async def test_a_gap_between_entries_is_told(engine: SQLiteEngine) -> None:
    await engine.append(entry(1))
    await engine.append(entry(3))
    with pytest.raises(LogLost, match="no entry 2"):
        await engine.read(0)


@together
@pytest.mark.parametrize("length", [0, 1, SLICE_BYTES, SLICE_BYTES + 1, 3 * SLICE_BYTES + 7])
async def test_a_snapshot_of_any_size_comes_back(engine: SQLiteEngine, length: int) -> None:
    data = bytes(number % 251 for number in range(length))
    await engine.save(Snapshot(7, data), 0)
    assert await engine.load() == Snapshot(7, data)


@together
async def test_the_newest_snapshot_counts_and_the_one_that_still_leads_on_stays(
    engine: SQLiteEngine, path: Path
) -> None:
    for number in range(1, 6):
        await engine.append(entry(number))
        await engine.save(Snapshot(number, b"state %d" % number), number - 1)
    assert await engine.load() == Snapshot(5, b"state 5")
    assert grep(path, b"state 4")
    assert not grep(path, b"state 3")


@together
async def test_entries_are_kept_while_a_large_snapshot_is_saved(engine: SQLiteEngine) -> None:
    told: list[str] = []

    def tell(what: str) -> Callable[[object], None]:
        return lambda _: told.append(what)

    saved = engine.save(Snapshot(0, bytes(20 * SLICE_BYTES)), 0).addCallback(tell("saved"))
    appended = [engine.append(entry(n)).addCallback(tell("kept")) for n in range(1, 6)]
    await gatherResults([saved, *appended])
    assert told == ["kept"] * 5 + ["saved"]
    assert len(await engine.read(0)) == 5


@together
async def test_no_byte_of_what_is_forgotten_is_left_in_the_files(
    engine: SQLiteEngine, path: Path
) -> None:
    random = Random(14)  # noqa: S311 (the same sizes each time)
    position = 0
    for _ in range(12):
        for _ in range(random.randrange(1, 60)):
            position += 1
            length = random.choice([10, 100, 1_000, 5_000, 40_000])
            secret = b"SECRET%05d" % position
            await engine.append(
                entry(position, secret + random.randbytes(length) + secret),
                [message(position, f"public {position}")],
            )
        trim = max(0, position - random.choice([0, 0, 1, 2, 7, 30]))
        await engine.save(Snapshot(position, b"STATE%05d" % position + bytes(9_000)), trim)
        left = {
            int(found[:5])
            for file in files_of(path)
            for found in file.read_bytes().split(b"SECRET")[1:]
        }
        assert left == set(range(trim + 1, position + 1))
        assert size(path.with_name("chat.db-wal")) == 0
        assert not grep(path, b"STATE%05d" % (trim - 1))


@together
async def test_a_file_gets_smaller_when_much_is_forgotten(engine: SQLiteEngine, path: Path) -> None:
    for position in range(1, 41):
        await engine.append(entry(position, bytes(SLICE_BYTES)))
    await engine.save(Snapshot(40, b"state"), 40)
    assert size(path) < 6 * 2**20


@together
async def test_only_the_user_of_the_server_can_read_the_files(
    engine: SQLiteEngine, path: Path
) -> None:
    await engine.append(entry(1))
    modes = {file.name: mode(file) for file in files_of(path)}
    assert modes == dict.fromkeys(("chat.db", "chat.db-wal", "chat.db-shm", "chat.db-lock"), 0o600)


@together
async def test_a_file_that_others_could_read_becomes_private(
    engine: SQLiteEngine, path: Path
) -> None:
    await engine.close()
    make_public(path)
    await engine.open()
    assert mode(path) == 0o600


@together
async def test_a_store_that_is_closed_is_one_file_without_anything_that_waits(
    engine: SQLiteEngine, path: Path
) -> None:
    await engine.append(entry(1), [message(1)])
    await engine.archive.last("#lobby", 1)
    await engine.close()
    assert {file.name for file in files_of(path)} == {"chat.db", "chat.db-lock"}
    assert path.with_name("chat.db-lock").read_bytes() == b""


@together
async def test_another_server_is_told_that_the_file_is_in_use(
    engine: SQLiteEngine, make_engine: MakeEngine, path: Path
) -> None:
    other = make_engine()
    for _ in range(2):
        with pytest.raises(StoreInUse, match=f"Another server keeps its chat in {path}"):
            await other.open()
    await engine.append(entry(1))
    await engine.close()
    await other.open()
    assert await other.read(0) == [entry(1)]


@together
async def test_a_closed_store_keeps_nothing_until_it_is_opened_again(
    engine: SQLiteEngine, path: Path
) -> None:
    await engine.close()
    await engine.close()
    calls: list[Callable[[], Deferred[Any]]] = [
        lambda: engine.append(entry(1)),
        lambda: engine.save(Snapshot(1, b""), 0),
        engine.load,
        engine.retain,
        lambda: engine.read(0),
    ]
    for call in calls:
        with pytest.raises(StoreFailed, match=f"{path} is closed"):
            await call()
    await engine.open()
    await engine.append(entry(1))
    assert await engine.read(0) == [entry(1)]


@together
async def test_opening_it_twice_is_opening_it_again(engine: SQLiteEngine) -> None:
    await engine.append(entry(1))
    await engine.open()
    assert await engine.read(0) == [entry(1)]


@together
async def test_what_was_not_finished_fails_when_it_is_closed(engine: SQLiteEngine) -> None:
    saved = engine.save(Snapshot(1, bytes(50 * SLICE_BYTES)), 0)
    await engine.append(entry(1))
    await engine.close()
    with pytest.raises(StoreFailed, match="is closed"):
        await saved
    await engine.open()
    assert await engine.load() is None
    await engine.save(Snapshot(1, b"whole"), 0)
    assert await engine.load() == Snapshot(1, b"whole")


@together
async def test_the_last_message_of_a_number_counts(engine: SQLiteEngine) -> None:
    """A number is there already if somebody has put it there by hand."""
    await engine.append(entry(1), [message(1, "an intruder")])
    await engine.append(entry(2), [message(1, "the truth")])
    assert texts(await engine.archive.last("#lobby", 9)) == ["the truth"]


@together
async def test_each_message_has_the_room_s_name_of_its_own_life(engine: SQLiteEngine) -> None:
    said = [message(1, room="#Straße"), message(2, room="#STRASSE"), message(3, room="#Straße")]
    await engine.append(entry(1), said)
    read = await engine.archive.last("#strasse", 9)
    assert read == tuple(each.message for each in said)
    assert {type(each) for each in read} == {Message}


@together
@pytest.mark.parametrize("sync", ["normal", "full"])
async def test_each_entry_is_as_durable_as_asked_for(make_engine: MakeEngine, sync: str) -> None:
    statements: list[str] = []

    class Connection(sqlite3.Connection):
        def execute(self, statement: str, *rest: Any) -> sqlite3.Cursor:
            statements.append(statement)
            return super().execute(statement, *rest)

    engine = make_engine(sync=sync, connect=partial(sqlite3.connect, factory=Connection))
    await engine.open()
    for position in range(1, 600):
        await engine.append(entry(position), [message(position)])
    setting = ""
    count = 0
    for statement in statements:
        if statement.startswith("PRAGMA synchronous"):
            setting = statement
        elif "INTO entries" in statement:
            assert setting == f"PRAGMA synchronous = {sync.upper()}"
            count += 1
    assert count == 599
    assert any("INTO search_0" in each or "search_0 USING" in each for each in statements)
