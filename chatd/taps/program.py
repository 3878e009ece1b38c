"""A program: the services of one command, its exit status, its signals and its orderly end."""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import ILogObserver, Logger, globalLogBeginner
from twisted.python.components import Componentized
from typing_extensions import override

from chatd.background_writer import flush_all
from chatd.resolver import install_resolver
from chatd.stderr import write_line
from chatd.taps.environment import has_controlling_terminal, ignored_signals, log_unusable

#: How long a program that ends at once, at the second signal, waits for its log to be written.
_LAST_LINES_SECONDS: Final = 0.1


class Program(MultiService):
    """The services of one command.

    :param observer: where ``twistd`` logs to, if it runs the program; None for its own choice.
    :ivar status: the exit status; final once the program has stopped.
    :ivar reload: what SIGHUP does, unless it says that the terminal is gone; None if it ends the
        program in any case.
    """

    log = Logger()

    def __init__(self, reactor: Any, observer: ILogObserver | None = None) -> None:
        super().__init__()
        self._observer = observer
        self.status = 0
        self._reactor = reactor
        install_resolver(reactor)
        self._is_exiting = False
        self._is_in_twistd = False
        self._signal_count = 0
        self._handlers: dict[int, Any] = {}
        self._ignored_signals = ignored_signals()
        log_unusable(os.environ)
        self._cleanups: list[Callable[[], None]] = []
        self.reload: Callable[[], None] | None = None
        self._has_terminal = False

    @override
    def setServiceParent(self, parent: Any) -> None:
        # The parent is twistd's Application, whose ILogObserver component is where twistd logs to.
        super().setServiceParent(parent)
        self._is_in_twistd = isinstance(parent, Componentized)
        if self._observer is not None and self._is_in_twistd:
            parent.setComponent(ILogObserver, self._observer)

    @override
    def startService(self) -> None:
        # Not before the reactor runs: twistd's reactor installs its handlers as it starts.
        self._reactor.callWhenRunning(self._install_signal_handlers)
        super().startService()

    def exit(self, status: int = 0) -> None:
        """Stop the reactor, and with it every service; now, or as soon as it runs."""
        self.status = self.status or status
        if not self._is_exiting:
            self._is_exiting = True
            self._reactor.callWhenRunning(self._stop_reactor)

    def abort(self, sentence: str) -> None:
        """Report `sentence`, in the log of ``twistd`` or on standard error; exit with status 1."""
        if self._is_in_twistd:
            self.log.critical("{sentence}", sentence=sentence)
        else:
            write_line(sentence)
        self.exit(1)

    def add_cleanup(self, call: Callable[[], None]) -> None:
        """Call `call` once every service has stopped, or at a second signal."""
        self._cleanups.append(call)

    @override
    def stopService(self) -> Deferred[Any]:
        self._is_exiting = True
        return maybeDeferred(self.stop_children).addBoth(self._finish)

    def stop_children(self) -> Deferred[Any]:
        """Stop the services; a program whose services must stop in order overrides this."""
        return maybeDeferred(super().stopService)

    def _install_signal_handlers(self) -> None:
        self._has_terminal = has_controlling_terminal()  # a daemon has left it by now
        handlers: dict[int, Any] = {
            signal.SIGINT: self._signalled,
            signal.SIGTERM: self._signalled,
        }
        if hasattr(signal, "SIGHUP"):  # Windows has none
            handlers[signal.SIGHUP] = self._sighup
        for number, handler in handlers.items():
            # twistd's reactor has set handlers of its own meanwhile.
            is_ignored = number in self._ignored_signals and (
                handler != self._sighup or self.reload is None
            )
            wanted = signal.SIG_IGN if is_ignored else handler
            self._handlers[number] = signal.signal(number, wanted)

    def takes_interrupt(self) -> bool:
        """Whether the program asks the user something at SIGINT, instead of exiting.

        It is called by the signal handler, in the midst of any other code.
        """
        return False

    def _sighup(self, number: int, frame: object) -> None:
        """Exit, because the terminal is gone; or reload, if it is there, or never was.

        The shell and the kernel may both send SIGHUP, so the second one is not a request to end at
        once.
        """
        is_ignored = number in self._ignored_signals
        is_gone = self._has_terminal and not has_controlling_terminal()
        if self.reload is None or (is_gone and not is_ignored):
            self._reactor.callFromThread(self.exit)
        else:
            self._reactor.callFromThread(self.reload)

    def _signalled(self, number: int, frame: object) -> None:
        """Exit at the first signal; the second one ends the process at once."""
        if number == signal.SIGINT and not self._signal_count and self.takes_interrupt():
            return
        self._signal_count += 1
        if self._signal_count == 1:
            # A signal handler may run in the midst of any other code, and does not wake a reactor
            # that waits for input; callFromThread defers the call, and wakes it.
            self._reactor.callFromThread(self.exit)
        else:
            # Restore the terminal, then die of the signal itself, so that the exit status tells the
            # shell which one it was.
            self._finish()
            flush_all(_LAST_LINES_SECONDS)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    def _finish(self, result: object = None) -> object:
        """Run the cleanups and restore the signal handlers."""
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
    """The global reactor, made to measure time by the monotonic clock.

    Twisted's reactors use the time of day. If that is set forward by an hour, every inactivity
    timeout fires; if it is set back, no delayed call fires for an hour. The clock is replaced here,
    before anything has scheduled a call.
    """
    from twisted.internet import reactor

    measured: Any = reactor
    measured.seconds = time.monotonic
    return measured


def run(program: Program, reactor: Any, observer: ILogObserver) -> int:
    """Run `program` until it exits or a signal stops it; return its exit status."""
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)
    reactor.callWhenRunning(program.startService)
    reactor.addSystemEventTrigger("before", "shutdown", program.stopService)
    reactor.run(installSignalHandlers=False)  # the program has its own
    return program.status
