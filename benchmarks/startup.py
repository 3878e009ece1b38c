"""How long from starting the client to being online, on an idle loopback, and where the time goes.

Part of ``make bench``; ``python benchmarks/startup.py`` measures this alone. The client is started
as a person starts it; the time is that of the system's clock between its start and the line that
says it is connected. For where it goes, ``-X importtime`` is not used (it slows imports down);
instead the same interpreter is timed with nothing to do, and with only the client's imports.
"""

import statistics
import subprocess
import sys
from time import perf_counter

RUNS = 15
LOOPBACK = ("--ifaddrs", "127.0.0.1/8")
DISCOVERY = ("--discovery-port", "17777")
CHATD = (sys.executable, "-m", "chatd")

IMPORTS = (
    "import chatd.cli, chatd.taps.client, chatd.taps.program\nfrom twisted.internet import reactor"
)


def online() -> float:
    """Seconds from the client's start to its being online."""
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
    took = perf_counter() - began
    client.communicate()
    return took


def interpreter(code: str) -> float:
    """Seconds from Python's start until it has run `code`; how long it takes to end is left out."""
    began = perf_counter()
    python = subprocess.Popen(
        [sys.executable, "-c", f"{code}\nprint(flush=True)"], stdout=subprocess.PIPE
    )
    assert python.stdout is not None
    python.stdout.readline()
    took = perf_counter() - began
    python.communicate()
    return took


def measure() -> dict[str, list[float]]:
    """Seconds, of each run."""
    server = subprocess.Popen(
        [*CHATD, "server", *LOOPBACK, *DISCOVERY, "--id", "bench", "--accept-rate", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        for line in server.stderr:
            if "answers discovery" in line:
                break
        return {
            "Python alone": [interpreter("pass") for _ in range(RUNS)],
            "Python and the client's imports": [interpreter(IMPORTS) for _ in range(RUNS)],
            "start to online": [online() for _ in range(RUNS)],
        }
    finally:
        server.terminate()
        server.communicate()


def main() -> None:
    """Measure, and print the medians."""
    for what, seconds in measure().items():
        print(
            f"{what:<32} median {statistics.median(seconds) * 1000:6.0f} ms  "
            f"({min(seconds) * 1000:.0f} to {max(seconds) * 1000:.0f} in {len(seconds)} runs)"
        )


if __name__ == "__main__":
    main()
