"""The application's run: the terminal is taken, and given back as it was, whatever ends it."""

import asyncio
import signal
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from prompt_toolkit.application import Application
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime

#: No bracketed paste, plain cursor keys, no attributes, a cursor that is seen.
_RESET: Final = "\x1b[?2004l\x1b[?1l\x1b[0m\x1b[?25h\r\x1b[J"


class ApplicationRunner:
    """Runs an application in the asyncio loop that the reactor runs in.

    :param over: called when the application ends; with the failure, if that is why.
    """

    def __init__(
        self,
        clock: IReactorTime,
        application: Application[None],
        on_exit: Callable[[BaseException | None], None],
    ) -> None:
        self._clock = clock
        self._application = application
        self._on_exit = on_exit
        self._task: asyncio.Task[None] | None = None
        self._attributes: list[Any] | None = None
        self._ended: Deferred[None] = Deferred()
        self._is_over = False

    def start(self) -> None:
        """Take the terminal as soon as the loop runs."""
        self._attributes = terminal_attributes()
        self._clock.callLater(0, self._run)

    def stop(self) -> Deferred[None]:
        """End the application; fires when the terminal is back."""
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
        """Give the terminal back at once, also if the application hangs."""
        if self._attributes is None:
            return
        if not self._is_over and sys.__stdout__ is not None:
            with suppress(OSError, ValueError):
                sys.__stdout__.write(_RESET)
                sys.__stdout__.flush()
        with suppress(OSError, termios.error):  # the terminal itself may be gone
            termios.tcsetattr(0, termios.TCSANOW, self._attributes)

    def _run(self) -> None:
        if self._is_over:
            return
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._failed)
        self._task = loop.create_task(
            self._application.run_async(handle_sigint=False, set_exception_handler=False)
        )
        self._task.add_done_callback(self._done)
        # Whoever is stopped from outside did not give the terminal back before, as with Ctrl-Z.
        loop.add_signal_handler(signal.SIGCONT, self._continued)

    def _continued(self) -> None:
        """Take the terminal again, as the shell has used it meanwhile, and draw anew."""
        if self._application.is_running and not self._application.is_done:
            self._application.renderer.erase()
            with suppress(OSError, termios.error):
                self._application.input.raw_mode().__enter__()
            self._application.invalidate()

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Something went wrong outside of the task: in a key, or in drawing."""
        failure = context.get("exception") or RuntimeError(context["message"])
        if self._application.is_running and not self._application.is_done:
            self._application.exit(exception=failure)

    def _done(self, task: asyncio.Task[None]) -> None:
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
    """The modes that the terminal is in; None if there is no terminal."""
    try:
        return termios.tcgetattr(0)
    except (OSError, termios.error):
        return None
