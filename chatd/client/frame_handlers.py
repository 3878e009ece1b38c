"""Handlers of the frames that the server sends: a table by the frame's type."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Protocol

from chatd.chat import commands, events
from chatd.chat.errors import (
    Blocked,
    NicknameTaken,
    PasswordRequired,
    ServerFailed,
    TooManyAttempts,
    WrongPassword,
)
from chatd.chat.moderation_errors import Muted, ReadOnly, Slow
from chatd.client.account_nickname import AccountNickname
from chatd.client.joined_rooms import JoinedRooms
from chatd.client.private_messages import describe_outcome
from chatd.client.searches import Searches
from chatd.client.ui import UserInterface
from chatd.client.unconfirmed import PendingCommand
from chatd.client.withheld_line import WithheldLine
from chatd.wire import frames
from chatd.wire.frames import FromServer
from chatd.wire.rendering import escape

#: Refusals of a password after which the user may enter it again.
_ASK_AGAIN_CODES: Final = frozenset({WrongPassword.code, TooManyAttempts.code, ServerFailed.code})

#: Refusals of a nickname that may be an account, in use or not.
ACCOUNT_CODES: Final = frozenset({PasswordRequired.code, NicknameTaken.code, Blocked.code})

#: Refusals of a message that may be sent later.
_KEEP_CODES: Final = frozenset({ReadOnly.code, Muted.code, Slow.code})

#: Handles a frame of one type, and the command that it is the reply to.
_Handler = Callable[[Any, PendingCommand | None], None]


class ReceivingSession(Protocol):
    """The session, as far as the handlers need it."""

    nickname: str

    def refused(self, message: str) -> None:
        """Notify the user of a refusal; it counts for the exit status."""


class FrameHandlers:
    """Show what the server sends, and change what it says of the user."""

    def __init__(
        self,
        ui: UserInterface,
        session: ReceivingSession,
        rooms: JoinedRooms,
        searches: Searches,
        account_nickname: AccountNickname,
        withheld_line: WithheldLine,
    ) -> None:
        self._ui = ui
        self._session = session
        self._rooms = rooms
        self._searches = searches
        self._account_nickname = account_nickname
        self._withheld_line = withheld_line
        self._by_type: dict[type, _Handler] = {
            frames.Error: self._error,
            frames.Ok: self._ok,
            frames.MemberRenamed: self._show_change,
            frames.RoomLeft: self._show_change,
            frames.Missed: self._show_missed,
            frames.SearchResult: self._show_found,
            frames.Pong: _ignore,
            frames.Welcome: _ignore,
            frames.Goodbye: _ignore,
        }

    def handle(self, frame: FromServer, pending: PendingCommand | None) -> None:
        """Show `frame`.

        :param pending: the command that it is the reply to; None if it is an event.
        """
        if pending is not None and pending.on_reply is not None:
            pending.on_reply(frame)
        else:
            self._by_type.get(type(frame), self._show)(frame, pending)

    def _show(self, frame: Any, pending: PendingCommand | None) -> None:
        self._ui.show_event(frame.data)

    def _show_change(
        self, frame: frames.MemberRenamed | frames.RoomLeft, pending: PendingCommand | None
    ) -> None:
        """Show what may change where the user's lines go."""
        before = self._rooms.current
        match frame.data:
            case events.MemberRenamed(old, new):
                if old == self._session.nickname:
                    self._session.nickname = new
                self._rooms.renamed(old, new)
            case events.RoomLeft(room, nickname) if nickname == self._session.nickname:
                self._rooms.left(room)
        self._ui.show_event(frame.data)
        if self._rooms.current != before:
            self._ui.switched(self._rooms.current)

    def _show_missed(self, frame: frames.Missed, pending: PendingCommand | None) -> None:
        # The user was not there for a moment only: these look as if they came now.
        self._ui.show_event(replace(frame.data, messages=()))
        for message in frame.data.messages:
            self._ui.show_event(message)

    def _show_found(self, frame: frames.SearchResult, pending: PendingCommand | None) -> None:
        self._ui.show_event(self._searches.received(pending, frame.data))

    def _ok(self, frame: frames.Ok, pending: PendingCommand | None) -> None:
        command = pending.command if pending else None
        self._rooms.confirmed(command)
        match command:
            case commands.Rename():
                self._withheld_line.accepted()
            case commands.Authenticate():
                self._ui.password_checked()
            case commands.SetAway(text):
                self._ui.show_event(events.AwayDone(text))
            case commands.SendMessage() | commands.SendPrivate():
                data = frame.data or frames.OkData()
                self._ui.message_sent(command, data.time, data.seq)
        self._ui.show_event(frame.data)
        for sentence in describe_outcome(frame.data):
            self._ui.notify(sentence)

    def _error(self, frame: frames.Error, pending: PendingCommand | None) -> None:
        command = pending.command if pending else None
        code = frame.data.code
        self._rooms.refused(command, code)
        if isinstance(command, commands.Rename) and code in ACCOUNT_CODES:
            self._withheld_line.refused(f"/setname {escape(command.nickname)}")
        match command:
            case commands.Rename(nickname) if code == PasswordRequired.code:
                self._account_nickname.prompt_password(nickname)
                return
            case commands.Authenticate(account) if code in _ASK_AGAIN_CODES:
                # Here, and not as a line of the chat, the user will type the password again.
                self._account_nickname.prompt_password(account, frame.data.message)
                return
            case commands.Authenticate():
                self._ui.password_checked()
            case commands.SendMessage() if pending and code in _KEEP_CODES:
                self._ui.message_refused(command, pending.line)
        line = f" ({escape(pending.line)})" if pending else ""
        self._session.refused(f"Refused{line}: {escape(frame.data.message)}")


def _ignore(frame: FromServer, pending: PendingCommand | None) -> None:
    """Do nothing: the client has handled it."""
