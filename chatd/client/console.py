"""The client's person off a terminal, or on one without a better screen: lines in, lines out.

Standard output carries the chat only; what the client itself has to say goes to standard error.
"""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.chat import limits
from chatd.chat.commands import SendMessage, SendPrivate
from chatd.chat.errors import Refusal
from chatd.client.status import Status
from chatd.client.ui import Choice, InteractiveUI, SessionView, format_choice
from chatd.stderr import write_line
from chatd.wire import rendering
from chatd.wire.rendering import escape
from chatd.wire.slash_commands import QUIT_COMMANDS, parse

#: A line that is longer is refused here; the server would refuse it all the same.
_LINE_BYTES: Final = 1_048_576


@implementer(IHalfCloseableProtocol, IPushProducer)
class Console(Protocol):
    """Implements :class:`chatd.client.ui.Front` on standard input and output."""

    transport: Any  # a StandardIO, once it is opened

    def __init__(self, can_ask: bool) -> None:
        self.can_ask = can_ask
        self._session: SessionView | None = None
        self._on_answer: Callable[[str], None] | None = None
        self._is_secret = False
        self._listed_choices = 0
        self._buffer = b""
        self._is_paused = True
        self._is_at_end = False
        self._is_skipping = False
        self._is_open = False
        self._reported_unread = False
        self._closed: Deferred[None] | None = None

    def attach(self, session: SessionView) -> None:
        """Hand the lines to `session`, beginning with what is here already."""
        self._session = session
        self.resume_input()

    def connectionMade(self) -> None:
        """Lines can come and go; none is read before somebody listens."""
        self._is_open = True
        self.transport.registerProducer(self, True)
        if self._is_paused:
            self.transport.pauseProducing()

    def show_event(self, event: object) -> None:
        """Show what the server told, in lines."""
        for line in rendering.render(event):
            self.show(line)

    def message_sent(self, message: SendMessage | SendPrivate, time: int | None) -> None:
        """The line stands where it was typed."""

    def set_status(self, status: Status) -> None:
        """Lines have no place for that; what needs to be said is said by :meth:`talk`."""

    def show(self, line: str) -> None:
        """Write a line of the chat to standard output."""
        if self._is_open:
            self.transport.write(f"{line}\n".encode())

    def notify(self, message: str) -> None:
        """Write a sentence of the client's own to standard error."""
        write_line(escape(message))

    def prompt(self, question: str, on_answer: Callable[[str], None], default: str = "") -> None:
        """Ask; the next line is the answer, whatever was held back before."""
        self.notify(f"{question} [{default}]" if default else question)
        self._on_answer = lambda answer: on_answer(answer if answer.strip() else default)
        self.resume_input()

    def choose(
        self, question: str, choices: Sequence[Choice], on_answer: Callable[[str], None]
    ) -> None:
        """List what is new among `choices`; the next line is the answer."""
        for number, choice in enumerate(choices[self._listed_choices :], self._listed_choices + 1):
            self.notify(format_choice(number, choice))
        is_asked_already = 0 < self._listed_choices < len(choices)
        self._listed_choices = len(choices)
        self._on_answer = on_answer
        if not is_asked_already:
            self.notify(question)
            self.resume_input()

    def prompt_password(self, question: str, on_answer: Callable[[str], None]) -> None:
        """Ask; a terminal does not show what is typed until the answer is there."""
        set_echo(False)

        def answered_unseen(answer: str) -> None:
            self._is_secret = False
            set_echo(True)
            on_answer(answer)

        self._is_secret = True
        self.prompt(question, answered_unseen)

    def pause_input(self) -> None:
        """Read no more for now."""
        self._is_paused = True
        if not self._is_at_end:
            self.transport.pauseProducing()

    def resume_input(self) -> None:
        """Read on, beginning with what is here already."""
        self._is_paused = False
        if self._is_open and not self._is_at_end:
            self.transport.resumeProducing()
        self._take_lines()

    def open(self, reactor: Any) -> Callable[[], None]:
        """Attach this console to standard input and output, where they exist."""
        return open_console(self, reactor)

    def close(self) -> Deferred[None]:
        """Close both ways; fires when everything has been written."""
        if self._session is not None and self._is_paused and not self._reported_unread:
            self._reported_unread = True
            self.notify("There was more input, which was not read.")
        if not self._is_open:
            return succeed(None)
        if self._closed is None:
            self._closed = Deferred()
            self.transport.unregisterProducer()
            self.transport.loseConnection()
        return self._closed

    def pauseProducing(self) -> None:
        """What is shown is read too slowly."""
        self._set_output_paused(True)

    def resumeProducing(self) -> None:
        """What is shown is read again."""
        self._set_output_paused(False)

    def stopProducing(self) -> None:
        """Nobody reads what is shown any more; that is told elsewhere."""

    def dataReceived(self, data: bytes) -> None:
        """Take what was read."""
        self._buffer += data
        self._take_lines()

    def readConnectionLost(self) -> None:
        """The end of input; a last line without its end counts."""
        self._is_at_end = True
        self._take_lines()

    def writeConnectionLost(self) -> None:
        """Nobody reads what is shown any more."""
        self._is_open = False
        self._output_lost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Both are gone."""
        self._is_open = False
        if self._closed is not None:
            self._closed.callback(None)
        else:
            self._output_lost()

    def _set_output_paused(self, paused: bool) -> None:
        if self._session is not None:
            self._session.set_output_paused(paused)

    def _output_lost(self) -> None:
        if self._session is not None:
            self._session.output_lost()

    def _not_sent(self, reason: str) -> None:
        if self._session is not None:
            self._session.not_sent(reason)

    def _submit(self, line: str) -> None:
        if self._session is None:
            return
        try:
            user_input = parse(line, self._session.room)
        except Refusal as refusal:
            self._session.not_sent(str(refusal))
        else:
            self._session.submit(line, user_input)

    def _take_lines(self) -> None:
        while not self._is_paused and b"\n" in self._buffer:
            line, _, self._buffer = self._buffer.partition(b"\n")
            self._take_line(line)
        if len(self._buffer) > _LINE_BYTES and b"\n" not in self._buffer:
            self._buffer = b""
            self._is_skipping = True
        if self._is_at_end and not self._is_paused:
            last, self._buffer = self._buffer, b""
            if last or self._is_skipping:
                self._take_line(last)
            if self._on_answer is not None:
                self._on_answer = None
                self._not_sent("the input ended before the last question was answered.")
            if self._session is not None:
                self._session.end_of_input()

    def _take_line(self, raw: bytes) -> None:
        if self._is_skipping or len(raw) > _LINE_BYTES:
            self._is_skipping = False
            self._not_sent(f"a line of more than {_LINE_BYTES} bytes.")
            return
        try:
            line = raw.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError:
            self._not_sent("a line that is not UTF-8 text.")
            return
        answered, self._on_answer = self._on_answer, None
        if answered is None or (not self._is_secret and line.strip() in QUIT_COMMANDS):
            self._submit(line)
        else:
            answered(line)


def close_with_timeout(ui: InteractiveUI, clock: IReactorTime) -> Deferred[None]:
    """Close `front`; fires when all was written, or nobody took it for a while."""
    written = ui.close()
    written.addTimeout(limits.GOODBYE_SECONDS, clock)
    return written.addErrback(lambda failure: None)


def set_echo(on: bool) -> None:
    """Have a terminal show what is typed, or not; nothing happens where there is none."""
    try:
        import termios

        attributes = termios.tcgetattr(0)
    except (ImportError, OSError, termios.error):
        return
    if on:
        attributes[3] |= termios.ECHO
    else:
        attributes[3] &= ~termios.ECHO
    termios.tcsetattr(0, termios.TCSADRAIN, attributes)


def open_console(console: Console, reactor: Any) -> Callable[[], None]:
    """Attach `console` to standard input and output, where they exist.

    :return: call it at the very end; it leaves both as they were found. Non-blocking mode belongs
        to the open file, which the shell shares.
    """
    stdin = 0 if sys.stdin is not None else os.open(os.devnull, os.O_RDONLY)
    stdout = 1 if sys.stdout is not None else os.open(os.devnull, os.O_WRONLY)
    were_blocking = [(each, os.get_blocking(each)) for each in (stdin, stdout)]

    def restore() -> None:
        set_echo(True)
        for each, was_blocking in were_blocking:
            with suppress(OSError):  # it was closed meanwhile
                os.set_blocking(each, was_blocking)

    StandardIO(  # type: ignore[call-arg]  # mypy sees the one for Windows
        console, stdin=stdin, stdout=stdout, reactor=reactor
    )
    return restore
