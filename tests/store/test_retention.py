"""Messages are kept as long as ``--keep`` says."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor, task
from twisted.internet.defer import Deferred

from chatd.chat import limits
from chatd.chat.commands import Search
from chatd.log.engine import Snapshot
from chatd.store import archive as archive_module
from chatd.store import messages as messages_module
from chatd.store.engine import SQLiteEngine
from chatd.store.retention import Clock, Keep, parse_keep
from tests.fakes import log_lines
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
    for _ in range(60):
        now[0] += 3_600
        await engine.retain()
    kept = await engine.archive.last("#lobby", 999)
    assert [each.seq for each in kept] == list(range(36, 61))
    for _ in range(3):
        now[0] += DAY / 2
        await engine.retain()
    await engine.save(Snapshot(60, b"state"), 0)
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
    for _ in range(2):
        now[0] += DAY
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


# --- the clock ------------------------------------------------------------------------------------


class Kept:
    """A server that keeps messages for thirty days, with a clock that can be set.

    :ivar day: what the clock says, in days since the first message.
    """

    def __init__(self, make_engine: MakeEngine) -> None:
        self.day = 0.0
        self._make = make_engine
        self._position = 0

    async def start(self) -> None:
        self.engine = self._make(
            keep=Keep(30 * DAY, None, None), now=lambda: NOW / 1_000 + self.day * DAY
        )
        await self.engine.open()

    async def stop(self) -> None:
        await self.engine.close()

    async def say(self) -> None:
        self._position += 1
        time = NOW + int(self.day * DAY * 1_000)
        said = message(self._position, f"tea {self._position}", time=time)
        await self.engine.append(entry(self._position), [said])

    async def run(self, days: float) -> None:
        """As hourly as needed."""
        for _ in range(int(days * 4)):
            self.day += 0.25
            await self.engine.retain()

    async def count(self) -> int:
        await self.engine.retain()
        return len(await self.engine.archive.last("#lobby", 999))


@pytest.fixture
def kept(make_engine: MakeEngine) -> Kept:
    return Kept(make_engine)


@together
async def test_messages_go_when_they_are_old_enough(kept: Kept) -> None:
    await kept.start()
    for _ in range(40):
        await kept.say()
        await kept.run(1)
    assert await kept.count() == 30
    await kept.run(28)
    assert await kept.count() == 2


@pytest.mark.parametrize("restarts", [False, True])
@together
async def test_a_clock_that_is_a_year_ahead_for_some_hours_deletes_nothing(
    kept: Kept, restarts: bool
) -> None:
    await kept.start()
    for _ in range(20):
        await kept.say()
        await kept.run(1)
    if restarts:
        await kept.stop()
    kept.day += 365
    if restarts:
        await kept.start()
    await kept.say()
    await kept.run(0.75)
    assert await kept.count() == 21
    kept.day -= 365
    await kept.run(5)
    assert await kept.count() == 21
    await kept.run(25)
    assert await kept.count() == 1, "the old ones go as they would have gone"


@together
async def test_a_clock_that_is_set_back_by_a_year_stops_no_deletion_when_it_is_right_again(
    kept: Kept,
) -> None:
    await kept.start()
    for _ in range(20):
        await kept.say()
        await kept.run(1)
    kept.day -= 365
    await kept.run(2)
    assert await kept.count() == 20
    kept.day += 365
    await kept.run(1.25)
    await kept.run(12)
    assert await kept.count() < 16


@together
async def test_after_a_long_time_off_what_is_too_old_goes_within_a_day(kept: Kept) -> None:
    await kept.start()
    for _ in range(20):
        await kept.say()
        await kept.run(1)
    await kept.stop()
    kept.day += 60
    await kept.start()
    assert await kept.count() == 20
    await kept.run(1)
    assert await kept.count() == 0


@together
async def test_what_is_too_old_goes_also_if_the_server_never_runs_for_a_day(kept: Kept) -> None:
    """A party once a month."""
    for month in range(4):
        await kept.start()
        await kept.say()
        await kept.run(0.25)
        assert await kept.count() <= 2 + (month > 0)
        await kept.stop()
        kept.day += 31
    await kept.start()
    assert await kept.count() <= 2


@together
async def test_the_host_is_told_of_a_clock_that_is_not_believed_yet(kept: Kept) -> None:
    await kept.start()
    await kept.say()
    with log_lines() as lines:
        await kept.run(20)
        kept.day += 365
        await kept.run(0.5)
        await kept.count()
    assert lines == [
        "the clock is 365 days ahead of what it said last; if that is right, messages that are too "
        "old are deleted in 24 hours"
    ]


def test_what_is_known_of_the_clock_follows_it_back_at_once_and_ahead_after_a_day() -> None:
    clock = Clock(0).after(100).after(50)
    assert clock == Clock(50)
    ahead = clock.after(50 + DAY + 1)
    assert ahead == Clock(50, 50 + DAY + 1)
    assert ahead.after(50 + 2 * DAY) == ahead
    assert ahead.after(50 + 2 * DAY + 1) == Clock(50 + 2 * DAY + 1)
    assert ahead.after(60) == Clock(60)
    assert ahead.after(9 * DAY) == Clock(50 + DAY + 1, 9 * DAY), "a second jump"


@together
async def test_messages_are_looked_at_every_hour(make_engine: MakeEngine) -> None:
    """Nothing is said, and nothing saved, meanwhile."""
    timers = task.Clock()
    now = [NOW / 1_000]
    engine = make_engine(keep=Keep(DAY, None, None), now=lambda: now[0])
    engine._retaining.clock = timers
    await engine.open()
    await engine.append(entry(1), [message(1)])
    for _ in range(26):
        now[0] += limits.RETENTION_SECONDS
        timers.advance(limits.RETENTION_SECONDS)
        while not timers.getDelayedCalls():  # the look is over when the next one is planned
            await task.deferLater(reactor, 0.01)
    assert await engine.archive.last("#lobby", 9) == ()
    await engine.close()
    assert not timers.getDelayedCalls()


@together
async def test_a_small_limit_of_bytes_is_of_the_messages_and_not_of_the_journal(
    make_engine: MakeEngine,
) -> None:
    engine = make_engine(keep=Keep(None, None, 2**20))
    await engine.open()
    for number in range(1, 40):
        await engine.append(entry(number, bytes(100_000)), [message(number)])
    await engine.retain()
    assert len(await engine.archive.last("#lobby", 99)) == 39
