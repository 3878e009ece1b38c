"""The status line: server, room, members, what is unread, and the state in words. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from prompt_toolkit.utils import get_cwidth
from twisted.internet.interfaces import IReactorTime

from chatd.chat.names import LOBBY
from chatd.client.status import Online, Status, Waiting, describe
from chatd.client.terminal import completion
from chatd.client.terminal.roster import Roster
from chatd.client.ui import SessionView
from chatd.wire.rendering import escape

_SEPARATOR: Final = " · "
_ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class StatusLine:
    """What the status line tells.

    :ivar state: in words.
    :ivar members: of the room; 0 if that is not known.
    :ivar unread: other rooms and how many messages there were not read.
    :ivar unsent: lines that wait to be sent.
    """

    state: str
    server: str = ""
    room: str = ""
    members: int = 0
    unread: tuple[tuple[str, int], ...] = ()
    unsent: int = 0


def format_status_line(status: StatusLine, columns: int) -> str:
    """The line, as much of it as fits into `columns` character cells; the state always does."""
    room = escape(status.room)
    members = f"{status.members} member{'' if status.members == 1 else 's'}"
    unread = ", ".join(f"{escape(name)} {number}" for name, number in status.unread)
    pieces = [
        escape(status.server),
        room,
        members if status.members else "",
        f"unread: {unread}" if unread else "",
        f"{status.unsent:,} to be sent" if status.unsent else "",
        status.state,
    ]
    shorter = [
        pieces[0],
        room,
        f"{status.members}" if status.members else "",
        f"{sum(number for _, number in status.unread)} unread" if unread else "",
        *pieces[4:],
    ]
    bare = ["", room, "", *shorter[3:]]
    for each in (pieces, shorter, bare, ["", "", "", "", *pieces[4:]], [status.state]):
        line = f" {_SEPARATOR.join(piece for piece in each if piece)}"
        if get_cwidth(line) <= columns:
            return line
    return clip(line, columns)


def clip(text: str, columns: int) -> str:
    """`text`, cut where it does not fit into `columns` character cells."""
    if get_cwidth(text) <= columns:
        return text
    cut = ""
    for character in text:
        if get_cwidth(cut + character + _ELLIPSIS) > columns:
            break
        cut += character
    return cut + _ELLIPSIS


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
