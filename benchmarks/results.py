"""What a run found: the values that are printed, drawn and saved."""

import statistics
from collections.abc import Sequence

import msgspec

from benchmarks.load import Stretch
from benchmarks.measure import Cores


class Row(msgspec.Struct, frozen=True):
    """A peer, and why it is missing, if it is."""

    key: str
    name: str
    version: str = ""
    missing: str = ""
    note: str = ""


class Cell(msgspec.Struct, frozen=True):
    """A peer with so many members and so many messages under way: the medians of its runs.

    ``…_busy`` is the share of one core.
    """

    peer: str
    members: int
    in_flight: int
    microseconds_per_delivery: float = 0.0
    deliveries_per_second: float = 0.0
    server_busy: float = 0.0
    server_user_share: float = 0.0
    load_busy: float = 0.0
    others_busy: float = 0.0
    #: Microseconds of server CPU per delivery in each run.
    runs: tuple[float, ...] = ()
    failed: str = ""


class Latency(msgspec.Struct, frozen=True):
    """From when a message was due to its last reader, at a fixed rate."""

    peer: str
    members: int
    p50_milliseconds: float = 0.0
    p99_milliseconds: float = 0.0
    worst_milliseconds: float = 0.0
    generator_late_milliseconds: float = 0.0
    messages: int = 0
    server_busy: float = 0.0
    load_busy: float = 0.0
    failed: str = ""


class Crowd(msgspec.Struct, frozen=True):
    """What it took to have so many members."""

    peer: str
    members: int
    at_once: int
    joined_seconds: float = 0.0
    joined_per_second: float = 0.0
    #: Of CPU, until everybody had also been told of everybody.
    server_seconds: float = 0.0
    settled_seconds: float = 0.0
    kib_per_member: float = 0.0
    #: The share of one core that the idle members cost, where it was measured.
    idle_busy: float | None = None
    failed: str = ""


class Discovery(msgspec.Struct, frozen=True):
    """Requests that were answered one after another."""

    requests: int
    seconds: float
    median_microseconds: float
    server_microseconds: float


class Startup(msgspec.Struct, frozen=True):
    """One row of startup.py."""

    what: str
    median_milliseconds: float
    least_milliseconds: float
    most_milliseconds: float


class Goal(msgspec.Struct, frozen=True):
    """Something that a run must show: `value` and `wanted` in the same unit."""

    what: str
    value: float
    comparison: str
    wanted: float
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether it was shown."""
        return self.value >= self.wanted if self.comparison == "≥" else self.value <= self.wanted


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one run."""

    command: str
    machine: dict[str, str]
    cores: Cores
    rows: tuple[Row, ...]
    cells: tuple[Cell, ...] = ()
    latencies: tuple[Latency, ...] = ()
    crowds: tuple[Crowd, ...] = ()
    discovery: Discovery | None = None
    startup: tuple[Startup, ...] = ()
    goals: tuple[Goal, ...] = ()


def cell_of(peer: str, members: int, in_flight: int, runs: Sequence[Stretch]) -> Cell:
    """The medians."""
    costs = tuple(run.server_cpu / run.deliveries * 1e6 for run in runs)
    busy = [run.server_user + run.server_system for run in runs]
    return Cell(
        peer=peer,
        members=members,
        in_flight=in_flight,
        microseconds_per_delivery=statistics.median(costs),
        deliveries_per_second=statistics.median(run.deliveries / run.seconds for run in runs),
        server_busy=statistics.median(run.server_cpu / run.seconds for run in runs),
        server_user_share=sum(run.server_user for run in runs) / (sum(busy) or 1),
        load_busy=statistics.median(run.load_cpu / run.seconds for run in runs),
        others_busy=statistics.median(
            (run.machine_cpu - run.server_cpu - run.load_cpu) / run.seconds for run in runs
        ),
        runs=costs,
    )


def latency_of(peer: str, members: int, run: Stretch) -> Latency:
    """The percentiles."""
    times = sorted(second * 1e3 for second in run.latencies)
    return Latency(
        peer=peer,
        members=members,
        p50_milliseconds=percentile(times, 50),
        p99_milliseconds=percentile(times, 99),
        worst_milliseconds=times[-1],
        generator_late_milliseconds=run.late * 1e3,
        messages=len(times),
        server_busy=run.server_cpu / run.seconds,
        load_busy=run.load_cpu / run.seconds,
    )


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that so many of all do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def crowd_of(peer: str, members: int, at_once: int, run: Stretch, grown_bytes: int) -> Crowd:
    """What a joining cost."""
    return Crowd(
        peer=peer,
        members=members,
        at_once=at_once,
        joined_seconds=run.seconds,
        joined_per_second=members / run.seconds,
        server_seconds=run.settled_server_cpu,
        settled_seconds=run.settled_seconds,
        kib_per_member=grown_bytes / members / 1_024,
    )


def starting_of(what: str, seconds: Sequence[float]) -> Startup:
    """The median and the extremes."""
    return Startup(what, statistics.median(seconds) * 1e3, min(seconds) * 1e3, max(seconds) * 1e3)
