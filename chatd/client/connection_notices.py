"""The client's notices about its connection; none, if a lost one is soon back.

A link may break every few seconds. While the session is resumed, the user misses nothing, and need
not read each time that the connection is lost, searched for and back: the status line shows it. So
these sentences are held back for ``AWAY_SECONDS``. In that time the server tells nobody
that the user is away, either.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from typing_extensions import override

from chatd.chat import limits
from chatd.client.status import Status
from chatd.client.ui import Choice, UserInterface

#: More sentences than a client says in that time.
_MAX_HELD: Final = 64


class SearchUI(Protocol):
    """The user interface, as far as the search for a server needs it."""

    @property
    def is_interactive(self) -> bool:
        """Whether the UI can ask the user."""

    def notify(self, message: str) -> None:
        """Show a sentence of the client's own."""

    def set_status(self, status: Status) -> None:
        """Show the connection status from now on."""

    def prompt(self, question: str, on_answer: Callable[[str], None], default: str = "") -> None:
        """Ask the user; `default` is the answer if that is blank."""

    def choose(
        self, question: str, choices: Sequence[Choice], on_answer: Callable[[str], None]
    ) -> None:
        """Let the user choose."""


class ConnectionNotices(SearchUI):
    """Passes what concerns the connection on to a user interface, sooner or later or not at all."""

    def __init__(self, ui: UserInterface, clock: IReactorTime) -> None:
        self._ui = ui
        self._clock = clock
        self._held: list[str] = []
        self._timeout: IDelayedCall | None = None

    @property
    @override
    def is_interactive(self) -> bool:
        return self._ui.is_interactive

    def hold(self) -> None:
        """The connection is lost, and its session may be resumed: hold back what is said of it."""
        if self._timeout is None:
            self._timeout = self._clock.callLater(limits.AWAY_SECONDS, self.release)

    def release(self) -> None:
        """Say what was held back, and all that follows."""
        held = self._stop()
        for message in held:
            self._ui.notify(message)

    def resumed(self, message: str) -> None:
        """The session is resumed: say `message`, unless the loss was not said either."""
        if self._timeout is None:
            self._ui.notify(message)
        else:
            self._stop()

    def _stop(self) -> list[str]:
        if self._timeout is not None and self._timeout.active():
            self._timeout.cancel()
        self._timeout = None
        held, self._held = self._held, []
        return held

    @override
    def notify(self, message: str) -> None:
        if self._timeout is None:
            self._ui.notify(message)
        elif len(self._held) < _MAX_HELD:
            self._held.append(message)

    @override
    def set_status(self, status: Status) -> None:
        self._ui.set_status(status)

    @override
    def prompt(self, question: str, on_answer: Callable[[str], None], default: str = "") -> None:
        self.release()
        self._ui.prompt(question, on_answer, default)

    @override
    def choose(
        self, question: str, choices: Sequence[Choice], on_answer: Callable[[str], None]
    ) -> None:
        self.release()
        self._ui.choose(question, choices, on_answer)
