"""A node's archive knows its missing messages until they come, and puts them in their place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from chatd.chat.commands import Search
from chatd.log.engine import ArchivedMessage, Gap, RoomNumber
from chatd.store import archive as archive_module
from chatd.store import messages as messages_module
from chatd.store.engine import SQLiteEngine
from chatd.store.retention import Keep
from tests.store.files import NOW, MakeEngine, message, texts

together: Callable[..., Any] = pytest_twisted.ensureDeferred


@pytest.fixture(autouse=True)
def _small_index(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (messages_module, archive_module):
        monkeypatch.setattr(module, "PARTITION_MESSAGES", 16)
    monkeypatch.setattr(messages_module, "BATCH_MESSAGES", 5)


def said(first: int, last: int, **options: Any) -> list[ArchivedMessage]:
    return [message(seq, f"tea {seq}", **options) for seq in range(first, last + 1)]


@together
async def test_what_is_missing_is_known(engine: SQLiteEngine) -> None:
    await engine.add(said(1, 5) + said(1, 3, room="#Tea"))
    rooms = [
        RoomNumber("#lobby", 1, 9),
        RoomNumber("#tea", 2, 7),
        RoomNumber("#new", 3, 2),
        RoomNumber("#quiet", 4, 0),
    ]
    assert await engine.find_gaps(rooms) == (
        Gap("#lobby", 6, 9, is_certain=True),
        Gap("#tea", 4, 7),  # another life: perhaps not all of these numbers were given
        Gap("#new", 1, 2),
    )


@together
async def test_nothing_is_missing_of_what_the_log_still_has(engine: SQLiteEngine) -> None:
    await engine.add(said(1, 5))
    assert await engine.find_gaps([RoomNumber("#lobby", 1, 3)]) == ()


@together
async def test_what_is_missing_is_known_after_a_restart(
    engine: SQLiteEngine, make_engine: MakeEngine
) -> None:
    await engine.add(said(1, 5))
    await engine.find_gaps([RoomNumber("#lobby", 1, 19)])
    await engine.add(said(20, 22))
    await engine.fill(Gap("#LOBBY", 6, 17), said(18, 19))
    await engine.close()
    again = make_engine()
    await again.open()
    # It was away for a second time.
    [gap] = await again.find_gaps([RoomNumber("#lobby", 1, 25)])
    assert gap == Gap("#lobby", 6, 25, is_certain=True)


@together
async def test_a_gap_that_is_filled_is_forgotten(engine: SQLiteEngine) -> None:
    await engine.find_gaps([RoomNumber("#lobby", 1, 5), RoomNumber("#gone", 2, 5)])
    await engine.fill(Gap("#lobby", 6, 5), said(1, 5))
    assert await engine.find_gaps([RoomNumber("#lobby", 1, 5)]) == ()


@together
async def test_what_comes_late_is_found_in_its_place(engine: SQLiteEngine) -> None:
    await engine.add(said(1, 20))
    await engine.add(said(61, 90))
    await engine.fill(Gap("#lobby", 21, 40), said(41, 60))
    await engine.fill(Gap("#lobby", 41, 40), said(21, 40))
    await engine.sort()
    await engine.add(said(91, 95))
    found = await engine.archive.search(Search("tea", limit=100))
    assert [each.seq for each in found.messages] == list(range(95, 0, -1))
    since = await engine.archive.search(Search("tea", since=NOW + 30, limit=100))
    assert [each.seq for each in since.messages] == list(range(95, 29, -1))
    assert texts(await engine.archive.last("#lobby", 3, before=42)) == [
        "tea 39",
        "tea 40",
        "tea 41",
    ]
    page = await engine.archive.search(Search("tea", limit=10))
    rest = await engine.archive.search(Search("tea", limit=10, before=page.before))
    assert [each.seq for each in rest.messages] == list(range(85, 75, -1))


@together
async def test_what_is_there_is_not_replaced(engine: SQLiteEngine) -> None:
    await engine.add(said(1, 3))
    await engine.fill(Gap("#lobby", 4, 5), [message(2, "a lie"), message(3, "a lie")])
    assert texts(await engine.archive.last("#lobby", 9)) == ["tea 1", "tea 2", "tea 3"]


@together
async def test_a_server_that_was_killed_before_it_sorted_does_so_at_the_start(
    engine: SQLiteEngine, make_engine: MakeEngine
) -> None:
    await engine.add(said(20, 30))
    await engine.fill(Gap("#lobby", 1, 0), said(1, 19))
    await engine.close()
    again = make_engine()
    await again.open()
    found = await again.archive.search(Search("tea", limit=100))
    assert [each.seq for each in found.messages] == list(range(30, 0, -1))


@together
async def test_the_oldest_go_first_also_if_they_came_last(make_engine: MakeEngine) -> None:
    engine = make_engine(keep=Keep(None, 25, None))
    await engine.open()
    await engine.add(said(20, 40))
    await engine.fill(Gap("#lobby", 1, 0), said(1, 19))
    await engine.sort()
    await engine.retain()
    kept = await engine.archive.last("#lobby", 99)
    assert [each.seq for each in kept] == list(range(16, 41))


@together
async def test_what_is_too_old_is_not_kept_again(make_engine: MakeEngine) -> None:
    engine = make_engine(keep=Keep(3_600, None, None))
    await engine.open()
    await engine.add(said(5, 6))
    await engine.retain()
    old = [message(seq, "old", time=NOW - 3_700_000 + seq) for seq in (1, 2)]
    await engine.fill(Gap("#lobby", 1, 0), [*old, message(4, "tea 4")])
    kept = await engine.archive.last("#lobby", 99)
    assert [each.seq for each in kept] == [4, 5, 6]


@together
async def test_a_file_that_was_changed_by_hand_makes_no_trouble(
    engine: SQLiteEngine, make_engine: MakeEngine, path: Path
) -> None:
    import sqlite3

    await engine.add(said(1, 5))
    await engine.close()
    with sqlite3.connect(path) as connection:
        connection.executemany(
            "INSERT INTO numbers VALUES (?, ?)",
            [
                ("first missing in #lobby", "x"),
                ("last missing in #lobby", -5),
                ("first missing in #tea", 2**62),
                ("unsorted", "yesterday"),
            ],
        )
    connection.close()
    again = make_engine()
    await again.open()
    gaps = await again.find_gaps([RoomNumber("#lobby", 1, 5), RoomNumber("#tea", 2, 3)])
    assert gaps == (Gap("#tea", 1, 3),)
