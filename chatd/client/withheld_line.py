"""The line behind a nickname that the server has refused: it may be the password, typed at once.

Lines behind a ``/setname`` wait for its reply. If it is refused, or if a password is asked for, the
first message behind it is never sent, and the user is told so. The same goes for the line behind
the nickname to enter the chat with.
"""

from collections import deque
from collections.abc import Callable

from chatd.chat import commands
from chatd.client.ui import UserInterface
from chatd.client.unconfirmed import MESSAGE_COMMANDS, PendingCommand


class WithheldLine:
    """Withholds a line that may be a password.

    :param queue: the lines that wait to be sent.
    :param not_sent: called with the reason when a line is withheld.
    """

    def __init__(
        self, ui: UserInterface, queue: deque[PendingCommand], not_sent: Callable[[str], None]
    ) -> None:
        self._ui = ui
        self._queue = queue
        self._not_sent = not_sent
        #: The refused request whose password the next message may be; empty if there is none.
        self._refused_request = ""

    def refused(self, request: str) -> None:
        """The server has not carried out `request`: withhold the line behind it.

        At a terminal, the user has seen the reply before typing any further line. A pipe has not.
        """
        self._refused_request = request
        kinds = (*MESSAGE_COMMANDS, commands.Rename)
        waiting = next((each for each in self._queue if isinstance(each.command, kinds)), None)
        if waiting is not None and waiting.is_message:
            self._queue.remove(waiting)
            self._not_said()
        elif self._ui.is_interactive:
            self._refused_request = ""

    def accepted(self) -> None:
        """The server has carried out a request: the line behind it is none of these."""
        self._refused_request = ""

    def takes(self, pending: PendingCommand) -> bool:
        """Withhold a new line, if it may be the password."""
        is_withheld = bool(self._refused_request) and pending.is_message
        if is_withheld:
            self._not_said()
        return is_withheld

    def _not_said(self) -> None:
        request, self._refused_request = self._refused_request, ""
        self._not_sent(
            f"the line behind {request}, as it may be the password. Enter it again if it is none."
        )
