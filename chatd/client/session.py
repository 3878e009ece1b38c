"""What the person said and what became of it: nothing typed is lost without a word.

A line that goes to the server stays here until the server has confirmed it. While the client is
offline, lines wait; on return they are sent in order. What was under way when the connection broke
may or may not have arrived: sending it again might say it twice, so the person is told instead.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from chatd.chat import commands, events, limits, names
from chatd.chat.commands import Asked
from chatd.chat.refusals import NotReached, PasswordRequired, Refusal, RequestId
from chatd.client.dictation import ask_whom
from chatd.client.pending import SPEECH, Pending, counted
from chatd.client.rooms import Rooms
from chatd.client.screen import Screen
from chatd.wire import lines as render
from chatd.wire import native_frames as frames
from chatd.wire import typed
from chatd.wire.native_frames import FromServer

_LISTS: Final = (frames.UsersListed, frames.RoomsListed, frames.HistoryRead)

#: From so many waiting lines on, no more are read until half of them have gone.
_ENOUGH_LINES: Final = limits.UNSENT_LINES


class Session:
    """One person's side of the chat, across all connections of a run.

    :param send: sends a command to the server; only called while online.
    :param leave: called when there is nothing left to do after the end of input or ``/quit``.
    :param ending: called when no more lines will be taken, and then with each confirmation.
    :ivar nickname: what the person is called, or wants to be.
    :ivar passwords: those of accounts that the person gave, by the folded nickname.
    :ivar is_held: whether lines are not taken for now, as too many wait.
    :ivar is_online: whether lines can be sent now.
    :ivar unconfirmed_lost: whether the fate of any line is unknown.
    """

    def __init__(
        self,
        nickname: str,
        screen: Screen,
        send: Callable[[Asked, RequestId], None],
        leave: Callable[[], None],
        ending: Callable[[], None] = lambda: None,
    ) -> None:
        self.nickname = nickname
        self.passwords: dict[str, str] = {}
        self._rooms = Rooms()
        self._was_refused = False
        self._screen = screen
        self._send = send
        self._leave = leave
        self._ending = ending
        self._unsent: deque[Pending] = deque()
        self._inquiries: deque[Pending] = deque()
        self._unconfirmed: dict[int, Pending] = {}
        self._last_id = 0
        self.is_online = False
        self._was_online = False
        self.is_at_end = False
        self.is_held = False
        self._said_offline = False
        self.unconfirmed_lost = False

    @property
    def unsent(self) -> list[str]:
        """The lines that wait for a connection."""
        return [pending.line for pending in self._unsent if pending.line]

    @property
    def unsaid(self) -> int:
        """How many lines the server has not got yet, as far as is known."""
        under_way = sum(pending.is_speech for pending in self._unconfirmed.values())
        return len(self.unsent) + under_way

    @property
    def waits_to_end(self) -> bool:
        """Whether there is nothing left but to send what waits.

        Input that is held back may be at its end already, which cannot be seen before it is read.
        """
        return self.is_at_end or (self.is_held and not self._screen.can_ask)

    @property
    def room(self) -> str:
        """Where lines go."""
        return self._rooms.current

    @property
    def status(self) -> int:
        """The exit status: 1 if a line was not sent, or may not have arrived.

        A person has seen on the terminal what was refused, and has said something else.
        """
        lost = self.unsent or self.unconfirmed_lost
        return 1 if lost or (self._was_refused and not self._screen.can_ask) else 0

    def submit(self, line: str) -> None:
        """Take a line that the person typed."""
        try:
            self._do(line, typed.read(line, self.room))
        except Refusal as why:
            self.not_sent(str(why))

    def not_sent(self, why: str) -> None:
        """Tell the person of a line that cannot be sent."""
        self._was_refused = True
        self._screen.talk(f"Not sent: {why}")

    def inquire(self, command: Asked, answered: Callable[[FromServer], None]) -> None:
        """Ask the server for something that the person did not; before what waits to be sent.

        :param answered: gets each frame of the answer; nothing, if the connection breaks.
        """
        self._inquiries.append(Pending("", command, answered))
        self._pump()

    def _do(self, line: str, meant: typed.Typed | None) -> None:
        match meant:
            case _ if self.is_at_end:
                self._too_late(line)
            case typed.Help():
                for each in typed.help_lines():
                    self._screen.talk(each)
            case typed.GoTo(room):
                self._rooms.current = room
                self._screen.talk(f"You write to {render.visible(room)} now.")
            case typed.AskWhom():
                ask_whom(self._screen, self._do, self.not_sent)
            case commands.Quit():
                self._quit()
            case None:
                pass
            case _:
                self._send_or_keep(Pending(line, meant))

    def _too_late(self, line: str) -> None:
        """Take nothing after the end, but for a second wish to go, which need not wait."""
        if line.strip() in typed.GOODBYES:
            self._leave()
        else:
            self.not_sent(f"{render.visible(line)} (you are leaving)")

    def _send_or_keep(self, pending: Pending) -> None:
        """Send it in its turn; where lines go afterwards is clear before the server answers."""
        self._rooms.asked(pending.command)
        self._unsent.append(pending)
        self._pump()
        self._say_offline()

    def end_of_input(self) -> None:
        """No more lines come: leave as soon as what was read is sent and confirmed."""
        if not self.is_at_end:
            self.is_at_end = True
            self._ending()
            self._leave_if_done()

    def online(self) -> None:
        """Go back to the rooms that the person was in, and send what waits."""
        self.is_online = self._was_online = True
        going_back = [Pending("", command) for command in self._rooms.to_go_back()]
        self._unsent.extendleft(reversed(going_back))
        if self._said_offline:
            self._said_offline = False
            self._screen.talk("Sending the lines you typed meanwhile.")
        self._pump()
        self._leave_if_done()

    def offline(self) -> None:
        """The connection is gone; name the lines whose fate is unknown."""
        self.is_online = False
        lost = [pending.line for pending in self._unconfirmed.values() if pending.line]
        self._unconfirmed.clear()
        # What the client does by itself to be back where it was is asked anew.
        self._unsent = deque(pending for pending in self._unsent if pending.line)
        self._inquiries.clear()
        if lost:
            self.unconfirmed_lost = True
            self._screen.talk(
                "The connection broke before these lines were confirmed; they may not have arrived:"
            )
            for line in lost:
                self._screen.talk(f"  {render.visible(line)}")
        self._leave_if_done()

    def leaving(self) -> None:
        """The client says goodbye: nothing more is sent."""
        self.is_online = False

    def received(self, frame: FromServer) -> None:
        """Show what the server says, and note what it confirms."""
        asked = self._pending(frame.id)
        match frame:
            case _ if asked is not None and asked.answered is not None:
                asked.answered(frame)
            case frames.Error():
                self._refused(frame)
            case frames.Ok():
                self._done(frame)
            case frames.Renamed(data=events.Renamed(old, new)) if old == self.nickname:
                self.nickname = new
                self._screen.told(frame.data)
            case frames.Pong() | frames.Welcome() | frames.Goodbye():
                pass
            case _:
                self._screen.told(frame.data)
        if not (isinstance(frame, _LISTS) and frame.data.more):
            self._confirmed(frame.id)

    def _quit(self) -> None:
        """Leave; a person who is offline does not want to wait for what cannot be sent."""
        if self._screen.can_ask and self.is_online and self.unsaid:
            self._screen.talk(f"Sending {counted(self.unsaid)} first; /quit again leaves at once.")
        self.end_of_input()
        if self._screen.can_ask and not self.is_online and self._unsent:
            self._leave()

    def _pending(self, request_id: RequestId) -> Pending | None:
        return self._unconfirmed.get(request_id) if isinstance(request_id, int) else None

    def _done(self, frame: frames.Ok) -> None:
        pending = self._pending(frame.id)
        self._rooms.done(pending.command if pending else None)
        if pending is not None and isinstance(pending.command, SPEECH):
            self._screen.confirmed(pending.command, frame.data.time if frame.data else None)
        self._screen.told(frame.data)
        if frame.data is not None and frame.data.missed:
            self._screen.talk(str(NotReached(frame.data.missed)))

    def _refused(self, frame: frames.Error) -> None:
        pending = self._pending(frame.id)
        command = pending.command if pending else None
        self._rooms.refused(command, frame.data.code)
        if isinstance(command, commands.Rename) and frame.data.code == PasswordRequired.code:
            self._ask_password(command.nickname)
            return
        self._was_refused = True
        what = f" ({render.visible(pending.line)})" if pending else ""
        self._screen.talk(f"Refused{what}: {render.visible(frame.data.message)}")

    def _ask_password(self, nickname: str) -> None:
        if self._screen.can_ask:
            self._screen.ask_secret(
                f"Password for {nickname}?",
                lambda password: self._sign_in(nickname, password),
            )
        else:
            self._was_refused = True
            self._screen.talk(f"Refused: {nickname} needs its password; use a terminal.")

    def _sign_in(self, nickname: str, password: str) -> None:
        self.passwords[names.folded(nickname)] = password
        self._send_or_keep(
            Pending(f"/setname {nickname}", commands.Authenticate(nickname, password))
        )

    def _confirmed(self, request_id: RequestId) -> None:
        if isinstance(request_id, int) and request_id in self._unconfirmed:
            del self._unconfirmed[request_id]
            if self.waits_to_end:
                self._ending()
            self._pump()
            self._leave_if_done()

    def _pump(self) -> None:
        while self.is_online and len(self._unconfirmed) < limits.UNCONFIRMED_LINES:
            waiting = self._inquiries or self._unsent
            if not waiting:
                break
            pending = waiting.popleft()
            self._last_id += 1
            self._unconfirmed[self._last_id] = pending
            self._send(pending.command, self._last_id)
        if len(self._unsent) >= _ENOUGH_LINES and not self.is_held:
            self.is_held = True
            self._screen.hold()
            if self.waits_to_end:
                self._ending()
        elif self.is_held and len(self._unsent) <= _ENOUGH_LINES // 2:
            self.is_held = False
            self._screen.go_on()

    def _say_offline(self) -> None:
        talks = self._was_online or self._screen.can_ask
        if talks and not self.is_online and not self._said_offline:
            self._said_offline = True
            self._screen.talk("You are offline: what you type is kept, and sent on return.")

    def _leave_if_done(self) -> None:
        # Who leaves does not want to know any more what was only asked for the way in.
        awaited = any(pending.answered is None for pending in self._unconfirmed.values())
        if self.is_at_end and not self._unsent and not awaited:
            self._leave()
