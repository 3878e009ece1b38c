"""The tables that a person reads."""

from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.results import Cell, Crowd, Goal, Latency, Results

#: A core that is busier than this has nothing to spare.
SATURATED: Final = 0.9
#: Others that used more than this share of a core disturbed the measurement.
DISTURBED: Final = 0.1

LEGEND: Final = """\
µs         CPU of the server per delivery, in microseconds: the median of the runs
srv, gen   how busy the server's core and the load generator's were, in percent
!          the generator's core was more than 90 % busy and the server's was not: the generator
           may be what limited deliveries per second (µs is the server's own all the same)
~          other programs used more than 10 % of a core meanwhile"""


def tables(results: Results) -> str:
    """Everything that was found."""
    sections = [list(_head(results)), list(_missing(results))]
    sizes = sorted({cell.members for cell in results.cells})
    sections += [list(_windows(results, members)) for members in sizes]
    if results.cells:
        notes = [f"{row.name}: {row.note}" for row in results.rows if row.note]
        sections.append([*LEGEND.splitlines(), *notes])
    sections += [list(_latencies(results)), list(_crowds(results)), list(_rest(results))]
    sections.append(list(_failures(results)))
    sections.append(list(_goals(results.goals)))
    return "\n\n".join("\n".join(section) for section in sections if section)


def _head(results: Results) -> Iterator[str]:
    yield results.command
    yield ", ".join(f"{name} {value}" for name, value in results.machine.items())
    yield f"core {results.cores.server}: the server; core {results.cores.load}: the load generator"
    for row in results.rows:
        if row.version:
            yield f"{row.name}: {row.version}"


def _missing(results: Results) -> Iterator[str]:
    for row in results.rows:
        if row.missing:
            yield f"{row.name}: {row.missing}"


def _names(results: Results) -> dict[str, str]:
    return {row.key: row.name for row in results.rows if not row.missing}


def _windows(results: Results, members: int) -> Iterator[str]:
    cells = {(cell.peer, cell.in_flight): cell for cell in results.cells if cell.members == members}
    widths = sorted({in_flight for _, in_flight in cells})
    yield (
        f"{members:,} members".ljust(26)
        + "".join(f"{f'{width} under way':^35}" for width in widths).rstrip()
    )
    head = f"{'deliveries/s':>14}{'µs':>8}{'srv':>5}{'gen':>5}   "
    yield (" " * 26 + head * len(widths)).rstrip()
    for peer, name in _names(results).items():
        found = [cells.get((peer, width)) for width in widths]
        if any(found):
            yield (f"{name:<26}" + "".join(map(_window, found))).rstrip()


def _window(cell: Cell | None) -> str:
    if cell is None or cell.failed:
        return f"{'failed' if cell else '':>14}{'':21}"
    mark = ("!" if limited_by_load(cell) else "") + ("~" if cell.others_busy > DISTURBED else "")
    return (
        f"{cell.deliveries_per_second:>14,.0f}{cell.microseconds_per_delivery:>8.3f}"
        f"{cell.server_busy:>5.0%}{cell.load_busy:>5.0%}".replace("%", "")
        + f"{mark:<5}"
    )


def limited_by_load(cell: Cell) -> bool:
    """Whether the generator may have been the bottleneck."""
    return cell.load_busy > SATURATED and cell.server_busy <= SATURATED


def _by_members(
    results: Results, found: Sequence[Latency] | Sequence[Crowd], title: str, head: str
) -> Iterator[str]:
    sizes = sorted({cell.members for cell in found})
    if not sizes:
        return
    width = len(head)
    yield f"{title:<26}" + "".join(f"{f'{size:,} members':>{width}}" for size in sizes)
    yield " " * 26 + head * len(sizes)
    for peer, name in _names(results).items():
        line = f"{name:<26}"
        for size in sizes:
            cells = [cell for cell in found if (cell.peer, cell.members) == (peer, size)]
            line += (_figures(cells[0]) if cells else "").rjust(width)
        if line.strip() != name:
            yield line


def _figures(cell: Latency | Crowd) -> str:
    if cell.failed:
        return "left out" if cell.failed.startswith("left out") else "failed"
    if isinstance(cell, Latency):
        return (
            f"{cell.p50_milliseconds:>10.2f}{cell.p99_milliseconds:>10.2f}"
            f"{cell.server_busy * 100:>5.0f}"
        )
    idle = "" if cell.idle_busy is None else f"{cell.idle_busy * 100:.2f}"
    return (
        f"{cell.joined_per_second:>8,.0f}{cell.settled_seconds:>7.1f}{cell.server_seconds:>7.1f}"
        f"{cell.kib_per_member:>7.1f}{idle:>6}"
    )


def _latencies(results: Results) -> Iterator[str]:
    yield from _by_members(
        results,
        results.latencies,
        "Fan-out at 100 messages/s",
        f"{'p50 ms':>10}{'p99 ms':>10}{'srv':>5}",
    )


def _crowds(results: Results) -> Iterator[str]:
    yield from _by_members(
        results,
        results.crowds,
        "Joining and being there",
        f"{'join/s':>8}{'s':>7}{'CPU s':>7}{'KiB':>7}{'idle':>6}",
    )
    if results.crowds:
        yield "join/s     registered each second; s: until all had been told of all; CPU s: of it"
        yield "KiB        resident memory per member; idle: percent of a core when all do nothing"


def _rest(results: Results) -> Iterator[str]:
    if found := results.discovery:
        yield (
            f"Discovery: {found.requests:,} requests, one after another, in {found.seconds:.3f} s; "
            f"median {found.median_microseconds:.0f} µs, {found.server_microseconds:.0f} µs of CPU"
        )
    for row in results.startup:
        yield (
            f"{row.what:<32} median {row.median_milliseconds:6.0f} ms  "
            f"({row.least_milliseconds:.0f} to {row.most_milliseconds:.0f})"
        )


def _failures(results: Results) -> Iterator[str]:
    names = _names(results)
    found: list[Cell | Latency | Crowd] = [*results.cells, *results.latencies, *results.crowds]
    for cell in found:
        if cell.failed:
            width = f", {cell.in_flight} under way" if isinstance(cell, Cell) else ""
            yield f"{names[cell.peer]}, {cell.members:,} members{width}: {cell.failed}"


def _goals(goals: Sequence[Goal]) -> Iterator[str]:
    if goals:
        yield "What the run must show"
    width = max((len(goal.what) for goal in goals), default=0)
    for goal in goals:
        yield (
            f"{'yes' if goal.met else 'NO':<4}{goal.what:<{width}}{goal.value:>8.2f}  "
            f"{goal.comparison} {goal.wanted:g} {goal.unit}"
        ).rstrip()
