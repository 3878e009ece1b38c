"""The user interface at a terminal: it joins the editor, the output, the prompts and the roster."""

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.chat import events
from chatd.chat.commands import Quit, SendMessage, SendPrivate
from chatd.chat.errors import Refusal
from chatd.chat.moderation_events import Moderation
from chatd.chat.names import casefold
from chatd.client.invitation import Invitation, layout
from chatd.client.secret_lines import without_secret
from chatd.client.status import Online, Status, Waiting
from chatd.client.terminal import completion, formatting, paste, view_keys
from chatd.client.terminal.application import ApplicationRunner
from chatd.client.terminal.display import Display, OneStream
from chatd.client.terminal.editor import Editor
from chatd.client.terminal.editor_owner import EditorOwner
from chatd.client.terminal.input_history import InputHistory, recalled
from chatd.client.terminal.input_queue import InputQueue, TypedLine
from chatd.client.terminal.output import Line, OutputQueue
from chatd.client.terminal.path_completion import path_completions
from chatd.client.terminal.prompts import Prompt
from chatd.client.terminal.roster import CatchUp, Roster
from chatd.client.terminal.status_bar import StatusBar
from chatd.client.terminal.tty import Tty
from chatd.client.terminal.user_prompts import UserPrompts
from chatd.client.terminal.view_display import ViewDisplay
from chatd.client.terminal.views import Views
from chatd.client.ui import (
    NONE,
    Choice,
    InteractiveUI,
    SessionView,
    describe_missing,
    describe_target,
)
from chatd.stderr import write_line
from chatd.wire import slash_commands, user_inputs
from chatd.wire.rendering import escape
from chatd.wire.slash_commands import QUIT_COMMANDS

#: The answers that confirm a long paste.
_YES: Final = frozenset({"y", "yes"})


#: How long the notices that follow the editor wait for the terminal to show what came before.
_DRAIN_SECONDS: Final = 0.1


def _describe_missing(lines: int) -> Line:
    return formatting.format_notice(describe_missing(lines))


#: The moderation of which the member concerned gets a notice of its own, with the reason.
_TOLD: Final = frozenset({"kick", "ban", "mute", "unmute"})


def _is_told_anyway(event: object, nickname: str) -> bool:
    """Whether the member called `nickname` is told more of it by a ``Restricted``."""
    return (
        isinstance(event, Moderation)
        and event.what in _TOLD
        and casefold(event.nickname) == casefold(nickname)
    )


