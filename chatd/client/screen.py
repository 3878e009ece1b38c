"""The port to the person: where a client shows, says and asks things."""

from collections.abc import Callable
from typing import Protocol


class Screen(Protocol):
    """Where a client's person is."""

    #: Whether there is a person who can be asked something.
    can_ask: bool

    def show(self, line: str) -> None:
        """Show a line of the chat."""

    def talk(self, sentence: str) -> None:
        """Say something of the client's own."""

    def ask(self, question: str, answered: Callable[[str], None]) -> None:
        """Ask the person; the next line is the answer."""

    def ask_secret(self, question: str, answered: Callable[[str], None]) -> None:
        """Ask for something that is not to be seen on the screen."""

    def hold(self) -> None:
        """Take no more lines for now."""

    def go_on(self) -> None:
        """Take lines again."""
