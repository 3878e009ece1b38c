"""The status line below the input line, and the prompt before it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from prompt_toolkit.utils import get_cwidth
from twisted.internet.interfaces import IReactorTime
from wcwidth import iter_graphemes

from chatd.chat.names import LOBBY
from chatd.client.status import Online, Status, Waiting, describe
from chatd.client.terminal import completion
from chatd.client.terminal.roster import Roster
from chatd.client.ui import SessionView
from chatd.wire.rendering import escape

_SEPARATOR: Final = " · "
_ELLIPSIS: Final = "…"

#: How much of the window the room before the input may take, in character cells.
_PROMPT_COLUMNS: Final = 16


class StatusBar:
    """Gathers what the status line, the prompt and the completion are made of.

    :param queued_lines: returns how many lines wait in the UI itself.
    :ivar session: the session that the UI is attached to, once there is one.
    """

    def __init__(
        self, clock: IReactorTime, roster: Roster, queued_lines: Callable[[], int]
    ) -> None:
        self.session: SessionView | None = None
        self._queued_lines = queued_lines
        self._clock = clock
        self._roster = roster
        self._status: Status | None = None
        self._waiting_until = 0.0

    @property
    def room(self) -> str:
        """The room that lines go to."""
        return self.session.room if self.session else LOBBY

    @property
    def nickname(self) -> str:
        """The user's nickname; empty without a session."""
        return self.session.nickname if self.session else ""

    def set_status(self, status: Status) -> None:
        """Show this status from now on; while waiting, with the time that is left."""
        self._status = status
        if isinstance(status, Waiting):
            self._waiting_until = self._clock.seconds() + status.seconds

    def prompt(self) -> str:
        """The text before the input."""
        return f"{clip(escape(self.room), _PROMPT_COLUMNS)}> "

    def status(self, columns: int) -> str:
        """The status line, in at most `columns` character cells."""
        unsent = self._queued_lines() + (self.session.unconfirmed_count if self.session else 0)
        if not isinstance(self._status, Online):
            description = describe(self._status, self._waiting_until - self._clock.seconds())
            return format_status_line(StatusLine(description, unsent=unsent), columns)
        status_line = StatusLine(
            # Not the nickname that the status was set with: the user may have changed it since.
            describe(Online(self.nickname), 0),
            self._roster.server,
            self.room,
            self._roster.members(self.room),
            tuple(self._roster.unread),
            unsent,
        )
        return format_status_line(status_line, columns)

    def completions(self, before: str) -> tuple[str, list[str]]:
        """The word at the end of `before`, and the words that it may become."""
        known = completion.Known(self._roster.nicknames, self._roster.rooms)
        return completion.completions(before, known)


@dataclass(frozen=True, slots=True)
class StatusLine:
    """The content of a status line.

    :ivar status: the connection status, in words.
    :ivar members: how many are in the room; 0 if that is not known.
    :ivar unread: other rooms, each with its number of unread messages.
    :ivar unsent: how many lines the server has not confirmed.
    """

    status: str
    server: str = ""
    room: str = ""
    members: int = 0
    unread: tuple[tuple[str, int], ...] = ()
    unsent: int = 0


def format_status_line(line: StatusLine, columns: int) -> str:
    """The line, with as much as fits into `columns` character cells; the status is always there."""
    room = escape(line.room)
    members = f"{line.members} member{'' if line.members == 1 else 's'}"
    unread = ", ".join(f"{escape(name)} {count}" for name, count in line.unread)
    full = [
        escape(line.server),
        room,
        members if line.members else "",
        f"unread: {unread}" if unread else "",
        f"{line.unsent:,} to be sent" if line.unsent else "",
        line.status,
    ]
    shorter = [
        full[0],
        room,
        f"{line.members}" if line.members else "",
        f"{sum(count for _, count in line.unread)} unread" if unread else "",
        *full[4:],
    ]
    shortest = ["", room, "", *shorter[3:]]
    for pieces in (full, shorter, shortest, ["", "", "", "", *full[4:]], [line.status]):
        text = f" {_SEPARATOR.join(piece for piece in pieces if piece)}"
        if get_cwidth(text) <= columns:
            return text
    return clip(text, columns)


def clip(text: str, columns: int) -> str:
    """`text`, cut with an ellipsis if it does not fit into `columns` character cells."""
    if get_cwidth(text) <= columns:
        return text
    free = columns - get_cwidth(_ELLIPSIS)
    cut: list[str] = []
    for cluster in iter_graphemes(text):
        free -= get_cwidth(cluster)
        if free < 0:
            break
        cut.append(cluster)
    return "".join(cut) + _ELLIPSIS
