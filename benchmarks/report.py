"""The results of a run as text, and the thresholds that they must meet."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from benchmarks.load import Measurement
from benchmarks.machine import KIB, Cores

#: Shares of a core. A core that is busier than the first has no reserve; other programs that use
#: more than the second disturb a measurement.
SATURATED, DISTURBED = 0.9, 0.1

#: Capacity: messages arrive in time if 99 % of them have reached all members after so long.
MAX_LATENCY_MILLISECONDS: Final = 50

LEGEND: Final = """\
µs         CPU time of the server per delivery, in microseconds: the median of the runs
srv, gen   how busy the server's core and the load generator's were, in percent
!          the generator's core was more than 90 % busy and the server's was not: deliveries/s
           may be limited by the generator (µs is not affected)
~          other programs used more than 10 % of a core meanwhile"""
JOIN_LEGEND: Final = """\
join/s     members registered per second; s: until all had been told of all; CPU s: of that time
KiB        resident memory per member; idle: the server's CPU in percent, while nothing is sent"""


class Row(msgspec.Struct, frozen=True):
    """A peer; `missing` is why it was not measured."""

    key: str
    name: str
    version: str = ""
    missing: str = ""
    note: str = ""


class Cell(msgspec.Struct, frozen=True):
    """The measurements of one peer with so many members, or why there are none.

    :ivar rate: messages a second, of the capacity.
    """

    peer: str
    members: int
    in_flight: int = 0
    runs: tuple[Measurement, ...] = ()
    failure: str = ""
    idle_busy: float | None = None
    rate: float = 0.0

    def median(self, value: Callable[[Measurement], float]) -> float:
        """The median of a value over the runs."""
        return statistics.median(map(value, self.runs))

    @property
    def costs(self) -> list[float]:
        """Microseconds of the server's CPU time per delivery, in each run."""
        return [run.server_cpu / run.deliveries * 1e6 for run in self.runs]

    @property
    def cost(self) -> float:
        """The median of the costs."""
        return statistics.median(self.costs)

    @property
    def memory(self) -> float:
        """KiB per member that the server's memory grew by when they joined."""
        return self.median(lambda run: run.server_bytes) / self.members / KIB

    def latency(self, percent: int) -> float:
        """A percentile of the latencies, in milliseconds."""
        return percentile(sorted(self.runs[0].latencies), percent) * 1e3


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """The results of a run.

    :ivar windows: with so many messages in flight; `latencies`: at a fixed rate.
    :ivar others: lines of text.
    """

    command: str
    machine: dict[str, str]
    cores: Cores
    rows: tuple[Row, ...]
    windows: tuple[Cell, ...] = ()
    latencies: tuple[Cell, ...] = ()
    capacities: tuple[Cell, ...] = ()
    joins: tuple[Cell, ...] = ()
    others: tuple[str, ...] = ()

    def name(self, peer: str) -> str:
        """The name of a peer in the tables."""
        return next(row.name for row in self.rows if row.key == peer)


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that is not exceeded by `percent` of all (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def as_text(results: Results) -> str:
    """The whole report."""
    sections = [
        [*_head(results)],
        [f"{row.name}: {row.missing}" for row in results.rows if row.missing],
    ]
    for members in sorted({cell.members for cell in results.windows}):
        cells = [cell for cell in results.windows if cell.members == members]
        sections.append(_table(results, f"{members:,} members", cells, WINDOW_COLUMNS, _window))
    if results.windows:
        notes = [f"{row.name}: {row.note}" for row in results.rows if row.note]
        sections.append([*LEGEND.splitlines(), *notes])
    title = "Fan-out at 100 messages/s"
    sections += [
        _table(results, title, results.latencies, LATENCY_COLUMNS, _latency),
        _table(results, CAPACITY_TITLE, results.capacities, CAPACITY_COLUMNS, _capacity),
        _table(results, "Joining", results.joins, JOIN_COLUMNS, _join),
        JOIN_LEGEND.splitlines() if results.joins else [],
        [*results.others],
        [*_failures(results)],
        _lines_of(thresholds(results)),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


def _head(results: Results) -> Iterator[str]:
    yield results.command
    yield ", ".join(f"{name} {value}" for name, value in results.machine.items())
    yield f"core {results.cores.server}: the server; core {results.cores.load}: the load generator"
    yield from (f"{row.name}: {row.version}" for row in results.rows if row.version)


def _table(
    results: Results,
    title: str,
    cells: Sequence[Cell],
    columns: str,
    values: Callable[[Cell], str],
) -> list[str]:
    """A line for each peer, with `columns` for each number of messages in flight, or of members."""
    found = {(cell.peer, cell.members, cell.in_flight): cell for cell in cells}
    groups = sorted({key[1:] for key in found})
    if not groups:
        return []
    width = len(columns)
    names = [f"{flight} in flight" if flight else f"{size:,} members" for size, flight in groups]
    lines = [
        f"{title:<26}" + "".join(f"{name:^{width}}" for name in names),
        " " * 26 + columns * len(groups),
    ]
    for row in results.rows:
        line = f"{row.name:<26}"
        for group in groups:
            cell = found.get((row.key, *group))
            text = values(cell) if cell and not cell.failure else cell.failure[:8] if cell else ""
            line += f"{text:>{width}}"
        if any(cell.peer == row.key for cell in cells):
            lines.append(line)
    return [line.rstrip() for line in lines]


WINDOW_COLUMNS: Final = f"{'deliveries/s':>14}{'µs':>8}{'srv':>5}{'gen':>5}  "
LATENCY_COLUMNS: Final = f"{'p50 ms':>10}{'p99 ms':>10}{'srv':>5}"
CAPACITY_TITLE: Final = f"p99 up to {MAX_LATENCY_MILLISECONDS} ms"
CAPACITY_COLUMNS: Final = f"{'messages/s':>14}{'p99 ms':>10}"
JOIN_COLUMNS: Final = f"{'join/s':>8}{'s':>7}{'CPU s':>7}{'KiB':>7}{'idle':>6}"


def _window(cell: Cell) -> str:
    server = cell.median(lambda run: run.server_cpu / run.seconds)
    load = cell.median(lambda run: run.load_cpu / run.seconds)
    others = cell.median(
        lambda run: (run.machine_cpu - run.server_cpu - run.load_cpu) / run.seconds
    )
    marks = ("!" if load > SATURATED >= server else "") + ("~" if others > DISTURBED else "")
    rate = cell.median(lambda run: run.deliveries / run.seconds)
    return f"{rate:>14,.0f}{cell.cost:>8.3f}{server * 100:>5.0f}{load * 100:>5.0f}{marks:<2}"


def _latency(cell: Cell) -> str:
    busy = cell.median(lambda run: run.server_cpu / run.seconds)
    return f"{cell.latency(50):>10.2f}{cell.latency(99):>10.2f}{busy * 100:>5.0f}"


def _capacity(cell: Cell) -> str:
    return f"{cell.rate:>14,.0f}{cell.latency(99):>10.2f}"


def _join(cell: Cell) -> str:
    rate = cell.median(lambda run: cell.members / run.seconds)
    seconds = cell.median(lambda run: run.settled_seconds)
    cpu = cell.median(lambda run: run.settled_server_cpu)
    idle = "" if cell.idle_busy is None else f"{cell.idle_busy * 100:.2f}"
    return f"{rate:>8,.0f}{seconds:>7.1f}{cpu:>7.1f}{cell.memory:>7.1f}{idle:>6}"


def _failures(results: Results) -> Iterator[str]:
    for cell in (*results.windows, *results.latencies, *results.capacities, *results.joins):
        if cell.failure:
            width = f", {cell.in_flight} in flight" if cell.in_flight else ""
            yield f"{results.name(cell.peer)}, {cell.members:,} members{width}: {cell.failure}"


class Threshold(msgspec.Struct, frozen=True):
    """A value and its limit; `runs` are the values of single runs, if the limit is on those."""

    title: str
    value: float
    comparison: str
    limit: float
    unit: str = ""
    runs: tuple[float, ...] = ()

    @property
    def is_met(self) -> bool:
        """Whether the value is within the limit."""
        return self.value >= self.limit if self.comparison == "≥" else self.value <= self.limit


#: Two peers and numbers of members, and the limit of the first one's CPU per delivery, divided by
#: the second one's; if the last element is not 0, only with so many messages in flight. The servers
#: in C do not log messages, so that chatd is compared with them without its log, too.
CPU_RATIOS: Final = (
    *(
        (own, size, peer, size, "≤", limit, 0)
        for own in ("chatd", "chatd-unlogged")
        for peer, size, limit in (
            ("inspircd", 1_000, 1),
            ("inspircd", 100, 1),
            ("relay", 1_000, 1.6),
        )
    ),
    *(("twisted", size, "chatd", size, "≥", 5, 200) for size in (100, 1_000, 5_000)),
    ("chatd", 5_000, "chatd", 1_000, "≤", 1.3, 0),
    ("chatd-kept", 1_000, "inspircd", 1_000, "≤", 1, 0),
    ("chatd-kept", 1_000, "chatd", 1_000, "≤", 1.15, 200),
    ("chatd-irc", 1_000, "inspircd", 1_000, "≤", 1, 0),
    ("chatd-irc-mixed", 1_000, "inspircd-mixed", 1_000, "≤", 1, 0),
    *(
        (peer, 200, own, 200, "≥", 10, 0)
        for peer in ("ws", "websockets")
        for own in ("chatd-page", "chatd-page-kept")
    ),
)
MEMORY_MEMBERS, MEMORY_KIB = 5_000, 8
#: How many times as much CPU chatd may use as the chatd of another checkout.
REGRESSION: Final = 1.05


def thresholds(results: Results) -> Iterator[Threshold]:
    """Those for which there are measurements."""
    name = results.name
    windows = [cell for cell in results.windows if cell.runs]
    found = {(cell.peer, cell.members, cell.in_flight): cell for cell in windows}
    for one, members, other, others, comparison, limit, only in CPU_RATIOS:
        for width in [only] if only else sorted({cell.in_flight for cell in windows}):
            above, below = found.get((one, members, width)), found.get((other, others, width))
            if above and below:
                title = f"{name(one)} / {name(other)}, {members:,} members"
                if one == other:
                    title = f"{name(one)}, {members:,} / {others:,} members"
                title = f"CPU of {title}, {width} in flight"
                yield Threshold(title, above.cost / below.cost, comparison, limit)
    for above, below in _pairs(results.latencies, "chatd", "twisted"):
        title = f"fan-out p99 of chatd / {name('twisted')}, {above.members:,} members"
        yield Threshold(title, above.latency(99) / below.latency(99), "≤", 1)
    for cell in results.joins:
        if (cell.peer, cell.members) == ("chatd", MEMORY_MEMBERS) and cell.runs:
            title = f"memory of chatd per idle member, {MEMORY_MEMBERS:,} members"
            yield Threshold(title, cell.memory, "≤", MEMORY_KIB, "KiB")
    yield from _regressions(results)


def _regressions(results: Results) -> Iterator[Threshold]:
    for above, below in _pairs(results.windows, "chatd", "other"):
        title = f"CPU of this checkout / other, {above.members:,} members"
        yield _regression(f"{title}, {above.in_flight} in flight", above.costs, below.costs)
    for above, below in _pairs(results.joins, "chatd", "other"):
        title = f"CPU of this checkout / other, {above.members:,} members joining"
        costs = [[run.settled_server_cpu for run in cell.runs] for cell in (above, below)]
        yield _regression(title, *costs)


def _pairs(cells: Sequence[Cell], one: str, other: str) -> Iterator[tuple[Cell, Cell]]:
    """Cells that differ only in the peer."""
    found = {(cell.peer, cell.members, cell.in_flight): cell for cell in cells if cell.runs}
    for (peer, members, width), above in found.items():
        if peer == one and (below := found.get((other, members, width))):
            yield above, below


def _regression(title: str, above: Sequence[float], below: Sequence[float]) -> Threshold:
    """The runs are compared in pairs, as they were measured one after the other."""
    ratios = tuple(a / b for a, b in zip(above, below, strict=False))
    return Threshold(title, statistics.median(ratios), "≤", REGRESSION, runs=ratios)


def _lines_of(found: Iterator[Threshold]) -> list[str]:
    lines, known = [], list(found)
    width = max((len(each.title) for each in known), default=0)
    for each in known:
        runs = f"  runs: {min(each.runs):.2f} to {max(each.runs):.2f}" if each.runs else ""
        line = f"{'yes' if each.is_met else 'NO':<4}{each.title:<{width}}{each.value:>8.2f}  "
        lines.append(f"{line}{each.comparison} {each.limit:g} {each.unit}{runs}".rstrip())
    return ["Thresholds", *lines] if lines else []
