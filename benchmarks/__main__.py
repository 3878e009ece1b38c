"""``make bench``: chatd and its peers, measured in one run. ``--help`` says how to run a part."""

import argparse
import dataclasses
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from benchmarks import (
    compiling,
    discovery,
    goals,
    grid,
    joining,
    measure,
    peers,
    plot,
    running,
    startup,
)
from benchmarks.compiling import HERE
from benchmarks.results import Cell, Crowd, Latency, Results, Row, starting_of
from benchmarks.running import FailedError
from benchmarks.table import tables

RESULTS: Final = HERE / "results"
PARTS: Final = ("grid", "joining", "discovery", "startup")


def numbers(text: str) -> tuple[int, ...]:
    """Whole numbers above 0, separated by commas."""
    found = tuple(int(word.replace("_", "")) for word in text.split(","))
    if min(found) < 1:
        raise ValueError(text)
    return found


def one_of(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """A reader of names separated by commas."""

    def names(text: str) -> tuple[str, ...]:
        found = tuple(text.split(","))
        for name in found:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return found

    return names


def options() -> argparse.ArgumentParser:
    """The command line."""
    keys = tuple(peer.key for peer in peers.PEERS)
    parser = argparse.ArgumentParser(
        prog="make bench",
        description="Measure chatd and its peers; with make: make bench ARGS='--peers …'",
    )
    parser.add_argument("--peers", type=one_of(keys), default=keys, help=", ".join(keys))
    parser.add_argument("--members", type=numbers, default=(100, 1_000, 5_000), help="of a cell")
    parser.add_argument("--window", type=numbers, default=(1, 10, 200), help="messages under way")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each run of a cell")
    parser.add_argument("--runs", type=int, default=3, help="of each cell; the median counts")
    parser.add_argument(
        "--at-once", type=int, help="members who may be registering; each peer has its own number"
    )
    parser.add_argument("--parts", type=one_of(PARTS), default=PARTS, help=", ".join(PARTS))
    parser.add_argument("--save", type=Path, help="directory; a whole run goes to results/")
    return parser


def command_line(words: Sequence[str]) -> str:
    """What a person types for this run."""
    return f"make bench ARGS={shlex.quote(shlex.join(words))}" if words else "make bench"


def progress(text: str) -> None:
    """Tell whoever waits."""
    print(text, file=sys.stderr, flush=True)


def run(chosen: argparse.Namespace) -> Results:
    """Measure what was asked for."""
    compiling.build()
    limit = measure.raise_file_limit()
    present, results = look_around(chosen.peers)
    if chosen.at_once:
        present = [dataclasses.replace(peer, at_once=chosen.at_once) for peer in present]
    if "grid" in chosen.parts:
        plan = grid.Plan(chosen.members, chosen.window, chosen.seconds, chosen.runs)
        results = add_grid(results, present, plan, limit)
    if "joining" in chosen.parts:
        results = add_joining(results, present, limit)
    if "discovery" in chosen.parts:
        results = add_discovery(results, present)
    if "startup" in chosen.parts:
        progress("chatd client, from its start to being online")
        found = tuple(starting_of(what, runs) for what, runs in startup.measure().items())
        results = msgspec.structs.replace(results, startup=found)
    return msgspec.structs.replace(results, goals=goals.goals(results))


def look_around(keys: Sequence[str]) -> tuple[list[peers.Peer], Results]:
    """The peers that can run here, and results with nothing measured yet."""
    server_help = running.told_by_chatd("server", "--help")
    rows, present = [], []
    for peer in peers.PEERS:
        if peer.key not in keys:
            continue
        reason = peers.missing(peer, server_help)
        version = "" if reason else peers.version_of(peer)
        rows.append(Row(peer.key, peer.name, version, reason, peer.note))
        if reason:
            progress(f"{peer.name}: {reason}")
        else:
            present.append(peer)
    return present, Results(
        command=command_line(sys.argv[1:]),
        machine=measure.machine(),
        cores=measure.cores(),
        rows=tuple(rows),
    )


def add_grid(
    results: Results, present: Sequence[peers.Peer], plan: grid.Plan, limit: int
) -> Results:
    """The grid, and what it took to have the members."""
    cells: list[Cell] = []
    latencies: list[Latency] = []
    crowds = list(results.crowds)
    for members in plan.members:
        able, unable = sort_out(present, members, limit)
        crowds += unable
        with grid.seats_of(able, members, results.cores) as seats:
            cells += grid.measure_windows(seats, plan, progress)
            latencies += grid.measure_latencies(seats, plan, progress)
            crowds += [
                seat.crowd or Crowd(seat.peer.key, members, seat.peer.at_once, failed="see above")
                for seat in seats
            ]
    return msgspec.structs.replace(
        results, cells=tuple(cells), latencies=tuple(latencies), crowds=tuple(crowds)
    )


def add_joining(results: Results, present: Sequence[peers.Peer], limit: int) -> Results:
    """Very many members."""
    able, crowds = sort_out(present, joining.MEMBERS, limit)
    crowds += joining.measure_joining(able, joining.MEMBERS, results.cores, progress)
    return msgspec.structs.replace(results, crowds=(*results.crowds, *crowds))


def sort_out(
    present: Sequence[peers.Peer], members: int, limit: int
) -> tuple[list[peers.Peer], list[Crowd]]:
    """Who can have so many members; and why the others cannot."""
    able, unable = [], []
    for peer in present:
        reason = ""
        if members > limit:
            reason = f"left out: this user may open {limit:,} files at most (ulimit -n)"
        elif members > peer.most_members:
            reason = "left out: so many would take too long to join"
        if reason:
            progress(f"{peer.name}, {members} members: {reason}")
            unable.append(Crowd(peer.key, members, peer.at_once, failed=reason))
        else:
            able.append(peer)
    return able, unable


def add_discovery(results: Results, present: Sequence[peers.Peer]) -> Results:
    """How fast chatd is found, if it is among those measured."""
    for peer in present:
        if peer.key == "chatd":
            progress("chatd, discovery")
            found = discovery.measure_discovery(peer, results.cores)
            return msgspec.structs.replace(results, discovery=found)
    return results


def save(results: Results, directory: Path) -> None:
    """Write the values, the tables and the picture."""
    directory.mkdir(parents=True, exist_ok=True)
    values = msgspec.json.format(msgspec.json.encode(results), indent=1)
    (directory / "bench.json").write_bytes(values + b"\n")
    (directory / "bench.txt").write_text(tables(results) + "\n")
    if not plot.draw(results, directory / "bench.svg"):
        progress("There is no plot: it needs matplotlib (pip install 'chatd[bench]')")


def main() -> int:
    """Measure, print, save."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = options()
    chosen = parser.parse_args()
    whole = not sys.argv[1:]
    try:
        results = run(chosen)
    except (compiling.CannotBuildError, measure.CannotMeasureError, FailedError) as error:
        print(f"make bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("make bench: stopped; nothing was saved", file=sys.stderr)
        return 130
    print(tables(results))
    directory = chosen.save or (RESULTS if whole else None)
    if directory:
        save(results, directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
