"""``chatd server``, which also prints what it holds, as JSON, at each SIGUSR1."""

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


def _on_signal(number: int, frame: object) -> None:
    reactor.callFromThread(_print_resources)


def _print_resources() -> None:
    resources = {
        "delayed_calls": len(reactor.getDelayedCalls()),
        "readers": len(reactor.getReaders()),
        "files": len(list(Path("/proc/self/fd").iterdir())) - 1,  # one of them reads the list
        "garbage": gc.collect(),
    }
    print(json.dumps(resources), flush=True)


def main() -> None:
    options = server.Options()
    options.parseOptions(sys.argv[1:])
    program = server.makeService(options, reactor)
    signal.signal(signal.SIGUSR1, _on_signal)
    sys.exit(run(program, reactor, options.observer()))


if __name__ == "__main__":
    main()
