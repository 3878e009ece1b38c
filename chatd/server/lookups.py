"""What the server looks up before the hub is asked: secrets that clients give, and messages.

No password and no host code reaches the hub. It gets commands that no dialect makes of a client's
bytes, such as ``EnterAuthenticated``. And it is told of the message that is to be removed, as not
every node of a cluster has it in memory.
"""

from collections.abc import Callable

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.commands import (
    Authenticate,
    CheckPassword,
    EnterAuthenticated,
    EnterChecked,
    JoinRoom,
)
from chatd.chat.errors import Refusal, SearchFailed, ServerFailed, WrongPassword
from chatd.chat.events import Message, Ok
from chatd.chat.moderation_errors import NoSuchMessage
from chatd.chat.order_commands import (
    GiveHostCode,
    GrantHost,
    RedactMessage,
    RemoveFound,
    RemoveMessage,
)
from chatd.chat.outbox import MemberId
from chatd.log.engine import StoreFailed
from chatd.server.chat import Chat

#: The commands before which something is looked up.
LookedUp = Authenticate | CheckPassword | EnterChecked | GiveHostCode | JoinRoom | RemoveMessage
#: What comes of it: what the hub is to be asked, or the result.
Found = EnterAuthenticated | GrantHost | JoinRoom | RemoveFound | Ok | Refusal
_Done = Callable[[Found], None]


class Lookups:
    """Looks up what one client's commands need.

    :param address: of the client, ``ADDRESS:PORT``.
    """

    log = Logger()

    def __init__(self, chat: Chat, address: str) -> None:
        self._chat = chat
        self._address = address
        self._account: str | None = None
        self._check: Deferred[str] | None = None

    def look_up(
        self, command: LookedUp, member_id: MemberId, rooms: tuple[str, ...], done: _Done
    ) -> None:
        """Call `done` with what comes of `command`; a password and an old message take a while.

        :param rooms: which a member is in after entering.
        """
        match command:
            case GiveHostCode(code):
                done(self._chat.host_code.check(code, self._address) or GrantHost())
            case EnterChecked():
                account, self._account = self._account, None
                done(WrongPassword() if account is None else EnterAuthenticated(account, rooms))
            case Authenticate() | CheckPassword():
                self._check_password(command, rooms, done)
            case JoinRoom():
                done(self._chat.room_keys.check(command, self._address) or command)
            case RemoveMessage():
                self._find_message(command, member_id, done)

    def _check_password(
        self,
        command: Authenticate | CheckPassword,
        rooms: tuple[str, ...],
        done: _Done,
    ) -> None:
        def is_right(account: str) -> None:
            if isinstance(command, CheckPassword):
                self._account = account
                done(Ok())
            else:
                done(EnterAuthenticated(account, rooms))

        given = Authenticate(command.account, command.password)
        self._check = check = self._chat.check_password(given, self._address)
        check.addCallbacks(is_right, lambda failure: done(self._refusal(failure)))

    def _refusal(self, failure: Failure) -> Refusal:
        refusal = failure.value
        if isinstance(refusal, Refusal):
            return refusal
        if not failure.check(CancelledError):
            self.log.failure("a password could not be checked", failure)
        return ServerFailed()

    def _find_message(self, command: RemoveMessage, member_id: MemberId, done: _Done) -> None:
        rooms, archive = self._chat.hub.archived, self._chat.archive
        try:
            message = rooms.find(member_id, command.room, command.seq)
        except Refusal as refusal:
            done(refusal.with_traceback(None))
            return
        if message is not None or archive is None:
            done(_found(command, message))
            return
        lives = rooms.readable_lives(member_id)
        older = archive.last(command.room, 1, command.seq + 1, lives)
        found: Deferred[RemoveFound | Refusal] = older.addCallback(
            lambda messages: _found(command, messages[-1] if messages else None)
        )
        found.addErrback(_unreadable)
        found.addCallback(done)

    def cancel(self) -> None:
        """The client is gone: no password needs to be checked any more."""
        if self._check is not None:
            self._check.cancel()


def _found(command: RemoveMessage, message: Message | None) -> RemoveFound | Refusal:
    # The hub refuses one that was removed before, unless it is asked the same once more.
    is_other = isinstance(command, RedactMessage) and message and message.time != command.time
    if message is None or message.seq != command.seq or is_other:
        return NoSuchMessage(command.room, command.seq)
    reason = command.reason if isinstance(command, RedactMessage) else ""
    return RemoveFound(message.room, message.seq, message.source, message.time, reason)


def _unreadable(failure: Failure) -> Refusal:
    failure.trap(StoreFailed)
    return SearchFailed()
