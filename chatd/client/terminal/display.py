"""Where the terminal shows what happens: all in one stream, or in a view for each room and talk."""

from collections.abc import Callable, Sequence
from typing import Protocol

from typing_extensions import override

from chatd.chat import commands, events
from chatd.chat.names import casefold
from chatd.client.terminal import formatting
from chatd.client.terminal.output import Line, OutputQueue
from chatd.client.terminal.roster import Roster
from chatd.wire.user_inputs import UserInput


class Display(Protocol):
    """Shows what happens. Lines typed and notices belong to what the user sees at that moment."""

    def show_event(self, event: object, nickname: str, rooms: Sequence[str]) -> None:
        """Show an event or a reply to the member called `nickname`.

        :param rooms: those that the member whom the event is about was in before.
        """

    def show_own(
        self,
        message: commands.SendMessage | commands.SendPrivate,
        nickname: str,
        time: float,
        seq: int,
    ) -> None:
        """Show the user's own message.

        :param time: in seconds since 1970.
        :param seq: its number in the room; 0 if it has none.
        """

    def show_history(self, room: str, lines: Sequence[Line]) -> None:
        """Show earlier messages of `room`."""

    def show_input(self, line: str, user_input: UserInput | None) -> None:
        """Show a line as the user typed it."""

    def show(self, line: Line) -> None:
        """Show a line where the user is looking."""

    def show_in_lobby(self, line: Line) -> None:
        """Show a line that others have received, in the lobby."""

    def follow(self, target: str) -> None:
        """The user's lines go to `target` from now on: a room or a private talk."""

    def closed(self, target: str) -> None:
        """The user has left a room or a private talk."""

    def clear(self) -> None:
        """Show nothing of what was shown before."""

    def scroll(self, pages: int) -> None:
        """Show what is so many pages below."""

    def to_end(self) -> None:
        """Show what came last."""

    def toggle_arrivals(self) -> None:
        """Show each arrival in a line of its own, or all in one again."""

    def redraw(self) -> None:
        """Draw anew what is above the editor: it is not known what the window shows."""

    def drafts(self) -> list[tuple[str, str]]:
        """The texts that were typed and not entered, each with its target."""

    def restore(self, target: str, text: str) -> None:
        """Put `text` into the input line, when the user's lines go to `target`."""

    def keep(self, target: str, text: str) -> None:
        """The same, unless something is there already."""


class StreamWindow(Protocol):
    """The editor, as far as one stream needs it."""

    def draw_screen(self, rows: Sequence[Line], last_height: int) -> None:
        """Show these rows and nothing else."""

    @property
    def drafts(self) -> list[str]:
        """What the user has typed and not entered."""

    def set_text(self, text: str) -> None:
        """Put `text` into the input line."""


class OneStream(Display):
    """Shows everything in the order in which it came.

    :param now: returns the current time, in seconds since 1970.
    :param is_numbered: as for ``ViewDisplay``.
    """

    def __init__(
        self,
        output: OutputQueue,
        roster: Roster,
        window: StreamWindow,
        now: Callable[[], float],
        is_numbered: Callable[[str], bool],
        *,
        shows_arrivals: bool = True,
    ) -> None:
        self._output = output
        self._roster = roster
        self._window = window
        self._now = now
        self._is_numbered = is_numbered
        self._shows_arrivals = shows_arrivals
        self._target = ""

    @override
    def show_event(self, event: object, nickname: str, rooms: Sequence[str]) -> None:
        if isinstance(event, events.Message) and casefold(event.source) != casefold(nickname):
            self._roster.message_received(event, self._target)
        self._roster.mark_read(self._target)
        if self._shows_arrivals or not isinstance(event, formatting.ARRIVALS):
            room = event.room if isinstance(event, events.Message) else ""
            lines = formatting.format_event(
                event, nickname, self._now(), is_numbered=self._is_numbered(room)
            )
            self._output.append(*lines)

    @override
    def show_own(
        self,
        message: commands.SendMessage | commands.SendPrivate,
        nickname: str,
        time: float,
        seq: int,
    ) -> None:
        room = message.room if isinstance(message, commands.SendMessage) else ""
        lines = formatting.format_own_message(
            message, nickname, time, seq=seq, is_numbered=self._is_numbered(room)
        )
        self._output.append(*lines)

    @override
    def show_history(self, room: str, lines: Sequence[Line]) -> None:
        self._output.append(*lines)

    @override
    def show_input(self, line: str, user_input: UserInput | None) -> None:
        self._output.append(*formatting.format_input(line, user_input))

    @override
    def show(self, line: Line) -> None:
        self._roster.mark_read(self._target)
        self._output.append(line)

    @override
    def show_in_lobby(self, line: Line) -> None:
        self._output.append(line)

    @override
    def follow(self, target: str) -> None:
        if target != self._target:
            self._target = target
            self._roster.mark_read(target)

    @override
    def closed(self, target: str) -> None:
        pass

    @override
    def clear(self) -> None:
        self._output.redraw(lambda: self._window.draw_screen([], 0))

    @override
    def scroll(self, pages: int) -> None:
        pass

    @override
    def to_end(self) -> None:
        pass

    @override
    def toggle_arrivals(self) -> None:
        pass

    @override
    def redraw(self) -> None:
        pass

    @override
    def drafts(self) -> list[tuple[str, str]]:
        return []

    @override
    def restore(self, target: str, text: str) -> None:
        self._window.set_text(text)

    @override
    def keep(self, target: str, text: str) -> None:
        if target == self._target and not self._window.drafts:
            self._window.set_text(text)
