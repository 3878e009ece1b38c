"""The port to the person: where a client shows, says and asks things."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred

from chatd.chat.commands import Asked, Say, Tell
from chatd.client.standing import Standing
from chatd.wire.lines import visible
from chatd.wire.native_frames import FromServer


@dataclass(frozen=True, slots=True)
class Choice:
    """Something the person can choose: what it is called, and what is to be known about it."""

    name: str
    about: str


#: What the person is asked who is to choose.
WHICH: Final = "Which server? (number or name)"


def listed(number: int, choice: Choice) -> str:
    """A choice as a line of the list."""
    return f"{number}  {visible(choice.name)}  {choice.about}"


class Screen(Protocol):
    """Where a client's person is."""

    #: Whether there is a person who can be asked something.
    can_ask: bool

    def told(self, what: object) -> None:
        """Show what the server told: an event or a reply of ``chatd.chat.events``."""

    def confirmed(self, what: Say | Tell, time: int | None) -> None:
        """Note that the server has what the person said.

        :param time: when it got it, in ms since 1970, if it told.
        """

    def stands(self, standing: Standing) -> None:
        """Note how the client stands from now on."""

    def talk(self, sentence: str) -> None:
        """Say something of the client's own."""

    def ask(self, question: str, answered: Callable[[str], None], offered: str = "") -> None:
        """Ask the person; the next line is the answer.

        :param offered: the answer of one who says nothing.
        """

    def ask_secret(self, question: str, answered: Callable[[str], None]) -> None:
        """Ask for something that is not to be seen on the screen."""

    def choose(
        self, question: str, choices: Sequence[Choice], answered: Callable[[str], None]
    ) -> None:
        """Have the person choose; called again when there are more, or an answer was none of them.

        :param answered: gets the number or the name that the person says.
        """

    def hold(self) -> None:
        """Take no more lines for now."""

    def go_on(self) -> None:
        """Take lines again."""


class Served(Protocol):
    """What a screen may want to know of the session that it serves, and ask through it."""

    #: What the person is called, or wants to be.
    nickname: str

    @property
    def room(self) -> str:
        """Where lines go."""

    @property
    def unsaid(self) -> int:
        """How many lines the server has not got yet, as far as is known."""

    def inquire(self, command: Asked, answered: Callable[[FromServer], None]) -> None:
        """Ask the server for something that the person did not."""


class Front(Screen, Protocol):
    """A screen that the person of this process sits at: it opens, takes lines, and closes."""

    def show(self, line: str) -> None:
        """Show a line as it is."""

    def serve(self, session: Served) -> None:
        """Know who is served."""

    def listen(
        self,
        submit: Callable[[str], None],
        end_of_input: Callable[[], None],
        output_lost: Callable[[], None],
        not_sent: Callable[[str], None] | None = None,
        clogged: Callable[[bool], None] = lambda is_clogged: None,
    ) -> None:
        """Say who takes the lines, and who wants to know what becomes of this screen.

        :param end_of_input: no more lines come.
        :param output_lost: nobody reads what is shown any more.
        :param not_sent: a line was no text, for this reason.
        :param clogged: what is shown is, or is no longer, read too slowly to show more.
        """

    def open(self, reactor: Any) -> Callable[[], None]:
        """Begin; call what is returned at the very end, to leave everything as it was found."""

    def close(self) -> Deferred[None]:
        """End; fires when everything has been shown."""
