"""``make bench``: its figures are correct, and it says what it cannot measure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.load import Measurement
from benchmarks.machine import Cores
from benchmarks.peers import MARKER, PEERS, TEXT, Peer, missing, other
from benchmarks.report import Cell, Results, Row, as_text, percentile, thresholds

ROOT = Path(__file__).parent.parent


def results(**cells: tuple[Cell, ...]) -> Results:
    rows = tuple(Row(peer.key, peer.name) for peer in (*PEERS, other(Path("/before"))))
    empty = Results(command="make bench", machine={}, cores=Cores(1, 0), rows=rows)
    return msgspec.structs.replace(empty, **cells)


def measurement(
    server_cpu: float, deliveries: int = 1_000_000, *, seconds: float = 1.0, **more: object
) -> Measurement:
    made = Measurement(
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
    return msgspec.structs.replace(made, **more)


def cell(peer: str, members: int, *costs: float) -> Cell:
    """With 200 messages in flight, and these costs of a delivery in microseconds."""
    return Cell(peer, members, 200, tuple(map(measurement, costs)))


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.key)
def test_each_message_contains_one_marker_and_nothing_else_contains_one(peer: Peer) -> None:
    assert peer.message.count(MARKER) == 1
    assert TEXT in peer.message
    assert len(TEXT) == 64
    assert not any(MARKER in request for request, _ in peer.steps)


def test_a_peer_that_is_not_installed_is_named_with_its_package() -> None:
    peer = Peer("x", "X", lambda config: [], (), b"", program="no-such-ircd", package="ircd-x")
    assert missing(peer, "") == "missing: no-such-ircd (apt install ircd-x)"


def test_a_peer_whose_package_of_python_or_node_is_not_installed_is_named_with_it() -> None:
    of_python = Peer("x", "X", lambda config: [], (), b"", module="no_such_module")
    assert missing(of_python, "") == "missing: no_such_module (pip install no_such_module)"
    of_node = Peer("x", "X", lambda config: [], (), b"", node_module="no-such")
    assert missing(of_node, "") == "missing: no-such (npm ci --prefix benchmarks)"


def test_a_capacity_is_a_rate_and_its_latency() -> None:
    run = measurement(1, latencies=(0.002, 0.049))
    found = results(
        capacities=(
            Cell("chatd", 1_000, rate=1_600.0, runs=(run,)),
            Cell("twisted", 1_000, failure="too slow"),
        )
    )
    text = as_text(found)
    [line] = [each for each in text.splitlines() if each.startswith("chatd ")]
    assert line.split() == ["chatd", "1,600", "49.00"]
    assert "naive Twisted, 1,000 members: too slow" in text


def test_a_row_for_an_option_that_chatd_lacks_is_named_as_missing() -> None:
    peer = Peer("x", "X", lambda config: [], (), b"", option="--such")
    assert missing(peer, "--other") == "missing: this chatd server has no --such"
    assert not missing(peer, "  --such=  an option")


def test_missing_peers_are_in_the_report() -> None:
    row = Row("ngircd", "ngIRCd", missing="missing: ngircd (apt install ngircd)")
    found = msgspec.structs.replace(results(), rows=(row,))
    assert "ngIRCd: missing: ngircd (apt install ngircd)" in as_text(found)


def test_a_cell_shows_the_medians_of_its_runs() -> None:
    runs = (
        measurement(0.9, 100_000),
        measurement(0.1, 100_000, seconds=0.5),
        measurement(0.2, 100_000, seconds=2.0),
    )
    one = Cell("chatd", 100, 10, runs)
    assert one.costs == pytest.approx([9.0, 1.0, 2.0])
    assert one.cost == pytest.approx(2.0)
    [line] = [each for each in as_text(results(windows=(one,))).splitlines() if "chatd" in each]
    assert line.split() == ["chatd", "100,000", "2.000", "20", "50"]


def test_percentiles_are_values_that_occurred() -> None:
    times = [float(number) for number in range(1, 302)]
    assert percentile(times, 50) == 151.0
    assert percentile(times, 99) == 298.0
    assert percentile([7.0], 99) == 7.0


def test_thresholds_are_ratios_of_one_run() -> None:
    found = results(
        windows=(
            cell("chatd", 1_000, 0.1),
            cell("inspircd", 1_000, 0.5),
            cell("relay", 1_000, 0.05),
            cell("twisted", 1_000, 0.7),
            cell("chatd", 5_000, 0.12),
        ),
        latencies=(
            Cell("chatd", 100, runs=(measurement(1, latencies=(0.002,)),)),
            Cell("twisted", 100, runs=(measurement(1, latencies=(0.001,)),)),
        ),
        joins=(Cell("chatd", 5_000, runs=(measurement(1, server_bytes=6 * 1_024 * 5_000),)),),
    )
    assert {each.title: (round(each.value, 2), each.is_met) for each in thresholds(found)} == {
        "CPU of chatd / InspIRCd, 1,000 members, 200 in flight": (0.2, True),
        "CPU of chatd / bare relay in C, 1,000 members, 200 in flight": (2.0, False),
        "CPU of naive Twisted / chatd, 1,000 members, 200 in flight": (7.0, True),
        "CPU of chatd, 5,000 / 1,000 members, 200 in flight": (1.2, True),
        "fan-out p99 of chatd / naive Twisted, 100 members": (2.0, False),
        "memory of chatd per idle member, 5,000 members": (6.0, True),
    }


def test_two_checkouts_are_compared_run_by_run() -> None:
    """A drift that both share, here from 1 to 2, is not a difference between them."""
    found = results(windows=(cell("chatd", 100, 1.1, 2.0, 1.6), cell("other", 100, 1.0, 2.0, 1.5)))
    [regression] = thresholds(found)
    assert regression.runs == pytest.approx((1.1, 1.0, 1.0667), rel=1e-4)
    assert not regression.is_met
    text = "1.07  ≤ 1.05   runs: 1.00 to 1.10"
    assert f"NO  CPU of this checkout / other, 100 members, 200 in flight    {text}" in as_text(
        found
    )


def test_a_failed_cell_has_no_figure_and_its_reason_is_reported() -> None:
    failed = Cell("chatd", 1_000, 200, failure="closed by the server")
    found = results(windows=(failed, cell("twisted", 1_000, 0.7)))
    assert not list(thresholds(found))
    assert "chatd, 1,000 members, 200 in flight: closed by the server" in as_text(found)


@pytest.mark.slow
def test_the_smallest_run(tmp_path: Path) -> None:
    """From the command to the files, with real servers; it needs a compiler and two cores."""
    command = [sys.executable, "-m", "benchmarks", "--peers", "chatd,twisted", "--members", "5"]
    command += ["--in-flight", "1,3", "--seconds", "0.1", "--runs", "1"]
    command += ["--parts", "matrix,discovery", "--against", str(ROOT), "--save", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if shutil.which("cc") is None or len(os.sched_getaffinity(0)) < 2:
        assert done.returncode == 1
        assert "C compiler" in done.stderr or "two cores" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    found = msgspec.json.decode((tmp_path / "bench.json").read_bytes(), type=Results)
    assert [(each.peer, each.in_flight, each.failure) for each in found.windows] == [
        (peer, width, "") for width in (1, 3) for peer in ("chatd", "twisted", "other")
    ]
    assert all(each.cost > 0 for each in found.windows)
    assert all(len(each.runs[0].latencies) == 20 for each in found.latencies)
    assert done.stdout == (tmp_path / "bench.txt").read_text()
    assert "Discovery: 1,000 requests" in done.stdout
    assert "CPU of this checkout / other, 5 members, 3 in flight" in done.stdout
