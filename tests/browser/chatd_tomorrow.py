"""chatd with a clock that goes to the next day, in UTC, at each SIGUSR1."""

import signal
import sys
import time
from typing import Final

from chatd.cli import main

_DAY_NANOSECONDS: Final = 86_400_000_000_000

_time_ns: Final = time.time_ns
_nanoseconds_ahead = 0


def _shifted_time_ns() -> int:
    return _time_ns() + _nanoseconds_ahead


def _go_to_next_day(number: int, frame: object) -> None:
    global _nanoseconds_ahead
    _nanoseconds_ahead += _DAY_NANOSECONDS - _shifted_time_ns() % _DAY_NANOSECONDS
    sys.stderr.write("a new day\n")


if __name__ == "__main__":
    time.time_ns = _shifted_time_ns
    signal.signal(signal.SIGUSR1, _go_to_next_day)
    main()
