"""The port to the person: where a client shows, says and asks things."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred

from chatd.chat.commands import ClientCommand, SendMessage, SendPrivate
from chatd.client.status import Status
from chatd.wire.frames import FromServer
from chatd.wire.rendering import escape
from chatd.wire.slash_commands import UserInput


@dataclass(frozen=True, slots=True)
class Choice:
    """Something the person can choose: what it is called, and what is to be known about it."""

    name: str
    description: str


#: What the person is asked who is to choose.
SERVER_PROMPT: Final = "Which server? (number or name)"


def format_choice(number: int, choice: Choice) -> str:
    """A choice as a line of the list."""
    return f"{number}  {escape(choice.name)}  {choice.description}"


class UserInterface(Protocol):
    """Where a client's person is."""

    #: Whether there is a person who can be asked something.
    can_ask: bool

    def show_event(self, event: object) -> None:
        """Show what the server told: an event or a reply of ``chatd.chat.events``."""

    def message_sent(self, message: SendMessage | SendPrivate, time: int | None) -> None:
        """Note that the server has what the person said.

        :param time: when it got it, in ms since 1970, if it told.
        """

    def set_status(self, status: Status) -> None:
        """Note how the client stands from now on."""

    def notify(self, message: str) -> None:
        """Say something of the client's own."""

    def prompt(self, question: str, on_answer: Callable[[str], None], default: str = "") -> None:
        """Ask the person; the next line is the answer.

        :param offered: the answer of one who says nothing.
        """

    def prompt_password(self, question: str, on_answer: Callable[[str], None]) -> None:
        """Ask for something that is not to be seen on the screen."""

    def choose(
        self, question: str, choices: Sequence[Choice], on_answer: Callable[[str], None]
    ) -> None:
        """Have the person choose; called again when there are more, or an answer was none of them.

        :param answered: gets the number or the name that the person says.
        """

    def pause_input(self) -> None:
        """Take no more lines for now."""

    def resume_input(self) -> None:
        """Take lines again."""


class SessionView(Protocol):
    """What a UI knows of the session that it is attached to, and what it tells the session."""

    #: The user's nickname, or the one that the client will ask the server for.
    nickname: str

    @property
    def room(self) -> str:
        """The room that lines go to."""

    @property
    def undelivered(self) -> int:
        """How many of the user's lines the server has not confirmed."""

    def submit(self, line: str, user_input: UserInput | None) -> None:
        """Take a line of input.

        :param user_input: what ``slash_commands.parse`` made of the line, with :attr:`room`.
        """

    def not_sent(self, reason: str) -> None:
        """Take note of a line that is not valid, and notify the user."""

    def end_of_input(self) -> None:
        """Take note that no more lines will come."""

    def output_lost(self) -> None:
        """Take note that the output is closed: nothing can be shown from now on."""

    def set_output_paused(self, paused: bool) -> None:
        """Take note that the output is too slow for what the server sends, or no longer is."""

    def request(self, command: ClientCommand, on_reply: Callable[[FromServer], None]) -> None:
        """Ask the server for something that the UI itself wants to know.

        :param on_reply: called with each frame of the reply.
        """


class InteractiveUI(UserInterface, Protocol):
    """A screen that the person of this process sits at: it opens, takes lines, and closes."""

    def show(self, line: str) -> None:
        """Show a line as it is."""

    def attach(self, session: SessionView) -> None:
        """Hand the input to `session` from now on; before, no line is taken."""

    def open(self, reactor: Any) -> Callable[[], None]:
        """Begin; call what is returned at the very end, to leave everything as it was found."""

    def close(self) -> Deferred[None]:
        """End; fires when everything has been shown."""
