"""The terminal as the client's screen: it brings together what is seen, said, asked and typed."""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prompt_toolkit.input import Input
from prompt_toolkit.output import ColorDepth, Output
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from chatd.chat import events
from chatd.chat.commands import Say, Tell
from chatd.chat.names import folded
from chatd.client.screen import Choice, Served, listed
from chatd.client.standing import Online, Standing, Waiting
from chatd.client.terminal import completion, paint, pasting
from chatd.client.terminal.arrival import Arrival
from chatd.client.terminal.bottom import Bottom
from chatd.client.terminal.company import Company
from chatd.client.terminal.editor import Editor
from chatd.client.terminal.input_history import InputHistory
from chatd.client.terminal.outgoing import Outgoing
from chatd.client.terminal.paper import Paper
from chatd.client.terminal.questions import Question, Questions
from chatd.client.terminal.stage import Stage
from chatd.client.terminal.wrapping import Line
from chatd.talk import talk
from chatd.wire.lines import visible
from chatd.wire.typed import GOODBYES

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
    rings: bool = False


class Terminal:
    """Implements :class:`chatd.client.screen.Front` and what the editor asks of its owner.

    :param reactor: the asyncio reactor, for its clock.
    :param now: the time of day, in seconds since 1970.
    """

    can_ask = True
    log = Logger()

    def __init__(
        self, reactor: Any, tty: Tty, input_history: InputHistory, now: Callable[[], float]
    ) -> None:
        self._tty = tty
        self._now = now
        self._history = input_history
        self._submit: Callable[[str], None] = lambda line: None
        self._end_of_input: Callable[[], None] = lambda: None
        self._output_lost: Callable[[], None] = lambda: None
        self._clogged: Callable[[bool], None] = lambda is_clogged: None
        self._company = Company()
        self._arrival = Arrival(self._company, self._show_history, self._draw)
        self._outgoing = Outgoing(self._send)
        self._bottom = Bottom(reactor, self._company, lambda: len(self._outgoing.kept))
        self._editor = Editor(
            self, self._bottom, input_history.load(), tty.keyboard, tty.window, tty.color_depth
        )
        self._questions = Questions(self._editor)
        self._paper = Paper(
            reactor, self._write, tty.is_ready, lambda is_clogged: self._clogged(is_clogged)
        )
        self._stage = Stage(reactor, self._editor.application, self._ended)
        self._countdown = LoopingCall(self._draw)
        self._countdown.clock = reactor
        self._is_over = self._is_closed = False

    # --- what is shown --------------------------------------------------------------------------

    def told(self, what: object) -> None:
        """Show what the server told, with the time and in colours."""
        self._company.told(what)
        own_name, served = self._bottom.nickname, self._bottom.served
        match what:
            case events.Said():
                self._company.said(what, self._bottom.room)
            case events.Joined(room, nickname) if served and folded(nickname) == folded(own_name):
                self._arrival.joined(served, room)
        self._company.looks_at(self._bottom.room)
        self._paper.put(*paint.told(what, own_name, self._now()))
        self._draw()
        if self._tty.rings and paint.calls(what, own_name):
            self._editor.ring()

    def confirmed(self, what: Say | Tell, time: int | None) -> None:
        """Show what the person said in its place among what the others say."""
        seconds = self._now() if time is None else paint.seconds(time)
        self._paper.put(*paint.said(what, self._bottom.nickname, seconds))
        self._draw()

    def stands(self, standing: Standing) -> None:
        """Show the state in the status line; a time to wait is counted down."""
        self._bottom.stands(standing)
        self._count_no_more()
        if isinstance(standing, Waiting):
            self._countdown.start(1, now=False)
        elif isinstance(standing, Online) and self._bottom.served:
            self._arrival.entered(self._bottom.served)
        self._draw()

    def show(self, line: str) -> None:
        """Show a line as it is."""
        self._paper.put([("", visible(line))])

    def talk(self, sentence: str) -> None:
        """Show a sentence of the client's own."""
        if self._is_over:
            talk(visible(sentence))
        else:
            self._company.looks_at(self._bottom.room)
            self._paper.put(paint.talked(sentence))

    def write(self, text: str) -> None:
        """Show lines of the log, which would disturb the screen otherwise."""
        for line in text.splitlines():
            self.talk(line)

    # --- what is asked --------------------------------------------------------------------------

    def ask(self, question: str, answered: Callable[[str], None], offered: str = "") -> None:
        """Ask in place of the input line, which comes back as it was."""
        self._questions.ask(Question(visible(question), answered, visible(offered)))

    def ask_secret(self, question: str, answered: Callable[[str], None]) -> None:
        """Ask; nothing of the answer is shown."""
        self._questions.ask(Question(visible(question), answered, is_secret=True))

    def choose(
        self, question: str, choices: Sequence[Choice], answered: Callable[[str], None]
    ) -> None:
        """Have the person choose with the arrow keys, or by number or name."""
        lines = [listed(number, choice) for number, choice in enumerate(choices, 1)]
        names = [choice.name for choice in choices]
        self._questions.ask(Question(visible(question), answered, choices=lines, names=names))

    # --- what is typed --------------------------------------------------------------------------

    def serve(self, session: Served) -> None:
        """Know who is served."""
        self._bottom.served = session

    def listen(
        self,
        submit: Callable[[str], None],
        end_of_input: Callable[[], None],
        output_lost: Callable[[], None],
        not_sent: Callable[[str], None] | None = None,
        clogged: Callable[[bool], None] = lambda is_clogged: None,
    ) -> None:
        """Say who takes the lines, as the port has it."""
        self._submit, self._end_of_input = submit, end_of_input
        self._output_lost, self._clogged = output_lost, clogged
        self._outgoing.go_on()

    def hold(self) -> None:
        """Keep what is typed from now on."""
        self._outgoing.hold()
        self.talk("Lines come faster than the server takes them; all are kept, and sent in turn.")

    def go_on(self) -> None:
        """Hand on what was kept."""
        self._outgoing.go_on()

    # --- from beginning to end ------------------------------------------------------------------

    def open(self, reactor: Any) -> Callable[[], None]:
        """Take the terminal."""
        self._stage.begin()
        return self._stage.restore

    def close(self) -> Deferred[None]:
        """Show what is left to be shown, and give the terminal back."""
        self._count_no_more()
        self._name_unsent()
        self._paper.empty()
        return self._stage.end()

    def _name_unsent(self) -> None:
        """Say what was typed and went nowhere; once."""
        if not self._is_closed:
            self._is_closed = True
            held = self._questions.held
            for text in (*self._outgoing.kept, *held, *self._editor.half_typed):
                for line in text.split("\n"):
                    self.talk(f"Not sent: {line}")

    def _ended(self, failure: BaseException | None) -> None:
        self._paper.empty()
        self._is_over = True
        if isinstance(failure, EOFError):
            self._end_of_input()
        elif failure is not None:
            self.log.failure(
                "the terminal's screen broke",
                Failure(failure, type(failure), failure.__traceback__),
                LogLevel.debug,
            )
            self.talk(
                f"The screen broke ({type(failure).__name__}: {failure}), so this client leaves. "
                "Start it again with --plain-terminal."
            )
            self._output_lost()

    # --- what the editor asks of its owner ------------------------------------------------------

    def entered(self, text: str) -> None:
        """Send a line; one that is long only after a question."""
        if pasting.is_long(text):
            question = pasting.question(text)
            sure = Question(question, lambda answer: self._sure(answer, text), holds=text)
            self._questions.ask(sure)
        elif text.strip():
            self._outgoing.take(text)

    def answered(self, text: str) -> None:
        """Hand on the answer, and leave the question where it can be read."""
        question = self._questions.current
        if question and not question.is_secret and text.strip() in GOODBYES:
            self.left()
        elif question:
            seen = "" if question.is_secret else visible(text.strip() or question.offered)
            self._paper.put([("class:question", f"{question.text} "), ("", seen)])
            self._questions.answer(text)

    def chosen(self, number: int) -> None:
        """Answer with the name of what was chosen."""
        if question := self._questions.current:
            self.answered(question.names[number])

    def left(self) -> None:
        """Leave as with ``/quit``."""
        self._submit(GOODBYES[0])

    def interrupted(self) -> None:
        """Do what the signal does: the first time it ends the client, the second time at once."""
        os.kill(os.getpid(), signal.SIGINT)

    def completions(self, before: str) -> tuple[str, list[str]]:
        """What the word before the cursor may become."""
        question = self._questions.current
        if question is None:
            return self._bottom.completions(before)
        names = () if question.is_secret else question.names or self._company.nicknames
        return completion.choices(before, names)

    # --- inside ---------------------------------------------------------------------------------

    def _send(self, line: str) -> None:
        self._paper.put(*paint.echoed(line))
        self._history.add(line)
        self._submit(line)
        self._company.looks_at(self._bottom.room)
        self._draw()

    def _sure(self, answer: str, text: str) -> None:
        if answer.strip().casefold() in _YES:
            self._outgoing.take(text)
        else:
            self.talk("Not sent; it is in the input line again.")
            self._editor.put_back(text)

    def _show_history(self, title: str, messages: Sequence[events.Said], note: str) -> None:
        nickname = self._bottom.nickname
        self._paper.put(*paint.history(title, messages, nickname, self._now(), note))

    def _write(self, lines: Sequence[Line]) -> None:
        self._editor.write(lines, paint.INDENT)

    def _draw(self) -> None:
        self._editor.draw()

    def _count_no_more(self) -> None:
        if self._countdown.running:
            self._countdown.stop()
