"""How long messages are kept: ``--keep``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chatd.store.database import Database
from chatd.store.messages import DELETED_MESSAGES, Messages

_SECONDS: Final = {"h": 3_600, "d": 86_400, "w": 604_800}
_BYTES: Final = {"M": 2**20, "G": 2**30, "T": 2**40}


@dataclass(frozen=True, slots=True)
class Keep:
    """The limits of what is kept; None is no limit.

    :ivar seconds: the age of a message.
    :ivar messages: their number.
    :ivar bytes: the size of the whole file, without what is free in it.
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


def retain(database: Database, messages: Messages, keep: Keep, now: float) -> Iterator[float]:
    """Delete messages, oldest first, until `keep` holds; each step takes little time.

    :param now: in seconds since 1970.
    """
    was_first = messages.first
    while (last := _last_to_delete(database, messages, keep, now)) >= messages.first:
        for _ in messages.delete(last):
            yield 0
    if messages.first != was_first:
        messages.forget_rooms()
        yield 0


def _last_to_delete(database: Database, messages: Messages, keep: Keep, now: float) -> int:
    """The id up to which messages can be deleted at once; less than the first if none can."""
    step = min(messages.last, messages.first + DELETED_MESSAGES - 1)
    if keep.messages is not None and messages.last - keep.messages >= messages.first:
        return messages.last - keep.messages
    if keep.bytes is not None and database.used_bytes() > keep.bytes:
        return step
    if keep.seconds is not None:
        # Messages are in the order of their times.
        return database.number(
            "SELECT max(id) FROM (SELECT id, time FROM messages ORDER BY id LIMIT ?) "
            "WHERE time < ?",
            (DELETED_MESSAGES, int((now - keep.seconds) * 1_000)),
        )
    return 0
