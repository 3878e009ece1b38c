"""A client that nobody sits at, as ``chatd launch`` has them: what it receives is shown, tagged."""

from collections.abc import Callable, Sequence

from chatd.chat.commands import SendMessage, SendPrivate
from chatd.client.screen import Choice, InteractiveUI
from chatd.client.standing import Status
from chatd.wire import lines as render


class TaggedOutput:
    """The screen of a client that nobody sits at: what it receives is shown with its tag."""

    can_ask = False

    def __init__(self, tag: str, ui: InteractiveUI) -> None:
        self._tag = tag
        self._ui = ui

    def show_event(self, event: object) -> None:
        """Show what the server told, tagged."""
        for line in render.render(event):
            self._ui.show(f"[{self._tag}] {line}")

    def message_sent(self, message: SendMessage | SendPrivate, time: int | None) -> None:
        """A guest says nothing."""

    def set_status(self, status: Status) -> None:
        """A guest stands nowhere."""

    def notify(self, message: str) -> None:
        """A guest has nothing to say."""

    def prompt(self, question: str, on_answer: Callable[[str], None], default: str = "") -> None:
        """A guest cannot be asked."""

    def choose(
        self, question: str, choices: Sequence[Choice], on_answer: Callable[[str], None]
    ) -> None:
        """A guest cannot be asked."""

    def prompt_password(self, question: str, on_answer: Callable[[str], None]) -> None:
        """A guest cannot be asked."""

    def pause_input(self) -> None:
        """A guest types nothing."""

    def resume_input(self) -> None:
        """A guest types nothing."""
