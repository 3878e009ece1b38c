"""The port between the client and its user interface (UI).

:class:`UserInterface` is what the client asks of a UI: the console, the terminal, or in ``chatd
launch`` a guest without a user. :class:`SessionView` is what a UI that takes input asks of the
session in return.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred

from chatd.chat.commands import ClientCommand, SendMessage, SendPrivate
from chatd.client.invitation import Invitation
from chatd.client.status import Status
from chatd.wire.frames import FromServer
from chatd.wire.rendering import escape
from chatd.wire.slash_commands import help_lines
from chatd.wire.user_inputs import UserInput


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice that the user has: its name, and a description for the list."""

    name: str
    description: str


#: The question that goes with a list of servers.
SERVER_PROMPT: Final = "Which server? (number or name)"

#: Said to a user who enters a line while a password is checked.
STILL_CHECKING: Final = "The password is still being checked; this line was not sent."


#: How a terminal shows who comes and goes: in one line, each in a line of its own, or not at all.
CONDENSED: Final = "condensed"
ALL: Final = "all"
NONE: Final = "none"
ARRIVALS: Final = (CONDENSED, ALL, NONE)

#: Said once to a user who has entered, instead of a list of all commands.
FIRST_HELP: Final = "Type and press Enter to talk. @NAME TEXT is private. /help shows the commands."


def describe_target(target: str) -> str:
    """The sentence that says where the user's lines go."""
    if target.startswith("@"):
        return f"You are now writing privately to {escape(target[1:].replace(',', ', '))}."
    return f"You are now writing to {escape(target)}."


def describe_missing(lines: int) -> str:
    """The sentence that stands for lines which were not shown."""
    return f"{lines} lines are missing here, because they could not be shown."


def format_choice(number: int, choice: Choice) -> str:
    """A choice as a line of the list."""
    return f"{number}  {escape(choice.name)}  {choice.description}"


class UserInterface(Protocol):
    """Shows the chat and the client's own notices, and asks the user."""

    #: Whether the UI can ask the user: it is a terminal, not a pipe.
    is_interactive: bool

    def show_event(self, event: object) -> None:
        """Show an event or a reply of ``chatd.chat.events``."""

    def message_sent(
        self, message: SendMessage | SendPrivate, time: int | None, seq: int | None
    ) -> None:
        """Show the user's own message, which the server has confirmed.

        :param time: when the server got it, in milliseconds since 1970; None if it did not say.
        :param seq: its number in the room, likewise.
        """

    def message_refused(self, message: SendMessage, line: str) -> None:
        """Keep `line`, which the user may send later: the server has not taken it for now."""

    def set_status(self, status: Status) -> None:
        """Show the connection status from now on."""

    def notify(self, message: str) -> None:
        """Show a sentence of the client's own."""

    def show_transfer(self, description: str) -> None:
        """Show how far a file is that is being sent or saved; nothing more if this is empty."""

    def show_invitation(self, invitation: Invitation) -> None:
        """Show what others need to join, with the QR code where that can be seen."""

    def prompt(self, question: str, on_answer: Callable[[str], None], default: str = "") -> None:
        """Ask the user; the next line of input is the answer.

        :param default: the answer if that line is blank.
        """

    def prompt_password(self, question: str, on_answer: Callable[[str], None]) -> None:
        """Ask the user for a password, which must not be seen on the screen.

        From the answer on until :meth:`password_checked`, or until the next prompt for a password,
        nothing that the user types is shown or becomes a line: a user who has noticed a typing
        error may be typing the password again.
        """

    def password_checked(self) -> None:
        """Take lines again after :meth:`prompt_password`, if there was one."""

    def choose(
        self, question: str, choices: Sequence[Choice], on_answer: Callable[[str], None]
    ) -> None:
        """Let the user choose.

        Called again while the question is open if there are more choices, and called again after
        an answer that was none of them.

        :param on_answer: called with the number or the name that the user entered.
        """

    def switched(self, target: str) -> None:
        """The user's lines go to `target` from now on: ``#dev``, ``@ice`` or ``@ice,moon``."""

    def closed(self, target: str) -> None:
        """The user has closed the private talk `target`."""

    def clear(self) -> None:
        """Show nothing of what was shown before, where the user is looking."""

    def pause_input(self) -> None:
        """Take no more lines for now; :meth:`prompt` takes its answer all the same."""

    def resume_input(self) -> None:
        """Take lines again."""


def show_help(ui: UserInterface, *, is_for_hosts: bool = False) -> None:
    """Show the list of commands, or of those of hosts and operators."""
    for line in help_lines(is_for_hosts=is_for_hosts):
        ui.notify(line)


def show_invitation(ui: UserInterface, invitation: Invitation | None) -> None:
    """Show `invitation`; None if this client does not know what others need to join."""
    if invitation is not None:
        ui.show_invitation(invitation)
    else:
        ui.notify(
            "This client does not know the address of the server's page. Whoever started the "
            "server has it on the screen; others can join as you did."
        )


class SessionView(Protocol):
    """The session, as far as a UI knows it: it takes the input, and can be asked for some state."""

    #: The user's nickname, or the one that the client will ask the server for.
    nickname: str

    @property
    def target(self) -> str:
        """Where lines go: a room, or a private talk such as ``@ice`` or ``@ice,moon``."""

    @property
    def unconfirmed_count(self) -> int:
        """How many of the user's lines are queued, or are messages not yet confirmed."""

    def submit(self, line: str, user_input: UserInput | None) -> None:
        """Take a line of input.

        :param user_input: what ``slash_commands.parse`` made of the line, with :attr:`target`.
        """

    def switch(self, target: str) -> None:
        """Send the lines that follow to `target`: the user has chosen it."""

    def without_ignored(self, event: object) -> object | None:
        """What of an event or a reply is to be shown; None if it is of a member that is ignored."""

    def not_sent(self, reason: str) -> None:
        """Notify the user of a line that is not valid; it counts for the exit status."""

    def end_of_input(self) -> None:
        """Leave when everything is sent: no more lines will come."""

    def output_lost(self) -> None:
        """Leave: nothing can be shown any more."""

    def set_output_paused(self, paused: bool) -> None:
        """Stop reading from the server while the output does not keep up, or resume."""

    def stop_transfer(self) -> None:
        """End the file that is being sent or saved, if there is one."""

    def request(self, command: ClientCommand, on_reply: Callable[[FromServer], None]) -> None:
        """Send a command that the UI itself needs, and that the user did not enter.

        :param on_reply: called with each frame of the reply; never, if the connection is lost.
        """


class InteractiveUI(UserInterface, Protocol):
    """The UI of this process: it has a beginning and an end, and takes input."""

    def show(self, line: str) -> None:
        """Show a line of the chat as it is."""

    def attach(self, session: SessionView) -> None:
        """Hand the input to `session` from now on; before, no line is taken."""

    def open(self, reactor: Any) -> Callable[[], None]:
        """Take the terminal, or standard input and output.

        :return: must be called at the very end; it restores everything as it was found.
        """

    def close(self) -> Deferred[None]:
        """Show what still waits, and give everything back; fires when that is done."""
