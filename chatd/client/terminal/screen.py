"""The terminal as the client's screen: it brings together what is seen, said, asked and typed."""

import os
import signal
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prompt_toolkit.input import Input
from prompt_toolkit.output import ColorDepth, Output
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from chatd.chat import events
from chatd.chat.commands import Quit, SendMessage, SendPrivate
from chatd.chat.errors import Refusal
from chatd.chat.names import casefold
from chatd.client.status import Online, Status, Waiting
from chatd.client.terminal import completion, formatting, paste
from chatd.client.terminal.application import ApplicationRunner
from chatd.client.terminal.editor import Editor
from chatd.client.terminal.input_history import InputHistory
from chatd.client.terminal.output import Line, OutputQueue
from chatd.client.terminal.prompts import Prompt, PromptQueue
from chatd.client.terminal.roster import CatchUp, Roster
from chatd.client.terminal.status_bar import StatusBar
from chatd.client.ui import Choice, SessionView, format_choice
from chatd.stderr import write_line
from chatd.wire import slash_commands
from chatd.wire.rendering import escape
from chatd.wire.slash_commands import QUIT_COMMANDS


class InputQueue:
    """The lines that the person has entered.

    :param send: shows a line as typed, and hands it to who takes the lines.
    """

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._is_paused = True
        self._queued: deque[str] = deque()

    @property
    def queued(self) -> list[str]:
        """The lines that nobody has taken."""
        return list(self._queued)

    def append(self, line: str) -> None:
        """Hand on a line, in its turn; a wish to leave does not wait."""
        if self._is_paused and line.strip() not in QUIT_COMMANDS:
            self._queued.append(line)
        else:
            self._send(line)

    def pause(self) -> None:
        """Keep lines from now on."""
        self._is_paused = True

    def resume(self) -> None:
        """Hand on what was kept, and what comes."""
        self._is_paused = False
        while self._queued and not self._is_paused:
            self._send(self._queued.popleft())


_YES: Final = frozenset({"y", "yes"})


@dataclass(frozen=True, slots=True)
class Tty:
    """The terminal itself, and how it is to be used.

    :ivar is_ready: whether it takes output now.
    :ivar color_depth: how many colours; as many as there are, if left out.
    :ivar rings: whether the bell rings for what is meant for the person.
    """

    keyboard: Input
    window: Output
    is_ready: Callable[[], bool]
    color_depth: ColorDepth | None = None
    bell: bool = False


