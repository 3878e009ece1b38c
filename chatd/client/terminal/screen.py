"""The user interface at a terminal: it joins the editor, the output, the prompts and the roster."""

import os
import signal
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prompt_toolkit.input import Input
from prompt_toolkit.output import ColorDepth, Output
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.chat import events
from chatd.chat.commands import Quit, SendMessage, SendPrivate
from chatd.chat.errors import Refusal
from chatd.chat.names import casefold
from chatd.client.invitation import Invitation, layout
from chatd.client.status import Online, Status, Waiting
from chatd.client.terminal import completion, formatting, paste
from chatd.client.terminal.application import ApplicationRunner
from chatd.client.terminal.editor import Editor, EditorOwner
from chatd.client.terminal.input_history import InputHistory
from chatd.client.terminal.output import Line, OutputQueue
from chatd.client.terminal.prompts import Prompt, PromptQueue
from chatd.client.terminal.roster import CatchUp, Roster
from chatd.client.terminal.status_bar import StatusBar
from chatd.client.terminal.window import WindowFile
from chatd.client.ui import (
    STILL_CHECKING,
    Choice,
    InteractiveUI,
    SessionView,
    describe_missing,
    format_choice,
)
from chatd.stderr import write_line
from chatd.wire import slash_commands
from chatd.wire.rendering import escape
from chatd.wire.slash_commands import QUIT_COMMANDS, is_quit

#: The answers that confirm a long paste.
_YES: Final = frozenset({"y", "yes"})


#: How long the notices that follow the editor wait for the terminal to show what came before.
_DRAIN_SECONDS: Final = 0.1


def _describe_missing(lines: int) -> Line:
    return formatting.format_notice(describe_missing(lines))


