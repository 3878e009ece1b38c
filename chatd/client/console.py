"""The line mode of the client: lines in on standard input, lines out on standard output.

It is used on a pipe, and on a terminal that cannot do more. Standard output carries the chat only;
what the client itself has to say goes to standard error.
"""

import os
import stat
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from chatd.chat import events, limits
from chatd.chat.commands import SendMessage, SendPrivate
from chatd.chat.errors import Refusal
from chatd.client.invitation import Invitation
from chatd.client.status import Status
from chatd.client.ui import (
    STILL_CHECKING,
    Choice,
    InteractiveUI,
    SessionView,
    describe_missing,
    describe_target,
    format_choice,
)
from chatd.stderr import write_line
from chatd.wire import rendering
from chatd.wire.rendering import escape
from chatd.wire.slash_commands import is_quit, parse

#: A longer line is refused here, so that it need not be kept; the server would refuse it, too.
_LINE_BYTES: Final = 1_048_576


@implementer(IHalfCloseableProtocol, IPushProducer)
class Console(Protocol, InteractiveUI):
    """Standard input and output.

    Input waits as bytes while it is paused: lines are cut off and decoded only when they are taken.
    So a pipe that is paused is not read either, and its writer has to wait.

    :param drops_lines: as for ``taps.interactive.make_ui``.
    :param now: returns the current time, in seconds since 1970.
    """

    transport: Any  # a StandardIO, once it is opened

    def __init__(
        self,
        is_interactive: bool,
        drops_lines: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.is_interactive = is_interactive
        self._drops_lines = drops_lines
        self._now = now
        self._files_url = ""
        self._is_output_paused = False
        self._missing_count = 0
        # As is usual, nothing is said of a pipe that is closed: `chatd client | head`.
        self._is_output_a_pipe = _is_pipe(1)
        self._session: SessionView | None = None
        self._on_answer: Callable[[str], None] | None = None
        self._is_password = False
        self._listed_choices = 0
        self._suggestion = ""
        self._buffer = b""
        self._is_paused = True  # until there is a session
        self._is_at_end = False
        self._is_skipping = False
        self._is_open = False
        self._reported_unread = False
        self._closed: Deferred[None] | None = None

    @override
    def open(self, reactor: Any) -> Callable[[], None]:
        return open_console(self, reactor)

    @override
    def attach(self, session: SessionView) -> None:
        self._session = session
        self.resume_input()

    @override
    def close(self) -> Deferred[None]:
        if self._session is not None and self._is_paused and not self._reported_unread:
            self._reported_unread = True
            self.notify("The rest of the input was not read.")
        if not self._is_open:
            return succeed(None)
        if self._closed is None:
            self._closed = Deferred()
            self.transport.unregisterProducer()
            self.transport.loseConnection()
        return self._closed

    # --- output ---------------------------------------------------------------------------------

    @override
    def show_event(self, event: object) -> None:
        if isinstance(event, events.Welcome):
            self._files_url = event.files or ""
        shown = event if self._session is None else self._session.without_ignored(event)
        for line in rendering.render(shown, round(1_000 * self._now()), self._files_url):
            self.show(line)

    @override
    def message_sent(
        self, message: SendMessage | SendPrivate, time: int | None, seq: int | None
    ) -> None:
        pass  # the user sees it where it was typed

    @override
    def message_refused(self, message: SendMessage, line: str) -> None:
        pass

    @override
    def set_status(self, status: Status) -> None:
        pass  # there is no place for it; the changes that matter come as notices, too

    @override
    def show(self, line: str) -> None:
        if self._is_output_paused and self._drops_lines:
            self._missing_count += 1
        elif self._is_open:
            self.transport.write(f"{line}\n".encode())

    @override
    def notify(self, message: str) -> None:
        write_line(escape(message))

    @override
    def show_transfer(self, description: str) -> None:
        pass  # there is no place for it

    @override
    def show_invitation(self, invitation: Invitation) -> None:
        # Without the code: a screen reader would read each of its characters.
        for line in invitation.lines:
            self.notify(line)

    @override
    def switched(self, target: str) -> None:
        self.notify(describe_target(target))

    @override
    def closed(self, target: str) -> None:
        pass

    @override
    def clear(self) -> None:
        self.notify("In line mode there is no screen that could be cleared.")

    # --- prompts --------------------------------------------------------------------------------

    @override
    def prompt(self, question: str, on_answer: Callable[[str], None], default: str = "") -> None:
        self.password_checked()
        self._ask(question, on_answer, default)

    def _ask(self, question: str, on_answer: Callable[[str], None], default: str = "") -> None:
        self.notify(f"{question} [{default}]" if default else question)
        self._on_answer = lambda answer: on_answer(answer if answer.strip() else default)
        self.resume_input()

    @override
    def prompt_password(self, question: str, on_answer: Callable[[str], None]) -> None:
        set_echo(False)

        def on_password(answer: str) -> None:
            if answer:
                self._on_answer = self._still_checking
            else:
                self.password_checked()
            on_answer(answer)

        self._is_password = True
        self._ask(question, on_password)

    def _still_checking(self, line: str) -> None:
        self._on_answer = self._still_checking
        if is_quit(line):
            self._submit(line)
        else:
            self.notify(STILL_CHECKING)

    @override
    def password_checked(self) -> None:
        if self._is_password:
            self._is_password = False
            self._on_answer = None
            set_echo(True)

    @override
    def choose(
        self, question: str, choices: Sequence[Choice], on_answer: Callable[[str], None]
    ) -> None:
        # Only new choices are listed: what is written on a terminal line by line stays there.
        for number, choice in enumerate(choices[self._listed_choices :], self._listed_choices + 1):
            self.notify(format_choice(number, choice))
        is_open_already = 0 < self._listed_choices < len(choices)
        self._listed_choices = len(choices)
        self._on_answer = on_answer
        if not is_open_already:
            self.notify(question)
            self.resume_input()

    # --- input ----------------------------------------------------------------------------------

    @override
    def pause_input(self) -> None:
        self._is_paused = True
        if not self._is_at_end:
            self.transport.pauseProducing()

    @override
    def resume_input(self) -> None:
        self._is_paused = False
        if self._is_open and not self._is_at_end:
            self.transport.resumeProducing()
        self._take_lines()

    def _take_lines(self) -> None:
        # A line may pause the input, and a prompt's answer may resume it: look each time.
        while not self._is_paused and b"\n" in self._buffer:
            line, _, self._buffer = self._buffer.partition(b"\n")
            self._take_line(line)
        if len(self._buffer) > _LINE_BYTES and b"\n" not in self._buffer:
            # Drop the line up to its end, however much comes before that.
            self._buffer = b""
            self._is_skipping = True
        if self._is_at_end and not self._is_paused:
            last, self._buffer = self._buffer, b""
            if last or self._is_skipping:
                self._take_line(last)
            if self._on_answer not in (None, self._still_checking):
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
        on_answer, self._on_answer = self._on_answer, None
        if on_answer is None or (not self._is_password and is_quit(line)):
            self._submit(line)
        else:
            on_answer(line)

    def _submit(self, line: str) -> None:
        if self._session is None:
            return
        if self._suggestion and not line.strip():
            line = f"/setname {self._suggestion}"
        self._suggestion = ""
        try:
            user_input = parse(line, self._session.target)
        except Refusal as refusal:
            self._session.not_sent(str(refusal))
            if self.is_interactive and (suggestion := getattr(refusal, "suggestion", "")):
                self._suggestion = suggestion
                self.notify("An empty line takes it.")
        else:
            self._session.submit(line, user_input)

    def _not_sent(self, reason: str) -> None:
        if self._session is not None:
            self._session.not_sent(reason)

    def _output_lost(self) -> None:
        if self._session is not None:
            self._session.output_lost()

    def _say_that_output_is_lost(self) -> None:
        if not self._is_output_a_pipe:
            self._is_output_a_pipe = True  # it is said once
            self.notify("Standard output cannot be written, so this client leaves.")

    def _set_output_paused(self, paused: bool) -> None:
        self._is_output_paused = paused
        if self._session is not None and not self._drops_lines:
            self._session.set_output_paused(paused)
        if self._missing_count and not paused:
            missing, self._missing_count = self._missing_count, 0
            self.notify(describe_missing(missing))

    # --- called by the transport ----------------------------------------------------------------

    @override
    def connectionMade(self) -> None:
        self._is_open = True
        self.transport.registerProducer(self, True)
        if self._is_paused:
            self.transport.pauseProducing()

    @override
    def dataReceived(self, data: bytes) -> None:
        self._buffer += data
        self._take_lines()

    def readConnectionLost(self) -> None:
        """Take the end of standard input; a last line without a line end counts."""
        self._is_at_end = True
        self._take_lines()

    def writeConnectionLost(self) -> None:
        """Leave, as standard output is closed: by ``head``, for example."""
        self._is_open = False
        self._say_that_output_is_lost()
        self._output_lost()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._is_open = False
        if self._closed is not None:
            self._closed.callback(None)
        else:
            self._say_that_output_is_lost()
            self._output_lost()

    # As the producer of what is written to standard output: the transport asks for a pause when its
    # buffer is full. The session passes it on to the connection, and TCP's flow control to the
    # server. A chat that scrolls by in ``less`` is kept by the server, within its bounds.

    def pauseProducing(self) -> None:
        """Stop reading from the server: standard output does not keep up."""
        self._set_output_paused(True)

    def resumeProducing(self) -> None:
        """Read from the server again."""
        self._set_output_paused(False)

    def stopProducing(self) -> None:
        """Do nothing: :meth:`writeConnectionLost` and :meth:`connectionLost` are called as well."""


def _is_pipe(handle: int) -> bool:
    try:
        mode = os.fstat(handle).st_mode
    except OSError:
        return True
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def close_with_timeout(ui: InteractiveUI, clock: IReactorTime) -> Deferred[None]:
    """Close `ui`; fires when all is written, or after GOODBYE_SECONDS without that."""
    closed = ui.close()
    closed.addTimeout(limits.GOODBYE_SECONDS, clock)
    return closed.addErrback(lambda failure: None)


def set_echo(on: bool) -> None:
    """Make a terminal show what is typed, or not; without a terminal, do nothing.

    Once it is shown again, the beginning of a line that was typed before is thrown away.
    """
    try:
        import termios

        attributes = termios.tcgetattr(0)
    except (ImportError, OSError, termios.error):
        return
    was_hidden = not attributes[3] & termios.ECHO
    if on:
        attributes[3] |= termios.ECHO
    else:
        attributes[3] &= ~termios.ECHO
    termios.tcsetattr(0, termios.TCSAFLUSH if on and was_hidden else termios.TCSADRAIN, attributes)


def open_console(console: Console, reactor: Any) -> Callable[[], None]:
    """Attach `console` to standard input and output, or to /dev/null where one does not exist.

    :return: must be called at the very end. It restores the blocking mode of both, which belongs
        to the open file and not to this process: the shell has the same one, and would see its next
        read or write fail.
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
