"""``make bench``: measure chatd and its peers in one run."""

import argparse
import dataclasses
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from benchmarks import compiling, discovery, machine, matrix, peers, report, startup
from benchmarks.report import Results, Row
from benchmarks.server_process import MeasurementError, chatd_output

RESULTS: Final = compiling.HERE / "results"
DEFAULT_PARTS: Final = ("matrix", "joining", "discovery", "startup")
PARTS: Final = (*DEFAULT_PARTS, "capacity")
EXAMPLES: Final = """\
How many messages a second reach all members within 50 ms, for 99 % of them:
  make bench ARGS='--parts capacity --peers chatd,chatd-kept,inspircd --members 1000'
The page beside other servers of WebSockets:
  make bench ARGS='--parts matrix,capacity --peers chatd-page,ws,websockets --members 200'

Some cells of the matrix, chatd only:
  make bench ARGS='--parts matrix --peers chatd --members 100,1000 --in-flight 1,10,200'
This checkout and another one, run by run in turn; no cell may cost 5 % more than there:
  make bench ARGS='--parts matrix --peers chatd --members 100,1000 --against ../before --runs 9'
"""


def numbers(text: str) -> tuple[int, ...]:
    """Integers above 0, separated by commas."""
    found = tuple(int(each.replace("_", "")) for each in text.split(","))
    if min(found) < 1:
        raise ValueError(text)
    return found


def names(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """A parser of names separated by commas."""

    def parse(text: str) -> tuple[str, ...]:
        found = tuple(text.split(","))
        for name in found:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} must be one of: {', '.join(known)}")
        return found

    return parse


def parser() -> argparse.ArgumentParser:
    """The command line."""
    keys = tuple(peer.key for peer in peers.PEERS)
    found = argparse.ArgumentParser(
        prog="make bench",
        description="Measure chatd and its peers. Options are given as: make bench ARGS='…'",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = found.add_argument
    add("--parts", type=names(PARTS), default=DEFAULT_PARTS, help=", ".join(PARTS))
    add("--peers", type=names(keys), default=keys, help=", ".join(keys))
    add("--members", type=numbers, default=(100, 1_000, 5_000), help="the matrix's rows")
    add("--in-flight", type=numbers, default=(1, 10, 200), help="the matrix's columns: messages")
    add("--seconds", type=float, default=1.5, help="of each run of a cell")
    add("--runs", type=int, default=3, help="of each cell; the median is reported")
    add("--at-once", type=int, help="members that may be registering; each peer has a default")
    add("--against", type=Path, help="a checkout whose chatd is measured in turn with this one's")
    add("--restart", action="store_true", help="new servers for each run; --against implies it")
    add("--save", type=Path, help="a directory; a run without options goes to results/")
    return found


def progress(text: str) -> None:
    """Show it on standard error."""
    print(text, file=sys.stderr, flush=True)


def run(options: argparse.Namespace) -> Results:
    """Measure what the command line asks for."""
    compiling.build()
    cores, file_limit = machine.cores(), machine.raise_file_limit()
    rows, present = find_peers(options)
    arguments = sys.argv[1:]
    results = Results(
        command=f"make bench ARGS={shlex.quote(shlex.join(arguments))}"
        if arguments
        else "make bench",
        machine=machine.description(),
        cores=cores,
        rows=tuple(rows),
    )
    others: list[str] = []
    if "matrix" in options.parts:
        restarts = options.restart or options.against is not None
        plan = matrix.Plan(
            options.members, options.in_flight, options.seconds, options.runs, restarts
        )
        windows, latencies, joins = matrix.measure_matrix(
            present, plan, cores, file_limit, progress
        )
        results = msgspec.structs.replace(
            results, windows=tuple(windows), latencies=tuple(latencies), joins=tuple(joins)
        )
    if "capacity" in options.parts:
        capacities = matrix.measure_capacities(
            present, options.members, cores, file_limit, progress
        )
        results = msgspec.structs.replace(results, capacities=tuple(capacities))
    if "joining" in options.parts:
        joining = matrix.measure_joining(present, cores, file_limit, progress)
        results = msgspec.structs.replace(results, joins=(*results.joins, *joining))
    if "discovery" in options.parts:
        progress("chatd, discovery")
        others += [discovery.measure(peer, cores) for peer in present if peer.key == "chatd"]
    if "startup" in options.parts:
        progress("chatd client, from its start to being online")
        others += startup.measure()
    return msgspec.structs.replace(results, others=tuple(others))


def find_peers(options: argparse.Namespace) -> tuple[list[Row], list[peers.Peer]]:
    """A row for each chosen peer, and those of them that can run here."""
    server_help = chatd_output("server", "--help")
    chosen = [peer for peer in peers.PEERS if peer.key in options.peers]
    if options.against:
        chosen.append(peers.other(options.against.resolve()))
    rows, present = [], []
    for peer in chosen:
        reason = peers.missing(peer, server_help)
        version = "" if reason else peers.version_of(peer)
        rows.append(Row(peer.key, peer.name, version, reason, peer.note))
        if reason:
            progress(f"{peer.name}: {reason}")
        else:
            at_once = options.at_once or peer.at_once
            present.append(dataclasses.replace(peer, at_once=at_once))
    return rows, present


def save(results: Results, text: str, directory: Path) -> None:
    """Write the values and the tables."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "bench.json").write_bytes(msgspec.json.encode(results) + b"\n")
    (directory / "bench.txt").write_text(text + "\n")


def main() -> int:
    """Measure, print, save."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = parser().parse_args()
    try:
        results = run(options)
    except (compiling.CompileError, machine.MachineError, MeasurementError) as error:
        print(f"make bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("make bench: stopped; nothing was saved", file=sys.stderr)
        return 130
    text = report.as_text(results)
    print(text)
    if directory := options.save or (None if sys.argv[1:] else RESULTS):
        save(results, text, directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
