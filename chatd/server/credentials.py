"""Checks the secrets that clients give: passwords of accounts, and the host code.

None of them reaches the hub. It gets commands that no dialect makes of a client's bytes, such as
``EnterAuthenticated``.
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
    GiveHostCode,
    GrantHost,
)
from chatd.chat.errors import Refusal, ServerFailed, WrongPassword
from chatd.chat.events import Ok
from chatd.server.chat import Chat

#: The commands that are checked here.
Secret = Authenticate | CheckPassword | EnterChecked | GiveHostCode
#: What comes of it: what the hub is to be asked, or the result.
Checked = EnterAuthenticated | GrantHost | Ok | Refusal


class Credentials:
    """Checks what one client gives.

    :param address: of the client, ``ADDRESS:PORT``.
    """

    log = Logger()

    def __init__(self, chat: Chat, address: str) -> None:
        self._chat = chat
        self._address = address
        self._account: str | None = None
        self._check: Deferred[str] | None = None

    def check(
        self, command: Secret, rooms: tuple[str, ...], done: Callable[[Checked], None]
    ) -> None:
        """Call `done` with what comes of `command`; a password takes a while.

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

    def _check_password(
        self,
        command: Authenticate | CheckPassword,
        rooms: tuple[str, ...],
        done: Callable[[Checked], None],
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

    def cancel(self) -> None:
        """The client is gone: no password needs to be checked any more."""
        if self._check is not None:
            self._check.cancel()
