"""What the bottom of the window says: the room before the line, completions, the state below it."""

from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IReactorTime

from chatd.chat.names import LOBBY
from chatd.client.screen import SessionView
from chatd.client.standing import Online, Status, Waiting, describe
from chatd.client.terminal import completion
from chatd.client.terminal.company import Roster
from chatd.client.terminal.status import StatusLine, clip, format_status_line
from chatd.wire.lines import escape

#: What the room before the line may take of the window, in character cells.
_PROMPT_COLUMNS: Final = 16


class StatusBar:
    """Knows whom the terminal serves, in which company, and how that client stands.

    :param kept: how many lines wait in the terminal itself.
    :ivar served: the session, once there is one.
    """

    def __init__(
        self, clock: IReactorTime, roster: Roster, queued_lines: Callable[[], int]
    ) -> None:
        self.session: SessionView | None = None
        self._queued_lines = queued_lines
        self._clock = clock
        self._roster = roster
        self._status: Status | None = None
        self._until = 0.0

    @property
    def room(self) -> str:
        """Where lines go."""
        return self.session.room if self.session else LOBBY

    @property
    def nickname(self) -> str:
        """What the person is called."""
        return self.session.nickname if self.session else ""

    def set_status(self, status: Status) -> None:
        """Note how the client stands from now on."""
        self._status = status
        if isinstance(status, Waiting):
            self._until = self._clock.seconds() + status.seconds

    def prompt(self) -> str:
        """What stands before the input line."""
        return f"{clip(escape(self.room), _PROMPT_COLUMNS)}> "

    def status(self, columns: int) -> str:
        """The status line, in so many character cells."""
        unsent = self._queued_lines() + (self.session.undelivered if self.session else 0)
        if not isinstance(self._status, Online):
            state = describe(self._status, self._until - self._clock.seconds())
            return format_status_line(StatusLine(state, unsent=unsent), columns)
        status = StatusLine(
            describe(Online(self.nickname), 0),  # it may have changed since
            self._roster.server,
            self.room,
            self._roster.members(self.room),
            tuple(self._roster.unread),
            unsent,
        )
        return format_status_line(status, columns)

    def completions(self, before: str) -> tuple[str, list[str]]:
        """The beginning of a word at the end of `before`, and what it may become."""
        known = completion.Known(self._roster.nicknames, self._roster.rooms)
        return completion.completions(before, known)
