"""Durations in words, for sentences that say how long something lasts, and why."""

from typing import Final

#: The names of the units, and how many seconds each has.
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def duration(milliseconds: int) -> str:
    """A length of time in its two largest units, rounded up to a second: ``1 h 5 min``."""
    seconds = max(1, -(-milliseconds // 1_000))
    parts = []
    for name, size in _UNITS:
        if count := seconds // size:
            parts.append(f"{count} {name}")
        seconds %= size
    return " ".join(parts[:2])


def lasting(milliseconds: int) -> str:
    """`` for 10 min``; nothing for what has no known end, 0."""
    return f" for {duration(milliseconds)}" if milliseconds else ""


def because(reason: str) -> str:
    """``: spam``, the end of a sentence; nothing without a reason."""
    return f": {reason.rstrip('.')}" if reason else ""
