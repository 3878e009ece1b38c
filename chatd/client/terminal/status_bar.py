"""The status line below the input line, and the prompt before it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from prompt_toolkit.utils import get_cwidth
from twisted.internet.interfaces import IReactorTime

from chatd.chat import events
from chatd.chat.names import LOBBY
from chatd.client.status import Online, Status, Waiting, describe
from chatd.client.terminal import completion
from chatd.client.terminal.roster import Roster
from chatd.client.terminal.view_status import (
    SEPARATOR,
    Listed,
    ViewsLine,
    clip,
    format_private,
    format_unsent,
    format_views_line,
)
from chatd.client.terminal.views import Views
from chatd.client.ui import SessionView
from chatd.wire import slash_commands
from chatd.wire.rendering import escape

#: How much of the window the room before the input may take, in character cells.
_PROMPT_COLUMNS: Final = 16
#: Behind the room if the user cannot write there.
_READ_ONLY: Final = " (read-only)"
#: The same of a private talk, whose names must be seen, as a part of the window.
_PRIVATE_PROMPT_PART: Final = 2


class StatusBar:
    """Gathers what the status line, the prompt and the completion are made of.

    :param queued_lines: returns how many lines wait in the UI itself.
    :param views: the views that are listed; None if all is shown in one stream.
    :ivar session: the session that the UI is attached to, once there is one.
    :ivar transfer: how far a file is; empty if none is on its way.
    """

    def __init__(
        self,
        clock: IReactorTime,
        roster: Roster,
        queued_lines: Callable[[], int],
        views: Views | None = None,
    ) -> None:
        self.session: SessionView | None = None
        self.transfer = ""
        self._queued_lines = queued_lines
        self._clock = clock
        self._roster = roster
        self._views = views
        self._status: Status | None = None
        self._waiting_until = 0.0
        self._is_away = False

    @property
    def target(self) -> str:
        """The room, or the private talk, that lines go to."""
        return self.session.target if self.session else LOBBY

    @property
    def nickname(self) -> str:
        """The user's nickname; empty without a session."""
        return self.session.nickname if self.session else ""

    def set_status(self, status: Status) -> None:
        """Show this status from now on; while waiting, with the time that is left."""
        self._status = status
        if isinstance(status, Waiting):
            self._waiting_until = self._clock.seconds() + status.seconds

    def update(self, event: object) -> None:
        """Take note of what changes the user's own state."""
        match event:
            case events.AwayDone(text):
                self._is_away = bool(text)
            case events.Welcome(resumed=False):
                self._is_away = False

    def prompt(self, line: str, columns: int) -> tuple[str, str]:
        """The style and the text before the input: where `line`, which is being typed, will go."""
        if nicknames := slash_commands.private_recipients(line, self.target):
            return (
                "class:private",
                f"{format_private(nicknames, columns // _PRIVATE_PROMPT_PART)}> ",
            )
        may_write = self._roster.room_states.may_write(self.nickname, self.target)
        mark = "" if may_write else _READ_ONLY
        return "class:prompt", f"{clip(escape(self.target), _PROMPT_COLUMNS)}{mark}> "

    def status(self, columns: int) -> str:
        """The status line, in at most `columns` character cells."""
        unsent = self._queued_lines() + (self.session.unconfirmed_count if self.session else 0)
        is_online = isinstance(self._status, Online)
        # Not the nickname that the status was set with: the user may have changed it since.
        shown = Online(self.nickname) if is_online else self._status
        description = describe(shown, self._waiting_until - self._clock.seconds())
        if is_online:
            role = self._roster.room_states.role(self.nickname, self.target)
            marks = [mark for mark in (role, "away" * self._is_away) if mark]
            description += f" ({', '.join(marks)})" if marks else ""
        if self._views is not None:
            return self._status_of_views(self._views, description, unsent, columns)
        if not is_online:
            line = StatusLine(description, unsent=unsent, transfer=self.transfer)
            return format_status_line(line, columns)
        status_line = StatusLine(
            description,
            self._roster.server,
            self._with_settings(self.target),
            self._roster.members(self.target),
            tuple(self._roster.unread),
            unsent,
            self.transfer,
        )
        return format_status_line(status_line, columns)

    def _status_of_views(self, views: Views, description: str, unsent: int, columns: int) -> str:
        is_online = isinstance(self._status, Online)
        current = views.current
        others = (
            Listed(number, escape(view.target), view.unread, view.mentions)
            for number, view in enumerate(views, 1)
            if view is not current
        )
        line = ViewsLine(
            description,
            (escape(self.nickname), "") if is_online else (),
            escape(self._roster.server) if is_online else "",
            escape(self._with_settings(current.target)) if is_online else "",
            self._roster.members(current.target) if is_online else 0,
            tuple(others),
            current.rows_below > 0,
            current.unread,
            unsent,
            self.transfer,
        )
        return format_views_line(line, columns)

    def _with_settings(self, target: str) -> str:
        settings = self._roster.room_states.describe(target)
        return f"{target} ({settings})" if settings else target

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
    :ivar transfer: how far a file is; empty if none is on its way.
    """

    status: str
    server: str = ""
    room: str = ""
    members: int = 0
    unread: tuple[tuple[str, int], ...] = ()
    unsent: int = 0
    transfer: str = ""


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
        format_unsent(line.unsent, line.transfer),
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
        text = f" {SEPARATOR.join(piece for piece in pieces if piece)}"
        if get_cwidth(text) <= columns:
            return text
    return clip(text, columns)
