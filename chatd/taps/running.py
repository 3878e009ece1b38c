"""What all roles share when they run: an exit status, and one orderly end."""

import signal
import sys
from collections.abc import Callable
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import ILogObserver, globalLogBeginner
from twisted.python.components import Componentized


class Program(MultiService):
    """Everything that one role runs.

    :param observer: what to log to, where it is ``twistd`` that runs the program.
    :ivar status: the exit status, once it has ended.
    """

    def __init__(self, reactor: Any, observer: ILogObserver | None = None) -> None:
        super().__init__()
        self._observer = observer
        self.status = 0
        self._reactor = reactor
        self._is_ending = False
        self._at_the_end: list[Callable[[], None]] = []

    def setServiceParent(self, parent: Any) -> None:
        """Become a part of ``twistd``'s application, and say where it shall log to."""
        super().setServiceParent(parent)
        if self._observer is not None and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._observer)

    def end(self, status: int = 0) -> None:
        """Stop the reactor, and with it everything; now, or as soon as it runs."""
        self.status = self.status or status
        if not self._is_ending:
            self._is_ending = True
            self._reactor.callWhenRunning(self._stop_reactor)

    def fail(self, sentence: str) -> None:
        """Tell the person in one line why this cannot go on, and end with status 1."""
        if sys.__stderr__ is not None:
            print(sentence, file=sys.__stderr__)  # it is meant for a person
        self.end(1)

    def at_the_end(self, call: Callable[[], None]) -> None:
        """Have `call` called when everything has stopped."""
        self._at_the_end.append(call)

    def stopService(self) -> Deferred[Any]:
        """Stop everything, gracefully; a second signal ends at once."""
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        self._is_ending = True

        def finish(result: object) -> object:
            for call in self._at_the_end:
                call()
            return result

        return maybeDeferred(self.stop_all).addBoth(finish)

    def stop_all(self) -> Deferred[Any]:
        """Stop the services; a role that has an order to keep does it here."""
        return maybeDeferred(super().stopService)

    def _stop_reactor(self) -> None:
        if self._reactor.running:
            self._reactor.stop()


def run(program: Program, reactor: Any, observer: ILogObserver) -> int:
    """Run `program` until it ends, or a signal ends it; the answer is its exit status."""
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)
    reactor.callWhenRunning(program.startService)
    reactor.addSystemEventTrigger("before", "shutdown", program.stopService)
    reactor.run()
    return program.status
