"""How long the client takes from its start to being online, on an idle loopback.

Part of ``make bench``; ``python -m benchmarks.startup`` measures only this. Two rows show where the
time goes: the same interpreter with nothing to do, and with only the client's imports (``-X
importtime`` would slow them down).
"""

import statistics
import subprocess
import sys
from collections.abc import Iterator
from time import perf_counter
from typing import Final

from benchmarks.peers import UNKEPT

RUNS: Final = 15
LOOPBACK: Final = ("--ifaddrs", "127.0.0.1/8")
DISCOVERY: Final = ("--discovery-port", "17777")
CHATD: Final = (sys.executable, "-m", "chatd")

IMPORTS: Final = (
    "import chatd.cli, chatd.taps.client, chatd.taps.program\nfrom twisted.internet import reactor"
)


def measure() -> Iterator[str]:
    """Lines of text: the medians and the extremes."""
    server = subprocess.Popen(
        [*CHATD, "server", *LOOPBACK, *DISCOVERY, "--id", "bench", "--accept-rate", "0", *UNKEPT],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        for line in server.stderr:
            if "answers discovery" in line:
                break
        yield _row("Python alone", [_interpreter("pass") for _ in range(RUNS)])
        yield _row("Python and the client's imports", [_interpreter(IMPORTS) for _ in range(RUNS)])
        yield _row("start to online", [_client() for _ in range(RUNS)])
    finally:
        server.terminate()
        server.communicate()


def _row(title: str, seconds: list[float]) -> str:
    return (
        f"{title:<32} median {statistics.median(seconds) * 1e3:6.0f} ms  "
        f"({min(seconds) * 1e3:.0f} to {max(seconds) * 1e3:.0f})"
    )


def _client() -> float:
    """Seconds from the client's start until it says that it is connected."""
    began = perf_counter()
    client = subprocess.Popen(
        [*CHATD, "client", *LOOPBACK, *DISCOVERY, "--server", "bench", "--nickname", "bench"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert client.stderr is not None
    for line in client.stderr:
        if line.startswith("Connected to"):
            break
    seconds = perf_counter() - began
    client.communicate()
    return seconds


def _interpreter(code: str) -> float:
    """Seconds from Python's start until it has run `code`, without its exit."""
    began = perf_counter()
    python = subprocess.Popen(
        [sys.executable, "-c", f"{code}\nprint(flush=True)"], stdout=subprocess.PIPE
    )
    assert python.stdout is not None
    python.stdout.readline()
    seconds = perf_counter() - began
    python.communicate()
    return seconds


if __name__ == "__main__":
    print(*measure(), sep="\n")
