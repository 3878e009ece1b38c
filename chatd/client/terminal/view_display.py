"""Shows each room and each private talk in a view of its own.

The client has no alternate screen. What comes in the current view is written above the editor, into
the terminal's own scroll-back, as in one stream. When the user switches to another view, scrolls or
resizes the window, the window is cleared, and the last rows of the view are drawn anew: each view
keeps its last lines (``views.py``). So copying, long URLs and the terminal's own scrolling work as
with any program that prints lines.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from typing_extensions import override

from chatd.chat import commands, events
from chatd.chat.moderation_events import Moderation, Restricted
from chatd.chat.names import LOBBY, casefold
from chatd.client.terminal import formatting, views
from chatd.client.terminal.arrivals import Arrival
from chatd.client.terminal.display import Display
from chatd.client.terminal.formatting import format_notice
from chatd.client.terminal.output import Line, OutputQueue, row_height, wrap
from chatd.client.terminal.views import NO_DRAFT, Draft, View, Views
from chatd.client.ui import ALL, NONE
from chatd.wire import rendering, user_inputs
from chatd.wire.rendering import escape
from chatd.wire.user_inputs import UserInput

#: What the user sees at once after these lines tells that they were entered.
_SEEN: Final = (user_inputs.SwitchRoom, user_inputs.OpenPrivate)


class ViewWindow(Protocol):
    """The editor, as far as the views need it."""

    @property
    def columns(self) -> int:
        """The width of the window, in character cells."""

    @property
    def rows(self) -> int:
        """The height of the window, in rows."""

    @property
    def height(self) -> int:
        """How many rows of it the editor takes."""

    def draw_screen(self, rows: Sequence[Line], last_height: int) -> None:
        """Show these rows and nothing else."""

    def exchange_draft(self, draft: Draft) -> Draft:
        """Put another text into the input line, and return the one that was there."""

    @property
    def drafts(self) -> list[str]:
        """What the user has typed and not entered."""

    def set_text(self, text: str) -> None:
        """Put `text` into the input line."""


class ViewDisplay(Display):
    """Shows each event in the views that it concerns.

    :param now: returns the current time, in seconds since 1970.
    :param arrivals_shown: how arrivals and departures are shown; one of ``ui.ARRIVALS``.
    :param is_numbered: returns whether the messages of a room are shown with their numbers, which
        the user may need to remove them.
    """

    def __init__(
        self,
        all_views: Views,
        output: OutputQueue,
        window: ViewWindow,
        now: Callable[[], float],
        arrivals_shown: str,
        is_numbered: Callable[[str], bool],
    ) -> None:
        self._views = all_views
        self._output = output
        self._window = window
        self._now = now
        self._arrivals = arrivals_shown
        self._is_numbered = is_numbered
        all_views.on_unread_dropped = self._show_unread_dropped
        self._by_type: dict[type, Callable[[Any, str, Sequence[str]], None]] = {
            events.Message: self._show_room_message,
            events.PrivateMessage: self._show_private,
            events.History: self._show_in_room,
            events.Missed: self._show_in_room,
            events.Topic: self._show_in_room,
            events.RoomJoined: self._show_joined_or_left,
            events.RoomLeft: self._show_joined_or_left,
            events.MemberEntered: self._show_entered,
            events.MemberLeft: self._show_left,
            events.MemberRenamed: self._show_renamed,
            events.AwayChanged: self._show_away,
            Moderation: self._show_moderation,
            Restricted: self._show_restricted,
        }

    # --- what happens ---------------------------------------------------------------------------

    @override
    def show_event(self, event: object, nickname: str, rooms: Sequence[str]) -> None:
        show = self._by_type.get(type(event), self._show_here)
        show(event, nickname, rooms)

    def _show_here(self, event: object, nickname: str, rooms: Sequence[str]) -> None:
        self._append(self._views.current, *self._format(event, nickname))

    def _show_in_room(
        self,
        event: events.History | events.Missed | events.Topic,
        nickname: str,
        rooms: Sequence[str],
    ) -> None:
        # A topic of a room that the user is not in is shown in the view where it was asked for.
        view = self._views.find(event.room) or self._views.current
        self._append(view, *self._format(event, nickname))

    def _show_room_message(
        self, message: events.Message, nickname: str, rooms: Sequence[str]
    ) -> None:
        is_mention = formatting.is_highlight(message, nickname)
        self._show_message(self._views.open(message.room), message, nickname, is_mention)

    def _show_private(
        self, message: events.PrivateMessage, nickname: str, rooms: Sequence[str]
    ) -> None:
        view = self._views.open(views.talk_of(message.source, message.to, nickname))
        is_first = not view.unread and view is not self._views.current
        self._show_message(view, message, nickname, is_mention=True)
        if _is_by(message, nickname):
            self._show_sent(view)
        elif is_first:
            source = escape(message.source)
            self.show(format_notice(f"{source} writes to you privately: {self._way_to(view)}."))

    def _show_unread_dropped(self, view: View) -> None:
        names = escape(", ".join(views.names_of(view.target)))
        messages = f"{view.unread:,} message{'' if view.unread == 1 else 's'}"
        self.show(
            format_notice(
                f"The private talk with {names} is closed, as there are too many; "
                f"you have not read {messages} of it."
            )
        )

    def _show_message(
        self,
        view: View,
        message: events.Message | events.PrivateMessage,
        nickname: str,
        is_mention: bool,
    ) -> None:
        is_seen = view is self._views.current and not view.rows_below
        if not is_seen and not _is_by(message, nickname):
            view.mark_unread(is_mention)
        self._append(view, *self._format(message, nickname))

    def _show_joined_or_left(
        self, event: events.RoomJoined | events.RoomLeft, nickname: str, rooms: Sequence[str]
    ) -> None:
        if casefold(event.nickname) != casefold(nickname):
            self._show_arrival([event.room], event, event.nickname)
            return
        if isinstance(event, events.RoomLeft):
            self.closed(event.room)
            view = self._views.find(event.room) or self._views.current
        else:
            view = self._views.open(event.room)
        self._append(view, *self._format(event, nickname))

    def _show_entered(
        self, event: events.MemberEntered, nickname: str, rooms: Sequence[str]
    ) -> None:
        self._show_arrival([LOBBY], event, event.nickname)

    def _show_left(self, event: events.MemberLeft, nickname: str, rooms: Sequence[str]) -> None:
        self._show_arrival(rooms or [LOBBY], event, event.nickname)

    def _show_renamed(
        self, event: events.MemberRenamed, nickname: str, rooms: Sequence[str]
    ) -> None:
        self._views.renamed(event.old, event.new)
        concerned = [*map(self._views.find, rooms), *self._views.talks_with(event.new)]
        is_own = casefold(event.new) == casefold(nickname)
        self._append_to(concerned, self._format(event, nickname), or_current=is_own)

    def _show_away(self, event: events.AwayChanged, nickname: str, rooms: Sequence[str]) -> None:
        self._append_to(self._views.talks_with(event.nickname), self._format(event, nickname))

    def _show_moderation(self, event: Moderation, nickname: str, rooms: Sequence[str]) -> None:
        if event.what == "remove" and event.room is not None:
            self._remove_message(event.room, event.seq, event.by)
        concerned = [self._views.find(event.room or LOBBY)]
        if casefold(event.by) == casefold(nickname) and self._views.current not in concerned:
            concerned.append(self._views.current)
        self._append_to(concerned, self._format(event, nickname))

    def _show_restricted(self, event: Restricted, nickname: str, rooms: Sequence[str]) -> None:
        lines = self._format(event, nickname)
        self._append(self._views.current, *lines)
        lobby = self._views.find(LOBBY)
        is_leaving = event.room is not None and event.what in ("kick", "ban")
        if is_leaving and lobby is not None and lobby is not self._views.current:
            self._append(lobby, *lines)  # the view of the room is closed in a moment

    def _remove_message(self, room: str, seq: int, by: str) -> None:
        text = formatting.format_removed(by)
        changed = [view for view in self._views if view.remove_message(room, seq, text)]
        if self._views.current in changed:
            self.redraw()

    def _format(self, event: object, nickname: str) -> list[Line]:
        return formatting.format_event(
            event,
            nickname,
            self._now(),
            in_view=True,
            is_numbered=isinstance(event, events.Message) and self._is_numbered(event.room),
        )

    def _show_arrival(self, rooms: Iterable[str], event: object, nickname: str) -> None:
        if self._arrivals == NONE:
            return
        talks = self._views.talks_with(nickname)
        if isinstance(event, events.RoomJoined | events.RoomLeft):
            talks = []  # still, or already, in the chat
        has_come = isinstance(event, events.MemberEntered | events.RoomJoined)
        [sentence] = rendering.describe(event)
        arrival = Arrival(nickname, has_come, self._now(), sentence)
        for view in [*filter(None, map(self._views.find, rooms)), *talks]:
            if self._arrivals == ALL:
                self._append(view, *self._format(event, ""))
            else:
                self._append_arrival(view, arrival)

    def _append_arrival(self, view: View, arrival: Arrival) -> None:
        is_same_line = view.append_arrival(arrival)
        if view is not self._views.current or view.rows_below:
            return
        line = view.last_lines()[-1]
        if is_same_line and not view.is_unfolded:
            self._output.replace_last(line)
        else:
            self._output.append(line)

    def _append_to(
        self, concerned: Iterable[View | None], lines: Sequence[Line], *, or_current: bool = False
    ) -> None:
        found = [view for view in concerned if view is not None]
        for view in found or [self._views.current] * or_current:
            self._append(view, *lines)

    def _append(self, view: View, *lines: Line) -> None:
        if view is not self._views.current:
            view.append(*lines)
        elif view.rows_below:
            view.append(*lines)
            view.rows_below += sum(map(self._height, lines))
        else:
            view.append(*lines)
            self._output.append(*lines)

    def _height(self, line: Line) -> int:
        columns = self._window.columns
        return sum(row_height(row, columns) for row in wrap(line, columns, formatting.INDENT))

    def _way_to(self, view: View) -> str:
        number = self._views.number(view)
        command = f"/query {','.join(views.names_of(view.target))}"
        return f"Alt-{number} or {escape(command)}" if number < 10 else escape(command)

    # --- what the user does ---------------------------------------------------------------------

    @override
    def show_own(
        self,
        message: commands.SendMessage | commands.SendPrivate,
        nickname: str,
        time: float,
        seq: int,
    ) -> None:
        if isinstance(message, commands.SendMessage):
            view = self._views.open(message.room)
        else:
            view = self._views.open(views.talk_of(nickname, message.to, nickname))
        is_numbered = self._is_numbered(view.target)
        lines = formatting.format_own_message(
            message, nickname, time, seq=seq, in_view=True, is_numbered=is_numbered
        )
        self._append(view, *lines)
        self._show_sent(view)

    def _show_sent(self, view: View) -> None:
        """Say where a private message of the user is, if that is not seen."""
        if view.is_private and view is not self._views.current:
            names = escape(", ".join(views.names_of(view.target)))
            self.show(format_notice(f"Sent privately to {names}: {self._way_to(view)}."))

    @override
    def show_history(self, room: str, lines: Sequence[Line]) -> None:
        self._append(self._views.open(room), *lines)

    @override
    def show_input(self, line: str, user_input: UserInput | None) -> None:
        self.to_end()
        if not isinstance(user_input, _SEEN):
            self._append(self._views.current, *formatting.format_input(line, user_input))

    @override
    def show(self, line: Line) -> None:
        self._append(self._views.current, line)

    @override
    def show_in_lobby(self, line: Line) -> None:
        self._append(self._views.open(LOBBY), line)

    # --- which view is shown --------------------------------------------------------------------

    @override
    def follow(self, target: str) -> None:
        before = self._views.current
        if views.key(target) == views.key(before.target):
            return
        view = self._views.open(target)
        before.draft = self._window.exchange_draft(view.draft)
        view.draft = NO_DRAFT
        before.leave(self._now())
        self._views.current = view
        view.look()
        if before.is_empty and not before.is_private and before.target != LOBBY:
            self._views.close(before.target)  # a room that could not be joined
        self.redraw()

    @override
    def closed(self, target: str) -> None:
        view = self._views.close(target)
        if view is not None and view.draft.text.strip():
            for line in view.draft.text.split("\n"):
                self.show(format_notice(f"Not sent to {escape(target)}: {line}"))

    @override
    def clear(self) -> None:
        self._views.current.clear()
        self.redraw()

    @override
    def drafts(self) -> list[tuple[str, str]]:
        return [(view.target, view.draft.text) for view in self._views if view.draft.text.strip()]

    @override
    def restore(self, target: str, text: str) -> None:
        view = self._views.open(target)
        if view is self._views.current:
            self._window.set_text(text)
        else:
            view.draft = Draft(text, len(text))

    @override
    def keep(self, target: str, text: str) -> None:
        view = self._views.open(target)
        if view is not self._views.current:
            view.draft = view.draft if view.draft.text else Draft(text, len(text))
        elif not self._window.drafts:
            self._window.set_text(text)

    @override
    def toggle_arrivals(self) -> None:
        view = self._views.current
        view.is_unfolded = not view.is_unfolded
        self.redraw()

    @override
    def scroll(self, pages: int) -> None:
        view = self._views.current
        was_at_end = not view.rows_below
        view.rows_below = max(0, view.rows_below - pages * max(1, self._free_rows - 1))
        self._visible_rows()  # which corrects it at the beginning
        if was_at_end and view.rows_below:
            view.leave_end(self._now())
        if not view.rows_below:
            view.look()
        if view.rows_below or not was_at_end:
            self.redraw()

    @override
    def to_end(self) -> None:
        if self._views.current.rows_below:
            self._views.current.rows_below = 0
            self._views.current.look()
            self.redraw()

    # --- drawing --------------------------------------------------------------------------------

    @override
    def redraw(self) -> None:
        self._output.redraw(self._draw)

    def _draw(self) -> None:
        last = self._views.current.last_lines()[-1:]
        self._window.draw_screen(self._visible_rows(), sum(map(self._height, last)))

    def _visible_rows(self) -> list[Line]:
        window = self._window
        return self._views.current.rows(window.columns, formatting.INDENT, self._free_rows)

    @property
    def _free_rows(self) -> int:
        return max(1, self._window.rows - self._window.height)


def _is_by(message: events.Message | events.PrivateMessage, nickname: str) -> bool:
    """Whether the user has sent it: a file comes back to whoever has sent it."""
    return casefold(message.source) == casefold(nickname)