class TerminalUI:
    """Implements :class:`chatd.client.ui.Front` and what the editor asks of its owner.

    :param reactor: the asyncio reactor, for its clock.
    :param history_file: the lines of earlier runs; None if there is no place for them.
    :param now: the time of day, in seconds since 1970.
    """

    can_ask = True
    log = Logger()

    def __init__(
        self, reactor: Any, tty: Tty, history_file: Path | None, now: Callable[[], float]
    ) -> None:
        self._tty = tty
        self._now = now
        self._is_over = self._is_closed = False
        self._session: SessionView | None = None
        self._roster = Roster()
        self._catch_up = CatchUp(self._roster, self._show_history, self._draw)
        self._input_queue = InputQueue(self._send)
        self._status_bar = StatusBar(reactor, self._roster, lambda: len(self._input_queue.queued))
        self._output = OutputQueue(reactor, self._write, tty.is_ready, self._set_output_paused)
        self._history = InputHistory(history_file, self.notify)
        self._editor = Editor(
            self, self._status_bar, self._history, tty.keyboard, tty.window, tty.color_depth
        )
        self._prompts = PromptQueue(self._editor)
        self._runner = ApplicationRunner(reactor, self._editor.application, self._application_ended)
        self._countdown = LoopingCall(self._draw)
        self._countdown.clock = reactor

    # --- what is shown --------------------------------------------------------------------------

    def show_event(self, event: object) -> None:
        """Show what the server told, with the time and in colours."""
        self._roster.update(event)
        own_name, served = self._status_bar.nickname, self._session
        match event:
            case events.Message():
                self._roster.message_received(event, self._status_bar.room)
            case events.RoomJoined(room, nickname) if served and casefold(nickname) == casefold(
                own_name
            ):
                self._catch_up.joined(served, room)
        self._roster.mark_read(self._status_bar.room)
        self._output.append(*formatting.format_event(event, own_name, self._now()))
        self._draw()
        if self._tty.bell and formatting.is_highlight(event, own_name):
            self._editor.ring()

    def message_sent(self, message: SendMessage | SendPrivate, time: int | None) -> None:
        """Show what the person said in its place among what the others say."""
        seconds = self._now() if time is None else formatting.to_seconds(time)
        self._output.append(
            *formatting.format_own_message(message, self._status_bar.nickname, seconds)
        )
        self._draw()

    def set_status(self, status: Status) -> None:
        """Show the state in the status line; a time to wait is counted down."""
        self._status_bar.set_status(status)
        self._stop_countdown()
        if isinstance(status, Waiting):
            self._countdown.start(1, now=False)
        elif isinstance(status, Online) and self._session:
            self._catch_up.entered(self._session)
        self._draw()

    def show(self, line: str) -> None:
        """Show a line as it is."""
        self._output.append([("", escape(line))])

    def notify(self, message: str) -> None:
        """Show a sentence of the client's own."""
        if self._is_over:
            write_line(escape(message))
        else:
            self._roster.mark_read(self._status_bar.room)
            self._output.append(formatting.format_notice(message))

    def write(self, text: str) -> None:
        """Show lines of the log, which would disturb the screen otherwise."""
        for line in text.splitlines():
            self.notify(line)

    # --- what is asked --------------------------------------------------------------------------

    def prompt(self, question: str, on_answer: Callable[[str], None], default: str = "") -> None:
        """Ask in place of the input line, which comes back as it was."""
        self._prompts.append(Prompt(escape(question), on_answer, escape(default)))

    def prompt_password(self, question: str, on_answer: Callable[[str], None]) -> None:
        """Ask; nothing of the answer is shown."""
        self._prompts.append(Prompt(escape(question), on_answer, is_secret=True))

    def choose(
        self, question: str, choices: Sequence[Choice], on_answer: Callable[[str], None]
    ) -> None:
        """Have the person choose with the arrow keys, or by number or name."""
        lines = [format_choice(number, choice) for number, choice in enumerate(choices, 1)]
        names = [choice.name for choice in choices]
        self._prompts.append(Prompt(escape(question), on_answer, choices=lines, names=names))

    # --- what is typed --------------------------------------------------------------------------

    def attach(self, session: SessionView) -> None:
        """Hand the lines to `session`, beginning with those that were entered before."""
        self._session = self._status_bar.session = session
        self._input_queue.resume()

    def pause_input(self) -> None:
        """Keep what is typed from now on."""
        self._input_queue.pause()
        self.notify("Lines come faster than the server takes them; all are kept, and sent in turn.")

    def resume_input(self) -> None:
        """Hand on what was kept."""
        self._input_queue.resume()

    # --- from beginning to end ------------------------------------------------------------------

    def open(self, reactor: Any) -> Callable[[], None]:
        """Take the terminal."""
        self._runner.start()
        return self._runner.restore_terminal

    def close(self) -> Deferred[None]:
        """Show what is left to be shown, and give the terminal back."""
        self._stop_countdown()
        self._report_unsent()
        self._output.flush()
        return self._runner.stop()

    def _report_unsent(self) -> None:
        """Say what was typed and went nowhere; once."""
        if not self._is_closed:
            self._is_closed = True
            held = self._prompts.drafts
            for text in (*self._input_queue.queued, *held, *self._editor.drafts):
                for line in text.split("\n"):
                    self.notify(f"Not sent: {line}")

    def _application_ended(self, failure: BaseException | None) -> None:
        self._output.flush()
        self._is_over = True
        if isinstance(failure, EOFError):
            if self._session is not None:
                self._session.end_of_input()
        elif failure is not None:
            self.log.failure(
                "the terminal's screen broke",
                Failure(failure, type(failure), failure.__traceback__),
                LogLevel.debug,
            )
            self.notify(
                f"The screen broke ({type(failure).__name__}: {failure}), so this client leaves. "
                "Start it again with --plain-terminal."
            )
            if self._session is not None:
                self._session.output_lost()

    # --- what the editor asks of its owner ------------------------------------------------------

    def line_entered(self, text: str) -> None:
        """Send a line; one that is long only after a question."""
        if paste.is_long(text):
            question = paste.confirmation(text)
            sure = Prompt(question, lambda answer: self._confirmed_paste(answer, text), draft=text)
            self._prompts.append(sure)
        elif text.strip():
            self._input_queue.append(text)

    def prompt_answered(self, text: str) -> None:
        """Hand on the answer, and leave the question where it can be read."""
        question = self._prompts.current
        if question and not question.is_secret and text.strip() in QUIT_COMMANDS:
            self.quit_requested()
        elif question:
            seen = "" if question.is_secret else escape(text.strip() or question.default)
            self._output.append([("class:question", f"{question.text} "), ("", seen)])
            self._prompts.answer(text)

    def choice_made(self, number: int) -> None:
        """Answer with the name of what was chosen."""
        if question := self._prompts.current:
            self.prompt_answered(question.names[number])

    def quit_requested(self) -> None:
        """Leave as with ``/quit``."""
        if self._session is not None:
            self._session.submit(QUIT_COMMANDS[0], Quit())

    def interrupt(self) -> None:
        """Do what the signal does: the first time it ends the client, the second time at once."""
        os.kill(os.getpid(), signal.SIGINT)

    def completions(self, before: str) -> tuple[str, list[str]]:
        """What the word before the cursor may become."""
        question = self._prompts.current
        if question is None:
            return self._status_bar.completions(before)
        names = () if question.is_secret else question.names or self._roster.nicknames
        return completion.choices(before, names)

    # --- inside ---------------------------------------------------------------------------------

    def _send(self, line: str) -> None:
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

    def _confirmed_paste(self, answer: str, text: str) -> None:
        if answer.strip().casefold() in _YES:
            self._input_queue.append(text)
        else:
            self.notify("Not sent; it is in the input line again.")
            self._editor.set_text(text)

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
