"""Runs the prompt_toolkit application: takes the terminal, and restores it however that ends.

A program must leave the terminal as it found it, or the user's shell shows nothing of what is typed
afterwards. The application restores it by itself when it ends in the normal way. For the other ways
the terminal's attributes are saved before it starts, and :meth:`ApplicationRunner.restore_terminal`
sets them again: when the application fails, and once more at the very end of the program, as a
second Ctrl-C may end it at any point.
"""

import asyncio
import signal
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from prompt_toolkit.application import Application
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime

from chatd.chat import limits

#: Undoes what the application may have asked of the terminal: bracketed paste off, normal cursor
#: keys, no attributes, a visible cursor; then erases from the beginning of the line on.
_RESET: Final = "\x1b[?2004l\x1b[?1l\x1b[0m\x1b[?25h\r\x1b[J"

#: How long a program that ends at once waits for its last output.
_LAST_OUTPUT_SECONDS: Final = 0.1


class ApplicationRunner:
    """Runs an application in the asyncio loop that Twisted's asyncio reactor runs in.

    :param drain: waits until all output is written, for at most that many seconds.
    :param on_exit: called once when the application has ended; with the exception if it failed.
    :param on_continued: called when the process was stopped and goes on: the window shows what
        others have written meanwhile.
    """

    def __init__(
        self,
        clock: IReactorTime,
        application: Application[None],
        drain: Callable[[float], object],
        on_exit: Callable[[BaseException | None], None],
        on_continued: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._application = application
        self._drain = drain
        self._on_exit = on_exit
        self._on_continued = on_continued
        self._task: asyncio.Task[None] | None = None
        self._attributes: list[Any] | None = None
        self._ended: Deferred[None] = Deferred()
        self._is_over = False

    def start(self) -> None:
        """Take the terminal as soon as the loop runs."""
        self._attributes = terminal_attributes()
        # The reactor may not run yet, and a task can be made only in a running loop.
        self._clock.callLater(0, self._run)

    def stop(self) -> Deferred[None]:
        """End the application; fires when the terminal is restored."""
        if self._is_over or self._attributes is None:
            return succeed(None)
        if self._application.is_running and not self._application.is_done:
            self._application.exit()
        elif self._task is not None:
            self._task.cancel()
        else:
            self._finish(None)
        return self._ended

    def restore_terminal(self) -> None:
        """Restore the terminal at once, even if the application hangs."""
        if self._attributes is None:
            return
        if not self._is_over:
            with suppress(OSError):
                self._application.output.write_raw(_RESET)
                self._application.output.flush()
        # A terminal that takes nothing must not keep the program from ending.
        self._drain(limits.GOODBYE_SECONDS if self._is_over else _LAST_OUTPUT_SECONDS)
        with suppress(OSError, termios.error):  # the terminal itself may be gone
            termios.tcsetattr(0, termios.TCSANOW, self._attributes)

    def _run(self) -> None:
        if self._is_over:
            return
        loop = asyncio.get_running_loop()
        # prompt_toolkit would handle SIGINT itself, and print exceptions of the loop and wait for
        # Enter. Here the program handles the signals, and an exception ends the application.
        loop.set_exception_handler(self._loop_failed)
        self._task = loop.create_task(
            self._application.run_async(handle_sigint=False, set_exception_handler=False)
        )
        self._task.add_done_callback(self._task_done)
        # After Ctrl-Z the application itself takes the terminal again. A process that was stopped
        # from outside (SIGSTOP) could not give it back before, so this is left to do.
        loop.add_signal_handler(signal.SIGCONT, self._continued)

    def _continued(self) -> None:
        """Take the terminal again, which the shell has used meanwhile, and redraw."""
        if self._application.is_running and not self._application.is_done:
            self._application.renderer.erase()
            with suppress(OSError, termios.error):
                self._application.input.raw_mode().__enter__()
            self._application.invalidate()
            self._on_continued()

    def _loop_failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handle an exception outside of the task: in a key binding, or while drawing."""
        failure = context.get("exception") or RuntimeError(context["message"])
        if self._application.is_running and not self._application.is_done:
            self._application.exit(exception=failure)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        task.get_loop().remove_signal_handler(signal.SIGCONT)
        task.get_loop().set_exception_handler(None)
        self._finish(None if task.cancelled() else task.exception())

    def _finish(self, failure: BaseException | None) -> None:
        if not self._is_over:
            self._is_over = True
            if failure is not None:
                self.restore_terminal()
            self._on_exit(failure)
            self._ended.callback(None)


def terminal_attributes() -> list[Any] | None:
    """The attributes (tcgetattr(3)) of the terminal at standard input; None if there is none."""
    try:
        return termios.tcgetattr(0)
    except (OSError, termios.error):
        return None
