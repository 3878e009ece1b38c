"""``make bench``: what it counts is right, and what it cannot do it says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.goals import goals
from benchmarks.load import Stretch
from benchmarks.measure import Cores
from benchmarks.peers import MARKER, PEERS, TEXT, Peer, missing
from benchmarks.plot import COLOURS
from benchmarks.results import Cell, Crowd, Goal, Latency, Results, Row, cell_of, percentile
from benchmarks.table import tables

ROOT = Path(__file__).parent.parent


def results(**found: object) -> Results:
    rows = tuple(Row(peer.key, peer.name) for peer in PEERS)
    return msgspec.structs.replace(
        Results(command="make bench", machine={}, cores=Cores(1, 0), rows=rows), **found
    )


def stretch(server_cpu: float, deliveries: int, seconds: float = 1.0) -> Stretch:
    return Stretch(
        seconds=seconds,
        messages=1,
        deliveries=deliveries,
        bytes=0,
        server_cpu=server_cpu,
        server_user=server_cpu / 4,
        server_system=server_cpu * 3 / 4,
        load_cpu=0.5,
        machine_cpu=server_cpu + 0.5,
    )


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.key)
def test_a_delivery_is_one_marker(peer: Peer) -> None:
    """Whatever else is said holds none, or deliveries would be counted that are none."""
    assert peer.message.count(MARKER) == 1
    assert TEXT in peer.message
    assert len(TEXT) == 64
    assert not any(MARKER in said for said, _ in peer.steps)


def test_every_peer_has_a_colour_of_its_own() -> None:
    assert COLOURS.keys() == {peer.key for peer in PEERS}
    assert len(set(COLOURS.values())) == len(PEERS)


def test_a_peer_that_is_not_installed_is_named_with_its_package() -> None:
    peer = Peer("x", "X", lambda place: [], (), b"", program="no-such-ircd", package="ircd-x")
    assert missing(peer, "") == "missing: no-such-ircd (apt install ircd-x)"


def test_a_row_for_an_option_that_chatd_lacks_is_named_as_missing() -> None:
    peer = Peer("x", "X", lambda place: [], (), b"", option="--such")
    assert missing(peer, "--other") == "missing: this chatd server has no --such"
    assert not missing(peer, "  --such=  an option")


def test_what_is_missing_is_in_the_table() -> None:
    row = Row("ngircd", "ngIRCd", missing="missing: ngircd (apt install ngircd)")
    assert "ngIRCd: missing: ngircd (apt install ngircd)" in tables(results(rows=(row,)))


def test_a_cell_is_the_median_of_its_runs() -> None:
    runs = [stretch(0.9, 100_000), stretch(0.1, 100_000, 0.5), stretch(0.2, 100_000, 2.0)]
    cell = cell_of("chatd", 100, 10, runs)
    assert cell.runs == pytest.approx((9.0, 1.0, 2.0))
    assert cell.microseconds_per_delivery == pytest.approx(2.0)
    assert cell.deliveries_per_second == pytest.approx(100_000)
    assert cell.server_busy == pytest.approx(0.2)
    assert cell.server_user_share == pytest.approx(0.25)
    assert cell.others_busy == pytest.approx(0.0)


def test_percentiles_are_values_that_occurred() -> None:
    times = [float(number) for number in range(1, 302)]
    assert percentile(times, 50) == 151.0
    assert percentile(times, 99) == 298.0
    assert percentile([7.0], 99) == 7.0


def test_the_goals_are_ratios_of_one_run() -> None:
    found = results(
        cells=tuple(
            Cell(peer, members, 200, microseconds_per_delivery=cost)
            for peer, members, cost in (
                ("chatd", 1_000, 0.1),
                ("inspircd", 1_000, 0.5),
                ("relay", 1_000, 0.05),
                ("twisted", 1_000, 0.7),
                ("chatd", 5_000, 0.12),
            )
        ),
        latencies=(
            Latency("chatd", 100, p99_milliseconds=2.0),
            Latency("twisted", 100, p99_milliseconds=1.0),
        ),
        crowds=(Crowd("chatd", 5_000, 50, kib_per_member=6.0),),
    )
    met = {goal.what: (round(goal.value, 2), goal.met) for goal in goals(found)}
    assert met == {
        "CPU of chatd / InspIRCd, 1,000 members, 200 under way": (0.2, True),
        "CPU of chatd / bare relay in C, 1,000 members, 200 under way": (2.0, False),
        "CPU of obvious Twisted / chatd, 1,000 members, 200 under way": (7.0, True),
        "CPU of chatd, 5,000 / 1,000 members, 200 under way": (1.2, True),
        "fan-out p99 of chatd / obvious Twisted, 100 members": (2.0, False),
        "memory of chatd per idle member, 5,000 members": (6.0, True),
    }


def test_a_failed_cell_is_no_figure_and_its_reason_is_told() -> None:
    failed = Cell("chatd", 1_000, 200, failed="closed by the server")
    twisted = Cell("twisted", 1_000, 200, microseconds_per_delivery=0.7)
    found = results(cells=(failed, twisted))
    assert not goals(found)
    assert "chatd, 1,000 members, 200 under way: closed by the server" in tables(found)


def test_a_goal_that_is_missed_stands_out() -> None:
    assert "NO  cost" in tables(results(goals=(Goal("cost", 1.7, "≤", 1.6),)))
    assert "yes cost" in tables(results(goals=(Goal("cost", 1.6, "≤", 1.6),)))


def test_the_smallest_run(tmp_path: Path) -> None:
    """From the command to the file, against a real server; or one sentence that says what lacks."""
    command = [sys.executable, "-m", "benchmarks", "--peers", "chatd,twisted", "--members", "5"]
    command += ["--window", "1,3", "--seconds", "0.1", "--runs", "1", "--parts", "grid,discovery"]
    done = subprocess.run(
        [*command, "--save", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if shutil.which("cc") is None or len(os.sched_getaffinity(0)) < 2:
        assert done.returncode == 1
        assert "C compiler" in done.stderr or "two cores" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    found = msgspec.json.decode((tmp_path / "bench.json").read_bytes(), type=Results)
    assert [(cell.peer, cell.in_flight, cell.failed) for cell in found.cells] == [
        (peer, width, "") for width in (1, 3) for peer in ("chatd", "twisted")
    ]
    assert all(cell.microseconds_per_delivery > 0 for cell in found.cells)
    assert all(latency.messages == 20 for latency in found.latencies)
    assert found.discovery
    assert found.discovery.requests == 1_000
    assert "obvious Twisted" in done.stdout
