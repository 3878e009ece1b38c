"""A chatd server that says on standard output, at each SIGUSR1, what it holds.

It is the program that ``chatd server`` runs, with nothing in it that is not there.
"""

import gc
import json
import signal
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor as global_reactor

from chatd.taps import server
from chatd.taps.program import run

reactor: Any = global_reactor


def _report(number: int, frame: object) -> None:
    reactor.callFromThread(_say)


def _say() -> None:
    held = {
        "delayed_calls": len(reactor.getDelayedCalls()),
        "readers": len(reactor.getReaders()),
        "files": len(list(Path("/proc/self/fd").iterdir())) - 1,  # one of them reads the list
        "garbage": gc.collect(),
    }
    print(json.dumps(held), flush=True)


def main() -> None:
    options = server.Options()
    options.parseOptions(sys.argv[1:])
    program = server.makeService(options, reactor)
    signal.signal(signal.SIGUSR1, _report)
    sys.exit(run(program, reactor, options.observer()))


if __name__ == "__main__":
    main()
