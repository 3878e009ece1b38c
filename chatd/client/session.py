"""A session: the user's side of the chat, across all connections of one run of the client.

The life of a line that asks the server for something::

    typed ──▶ queued ──▶ unconfirmed ──▶ confirmed or refused
                           ▲     │
                           └─────┴─ connection lost ──▶ named to the user, if it cannot be resumed
                       sent again

*Queued*: the client is offline, or ``UNCONFIRMED_LINES`` lines are unconfirmed already. Queued
lines survive a lost connection and go out on the next one, in the order typed.

*Unconfirmed*: sent, with a request id. The server's reply has the same id: it confirms the line, or
refuses it. When the connection is lost first, the server may or may not have received the line.
Then the client resumes its session on another connection, and sends the line again with the same
id, which is also its number: the server carries out no number twice, and replies as it did the
first time. A server that cannot resume, or has forgotten the session, would carry it out twice: so
the line is not sent again, and the user is told which lines these are, and decides.

*Confirmed*: the server has it. Only now a terminal shows the user's own message, at the place where
all others see it. At the end of input the client waits for the last confirmation before it says
``quit``, so that nothing typed is lost silently.

Lines behind a ``/setname`` wait for its reply (``withheld_line`` says why).
The session also sends commands that the user did not type. Those that rejoin rooms after a
reconnect are queued before the user's lines. Those that a UI requests (:meth:`Session.request`)
overtake the queue, as what they ask for is shown on entering. Neither outlives the session.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final, get_args

from typing_extensions import override

from chatd.chat import commands, events, limits
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import RequestId
from chatd.client.account_nickname import AccountNickname, RenamedSession
from chatd.client.files.commands import FileCommands, FileInput
from chatd.client.files.transfers import Transfers
from chatd.client.frame_handlers import ACCOUNT_CODES, FrameHandlers
from chatd.client.ignored import IgnoredNicknames
from chatd.client.invitation import Invitation
from chatd.client.joined_rooms import JoinedRooms
from chatd.client.lifecycle import ServerAddress
from chatd.client.local_commands import LocalCommand, LocalCommands
from chatd.client.passwords import Passwords
from chatd.client.private_messages import prompt_private_message
from chatd.client.resumption import Resumption
from chatd.client.searches import Searches
from chatd.client.secret_lines import without_secret
from chatd.client.session_owner import SessionOwner
from chatd.client.ui import SessionView, UserInterface, show_invitation
from chatd.client.unconfirmed import LIST_REPLIES, PendingCommand, UnconfirmedCommands, format_count
from chatd.client.who_am_i import show_identity
from chatd.client.withheld_line import WithheldLine
from chatd.wire import slash_commands, user_inputs
from chatd.wire.frames import FromServer
from chatd.wire.rendering import escape
from chatd.wire.user_inputs import UserInput

#: With so many lines in the queue, input is paused until half of them are sent.
_PAUSE_LINES: Final = limits.UNSENT_LINES


class Session(SessionView, RenamedSession):
    """The user's lines and their outcomes, the rooms, the nickname and the passwords.

    :ivar passwords: the accounts' passwords that the user gave.
    :ivar is_online: whether commands can be sent now.
    :ivar is_at_end: whether no more lines will come: end of input, or ``/quit``.
    :ivar is_paused: whether the UI's input is paused, as the queue is full.
    :ivar is_resumed: whether the last welcome has resumed the session.
    :ivar resumption: what is needed to resume the session at the server.
    :ivar unconfirmed_lost: whether a line was unconfirmed when a session was lost.
    :ivar invitation: what others need to join; None if that is not known.
    :ivar confirm_leaving: called with what to do if the user may leave, or wants to all the same.
    """

    def __init__(
        self,
        nickname: str,
        ui: UserInterface,
        owner: SessionOwner,
        transfers: Transfers,
        ignored: IgnoredNicknames | None = None,
    ) -> None:
        self.nickname = nickname
        self.passwords = Passwords()
        self.resumption = Resumption()
        self.is_online = False
        self.is_at_end = False
        self.is_paused = False
        self.is_resumed = False
        self.unconfirmed_lost = False
        self.invitation: Invitation | None = None
        self.confirm_leaving: Callable[[Callable[[], None]], None] = lambda leave: leave()
        self._ui = ui
        self._owner = owner
        self._rooms = JoinedRooms()
        self._ignored = ignored or IgnoredNicknames()
        self._local_commands = LocalCommands(
            *(ui, self._rooms, self._ignored, self.not_sent), lambda: show_identity(ui, self)
        )
        self._searches = Searches()
        self._transfers = transfers
        self._file_commands = FileCommands(transfers, self._transfer_ended)
        self._queue: deque[PendingCommand] = deque()
        self._account_nickname = AccountNickname(ui, self)
        self._withheld_line = WithheldLine(ui, self._queue, self.not_sent)
        self._handlers = FrameHandlers(
            *(ui, self, self._rooms, self._searches, self._account_nickname, self._withheld_line)
        )
        self._requests: deque[PendingCommand] = deque()
        self._unconfirmed = UnconfirmedCommands()
        self._was_online = False
        self._was_refused = False
        self._output_lost = False
        self._reported_offline = False
        self._by_input = self._inputs()

    @property
    @override
    def target(self) -> str:
        return self._rooms.current

    @property
    @override
    def unconfirmed_count(self) -> int:
        return len(self.unsent) + self._unconfirmed.message_count

    @property
    def unsent(self) -> list[str]:
        """The user's lines that are queued."""
        return [pending.line for pending in self._queue if pending.line]

    @property
    def is_draining(self) -> bool:
        """Whether nothing is left to do but to send the queue.

        Without a terminal, paused input counts as ended: end of file can only be seen by reading
        on. So a client that stays offline with a full queue ends after the same timeout as at the
        end of input.
        """
        return self.is_at_end or (self.is_paused and not self._ui.is_interactive)

    @property
    def status(self) -> int:
        """The exit status: 1 if a line was not sent or may not have arrived, or if output was lost.

        Lines that were not valid or refused count as not sent, but not at a terminal, where the
        user has seen why and could act on it.
        """
        lost = self.unsent or self.unconfirmed_lost or self._output_lost
        return 1 if lost or (self._was_refused and not self._ui.is_interactive) else 0

    # --- called by the UI -----------------------------------------------------------------------

    @override
    def submit(self, line: str, user_input: UserInput | None) -> None:
        shown = without_secret(line, user_input)
        if self.is_at_end:
            self._refuse_after_quit(shown)
        elif user_input is not None:
            self._by_input.get(type(user_input), self._send_command)(shown, user_input)

    def _inputs(self) -> dict[type, Callable[[str, Any], None]]:
        """The handlers of the inputs that are not just a command for the server, by their types."""
        local = dict.fromkeys(
            get_args(LocalCommand), lambda line, command: self._local_commands.carry_out(command)
        )
        return local | {
            user_inputs.MoreResults: lambda line, _: self._request_more_results(line),
            user_inputs.PromptPrivate: lambda line, _: prompt_private_message(
                self._ui, self.submit, self.not_sent
            ),
            user_inputs.ShowInvite: lambda line, _: show_invitation(self._ui, self.invitation),
            user_inputs.SendPath: self._transfer_file,
            user_inputs.SavePath: self._transfer_file,
            commands.Quit: lambda line, _: self.confirm_leaving(self._quit),
        }

    def _send_command(self, line: str, command: ClientCommand) -> None:
        self.enqueue(PendingCommand(line, command))

    def _transfer_file(self, line: str, command: FileInput) -> None:
        if pending := self._file_commands.pending(line, command):
            self.enqueue(pending)

    @override
    def switch(self, target: str) -> None:
        self._local_commands.switch(target)

    @override
    def without_ignored(self, event: object) -> object | None:
        return self._ignored.without_ignored(event)

    @override
    def not_sent(self, reason: str) -> None:
        self.refused(f"Not sent: {reason}")

    @override
    def end_of_input(self) -> None:
        if not self.is_at_end:
            self.is_at_end = True
            self._owner.restart_flush_timeout()
            self._leave_if_done()

    @override
    def output_lost(self) -> None:
        self._output_lost = True
        self._owner.leave()

    @override
    def set_output_paused(self, paused: bool) -> None:
        self._owner.set_paused(paused)

    @override
    def stop_transfer(self) -> None:
        self._transfers.cancel()

    @override
    def request(self, command: ClientCommand, on_reply: Callable[[FromServer], None]) -> None:
        self._requests.append(PendingCommand("", command, on_reply))
        self._send_pending()

    # --- called by the client -------------------------------------------------------------------

    def welcomed(self, welcome: events.Welcome) -> None:
        """Take over what the server says of the user, who is in the chat again or anew.

        :param welcome: with a valid nickname.
        """
        self.is_resumed = welcome.resumed and self.resumption.is_possible
        server = self._owner.server
        self.resumption.welcomed(welcome, server.fingerprint if server else "")
        before, self.nickname = self.nickname, welcome.nickname
        if not self.is_resumed:
            self._give_up_unconfirmed()
            self._file_commands.session_began()
            return
        # Changes that the client was not told of are shown now.
        pending = [each.command for each in (*self._unconfirmed, *self._queue)]
        joined, left = self._rooms.resumed(welcome.rooms, pending)
        happened: list[object] = [events.RoomJoined(room, self.nickname) for room in joined]
        happened += [events.RoomLeft(room, self.nickname) for room in left]
        if before != self.nickname:
            happened.append(events.MemberRenamed(before, self.nickname))
        for event in happened:
            self._ui.show_event(event)

    def online(self) -> None:
        """Send what is unconfirmed again, or rejoin the rooms; then send what is queued."""
        self.is_online = self._was_online = True
        if self.is_resumed:
            for request_id, pending in self._unconfirmed.resend():
                self._owner.send(pending.command, request_id)
        else:
            rejoin = [PendingCommand("", command) for command in self._rooms.rejoin_commands()]
            self._queue.extendleft(reversed(rejoin))
        if self._reported_offline:
            self._reported_offline = False
            self._owner.notify_of_connection("Sending the lines that you typed while offline.")
        self._send_pending()
        self._leave_if_done()

    def offline(self) -> None:
        """The connection is lost. The session may be resumed."""
        self.is_online = False
        if self.resumption.is_possible:
            self._ask_again_for_password()
        else:
            self._give_up_unconfirmed()
        self._leave_if_done()

    def ended(self) -> None:
        """The client has left."""
        self.is_online = False
        self._transfers.stop()
        self._give_up_unconfirmed()

    def _ask_again_for_password(self) -> None:
        """Let the server ask for a password again which was sent to it, instead of repeating it.

        The session may be resumed at another address, which the user gave no password for.
        """
        for request_id, pending in self._unconfirmed.items():
            if isinstance(pending.command, commands.Authenticate):
                self._unconfirmed.remove(request_id)
                rename = commands.Rename(pending.command.account)
                self._queue.appendleft(PendingCommand(pending.line, rename))
                self._ui.password_checked()

    def _give_up_unconfirmed(self) -> None:
        """Name the unconfirmed lines: the server may or may not have received them."""
        unconfirmed = self._unconfirmed.clear()
        lost = [pending.line for pending in unconfirmed if pending.line]
        is_checking = any(
            isinstance(pending.command, commands.Authenticate) for pending in unconfirmed
        )
        renaming = [
            pending.command.nickname
            for pending in unconfirmed
            if isinstance(pending.command, commands.Rename)
        ]
        # online() makes the commands that rejoin rooms anew.
        typed = [pending for pending in self._queue if pending.line]
        self._queue.clear()
        self._queue.extend(typed)
        if self._was_online:  # else these are for the first welcome
            self._requests.clear()
        if is_checking:
            self._ui.password_checked()
        if renaming:
            self._withheld_line.refused(f"/setname {escape(renaming[0])}")
        if lost:
            self.unconfirmed_lost = True
            self._ui.notify(
                "The connection was lost before these lines were confirmed; "
                "they may not have arrived:"
            )
            for line in lost:
                self._ui.notify(f"  {escape(line)}")

    def hello_refused(self, code: str) -> None:
        """Withhold the line behind the first nickname; later lines were typed while offline."""
        if code in ACCOUNT_CODES and not self._was_online:
            self._withheld_line.refused(f"the nickname {escape(self.nickname)}")

    def leaving(self) -> None:
        """Send nothing any more: the client has sent ``quit``."""
        self.is_online = False

    def frame_received(self, frame: FromServer) -> None:
        """Show what the server sent, and take note of what it confirms."""
        self.resumption.received(
            frame, self.nickname, is_resent=self._unconfirmed.is_resent(frame.id)
        )
        self._file_commands.received(frame)
        for part in self._unconfirmed.collect(frame):
            self._handlers.handle(part, self._unconfirmed.get(part.id))
            if not (isinstance(part, LIST_REPLIES) and part.data.more):
                self._confirmed(part.id)

    def _request_more_results(self, line: str) -> None:
        if next_page := self._searches.next_page:
            self.enqueue(PendingCommand(line, next_page))
        else:
            self._ui.notify(slash_commands.NO_MORE_RESULTS)

    # --- sending --------------------------------------------------------------------------------

    @override
    def enqueue(self, pending: PendingCommand) -> None:
        if self._withheld_line.takes(pending):
            return
        self._rooms.requested(pending.command)
        self._queue.append(pending)
        self._send_pending()
        self._notify_offline()

    def _send_pending(self) -> None:
        while self.is_online and len(self._unconfirmed) < limits.UNCONFIRMED_LINES:
            queue = self._requests or self._queue
            if not queue or (queue is self._queue and self._unconfirmed.is_renaming):
                break
            self.send_at_once(queue.popleft())
        if len(self._queue) >= _PAUSE_LINES and not self.is_paused:
            self.is_paused = True
            self._ui.pause_input()
            if self.is_draining:
                self._owner.restart_flush_timeout()
        elif self.is_paused and len(self._queue) <= _PAUSE_LINES // 2:
            self.is_paused = False
            self._ui.resume_input()

    @override
    def send_at_once(self, pending: PendingCommand) -> None:
        self._owner.send(pending.command, self._unconfirmed.add(pending))

    def _notify_offline(self) -> None:
        """Notify the user once that lines are queued.

        The user of a pipe is not notified before the first connection. The pipe's lines come as
        fast as they are read, and the user expects them to wait for the server.
        """
        is_news = self._was_online or self._ui.is_interactive
        if is_news and not self.is_online and not self._reported_offline:
            self._reported_offline = True
            self._owner.notify_of_connection(
                "You are offline. What you type is sent when you are online again."
            )

    @property
    @override
    def server(self) -> ServerAddress | None:
        return self._owner.server

    # --- replies --------------------------------------------------------------------------------

    @override
    def refused(self, message: str) -> None:
        self._was_refused = True
        self._ui.notify(message)

    def _confirmed(self, request_id: RequestId) -> None:
        """Make room for the next line, once the reply to one is complete."""
        if self._unconfirmed.get(request_id) is not None:
            self._unconfirmed.remove(request_id)
            if self.is_draining:
                self._owner.restart_flush_timeout()
            self._send_pending()
            self._leave_if_done()

    # --- leaving --------------------------------------------------------------------------------

    def _quit(self) -> None:
        is_worth_waiting = self.is_online or bool(self._unconfirmed.message_count)
        if self._ui.is_interactive and is_worth_waiting and self.unconfirmed_count:
            self._ui.notify(
                f"Sending {format_count(self.unconfirmed_count)} first; /quit again leaves at once."
            )
        if self._ui.is_interactive and self._transfers.is_active:
            self._ui.notify("A file is on its way; /quit again leaves at once.")
        self.end_of_input()
        # A user who quits while offline does not want to wait for a connection, unless it may
        # confirm what is sent already. A pipe's lines are worth waiting for, as after the end of
        # its input.
        if self._ui.is_interactive and not is_worth_waiting and self._queue:
            self._owner.leave()

    def _refuse_after_quit(self, line: str) -> None:
        """Take no line after the end, except for a second ``/quit``, which waits for nothing."""
        if slash_commands.is_quit(line):
            self._owner.leave()
        else:
            self.not_sent(f"{escape(line)} (you are leaving)")

    def _leave_if_done(self) -> None:
        is_waiting = self._queue or self._unconfirmed.is_awaited or self._transfers.is_active
        if self.is_at_end and not is_waiting:
            self._owner.leave()

    def _transfer_ended(self, done: str, problem: str) -> None:
        if done:
            self._ui.notify(done)
        if problem:
            self.refused(problem)
        self._leave_if_done()
