"""Measure each peer with each number of members and of messages in flight."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from typing import Final

import msgspec

from benchmarks.load import Load, Measurement, load_on
from benchmarks.machine import Cores, resident_bytes
from benchmarks.peers import Peer
from benchmarks.report import MAX_LATENCY_MILLISECONDS, Cell
from benchmarks.server_process import MeasurementError, Server, server_of

LATENCY_RATE: Final = 100.0
#: After so many failures, a peer is not tried again with the same number of members.
MAX_FAILURES: Final = 3
#: Capacity: the lowest and the highest rate that is tried, in messages a second; how long each is
#: tried; and how often the interval between the last that is met and the first that is not is cut.
MIN_RATE, MAX_RATE = 100.0, 40_000.0
CAPACITY_SECONDS: Final = 1.0
CAPACITY_CUTS: Final = 3
JOINING_MEMBERS: Final = 10_000
IDLE_SECONDS: Final = 10.0

Progress = Callable[[str], None]


class Plan(msgspec.Struct, frozen=True):
    """The cells to measure.

    :ivar seconds: of each run of a cell.
    :ivar restarts: whether each run of the matrix has servers of its own. The cost of a delivery
        differs by some percent from one process of the same program to the next one.
    """

    members: tuple[int, ...]
    in_flight: tuple[int, ...]
    seconds: float
    runs: int
    restarts: bool = False

    @property
    def warm_seconds(self) -> float:
        """How long to send before the measurement begins."""
        return self.seconds / 4

    @property
    def latency_seconds(self) -> float:
        """Longer: a percentile needs many messages, and these are only 100 a second."""
        return self.seconds * 2


class PeerRunner:
    """A peer's server and its members: started when needed, and again after a failure.

    :ivar joins: one for each start.
    """

    def __init__(self, peer: Peer, members: int, cores: Cores) -> None:
        self.peer = peer
        self.members = members
        self.joins: list[Measurement] = []
        self._cores = cores
        self._failures: list[str] = []
        self._stack = ExitStack()
        self._server: Server | None = None
        self._load: Load | None = None

    def measure(self, function: Callable[[Load], Measurement]) -> Measurement | str:
        """The result of `function`, or why it failed."""
        if len(self._failures) >= MAX_FAILURES:
            return f"left out after {MAX_FAILURES} failures"
        try:
            return function(self._load or self._start())
        except MeasurementError as error:
            failure = f"{error}{self._server.describe_exit() if self._server else ''}"
            self._failures.append(failure)
            self.close()
            return failure

    def join_cell(self, idle: Measurement | None = None) -> Cell:
        """What joining cost, and what the idle members did, if that was measured."""
        return Cell(
            self.peer.key,
            self.members,
            runs=tuple(self.joins),
            failure="" if self.joins else "".join(self._failures[:1]),
            idle_busy=idle.server_cpu / idle.seconds if idle else None,
        )

    def close(self) -> None:
        """End the server and the load generator."""
        self._server = self._load = None
        self._stack.close()

    def _start(self) -> Load:
        server = self._stack.enter_context(server_of(self.peer, self._cores.server))
        self._server = server
        before = resident_bytes(server.process.pid)
        load = self._stack.enter_context(load_on(server, self.peer, self.members, self._cores.load))
        joined = load.join()
        grown = resident_bytes(server.process.pid) - before
        self.joins.append(msgspec.structs.replace(joined, server_bytes=grown))
        self._load = load
        return load


def measure_matrix(
    peers: Sequence[Peer], plan: Plan, cores: Cores, file_limit: int, progress: Progress
) -> tuple[list[Cell], list[Cell], list[Cell]]:
    """The cells with messages in flight, those at a fixed rate, and those of joining."""
    windows: list[Cell] = []
    latencies: list[Cell] = []
    joins: list[Cell] = []
    for members in plan.members:
        able, skipped = _split(peers, members, file_limit, progress)
        joins += skipped
        with ExitStack() as stack:
            runners = [
                stack.enter_context(closing(PeerRunner(peer, members, cores))) for peer in able
            ]
            windows += _measure_windows(runners, plan, progress)
            latencies += _measure_latencies(runners, plan, progress)
            joins += [runner.join_cell() for runner in runners]
    return windows, latencies, joins


def measure_joining(
    peers: Sequence[Peer], cores: Cores, file_limit: int, progress: Progress
) -> Iterator[Cell]:
    """Each peer by itself with very many members: how they join, and what they cost when idle."""
    able, skipped = _split(peers, JOINING_MEMBERS, file_limit, progress)
    yield from skipped
    for peer in able:
        with closing(PeerRunner(peer, JOINING_MEMBERS, cores)) as runner:
            idle = runner.measure(lambda load: load.idle(IDLE_SECONDS))
            cell = runner.join_cell(None if isinstance(idle, str) else idle)
        progress(f"{peer.name}, {JOINING_MEMBERS} members joined {cell.failure}")
        yield cell


def measure_capacities(
    peers: Sequence[Peer], members: Sequence[int], cores: Cores, file_limit: int, progress: Progress
) -> Iterator[Cell]:
    """How many messages a second each peer delivers in time; with its last run in time."""
    for size in members:
        able, skipped = _split(peers, size, file_limit, progress)
        yield from skipped
        for peer in able:
            with closing(PeerRunner(peer, size, cores)) as runner:
                cell = _capacity(runner)
            title = f"{peer.name}, {size} members"
            progress(f"{title}: {cell.failure or f'{cell.rate:,.0f} messages/s in time'}")
            yield cell


def _capacity(runner: PeerRunner) -> Cell:
    best = Cell(runner.peer.key, runner.members, failure="too slow")
    above, rate = 0.0, MIN_RATE
    cuts = 0
    while cuts < CAPACITY_CUTS and rate <= MAX_RATE:
        result = runner.measure(partial(_run_at, rate))
        tried = Cell(
            runner.peer.key,
            runner.members,
            rate=rate,
            runs=() if isinstance(result, str) else (result,),
        )
        if tried.runs and tried.latency(99) <= MAX_LATENCY_MILLISECONDS:
            best = tried
        else:
            above = rate
        if above and not best.rate:
            break
        cuts += bool(above)
        rate = math.sqrt(best.rate * above) if above else 2 * rate
    return best


def _run_at(rate: float, load: Load) -> Measurement:
    return load.rate(rate, CAPACITY_SECONDS / 4, CAPACITY_SECONDS)


def _split(
    peers: Sequence[Peer], members: int, file_limit: int, progress: Progress
) -> tuple[list[Peer], list[Cell]]:
    """Peers that can have so many members; and for the others, a cell with the reason."""
    able, skipped = [], []
    for peer in peers:
        reason = ""
        if members > file_limit:
            reason = f"left out: this user may open {file_limit:,} files at most (ulimit -n)"
        elif members > peer.max_members:
            reason = "left out: so many would take too long to join"
        if reason:
            progress(f"{peer.name}, {members} members: {reason}")
            skipped.append(Cell(peer.key, members, failure=reason))
        else:
            able.append(peer)
    return able, skipped


def _measure_windows(
    runners: Sequence[PeerRunner], plan: Plan, progress: Progress
) -> Iterator[Cell]:
    runs: dict[tuple[int, str], list[Measurement]] = {}
    failures: dict[tuple[int, str], str] = {}
    for number, in_flight, runner in _turns(runners, plan):
        key = in_flight, runner.peer.key
        window = partial(
            Load.window, in_flight=in_flight, warm=plan.warm_seconds, seconds=plan.seconds
        )
        result = runner.measure(window)
        title = f"{runner.peer.name}, {runner.members} members, {in_flight} in flight"
        if isinstance(result, str):
            failures[key] = result
            progress(f"{title}: failed: {result}")
        else:
            runs.setdefault(key, []).append(result)
            cost = result.server_cpu / result.deliveries * 1e6
            progress(f"{title}, run {number + 1}: {cost:.3f} µs")
    for in_flight in plan.in_flight:
        for runner in runners:
            key, peer = (in_flight, runner.peer.key), runner.peer.key
            if key in failures:
                yield Cell(peer, runner.members, in_flight, failure=failures[key])
            else:
                yield Cell(peer, runner.members, in_flight, tuple(runs[key]))


def _turns(runners: Sequence[PeerRunner], plan: Plan) -> Iterator[tuple[int, int, PeerRunner]]:
    """Which run, how many messages in flight, and which peer is next.

    The peers take turns, in alternating order, so that a disturbance from outside affects all.
    """
    for number in range(plan.runs):
        for in_flight in plan.in_flight:
            for runner in runners[:: -1 if number % 2 else 1]:
                yield number, in_flight, runner
        if plan.restarts:
            for runner in runners:
                runner.close()


def _measure_latencies(
    runners: Sequence[PeerRunner], plan: Plan, progress: Progress
) -> Iterator[Cell]:
    for runner in runners:
        result = runner.measure(
            lambda load: load.rate(LATENCY_RATE, plan.warm_seconds, plan.latency_seconds)
        )
        title = f"{runner.peer.name}, {runner.members} members, {LATENCY_RATE:.0f} messages/s"
        if isinstance(result, str):
            progress(f"{title}: failed: {result}")
            yield Cell(runner.peer.key, runner.members, failure=result)
        else:
            cell = Cell(runner.peer.key, runner.members, runs=(result,))
            progress(f"{title}: p99 {cell.latency(99):.2f} ms")
            yield cell
