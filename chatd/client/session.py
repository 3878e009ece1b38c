"""What the person said and what became of it: nothing typed is lost without a word.

A line that goes to the server stays here until the server has confirmed it. While the client is
offline, lines wait; on return they are sent in order. What was under way when the connection broke
may or may not have arrived: sending it again might say it twice, so the person is told instead.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from chatd.chat import commands, events, limits, names
from chatd.chat.commands import ClientCommand, SendMessage, SendPrivate
from chatd.chat.errors import NotReached, PasswordRequired, Refusal, RequestId
from chatd.chat.names import message_text
from chatd.client.joined_rooms import JoinedRooms
from chatd.client.ui import UserInterface
from chatd.wire import frames, rendering, slash_commands
from chatd.wire.frames import FromServer
from chatd.wire.rendering import escape

#: What the person sees on a terminal once the server has it, in the order that all others see.
MESSAGE_COMMANDS: Final = (SendMessage, SendPrivate)


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """A line of the person's, and its command; no line, if the client does it by itself.

    :ivar answered: who gets the answer, if it is not for the person.
    """

    line: str
    command: ClientCommand
    on_reply: Callable[[FromServer], None] | None = None

    @property
    def is_message(self) -> bool:
        """Whether it says something, to everyone or to some."""
        return isinstance(self.command, MESSAGE_COMMANDS)


def format_count(lines: int) -> str:
    """So many lines."""
    return f"{lines:,} line{'' if lines == 1 else 's'}"


def prompt_private_message(
    ui: UserInterface, send: Callable[[str, SendPrivate], None], not_sent: Callable[[str], None]
) -> None:
    """Ask for the recipients, then for the text.

    :param send: gets the message, and how it would have been typed in one line.
    :param not_sent: gets the reason, if there is nothing to send.
    """

    def named(answer: str) -> None:
        to = _names(answer)
        if to:
            ui.prompt(f"What shall {escape(', '.join(to))} be told?", lambda text: told(to, text))
            return
        not_sent("no recipient.")
        if not ui.can_ask:
            # The next line of a pipe is the text all the same, and must not be said to everyone.
            ui.prompt("The text is left out.", lambda text: not_sent("a text for no recipient."))

    def told(to: tuple[str, ...], text: str) -> None:
        try:
            send(f"/msg {','.join(to)} {text}", SendPrivate(message_text(text), to))
        except Refusal as why:
            not_sent(str(why))

    ui.prompt("To whom?", named)


def _names(answer: str) -> tuple[str, ...]:
    # No nickname has an @, but many a person writes one.
    names = (name.removeprefix("@") for name in answer.replace(",", " ").split())
    return tuple(name for name in names if name)


_LISTS: Final = (frames.Users, frames.Rooms, frames.History)

#: From so many waiting lines on, no more are read until half of them have gone.
_PAUSE_LINES: Final = limits.UNSENT_LINES


class SessionOwner(Protocol):
    """The client that a session belongs to."""

    def send(self, command: ClientCommand, request_id: RequestId) -> None:
        """Send a command to the server; only called while online."""

    def leave(self) -> None:
        """Leave the chat: nothing is left to be sent, or the user does not want to wait for it."""

    def draining(self) -> None:
        """Called when no more lines will be taken, and from then on at each confirmation."""

    def set_paused(self, paused: bool) -> None:
        """Stop reading from the server, or resume."""


class Session:
    """One person's side of the chat, across all connections of a run.

    :ivar nickname: what the person is called, or wants to be.
    :ivar passwords: those of accounts that the person gave, by the folded nickname.
    :ivar is_held: whether lines are not taken for now, as too many wait.
    :ivar is_online: whether lines can be sent now.
    :ivar unconfirmed_lost: whether the fate of any line is unknown.
    """

    def __init__(
        self,
        nickname: str,
        ui: UserInterface,
        owner: SessionOwner,
    ) -> None:
        self.nickname = nickname
        self.passwords: dict[str, str] = {}
        self._rooms = JoinedRooms()
        self._was_refused = False
        self._ui = ui
        self._owner = owner
        self._unsent: deque[PendingCommand] = deque()
        self._requests: deque[PendingCommand] = deque()
        self._unconfirmed: dict[int, PendingCommand] = {}
        self._last_id = 0
        self.is_online = False
        self._was_online = False
        self.is_at_end = False
        self.is_paused = False
        self._reported_offline = False
        self.unconfirmed_lost = False
        self._output_lost = False

    @property
    def unsent(self) -> list[str]:
        """The lines that wait for a connection."""
        return [pending.line for pending in self._unsent if pending.line]

    @property
    def undelivered(self) -> int:
        """How many lines the server has not got yet, as far as is known."""
        under_way = sum(pending.is_message for pending in self._unconfirmed.values())
        return len(self.unsent) + under_way

    @property
    def is_draining(self) -> bool:
        """Whether there is nothing left but to send what waits.

        Input that is held back may be at its end already, which cannot be seen before it is read.
        """
        return self.is_at_end or (self.is_paused and not self._ui.can_ask)

    @property
    def room(self) -> str:
        """Where lines go."""
        return self._rooms.current

    @property
    def status(self) -> int:
        """The exit status: 1 if a line was not sent or may not have arrived, or if output was lost.

        A person has seen on the terminal what was refused, and has said something else.
        """
        lost = self.unsent or self.unconfirmed_lost or self._output_lost
        return 1 if lost or (self._was_refused and not self._ui.can_ask) else 0

    def not_sent(self, reason: str) -> None:
        """Tell the person of a line that cannot be sent."""
        self._was_refused = True
        self._ui.notify(f"Not sent: {reason}")

    def output_lost(self) -> None:
        """Leave, as nothing can be shown any more."""
        self._output_lost = True
        self._owner.leave()

    def set_output_paused(self, paused: bool) -> None:
        """Read no more from the server than the output takes."""
        self._owner.set_paused(paused)

    def request(self, command: ClientCommand, on_reply: Callable[[FromServer], None]) -> None:
        """Ask the server for something that the person did not; before what waits to be sent.

        :param answered: gets each frame of the answer; nothing, if the connection breaks.
        """
        self._requests.append(PendingCommand("", command, on_reply))
        self._send_pending()

    def submit(self, line: str, user_input: slash_commands.UserInput | None) -> None:
        """Take a line that the person typed, and what it was parsed to."""
        match user_input:
            case _ if self.is_at_end:
                self._refuse_after_quit(line)
            case slash_commands.Help():
                for each in slash_commands.help_lines():
                    self._ui.notify(each)
            case slash_commands.SwitchRoom(room):
                self._rooms.current = room
                self._ui.notify(f"You write to {rendering.escape(room)} now.")
            case slash_commands.PromptPrivate():
                prompt_private_message(self._ui, self.submit, self.not_sent)
            case commands.Quit():
                self._quit()
            case None:
                pass
            case _:
                self._enqueue(PendingCommand(line, user_input))

    def _refuse_after_quit(self, line: str) -> None:
        """Take nothing after the end, but for a second wish to go, which need not wait."""
        if line.strip() in slash_commands.QUIT_COMMANDS:
            self._owner.leave()
        else:
            self.not_sent(f"{rendering.escape(line)} (you are leaving)")

    def _enqueue(self, pending: PendingCommand) -> None:
        """Send it in its turn; where lines go afterwards is clear before the server answers."""
        self._rooms.requested(pending.command)
        self._unsent.append(pending)
        self._send_pending()
        self._notify_offline()

    def end_of_input(self) -> None:
        """No more lines come: leave as soon as what was read is sent and confirmed."""
        if not self.is_at_end:
            self.is_at_end = True
            self._owner.draining()
            self._leave_if_done()

    def online(self) -> None:
        """Go back to the rooms that the person was in, and send what waits."""
        self.is_online = self._was_online = True
        going_back = [PendingCommand("", command) for command in self._rooms.rejoin_commands()]
        self._unsent.extendleft(reversed(going_back))
        if self._reported_offline:
            self._reported_offline = False
            self._ui.notify("Sending the lines you typed meanwhile.")
        self._send_pending()
        self._leave_if_done()

    def offline(self) -> None:
        """The connection is gone; name the lines whose fate is unknown."""
        self.is_online = False
        lost = [pending.line for pending in self._unconfirmed.values() if pending.line]
        self._unconfirmed.clear()
        # What the client does by itself to be back where it was is asked anew.
        self._unsent = deque(pending for pending in self._unsent if pending.line)
        self._requests.clear()
        if lost:
            self.unconfirmed_lost = True
            self._ui.notify(
                "The connection broke before these lines were confirmed; they may not have arrived:"
            )
            for line in lost:
                self._ui.notify(f"  {rendering.escape(line)}")
        self._leave_if_done()

    def leaving(self) -> None:
        """The client says goodbye: nothing more is sent."""
        self.is_online = False

    def frame_received(self, frame: FromServer) -> None:
        """Show what the server says, and note what it confirms."""
        asked = self._pending(frame.id)
        match frame:
            case _ if asked is not None and asked.on_reply is not None:
                asked.on_reply(frame)
            case frames.Error():
                self._refused(frame)
            case frames.Ok():
                self._ok(frame)
            case frames.MemberRenamed(data=events.MemberRenamed(old, new)) if old == self.nickname:
                self.nickname = new
                self._ui.show_event(frame.data)
            case frames.Pong() | frames.Welcome() | frames.Goodbye():
                pass
            case _:
                self._ui.show_event(frame.data)
        if not (isinstance(frame, _LISTS) and frame.data.more):
            self._confirmed(frame.id)

    def _quit(self) -> None:
        """Leave; a person who is offline does not want to wait for what cannot be sent."""
        if self._ui.can_ask and self.is_online and self.undelivered:
            self._ui.notify(
                f"Sending {format_count(self.undelivered)} first; /quit again leaves at once."
            )
        self.end_of_input()
        if self._ui.can_ask and not self.is_online and self._unsent:
            self._owner.leave()

    def _pending(self, request_id: RequestId) -> PendingCommand | None:
        return self._unconfirmed.get(request_id) if isinstance(request_id, int) else None

    def _ok(self, frame: frames.Ok) -> None:
        pending = self._pending(frame.id)
        self._rooms.confirmed(pending.command if pending else None)
        if pending is not None and isinstance(pending.command, MESSAGE_COMMANDS):
            self._ui.message_sent(pending.command, frame.data.time if frame.data else None)
        self._ui.show_event(frame.data)
        if frame.data is not None and frame.data.missed:
            self._ui.notify(str(NotReached(frame.data.missed)))

    def _refused(self, frame: frames.Error) -> None:
        pending = self._pending(frame.id)
        command = pending.command if pending else None
        self._rooms.refused(command, frame.data.code)
        if isinstance(command, commands.Rename) and frame.data.code == PasswordRequired.code:
            self._ask_password(command.nickname)
            return
        self._was_refused = True
        what = f" ({rendering.escape(pending.line)})" if pending else ""
        self._ui.notify(f"Refused{what}: {rendering.escape(frame.data.message)}")

    def _ask_password(self, nickname: str) -> None:
        if self._ui.can_ask:
            self._ui.prompt_password(
                f"Password for {nickname}?",
                lambda password: self._authenticate(nickname, password),
            )
        else:
            self._was_refused = True
            self._ui.notify(f"Refused: {nickname} needs its password; use a terminal.")

    def _authenticate(self, nickname: str, password: str) -> None:
        self.passwords[names.casefold(nickname)] = password
        self._enqueue(
            PendingCommand(f"/setname {nickname}", commands.Authenticate(nickname, password))
        )

    def _confirmed(self, request_id: RequestId) -> None:
        if isinstance(request_id, int) and request_id in self._unconfirmed:
            del self._unconfirmed[request_id]
            if self.is_draining:
                self._owner.draining()
            self._send_pending()
            self._leave_if_done()

    def _send_pending(self) -> None:
        while self.is_online and len(self._unconfirmed) < limits.UNCONFIRMED_LINES:
            waiting = self._requests or self._unsent
            if not waiting:
                break
            pending = waiting.popleft()
            self._last_id += 1
            self._unconfirmed[self._last_id] = pending
            self._owner.send(pending.command, self._last_id)
        if len(self._unsent) >= _PAUSE_LINES and not self.is_paused:
            self.is_paused = True
            self._ui.pause_input()
            if self.is_draining:
                self._owner.draining()
        elif self.is_paused and len(self._unsent) <= _PAUSE_LINES // 2:
            self.is_paused = False
            self._ui.resume_input()

    def _notify_offline(self) -> None:
        talks = self._was_online or self._ui.can_ask
        if talks and not self.is_online and not self._reported_offline:
            self._reported_offline = True
            self._ui.notify("You are offline: what you type is kept, and sent on return.")

    def _leave_if_done(self) -> None:
        # Who leaves does not want to know any more what was only asked for the way in.
        awaited = any(pending.on_reply is None for pending in self._unconfirmed.values())
        if self.is_at_end and not self._unsent and not awaited:
            self._owner.leave()
