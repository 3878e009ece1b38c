"""Run a module of Twisted's own tests with eager connections: ``… MODULE DIRECTORY``.

What became of them is printed as JSON: how many passed, what failed, why what was left out, and how
many writes were sent at once or had to wait. It is a program of its own, since it makes every TCP
port of its process eager, and Twisted's tests stop and start reactors.
"""

import json
import sys
from collections import Counter
from typing import Any

from twisted.internet import tcp
from twisted.trial.reporter import TestResult
from twisted.trial.runner import TestLoader, TrialRunner

from chatd.server.transport import EagerServer

WRITES: Counter[str] = Counter()


class CountedServer(EagerServer):
    """An eager connection whose writes are counted."""

    def write(self, data: bytes) -> None:
        super().write(data)
        if data:
            WRITES["sent at once" if self._is_idle else "waited"] += 1


class Result(TestResult):
    """What became of the tests, for `TrialRunner`, which gives a place to report to."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__()

    def done(self) -> None:
        """It was the last test."""


def main() -> None:
    """Run them."""
    module, directory = sys.argv[1:]
    tcp.Port.transport = CountedServer
    tests = TestLoader().loadByName(module, recurse=True)
    result: Any = TrialRunner(Result, workingDirectory=directory).run(tests)
    json.dump(
        {
            "passed": result.successes,
            "failed": [f"{test.id()}: {why}" for test, why in result.failures + result.errors],
            "left out": sorted({str(why) for _, why in result.skips}),
            "unexpected": [test.id() for test, *_ in result.unexpectedSuccesses],
            **WRITES,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
