"""The grid: each peer with each number of members and of messages under way."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Final

import msgspec

from benchmarks.load import Load, Stretch, load_on
from benchmarks.measure import Cores, resident_bytes
from benchmarks.peers import Peer
from benchmarks.results import Cell, Crowd, Latency, cell_of, crowd_of, latency_of
from benchmarks.running import FailedError, Server, server_of

LATENCY_RATE: Final = 100.0
#: A peer that has failed so often with a number of members is left alone.
MOST_FAILURES: Final = 3


class Plan(msgspec.Struct, frozen=True):
    """What to measure."""

    members: tuple[int, ...]
    windows: tuple[int, ...]
    seconds: float
    runs: int

    @property
    def warm(self) -> float:
        """Seconds before the measurement begins."""
        return self.seconds / 4

    @property
    def latency_seconds(self) -> float:
        """A percentile needs many messages, and 100 a second are few."""
        return self.seconds * 2


class Seat:
    """A peer with its members, started when it is needed, and anew after it has failed."""

    def __init__(self, peer: Peer, members: int, cores: Cores) -> None:
        self.peer = peer
        self.members = members
        self._cores = cores
        self._failures = 0
        self._stack = ExitStack()
        self._server: Server | None = None
        self._load: Load | None = None
        self.crowd: Crowd | None = None

    def attempt(self, measure: Callable[[Load], Stretch]) -> Stretch | str:
        """What `measure` finds, or why it failed."""
        if self._failures >= MOST_FAILURES:
            return f"left out after {MOST_FAILURES} failures"
        try:
            return measure(self._load or self.start())
        except FailedError as failure:
            self._failures += 1
            ended = self._server.ended() if self._server else ""
            self.close()
            return f"{failure}{ended}"

    def start(self) -> Load:
        """Start the server, and have the members join."""
        server = self._stack.enter_context(server_of(self.peer, self._cores.server))
        self._server = server
        before = resident_bytes(server.process.pid)
        load = self._stack.enter_context(load_on(server, self.peer, self.members, self._cores.load))
        joined = load.join()
        grown = resident_bytes(server.process.pid) - before
        if self.crowd is None:
            self.crowd = crowd_of(self.peer.key, self.members, self.peer.at_once, joined, grown)
        self._load = load
        return load

    def close(self) -> None:
        """End what runs."""
        self._server = self._load = None
        self._stack.close()


@contextmanager
def seats_of(peers: Sequence[Peer], members: int, cores: Cores) -> Iterator[list[Seat]]:
    """A seat for each peer, until the end of the block."""
    seats = [Seat(peer, members, cores) for peer in peers]
    try:
        yield seats
    finally:
        for seat in seats:
            seat.close()


def measure_windows(
    seats: Sequence[Seat], plan: Plan, progress: Callable[[str], None]
) -> Iterator[Cell]:
    """Every number of messages under way. The peers take turns, so that whatever else changes
    on this machine meanwhile meets all of them.
    """
    found: dict[tuple[int, str], list[Stretch]] = {}
    failures: dict[tuple[int, str], str] = {}
    for number in range(plan.runs):
        for in_flight in plan.windows:
            for seat in seats:
                place = in_flight, seat.peer.key
                run = seat.attempt(
                    partial(Load.window, in_flight=in_flight, warm=plan.warm, seconds=plan.seconds)
                )
                what = f"{seat.peer.name}, {seat.members} members, {in_flight} under way"
                if isinstance(run, str):
                    failures[place] = run
                    progress(f"{what}: failed: {run}")
                else:
                    found.setdefault(place, []).append(run)
                    cost = run.server_cpu / run.deliveries * 1e6
                    progress(f"{what}, run {number + 1}: {cost:.3f} µs")
    for in_flight in plan.windows:
        for seat in seats:
            place, key = (in_flight, seat.peer.key), seat.peer.key
            if place in failures:
                yield Cell(key, seat.members, in_flight, failed=failures[place])
            else:
                yield cell_of(key, seat.members, in_flight, found[place])


def measure_latencies(
    seats: Sequence[Seat], plan: Plan, progress: Callable[[str], None]
) -> Iterator[Latency]:
    """Fan-out latency at a fixed rate."""
    for seat in seats:
        run = seat.attempt(lambda load: load.rate(LATENCY_RATE, plan.warm, plan.latency_seconds))
        what = f"{seat.peer.name}, {seat.members} members, {LATENCY_RATE:.0f} messages/s"
        if isinstance(run, str):
            progress(f"{what}: failed: {run}")
            yield Latency(seat.peer.key, seat.members, failed=run)
        else:
            latency = latency_of(seat.peer.key, seat.members, run)
            progress(f"{what}: p99 {latency.p99_milliseconds:.2f} ms")
            yield latency
