"""What the person said and what became of it: nothing typed is lost without a word.

A line that goes to the server stays here until the server has confirmed it. While the client is
offline, lines wait; on return they are sent in order. What was under way when the connection broke
may or may not have arrived: sending it again might say it twice, so the person is told instead.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from chatd.chat import commands, events, limits
from chatd.chat.commands import Command
from chatd.chat.refusals import RequestId
from chatd.client import render
from chatd.client.commands import BadLine, Help, help_lines, read
from chatd.wire import native_frames as frames
from chatd.wire.native_frames import FromServer

#: From so many waiting lines on, no more are read until half of them have gone.
_ENOUGH_LINES: Final = limits.UNSENT_LINES


class Screen(Protocol):
    """Where a client's person is."""

    #: Whether there is a person who can be asked something.
    can_ask: bool

    def show(self, line: str) -> None:
        """Show a line of the chat."""

    def talk(self, sentence: str) -> None:
        """Say something of the client's own."""

    def ask(self, question: str, answered: Callable[[str], None]) -> None:
        """Ask the person; the next line is the answer."""

    def hold(self) -> None:
        """Take no more lines for now."""

    def go_on(self) -> None:
        """Take lines again."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A line of the person's, and the command that it is."""

    line: str
    command: Command


class Session:
    """One person's side of the chat, across all connections of a run.

    :param send: sends a command to the server; only called while online.
    :param leave: called when there is nothing left to do after the end of input or ``/quit``.
    :param ending: called once when no more lines will be taken.
    :ivar nickname: what the person is called, or wants to be.
    :ivar is_online: whether lines can be sent now.
    :ivar unconfirmed_lost: whether the fate of any line is unknown.
    """

    def __init__(
        self,
        nickname: str,
        screen: Screen,
        send: Callable[[Command, RequestId], None],
        leave: Callable[[], None],
        ending: Callable[[], None] = lambda: None,
    ) -> None:
        self.nickname = nickname
        self._screen = screen
        self._send = send
        self._leave = leave
        self._ending = ending
        self._unsent: deque[Pending] = deque()
        self._unconfirmed: dict[int, Pending] = {}
        self._last_id = 0
        self.is_online = False
        self._was_online = False
        self.is_at_end = False
        self._is_held = False
        self._said_offline = False
        self.unconfirmed_lost = False

    @property
    def unsent(self) -> list[str]:
        """The lines that wait for a connection."""
        return [pending.line for pending in self._unsent]

    def submit(self, line: str) -> None:
        """Take a line that the person typed."""
        if self.is_at_end:
            if _is_goodbye(line):
                self._leave()
                return
            self._screen.talk(f"Not sent, as you are leaving: {render.visible(line)}")
            return
        try:
            asked = read(line)
        except BadLine as why:
            self._screen.talk(f"Not sent: {why}")
            return
        match asked:
            case None:
                return
            case Help():
                for each in help_lines():
                    self._screen.talk(each)
            case commands.Quit():
                self._quit()
            case _:
                self._unsent.append(Pending(line, asked))
                self._pump()
                self._say_offline()

    def end_of_input(self) -> None:
        """No more lines come: leave as soon as what was read is sent and confirmed."""
        if not self.is_at_end:
            self.is_at_end = True
            self._ending()
            self._leave_if_done()

    def online(self) -> None:
        """Send what waits."""
        self.is_online = self._was_online = True
        if self._said_offline:
            self._said_offline = False
            self._screen.talk("Sending the lines you typed meanwhile.")
        self._pump()
        self._leave_if_done()

    def offline(self) -> None:
        """The connection is gone; name the lines whose fate is unknown."""
        self.is_online = False
        lost, self._unconfirmed = self._unconfirmed, {}
        if lost:
            self.unconfirmed_lost = True
            self._screen.talk(
                "The connection broke before these lines were confirmed; they may not have arrived:"
            )
            for pending in lost.values():
                self._screen.talk(f"  {render.visible(pending.line)}")
        self._leave_if_done()

    def leaving(self) -> None:
        """The client says goodbye: nothing more is sent."""
        self.is_online = False

    def received(self, frame: FromServer) -> None:
        """Show what the server says, and note what it confirms."""
        match frame:
            case frames.Error():
                self._refused(frame)
            case frames.Renamed(data=events.Renamed(old, new)) if old == self.nickname:
                self.nickname = new
                self._show(frame.data)
            case frames.Ok() | frames.Pong() | frames.Welcome() | frames.Goodbye():
                pass
            case _:
                self._show(frame.data)
        if not (isinstance(frame, frames.UsersListed | frames.HistoryRead) and frame.data.more):
            self._confirmed(frame.id)

    def _quit(self) -> None:
        """Leave; a person who is offline does not want to wait for what cannot be sent."""
        self.end_of_input()
        if self._screen.can_ask and not self.is_online and self._unsent:
            self._leave()

    def _show(self, told: object) -> None:
        for line in render.lines(told):
            self._screen.show(line)

    def _refused(self, frame: frames.Error) -> None:
        pending = self._unconfirmed.get(frame.id) if isinstance(frame.id, int) else None
        what = f" ({render.visible(pending.line)})" if pending else ""
        self._screen.talk(f"Refused{what}: {render.visible(frame.data.message)}")

    def _confirmed(self, request_id: RequestId) -> None:
        if isinstance(request_id, int) and request_id in self._unconfirmed:
            del self._unconfirmed[request_id]
            self._pump()
            self._leave_if_done()

    def _pump(self) -> None:
        while self.is_online and self._unsent and len(self._unconfirmed) < limits.UNCONFIRMED_LINES:
            pending = self._unsent.popleft()
            self._last_id += 1
            self._unconfirmed[self._last_id] = pending
            self._send(pending.command, self._last_id)
        if len(self._unsent) >= _ENOUGH_LINES and not self._is_held:
            self._is_held = True
            self._screen.hold()
        elif self._is_held and len(self._unsent) <= _ENOUGH_LINES // 2:
            self._is_held = False
            self._screen.go_on()

    def _say_offline(self) -> None:
        talks = self._was_online or self._screen.can_ask
        if talks and not self.is_online and not self._said_offline:
            self._said_offline = True
            self._screen.talk("You are offline: what you type is kept, and sent on return.")

    def _leave_if_done(self) -> None:
        if self.is_at_end and not self._unsent and not self._unconfirmed:
            self._leave()


def _is_goodbye(line: str) -> bool:
    try:
        return isinstance(read(line), commands.Quit)
    except BadLine:
        return False