class TerminalUI(InteractiveUI, EditorOwner):
    """The user interface at a terminal.

    :param reactor: the asyncio reactor, for its clock.
    :param history_file: the input history of earlier runs; None if there is no place for it.
    :param now: returns the current time, in seconds since 1970.
    :param drops_lines: as for ``taps.interactive.make_ui``.
    """

    is_interactive = True
    log = Logger()

    def __init__(
        self,
        reactor: Any,
        tty: Tty,
        history_file: Path | None,
        now: Callable[[], float],
        drops_lines: bool = False,
    ) -> None:
        self._tty = tty
        self._now = now
        self._session: SessionView | None = None
        self._is_over = False
        self._reported_unsent = False
        self._roster = Roster()
        self._catch_up = CatchUp(self._roster, self._show_history, self._draw)
        self._input_queue = InputQueue(self._send)
        self._views = None if tty.one_stream else Views()
        self._status_bar = StatusBar(
            reactor, self._roster, lambda: len(self._input_queue.lines), self._views
        )
        self._output = OutputQueue(reactor, self._write, tty.file.is_ready, self._set_output_paused)
        if drops_lines:
            self._output.describe_missing = _describe_missing
        problems: list[str] = []
        self._history = InputHistory(history_file, problems.append)
        self._editor = Editor(
            self,
            self._status_bar,
            self._history,
            tty.keyboard,
            tty.window,
            tty.file,
            tty.color_depth,
            has_views=self._views is not None,
        )
        self._display = self._make_display()
        self._history.notify = self.notify
        for problem in problems:
            self.notify(problem)
        self._prompts = UserPrompts(
            self._editor, lambda line: self._display.show(line), self.notify, self.quit_requested
        )
        self._runner = ApplicationRunner(
            reactor,
            self._editor.application,
            tty.file.drain,
            self._application_ended,
            self._editor.continued,
        )
        self._countdown = LoopingCall(self._draw)
        self._countdown.clock = reactor

    def _make_display(self) -> Display:
        if self._views is None:
            return OneStream(
                self._output,
                self._roster,
                self._editor,
                self._now,
                self._is_numbered,
                shows_arrivals=self._tty.arrivals != NONE,
            )
        return ViewDisplay(
            self._views,
            self._output,
            self._editor,
            self._now,
            self._tty.arrivals,
            self._is_numbered,
        )

    def _is_numbered(self, room: str) -> bool:
        """Whether messages of `room` are shown with their numbers: the user may remove any."""
        return bool(self._roster.room_states.role(self._status_bar.nickname, room))

    # --- output ---------------------------------------------------------------------------------

    @override
    def show_event(self, event: object) -> None:
        self._status_bar.update(event)
        if not isinstance(event, events.MemberRenamed):  # whose talks have another target now
            self._follow()
        nickname, session = self._status_bar.nickname, self._session
        rooms = self._roster.rooms_of(event)  # before the roster forgets who has left
        self._roster.update(event)
        shown = event if session is None else session.without_ignored(event)
        if _is_told_anyway(event, nickname):
            shown = None
        self._display.show_event(shown, nickname, rooms)
        match event:
            case events.RoomJoined(room, joined) if session and casefold(joined) == casefold(
                nickname
            ):
                self._catch_up.joined(session, room)
        self._follow()
        if self._tty.bell and formatting.is_highlight(shown, nickname):
            self._editor.ring()

    @override
    def message_sent(
        self, message: SendMessage | SendPrivate, time: int | None, seq: int | None
    ) -> None:
        # The message is shown now, and not when it was typed, so that it stands where all others
        # see it. Until then the status bar counts it; if it is refused, the arrow keys recall it.
        seconds = self._now() if time is None else formatting.to_seconds(time)
        self._display.show_own(message, self._status_bar.nickname, seconds, seq or 0)
        self._draw()

    @override
    def message_refused(self, message: SendMessage, line: str) -> None:
        self._display.keep(message.room, line)
        self._draw()

    @override
    def set_status(self, status: Status) -> None:
        self._status_bar.set_status(status)
        self._stop_countdown()
        if isinstance(status, Waiting):
            self._countdown.start(1, now=False)
        elif isinstance(status, Online) and self._session:
            if status.is_resumed:
                self._catch_up.resumed(self._session)
            else:
                self._catch_up.entered(self._session)
        self._draw()

    @override
    def show_transfer(self, description: str) -> None:
        self._status_bar.transfer = f"{description} (Ctrl-G stops it)" if description else ""
        self._draw()

    @override
    def show(self, line: str) -> None:
        self._display.show_in_lobby([("", escape(line))])

    @override  # of UserInterface and of EditorOwner: both have notices for the user
    def notify(self, message: str) -> None:
        if self._is_over:
            write_line(escape(message))
        else:
            self._follow()
            self._display.show(formatting.format_notice(message))

    @override
    def switched(self, target: str) -> None:
        self._follow()
        if self._views is None:
            self.notify(describe_target(target))

    @override
    def closed(self, target: str) -> None:
        self._follow()
        self._display.closed(target)

    @override
    def clear(self) -> None:
        self._display.clear()

    def _follow(self) -> None:
        """Show where the user's lines go, which the session may have changed."""
        self._display.follow(self._status_bar.target)
        self._draw()

    @override
    def show_invitation(self, invitation: Invitation) -> None:
        size = self._tty.window.get_size()
        self._follow()
        for line in formatting.format_invitation(layout(invitation, size.columns, size.rows)):
            self._display.show(line)

    def write(self, text: str) -> None:
        """Show lines of the log; written to standard error, they would disturb the editor."""
        for line in text.splitlines():
            self.notify(line)

    def _show_history(
        self, room: str, title: str, messages: Sequence[events.Message], note: str
    ) -> None:
        if self._session is not None:
            messages = [each for each in messages if self._session.without_ignored(each)]
        nickname, in_view = self._status_bar.nickname, self._views is not None
        lines = formatting.format_history(
            *(title, messages, nickname, self._now(), note),
            in_view=in_view,
            is_numbered=self._is_numbered(room),
        )
        self._display.show_history(room, lines)

    def _write(self, lines: Sequence[Line], replaces: bool) -> None:  # as the output queue calls it
        self._editor.write(lines, formatting.INDENT, replaces)

    def _set_output_paused(self, paused: bool) -> None:
        if self._session is not None:
            self._session.set_output_paused(paused)

    def _draw(self) -> None:
        self._editor.draw()

    def _stop_countdown(self) -> None:
        if self._countdown.running:
            self._countdown.stop()

    # --- prompts --------------------------------------------------------------------------------

    @override
    def prompt(self, question: str, on_answer: Callable[[str], None], default: str = "") -> None:
        self._prompts.ask(question, on_answer, default)

    @override
    def prompt_password(self, question: str, on_answer: Callable[[str], None]) -> None:
        self._prompts.ask_password(question, on_answer)

    @override
    def password_checked(self) -> None:
        self._prompts.password_checked()

    @override
    def choose(
        self, question: str, choices: Sequence[Choice], on_answer: Callable[[str], None]
    ) -> None:
        self._prompts.choose(question, choices, on_answer)

    @override
    def prompt_answered(self, text: str) -> None:
        self._prompts.answered(text)

    @override
    def choice_made(self, index: int) -> None:
        if prompt := self._prompts.current:
            self._prompts.answered(prompt.names[index])

    @override
    def recalled(self, text: str) -> str:
        return recalled(text, self._status_bar.target)

    @override
    def completions(self, before: str) -> tuple[str, list[str]]:
        prompt = self._prompts.current
        if prompt is None:
            return path_completions(before) or self._status_bar.completions(before)
        names = () if prompt.is_secret else prompt.names or self._roster.nicknames
        return completion.choices(before, names)

    # --- input ----------------------------------------------------------------------------------

    @override
    def attach(self, session: SessionView) -> None:
        self._session = self._status_bar.session = session
        self._follow()
        self._input_queue.resume()

    @override
    def pause_input(self) -> None:
        self._input_queue.pause()
        self.notify(
            "Lines come faster than the server accepts them. All are kept, and sent in order."
        )

    @override
    def resume_input(self) -> None:
        self._input_queue.resume()

    @override
    def line_entered(self, text: str) -> None:
        line = TypedLine(text, self._status_bar.target)
        if paste.is_long(text):
            self._prompts.append(
                Prompt(
                    paste.confirmation(text),
                    lambda answer: self._on_paste_confirmed(answer, line),
                    draft=text,
                )
            )
        elif text.strip():
            self._input_queue.append(line)

    def _on_paste_confirmed(self, answer: str, line: TypedLine) -> None:
        if answer.strip().casefold() in _YES:
            self._input_queue.append(line)
        else:
            self.notify("Not sent; the text is in the input line again.")
            self._display.restore(line.target, line.text)

    # --- views ----------------------------------------------------------------------------------

    @override
    def view_requested(self, number: int) -> None:
        if self._views is not None and self._session is not None:
            view = self._views.at(number)
            if view is None:
                self.notify(f"There is no view {number}.")
            else:
                self._session.switch(view.target)

    @override
    def view_moved(self, by: int) -> None:
        if self._views is not None and self._session is not None:
            self._session.switch(self._views.neighbour(by).target)

    @override
    def page_moved(self, by: int) -> None:
        self._display.scroll(by)
        self._draw()

    @override
    def arrivals_toggled(self) -> None:
        self._display.toggle_arrivals()

    @override
    def transfer_stopped(self) -> None:
        if self._session is not None:
            self._session.stop_transfer()

    @override
    def window_lost(self) -> None:
        self._display.redraw()

    @override
    def quit_requested(self) -> None:
        if self._session is not None:
            self._session.submit(QUIT_COMMANDS[0], Quit())

    @override
    def interrupt(self) -> None:
        # The editor receives Ctrl-C as a key, so the signal is sent here: the first SIGINT ends the
        # client, a second one ends it at once.
        os.kill(os.getpid(), signal.SIGINT)

    def _send(self, line: TypedLine) -> None:
        """Parse a line, show it in the output, and pass it to the input history and the session."""
        # In one stream a line that had to wait goes where the lines before it have led.
        target = self._status_bar.target if self._views is None else line.target
        text, user_input, problem, suggestion = line.text, None, "", ""
        try:
            user_input = slash_commands.parse(text, target)
        except Refusal as refusal:
            problem = str(refusal)
            suggestion = getattr(refusal, "suggestion", "")
        self._display.show_input(without_secret(text, user_input), user_input)
        self._history.save(text, user_input)
        if self._session is not None and problem:
            self._session.not_sent(problem)
        elif self._session is not None:
            self._session.submit(text, user_input)
        if isinstance(user_input, user_inputs.Help) and self._views is not None:
            for key in view_keys.HELP:
                self.notify(key)
        if suggestion and not self._editor.drafts:
            self._display.restore(target, f"/setname {suggestion}")  # Enter takes it
        self._follow()

    # --- start and end --------------------------------------------------------------------------

    @override
    def open(self, reactor: Any) -> Callable[[], None]:
        self._runner.start()
        return self._runner.restore_terminal

    @override
    def close(self) -> Deferred[None]:
        self._stop_countdown()
        self._display.to_end()
        self._report_unsent()
        self._tty.file.end()
        self._output.flush()
        return self._runner.stop()

    def _report_unsent(self) -> None:
        """Show the lines that the user has typed and the session never got; once."""
        if not self._reported_unsent:
            self._reported_unsent = True
            texts = (*self._input_queue.lines, *self._prompts.drafts, *self._editor.drafts)
            for text in texts:
                for line in text.split("\n"):
                    self.notify(f"Not sent: {line}")
            for target, text in self._display.drafts():
                for line in text.split("\n"):
                    self.notify(f"Not sent to {target}: {line}")

    def _application_ended(self, failure: BaseException | None) -> None:
        self._display.to_end()
        self._tty.file.end()
        with suppress(OSError):  # it is the terminal that failed
            self._output.flush()
        # Later lines of standard error come behind it.
        self._tty.file.drain(_DRAIN_SECONDS)
        self._is_over = True
        if isinstance(failure, EOFError):  # the keyboard is gone
            if self._session is not None:
                self._session.end_of_input()
        elif failure is not None:
            self.log.failure(
                "the terminal's user interface failed",
                Failure(failure, type(failure), failure.__traceback__),
                LogLevel.debug,
            )
            self.notify(
                f"The display failed ({type(failure).__name__}: {failure}), so this client leaves. "
                "Start it again with --plain-terminal."
            )
            if self._session is not None:
                self._session.output_lost()
