"""What all roles share when they run: an exit status, and one orderly end."""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import ILogObserver, Logger, globalLogBeginner
from twisted.python.components import Componentized

from chatd.stderr import write_line


class Program(MultiService):
    """Everything that one role runs.

    :param observer: what to log to, where it is ``twistd`` that runs the program.
    :ivar status: the exit status, once it has ended.
    """

    log = Logger()

    def __init__(self, reactor: Any, observer: ILogObserver | None = None) -> None:
        super().__init__()
        self._observer = observer
        self.status = 0
        self._reactor = reactor
        self._is_exiting = False
        self._is_in_twistd = False
        self._signal_count = 0
        self._handlers: dict[int, Any] = {}
        self._cleanups: list[Callable[[], None]] = []

    def setServiceParent(self, parent: Any) -> None:
        """Become a part of ``twistd``'s application, and say where it shall log to."""
        super().setServiceParent(parent)
        self._is_in_twistd = isinstance(parent, Componentized)
        if self._observer is not None and self._is_in_twistd:
            parent.setComponent(ILogObserver, self._observer)

    def startService(self) -> None:
        """Start everything, and mind the signals from now on."""
        self._reactor.callWhenRunning(self._install_signal_handlers)
        super().startService()

    def exit(self, status: int = 0) -> None:
        """Stop the reactor, and with it everything; now, or as soon as it runs."""
        self.status = self.status or status
        if not self._is_exiting:
            self._is_exiting = True
            self._reactor.callWhenRunning(self._stop_reactor)

    def abort(self, sentence: str) -> None:
        """Tell the person in one line why this cannot go on, and end with status 1."""
        if self._is_in_twistd:
            self.log.critical("{sentence}", sentence=sentence)
        else:
            write_line(sentence)
        self.exit(1)

    def write_stdout(self, text: str) -> bool:
        """Write `text` to standard output; if that fails, end with status 1 and return False."""
        try:
            write_stdout(text)
        except SystemExit as error:
            self.abort(str(error))
            return False
        return True

    def add_cleanup(self, call: Callable[[], None]) -> None:
        """Have `call` called when everything has stopped, or has to."""
        self._cleanups.append(call)

    def stopService(self) -> Deferred[Any]:
        """Stop everything, gracefully."""
        self._is_exiting = True
        return maybeDeferred(self.stop_children).addBoth(self._finish)

    def stop_children(self) -> Deferred[Any]:
        """Stop the services; a role that has an order to keep does it here."""
        return maybeDeferred(super().stopService)

    def _install_signal_handlers(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._handlers[number] = signal.signal(number, self._signalled)
        hangup = getattr(signal, "SIGHUP", None)  # which Windows has not
        if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:  # as by nohup
            self._handlers[hangup] = signal.signal(hangup, self._sighup)

    def _sighup(self, number: int, frame: object) -> None:
        """Stop, as the terminal is gone; a shell and the kernel may both say so, which is one."""
        self._reactor.callFromThread(self.exit)

    def _signalled(self, number: int, frame: object) -> None:
        """Stop at the first signal; a second one ends the process at once."""
        self._signal_count += 1
        if self._signal_count == 1:
            self._reactor.callFromThread(self.exit)
        else:
            self._finish()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    def _finish(self, result: object = None) -> object:
        """Leave the process as it was found."""
        while self._cleanups:
            self._cleanups.pop()()
        while self._handlers:
            signal.signal(*self._handlers.popitem())
        return result

    def _stop_reactor(self) -> None:
        if self._reactor.running:
            self._reactor.stop()


def write_stdout(text: str) -> None:
    """Write `text` to standard output, with escapes for characters that its encoding lacks.

    :raises SystemExit: with a sentence, which Python prints, if standard output cannot be written.
    """
    if sys.stdout is None:
        return
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except OSError as error:
        # Python flushes once more at exit; what is still in the buffer must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sentence = f"chatd: standard output cannot be written: {error.strerror}"
        raise SystemExit(sentence) from None


def get_reactor() -> Any:
    """The reactor of this process, which measures time by a clock that nobody can set.

    Twisted's own goes by the time of day. An hour forward, everybody would have been silent for too
    long; an hour back, nothing that waits would happen for an hour. So it is changed before
    anything can wait for it.
    """
    from twisted.internet import reactor

    measured: Any = reactor
    measured.seconds = time.monotonic
    return measured


def run(program: Program, reactor: Any, observer: ILogObserver) -> int:
    """Run `program` until it ends, or a signal ends it; the answer is its exit status."""
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)
    reactor.callWhenRunning(program.startService)
    reactor.addSystemEventTrigger("before", "shutdown", program.stopService)
    reactor.run(installSignalHandlers=False)  # the program has its own
    return program.status
