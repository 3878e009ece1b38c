"""Whether a process's memory grows."""

from dataclasses import dataclass
from statistics import linear_regression, median
from typing import Final

_MIB: Final = 2**20
#: By how much the last third's memory may exceed the middle third's.
_MAX_GROWTH: Final = 0.03


@dataclass(frozen=True)
class Sample:
    """The memory of a process `seconds` after the beginning."""

    seconds: float
    resident_bytes: int
    unique_bytes: int


@dataclass(frozen=True)
class Trend:
    """The course of the memory, without a first third in which caches and histories fill up.

    :ivar middle: the median of the unique memory in the second third, in bytes; `last`: in the last
        third; `slope`: in bytes a minute, over both.
    """

    middle: float
    last: float
    slope: float
    max_resident: int

    @property
    def is_flat(self) -> bool:
        """Whether it did not grow."""
        return self.last <= self.middle * (1 + _MAX_GROWTH)

    def __str__(self) -> str:
        return (
            f"median of the middle third {self.middle / _MIB:.1f} MiB, of the last third "
            f"{self.last / _MIB:.1f} MiB, slope {self.slope / 1024:+.1f} KiB a minute, "
            f"at most {self.max_resident / _MIB:.1f} MiB resident"
        )


def trend(samples: list[Sample]) -> Trend:
    """The trend of these samples, which are in the order of time."""
    third = samples[-1].seconds / 3
    later = [sample for sample in samples if sample.seconds >= third]
    middle = [sample.unique_bytes for sample in later if sample.seconds < 2 * third]
    last = [sample.unique_bytes for sample in later if sample.seconds >= 2 * third]
    slope, _ = linear_regression(
        [sample.seconds / 60 for sample in later], [sample.unique_bytes for sample in later]
    )
    max_resident = max(sample.resident_bytes for sample in samples)
    return Trend(median(middle), median(last), slope, max_resident)
