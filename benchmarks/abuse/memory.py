"""Whether a process's memory stays as it is."""

from dataclasses import dataclass
from statistics import linear_regression, median
from typing import Final

_MIB: Final = 2**20
#: What the last third may have more than the middle one, as a part of it.
_GROWTH: Final = 0.03


@dataclass(frozen=True)
class Sample:
    """The memory at one moment, `seconds` after the beginning."""

    seconds: float
    resident_bytes: int
    own_bytes: int


@dataclass(frozen=True)
class Course:
    """How it went, after a first third in which everything is still filling up.

    :ivar middle: the median of the process's own memory in the second third, in bytes; `last`: in
        the last one; `slope`: in bytes each minute, over both.
    """

    middle: float
    last: float
    slope: float
    most_resident: int

    @property
    def is_flat(self) -> bool:
        """Whether it did not grow."""
        return self.last <= self.middle * (1 + _GROWTH)

    def __str__(self) -> str:
        return (
            f"median of the middle third {self.middle / _MIB:.1f} MiB, of the last third "
            f"{self.last / _MIB:.1f} MiB, slope {self.slope / 1024:+.1f} KiB a minute, "
            f"most (resident) {self.most_resident / _MIB:.1f} MiB"
        )


def course(samples: list[Sample]) -> Course:
    """What the samples say."""
    third = samples[-1].seconds / 3
    later = [sample for sample in samples if sample.seconds >= third]
    middle = [sample.own_bytes for sample in later if sample.seconds < 2 * third]
    last = [sample.own_bytes for sample in later if sample.seconds >= 2 * third]
    slope, _ = linear_regression(
        [sample.seconds / 60 for sample in later], [sample.own_bytes for sample in later]
    )
    most = max(sample.resident_bytes for sample in samples)
    return Course(median(middle), median(last), slope, most)
