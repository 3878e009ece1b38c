"""Twisted's own tests, run over eager connections.

:func:`assert_tests_pass_eagerly` runs this module as a program of its own, ``… MODULE DIRECTORY``:
it makes every TCP port of its process eager, and Twisted's tests start and stop reactors.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent

#: Why tests of Twisted may be skipped: their reactor needs GLib.
ALLOWED_SKIPS = {"No module named 'gi'"}

TIMEOUT_SECONDS = 100


def assert_tests_pass_eagerly(module: str, directory: Path) -> None:
    """Check that all tests of `module` pass over eager connections, and none is skipped."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.server.run_twisted_tests", module, directory / "trial"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert not result["failed"], "\n".join(result["failed"])
    assert not result["unexpected"]
    assert set(result["skipped"]) <= ALLOWED_SKIPS
    assert result["passed"]
    assert result["sent at once"], "nothing was written eagerly, so nothing was tested"


def main() -> None:
    """Run the tests, and print the results as JSON, with the number of writes that were eager."""
    from twisted.internet import tcp
    from twisted.trial.reporter import TestResult
    from twisted.trial.runner import TestLoader, TrialRunner

    from chatd.server.transport import EagerServer

    writes: Counter[str] = Counter()

    class CountingServer(EagerServer):
        def write(self, data: bytes) -> None:
            super().write(data)
            if data:
                writes["sent at once" if self._is_idle else "queued"] += 1

    class Result(TestResult):
        """Takes the arguments of the reporters that ``TrialRunner`` otherwise has."""

        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            super().__init__()

        def done(self) -> None:
            pass

    module, directory = sys.argv[1:]
    tcp.Port.transport = CountingServer
    tests = TestLoader().loadByName(module, recurse=True)
    result: Any = TrialRunner(Result, workingDirectory=directory).run(tests)
    json.dump(
        {
            "passed": result.successes,
            "failed": [f"{test.id()}: {why}" for test, why in result.failures + result.errors],
            "skipped": sorted({str(why) for _, why in result.skips}),
            "unexpected": [test.id() for test, *_ in result.unexpectedSuccesses],
            **writes,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