@dataclass(frozen=True, slots=True)
class Tty:
    """The terminal's input and output, and the user's settings for them.

    :ivar file: what `window` writes to.
    :ivar color_depth: the number of colours; None for as many as the terminal has.
    :ivar bell: whether to ring the bell for private messages and mentions.
    """

    keyboard: Input
    window: Output
    file: WindowFile
    color_depth: ColorDepth | None = None
    bell: bool = False


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
        self._status_bar = StatusBar(reactor, self._roster, lambda: len(self._input_queue.lines))
        self._output = OutputQueue(reactor, self._write, tty.file.is_ready, self._set_output_paused)
        if drops_lines:
            self._output.describe_missing = _describe_missing
        self._history = InputHistory(history_file, self.notify)
        self._editor = Editor(
            self,
            self._status_bar,
            self._history,
            tty.keyboard,
            tty.window,
            tty.file,
            tty.color_depth,
        )
        self._prompts = PromptQueue(self._editor)
        self._is_checked = False
        self._checking = Prompt(
            "Checking the password …", self._on_line_while_checking, is_secret=True
        )
        self._runner = ApplicationRunner(
            reactor, self._editor.application, tty.file.drain, self._application_ended
        )
        self._countdown = LoopingCall(self._draw)
        self._countdown.clock = reactor

    # --- output ---------------------------------------------------------------------------------

    @override
    def show_event(self, event: object) -> None:
        self._roster.update(event)
        nickname, session = self._status_bar.nickname, self._session
        match event:
            case events.Message():
                self._roster.message_received(event, self._status_bar.room)
            case events.RoomJoined(room, joined) if session and casefold(joined) == casefold(
                nickname
            ):
                self._catch_up.joined(session, room)
        self._roster.mark_read(self._status_bar.room)
        self._output.append(*formatting.format_event(event, nickname, self._now()))
        self._draw()
        if self._tty.bell and formatting.is_highlight(event, nickname):
            self._editor.ring()

    @override
    def message_sent(self, message: SendMessage | SendPrivate, time: int | None) -> None:
        # The message is shown now, and not when it was typed, so that it stands where all others
        # see it. Until then the status bar counts it; if it is refused, the arrow keys recall it.
        seconds = self._now() if time is None else formatting.to_seconds(time)
        self._output.append(
            *formatting.format_own_message(message, self._status_bar.nickname, seconds)
        )
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
    def show(self, line: str) -> None:
        self._output.append([("", escape(line))])

    @override  # of UserInterface and of EditorOwner: both have notices for the user
    def notify(self, message: str) -> None:
        if self._is_over:
            write_line(escape(message))
        else:
            self._roster.mark_read(self._status_bar.room)
            self._output.append(formatting.format_notice(message))

    @override
    def show_invitation(self, invitation: Invitation) -> None:
        size = self._tty.window.get_size()
        self._output.append(
            *formatting.format_invitation(layout(invitation, size.columns, size.rows))
        )

    def write(self, text: str) -> None:
        """Show lines of the log; written to standard error, they would disturb the editor."""
        for line in text.splitlines():
            self.notify(line)

    def _show_history(self, title: str, messages: Sequence[events.Message], note: str) -> None:
        nickname = self._status_bar.nickname
        self._output.append(
            *formatting.format_history(title, messages, nickname, self._now(), note)
        )

    def _write(self, lines: Sequence[Line]) -> None:
        self._editor.write(lines, formatting.INDENT)

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
        self._prompts.append(Prompt(escape(question), on_answer, escape(default)))

    @override
    def prompt_password(self, question: str, on_answer: Callable[[str], None]) -> None:
        self._prompts.remove(self._checking)
        self._prompts.append(Prompt(escape(question), on_answer, is_secret=True))

    @override
    def password_checked(self) -> None:
        if self._prompts.current is self._checking and self._editor.has_begun_answer:
            # The rest of a password that is being typed must not become a line of the chat.
            self._is_checked = True
            self.notify("The password is checked; Enter ends the line that you have begun.")
        else:
            self._prompts.remove(self._checking)

    def _on_line_while_checking(self, text: str) -> None:
        if is_quit(text):
            self.quit_requested()
        elif self._is_checked:
            self.notify("You can write again.")
        elif text.strip():
            self.notify(STILL_CHECKING)

    @override
    def choose(
        self, question: str, choices: Sequence[Choice], on_answer: Callable[[str], None]
    ) -> None:
        lines = [format_choice(number, choice) for number, choice in enumerate(choices, 1)]
        names = [choice.name for choice in choices]
        self._prompts.append(Prompt(escape(question), on_answer, choices=lines, names=names))

    @override
    def prompt_answered(self, text: str) -> None:
        prompt = self._prompts.current
        if prompt and not prompt.is_secret and is_quit(text):
            self.quit_requested()
        elif prompt is self._checking:
            self._prompts.answer(text, None if self._is_checked else self._checking)
        elif prompt:
            # The question and its answer stay in the scroll-back.
            shown = "" if prompt.is_secret else escape(text.strip() or prompt.default)
            self._output.append([("class:question", f"{prompt.text} "), ("", shown)])
            is_password = prompt.is_secret and bool(text.strip())
            self._is_checked = False
            self._prompts.answer(text, self._checking if is_password else None)

    @override
    def choice_made(self, index: int) -> None:
        if prompt := self._prompts.current:
            self.prompt_answered(prompt.names[index])

    @override
    def completions(self, before: str) -> tuple[str, list[str]]:
        prompt = self._prompts.current
        if prompt is None:
            return self._status_bar.completions(before)
        names = () if prompt.is_secret else prompt.names or self._roster.nicknames
        return completion.choices(before, names)

    # --- input ----------------------------------------------------------------------------------

    @override
    def attach(self, session: SessionView) -> None:
        self._session = self._status_bar.session = session
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
        if paste.is_long(text):
            self._prompts.append(
                Prompt(
                    paste.confirmation(text),
                    lambda answer: self._on_paste_confirmed(answer, text),
                    draft=text,
                )
            )
        elif text.strip():
            self._input_queue.append(text)

    def _on_paste_confirmed(self, answer: str, text: str) -> None:
        if answer.strip().casefold() in _YES:
            self._input_queue.append(text)
        else:
            self.notify("Not sent; the text is in the input line again.")
            self._editor.set_text(text)

    @override
    def quit_requested(self) -> None:
        if self._session is not None:
            self._session.submit(QUIT_COMMANDS[0], Quit())

    @override
    def interrupt(self) -> None:
        # The editor receives Ctrl-C as a key, so the signal is sent here: the first SIGINT ends the
        # client, a second one ends it at once.
        os.kill(os.getpid(), signal.SIGINT)

    def _send(self, line: str) -> None:
        """Parse a line, show it in the output, and pass it to the input history and the session."""
        user_input, problem = None, ""
        try:
            user_input = slash_commands.parse(line, self._status_bar.room)
        except Refusal as refusal:
            problem = str(refusal)
        self._output.append(*formatting.format_input(line, user_input))
        self._history.save(line, user_input)
        if self._session is not None and problem:
            self._session.not_sent(problem)
        elif self._session is not None:
            self._session.submit(line, user_input)
        self._roster.mark_read(self._status_bar.room)
        self._draw()

    # --- start and end --------------------------------------------------------------------------

    @override
    def open(self, reactor: Any) -> Callable[[], None]:
        self._runner.start()
        return self._runner.restore_terminal

    @override
    def close(self) -> Deferred[None]:
        self._stop_countdown()
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

    def _application_ended(self, failure: BaseException | None) -> None:
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


class InputQueue:
    """The lines that the user has entered and the session cannot take yet.

    :param send: called with each line, in the order entered.
    """

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._is_paused = True  # until there is a session
        self._lines: deque[str] = deque()

    @property
    def lines(self) -> list[str]:
        """The lines that wait."""
        return list(self._lines)

    def append(self, line: str) -> None:
        """Send `line` after those that wait; a command for leaving overtakes them."""
        if self._is_paused and not is_quit(line):
            self._lines.append(line)
        else:
            self._send(line)

    def pause(self) -> None:
        """Keep the lines from now on."""
        self._is_paused = True

    def resume(self) -> None:
        """Send the lines that wait, until there are none or one of them causes a pause."""
        self._is_paused = False
        while self._lines and not self._is_paused:
            self._send(self._lines.popleft())
