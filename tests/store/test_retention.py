"""Messages are kept as long as ``--keep`` says."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from chatd.chat.commands import Search
from chatd.log.engine import Snapshot
from chatd.store import archive as archive_module
from chatd.store import messages as messages_module
from chatd.store.engine import SQLiteEngine
from chatd.store.retention import Keep, parse_keep
from tests.store.files import NOW, MakeEngine, entry, message, texts

together: Callable[..., Any] = pytest_twisted.ensureDeferred

DAY = 86_400


@pytest.fixture(autouse=True)
def small_index(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (messages_module, archive_module):
        monkeypatch.setattr(module, "PARTITION_MESSAGES", 32)
    monkeypatch.setattr(messages_module, "BATCH_MESSAGES", 8)


async def fill(engine: SQLiteEngine, count: int, each_seconds: int = 0, text: str = "") -> None:
    for number in range(1, count + 1):
        said = message(number, f"tea {number}{text}", time=NOW + number * each_seconds * 1_000)
        await engine.append(entry(number), [said])


@pytest.mark.parametrize(
    ("value", "keep"),
    [
        ("all", Keep(None, None, None)),
        ("30d,1G", Keep(30 * DAY, None, 2**30)),
        ("12h", Keep(DAY // 2, None, None)),
        ("2w,5000,10M", Keep(14 * DAY, 5_000, 10 * 2**20)),
        ("007", Keep(None, 7, None)),
        ("1T", Keep(None, None, 2**40)),
    ],
)
def test_what_is_kept_can_be_said_by_age_number_and_size(value: str, keep: Keep) -> None:
    assert parse_keep(value) == keep


@pytest.mark.parametrize("value", ["", "0", "-1", "30", "d", "30 d", "1g", "all,1G", "1e3", "٣d"])
def test_anything_else_is_refused_in_words(value: str) -> None:
    if value == "30":
        assert parse_keep(value).messages == 30
        return
    with pytest.raises(ValueError, match="must be all, or some of an age such as 30d"):
        parse_keep(value)


def test_a_month_and_a_gigabyte_are_kept_unless_asked() -> None:
    assert Keep() == parse_keep("30d,1G")


@together
async def test_the_oldest_go_first_by_number(make_engine: MakeEngine, path: Path) -> None:
    engine = make_engine(keep=Keep(None, 50, None))
    await engine.open()
    await fill(engine, 150)
    await engine.retain()
    kept = await engine.archive.last("#lobby", 999)
    assert texts(kept) == [f"tea {number}" for number in range(101, 151)]
    found = await engine.archive.search(Search("tea", limit=100))
    assert [each.seq for each in found.messages] == list(range(150, 100, -1))
    assert (await engine.archive.search(Search("tea 99 "))).messages == ()
    await engine.close()
    connection = sqlite3.connect(path)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%fts5%'")
    assert {name for (name,) in tables} == {"search_3", "search_4"}
    connection.close()


@together
async def test_the_oldest_go_first_by_age(make_engine: MakeEngine) -> None:
    now = [NOW / 1_000]
    engine = make_engine(keep=Keep(DAY, None, None), now=lambda: now[0])
    await engine.open()
    await fill(engine, 60, each_seconds=3_600)
    now[0] += 60 * 3_600
    await engine.retain()
    kept = await engine.archive.last("#lobby", 999)
    assert [each.seq for each in kept] == list(range(36, 61))
    now[0] += 365 * DAY
    await engine.save(Snapshot(60, b"state"), 0)
    await engine.retain()
    assert await engine.archive.last("#lobby", 9) == ()
    assert await engine.archive.search(Search("tea")) == await engine.archive.search(Search("x"))
    now[0] -= 2 * 365 * DAY  # somebody sets the clock back
    await engine.append(entry(61), [message(61, "tea again")])
    await engine.retain()
    assert texts((await engine.archive.search(Search("tea"))).messages) == ["tea again"]


@together
async def test_the_oldest_go_first_by_size(make_engine: MakeEngine, path: Path) -> None:
    engine = make_engine(keep=Keep(None, None, 2**20))
    await engine.open()
    await fill(engine, 600, text=" padding" * 500)
    await engine.save(Snapshot(600, b"state"), 600)
    await engine.retain()
    kept = await engine.archive.last("#lobby", 999)
    assert 20 < len(kept) < 300
    assert kept[-1].seq == 600
    assert [each.seq for each in kept] == list(range(601 - len(kept), 601))


@together
async def test_nothing_is_deleted_that_is_to_be_kept(make_engine: MakeEngine) -> None:
    engine = make_engine(keep=Keep(DAY, 100, 2**30))
    await engine.open()
    await fill(engine, 100)
    await engine.retain()
    assert len(await engine.archive.last("#lobby", 999)) == 100


@together
async def test_numbers_of_messages_that_are_gone_are_not_used_again(
    make_engine: MakeEngine,
) -> None:
    """A page that is asked for with an old number must not begin in the middle of new ones."""
    now = [NOW / 1_000]
    engine = make_engine(keep=Keep(DAY, None, None), now=lambda: now[0])
    await engine.open()
    await fill(engine, 40)
    page = await engine.archive.search(Search("tea", limit=10))
    now[0] += 2 * DAY
    await engine.retain()
    now[0] = NOW / 1_000
    engine = await reopened(engine)
    for number in range(41, 81):
        await engine.append(entry(number), [message(number, "tea and water")])
    older = await engine.archive.search(Search("tea", before=page.before))
    assert older.messages == ()
    found = await engine.archive.search(Search("tea", limit=100))
    assert texts(found.messages) == ["tea and water"] * 40


async def reopened(engine: SQLiteEngine) -> SQLiteEngine:
    await engine.close()
    await engine.open()
    return engine


@together
async def test_nobody_waits_for_a_deletion(make_engine: MakeEngine) -> None:
    """Entries are kept between its steps."""
    engine = make_engine(keep=Keep(None, 1, None))
    await engine.open()
    for number in range(1, 2_001):
        engine.append(entry(number), [message(number)])
    order: list[str] = []

    def tell(what: str) -> Callable[[object], None]:
        return lambda _: order.append(what)

    deleted: Deferred[None] = engine.retain().addCallback(tell("deleted"))
    await engine.append(entry(2_001)).addCallback(tell("kept"))
    await deleted
    assert order == ["kept", "deleted"]
    assert len(await engine.archive.last("#lobby", 9)) == 1
