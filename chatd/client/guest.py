"""A client that nobody sits at, as ``chatd launch`` has them: what it receives is shown, tagged."""

from collections.abc import Callable, Sequence

from chatd.chat.commands import Say, Tell
from chatd.client.screen import Choice, Front
from chatd.client.standing import Standing
from chatd.wire import lines as render


class Guest:
    """The screen of a client that nobody sits at: what it receives is shown with its tag."""

    can_ask = False

    def __init__(self, tag: str, front: Front) -> None:
        self._tag = tag
        self._front = front

    def told(self, what: object) -> None:
        """Show what the server told, tagged."""
        for line in render.lines(what):
            self._front.show(f"[{self._tag}] {line}")

    def confirmed(self, what: Say | Tell, time: int | None) -> None:
        """A guest says nothing."""

    def stands(self, standing: Standing) -> None:
        """A guest stands nowhere."""

    def talk(self, sentence: str) -> None:
        """A guest has nothing to say."""

    def ask(self, question: str, answered: Callable[[str], None], offered: str = "") -> None:
        """A guest cannot be asked."""

    def choose(
        self, question: str, choices: Sequence[Choice], answered: Callable[[str], None]
    ) -> None:
        """A guest cannot be asked."""

    def ask_secret(self, question: str, answered: Callable[[str], None]) -> None:
        """A guest cannot be asked."""

    def hold(self) -> None:
        """A guest types nothing."""

    def go_on(self) -> None:
        """A guest types nothing."""
