"""The picture: cost per delivery, latency and memory against the number of members."""

from pathlib import Path
from typing import Any, Final

from benchmarks.results import Results

#: The same colour for a peer in every panel. chatd is the dark one.
COLOURS: Final = {
    "chatd": "#000000",
    "chatd-unlogged": "#7f7f7f",
    "chatd-queued": "#c7c7c7",
    "inspircd": "#d62728",
    "ngircd": "#ff7f0e",
    "mosquitto": "#9467bd",
    "twisted": "#1f77b4",
    "asyncio": "#17becf",
    "relay": "#2ca02c",
}
#: Without these two a picture would be different each time it is drawn.
SALT: Final = "chatd"
METADATA: Final = {"Date": None, "Creator": "benchmarks/plot.py"}

Points = dict[str, list[tuple[int, float]]]


def draw(results: Results, path: Path) -> bool:
    """Write an SVG to `path`; False if matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("svg")
    from matplotlib import pyplot, ticker

    panels = panels_of(results)
    with pyplot.rc_context({"svg.hashsalt": SALT, "svg.fonttype": "none", "font.size": 9}):
        figure, axes = pyplot.subplots(2, 3, figsize=(11, 6.5))
        for axis, (title, unit, points) in zip(axes.flat, panels, strict=False):
            _panel(axis, ticker, title, unit, points)
        for axis in axes.flat[len(panels) :]:
            axis.axis("off")
        names = {row.key: row.name for row in results.rows}
        lines = {line.get_label(): line for axis in axes.flat for line in axis.get_lines()}
        keys = [key for key in COLOURS if key in lines]
        figure.legend(
            [lines[key] for key in keys],
            [names[key] for key in keys],
            loc="lower center",
            ncols=4,
        )
        figure.tight_layout(rect=(0, 0.09, 1, 1))
        figure.savefig(path, format="svg", metadata=METADATA)
        pyplot.close(figure)
    return True


def panels_of(results: Results) -> list[tuple[str, str, Points]]:
    """Title, unit and points of each panel; cells that failed are no points."""
    panels = []
    for width in sorted({cell.in_flight for cell in results.cells})[:3]:
        points: Points = {}
        for cell in results.cells:
            if cell.in_flight == width and not cell.failed:
                place = cell.members, cell.microseconds_per_delivery
                points.setdefault(cell.peer, []).append(place)
        panels.append((f"Server CPU per delivery, {width} under way", "µs", points))
    latencies: Points = {}
    for latency in results.latencies:
        if not latency.failed:
            place = latency.members, latency.p99_milliseconds
            latencies.setdefault(latency.peer, []).append(place)
    memory: Points = {}
    joining: Points = {}
    for crowd in results.crowds:
        if not crowd.failed:
            memory.setdefault(crowd.peer, []).append((crowd.members, crowd.kib_per_member))
            joining.setdefault(crowd.peer, []).append((crowd.members, crowd.settled_seconds))
    panels.append(("Fan-out p99 at 100 messages/s", "ms", latencies))
    panels.append(("Resident memory per member", "KiB", memory))
    panels.append(("Joining, until all know of all", "s", joining))
    return panels


def _panel(axis: Any, ticker: Any, title: str, unit: str, points: Points) -> None:
    for peer, places in points.items():
        ordered = sorted(places)
        axis.plot(
            [members for members, _ in ordered],
            [value for _, value in ordered],
            label=peer,
            color=COLOURS[peer],
            marker="o",
            markersize=3,
            linewidth=2 if peer == "chatd" else 1,
        )
    axis.set_title(title, fontsize=10)
    axis.set_xlabel("members")
    axis.set_ylabel(unit)
    if not any(points.values()):
        return
    sizes = sorted({members for places in points.values() for members, _ in places})
    axis.set_xscale("log")
    axis.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axis.set_xticks([], minor=True)
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.yaxis.set_minor_locator(ticker.NullLocator())
    axis.grid(visible=True, alpha=0.3)
