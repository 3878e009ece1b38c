"""What the load tests print: the command, the machine, then the results."""

import platform
from datetime import UTC, datetime

from benchmarks.machine import description


def begin(command: str) -> None:
    """Print the command that is run, and what it runs on."""
    here = description()
    line(f"$ {command}")
    line(
        f"{datetime.now(UTC):%Y-%m-%d}, {here['processor']}, {here['cores']} shared cores, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"Twisted {here['Twisted']}"
    )


def line(text: str) -> None:
    """Print a result at once, also into a pipe."""
    print(text, flush=True)


def end(faults: list[str], shown: int = 10) -> int:
    """Print the first faults and their number; return the exit status, 1 if there are any."""
    for fault in faults[:shown]:
        line(f"FAULT: {fault}")
    line(f"faults: {len(faults)}")
    return bool(faults)
