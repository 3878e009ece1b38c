"""How long messages are kept: ``--keep``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chatd.chat import limits
from chatd.store.database import Database
from chatd.store.messages import Messages

_SECONDS: Final = {"h": 3_600, "d": 86_400, "w": 604_800}
_BYTES: Final = {"M": 2**20, "G": 2**30, "T": 2**40}


@dataclass(frozen=True, slots=True)
class Keep:
    """The limits of what is kept; None is no limit.

    :ivar seconds: the age of a message.
    :ivar messages: their number.
    :ivar bytes: the size of the file, without what is free in it, and without the journal.
    """

    seconds: int | None = 30 * 86_400
    messages: int | None = None
    bytes: int | None = 2**30


def parse_keep(value: str) -> Keep:
    """Parse ``all``, or some of an age, a number and a size: ``30d,100000,1G``.

    What is not named has no limit.

    :raises ValueError: if it is none of these.
    """
    if value == "all":
        return Keep(None, None, None)
    seconds = messages = size = None
    for part in value.split(","):
        amount = re.fullmatch("0*([1-9][0-9]{0,8})([hdwMGT]?)", part)
        if amount is None:
            raise ValueError(
                "must be all, or some of an age such as 30d, 12h or 8w, a number of messages such "
                "as 100000, and a size such as 500M or 1G, with commas between them"
            )
        number, unit = int(amount[1]), amount[2]
        if unit in _SECONDS:
            seconds = number * _SECONDS[unit]
        elif unit in _BYTES:
            size = number * _BYTES[unit]
        else:
            messages = number
    return Keep(seconds, messages, size)


@dataclass(frozen=True, slots=True)
class Clock:
    """The host's clock, in seconds since 1970. It may be wrong, or be set while the server runs.

    :ivar believed: the time by which the age of messages is measured.
    :ivar doubted: what the clock has said since it jumped ahead; 0 if it has not.
    """

    believed: int
    doubted: int = 0

    def after(self, now: int) -> "Clock":
        """The clock after a look at it, when it says `now`.

        A clock that is suddenly a year ahead must not delete everything: a jump is believed only
        when the clock has said so for ``DOUBTED_CLOCK_SECONDS``. A server that was not running for
        long sees a jump, too; so what is too old then is deleted a day later, or at the start
        after the next jump.
        """
        believed = self.believed
        if self.doubted and now >= self.doubted + limits.DOUBTED_CLOCK_SECONDS:
            believed = self.doubted
        if now <= believed + limits.DOUBTED_CLOCK_SECONDS:
            return Clock(now)
        is_new = not self.doubted or believed == self.doubted
        return Clock(believed, now if is_new else min(now, self.doubted))


def look_at_clock(database: Database, now: int) -> Clock:
    """The clock after a look at it, when it says `now`; kept in the file."""
    number = database.number
    newest = number("SELECT time FROM messages ORDER BY id DESC LIMIT 1") // 1_000
    known = Clock(
        number("SELECT value FROM numbers WHERE name = 'believed'") or newest or now,
        number("SELECT value FROM numbers WHERE name = 'doubted'"),
    )
    clock = known.after(now)
    with database.lazy_transaction():
        for name, value in (("believed", clock.believed), ("doubted", clock.doubted)):
            database.execute("INSERT OR REPLACE INTO numbers VALUES (?, ?)", (name, value))
    return clock


def retain(database: Database, messages: Messages, keep: Keep, now: int) -> Iterator[float]:
    """Delete messages, oldest first, until `keep` holds; each step takes little time.

    :param now: by which ages are measured, in seconds since 1970.
    """
    was_first = messages.first
    journal = database.number("SELECT sum(length(data)) FROM entries")
    journal += database.number("SELECT sum(length(data)) FROM parts")
    while (last := _last_to_delete(database, messages, keep, now, journal)) >= messages.first:
        for _ in messages.delete(last):
            yield 0
    if messages.first != was_first:
        messages.forget_rooms()
        yield 0


def _last_to_delete(
    database: Database, messages: Messages, keep: Keep, now: int, journal: int
) -> int:
    """The id up to which messages can be deleted at once; less than the first if none can."""
    count = limits.DELETED_MESSAGES
    if keep.messages is not None and messages.last - keep.messages >= messages.first:
        return messages.last - keep.messages
    if keep.bytes is not None and database.used_bytes() - journal > keep.bytes:
        return min(messages.last, messages.first + count - 1)
    if keep.seconds is not None:
        # Messages are in the order of their times.
        return database.number(
            "SELECT max(id) FROM (SELECT id, time FROM messages ORDER BY id LIMIT ?) "
            "WHERE time < ?",
            (count, (now - keep.seconds) * 1_000),
        )
    return 0
