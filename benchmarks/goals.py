"""What a run must show, as ratios within the run."""

from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.results import Goal, Results

#: At most so many times the CPU of the bare relay.
RELAY_FACTOR: Final = 1.6
#: The obvious Twisted server costs at least so many times as much, with many messages under way.
OBVIOUS_FACTOR: Final = 5.0
#: A delivery among the most members may cost so many times one among 1,000.
GROWTH_FACTOR: Final = 1.3
#: The rows of chatd that are compared with the C servers: those write no message to their logs,
#: so the second does not either.
OWN: Final = ("chatd", "chatd-unlogged")
MEMBER_KIB: Final = 8.0
MANY_UNDER_WAY: Final = 200
SMALL, MEDIUM, LARGE = 100, 1_000, 5_000


def goals(results: Results) -> tuple[Goal, ...]:
    """Those for which there are figures."""
    return (*_costs(results), *_latencies(results), *_memory(results))


def _costs(results: Results) -> Iterator[Goal]:
    costs = {
        (cell.peer, cell.members, cell.in_flight): cell.microseconds_per_delivery
        for cell in results.cells
        if not cell.failed
    }
    names = {row.key: row.name for row in results.rows}

    def ratio(
        title: str,
        upper: tuple[str, int],
        lower: tuple[str, int],
        comparison: str,
        wanted: float,
        widths: Sequence[int],
    ) -> Iterator[Goal]:
        for width in widths:
            above, below = costs.get((*upper, width)), costs.get((*lower, width))
            if above and below:
                yield Goal(f"{title}, {width} under way", above / below, comparison, wanted)

    widths = sorted({cell.in_flight for cell in results.cells})
    for own in OWN:
        for peer, size, wanted in (
            ("inspircd", MEDIUM, 1.0),
            ("inspircd", SMALL, 1.0),
            ("relay", MEDIUM, RELAY_FACTOR),
        ):
            title = f"CPU of {names.get(own)} / {names.get(peer)}, {size:,} members"
            yield from ratio(title, (own, size), (peer, size), "≤", wanted, widths)
    for size in (SMALL, MEDIUM, LARGE):
        title = f"CPU of obvious Twisted / chatd, {size:,} members"
        upper, lower = ("twisted", size), ("chatd", size)
        yield from ratio(title, upper, lower, "≥", OBVIOUS_FACTOR, [MANY_UNDER_WAY])
    title = f"CPU of chatd, {LARGE:,} / {MEDIUM:,} members"
    yield from ratio(title, ("chatd", LARGE), ("chatd", MEDIUM), "≤", GROWTH_FACTOR, widths)


def _latencies(results: Results) -> Iterator[Goal]:
    found = {
        (cell.peer, cell.members): cell.p99_milliseconds
        for cell in results.latencies
        if not cell.failed
    }
    for peer, members in found:
        if peer == "chatd" and ("twisted", members) in found:
            yield Goal(
                f"fan-out p99 of chatd / obvious Twisted, {members:,} members",
                found[peer, members] / found["twisted", members],
                "≤",
                1.0,
            )


def _memory(results: Results) -> Iterator[Goal]:
    for crowd in results.crowds:
        if (crowd.peer, crowd.members) == ("chatd", LARGE) and not crowd.failed:
            yield Goal(
                f"memory of chatd per idle member, {LARGE:,} members",
                crowd.kib_per_member,
                "≤",
                MEMBER_KIB,
                "KiB",
            )
