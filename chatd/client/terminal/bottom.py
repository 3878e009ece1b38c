"""What the bottom of the window says: the room before the line, completions, the state below it."""

from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IReactorTime

from chatd.chat.names import LOBBY
from chatd.client.screen import Served
from chatd.client.standing import Online, Standing, Waiting, words
from chatd.client.terminal import completion
from chatd.client.terminal.company import Company
from chatd.client.terminal.status import Status, fitting, status_line
from chatd.wire.lines import visible

#: What the room before the line may take of the window, in character cells.
_PROMPT_COLUMNS: Final = 16


class Bottom:
    """Knows whom the terminal serves, in which company, and how that client stands.

    :param kept: how many lines wait in the terminal itself.
    :ivar served: the session, once there is one.
    """

    def __init__(self, clock: IReactorTime, company: Company, kept: Callable[[], int]) -> None:
        self.served: Served | None = None
        self._kept = kept
        self._clock = clock
        self._company = company
        self._standing: Standing | None = None
        self._until = 0.0

    @property
    def room(self) -> str:
        """Where lines go."""
        return self.served.room if self.served else LOBBY

    @property
    def nickname(self) -> str:
        """What the person is called."""
        return self.served.nickname if self.served else ""

    def stands(self, standing: Standing) -> None:
        """Note how the client stands from now on."""
        self._standing = standing
        if isinstance(standing, Waiting):
            self._until = self._clock.seconds() + standing.seconds

    def prompt(self) -> str:
        """What stands before the input line."""
        return f"{fitting(visible(self.room), _PROMPT_COLUMNS)}> "

    def status(self, columns: int) -> str:
        """The status line, in so many character cells."""
        unsent = self._kept() + (self.served.unsaid if self.served else 0)
        if not isinstance(self._standing, Online):
            state = words(self._standing, self._until - self._clock.seconds())
            return status_line(Status(state, unsent=unsent), columns)
        status = Status(
            words(Online(self.nickname), 0),  # it may have changed since
            self._company.server,
            self.room,
            self._company.members(self.room),
            tuple(self._company.unread),
            unsent,
        )
        return status_line(status, columns)

    def completions(self, before: str) -> tuple[str, list[str]]:
        """The beginning of a word at the end of `before`, and what it may become."""
        known = completion.Known(self._company.nicknames, self._company.rooms)
        return completion.completions(before, known)
