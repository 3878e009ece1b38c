"""The credentials checker of a password file, for ``--auth chatd:PATH``.

It is a plugin of Twisted's cred, so that any program with ``--auth`` can use a password file of
chatd, too.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.strcred import ICheckerFactory
from twisted.internet.defer import Deferred, succeed
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from twisted.plugin import IPlugin
from zope.interface import implementer

from chatd.accounts.password_file import Account, Accounts, PasswordFile, Unreadable
from chatd.chat import names
from chatd.chat.errors import BadNickname

#: Calls a function on another thread than the reactor's.
InThread = Callable[[Callable[[], bool]], Deferred[bool]]

NEEDS_ARGON2: Final = "needs argon2-cffi: pip install 'chatd[accounts]'"

#: How many of the accounts that the file has lost are named in the log.
_SHOWN_NAMES: Final = 10


class Hasher(Protocol):
    """Makes and verifies hashes: :class:`chatd.accounts.hashing.Argon2Hasher`.

    Its module needs argon2-cffi, which is an extra; it is imported only where there are accounts.
    """

    def hash(self, password: bytes) -> str:
        """A hash of `password`; another one each time."""

    def verify(self, password_hash: str, password: bytes) -> bool:
        """Whether `password_hash` is a hash of `password`."""


@implementer(ICredentialsChecker)
class AccountsChecker:
    """Checks passwords against the accounts in a file, and re-reads the file when it has changed.

    Once known, an account stays until the file says that it was removed: the file may have lost it
    by accident, and then its nickname must not be free.

    :raises ValueError: if the file is not a password file.
    :ivar accounts: the accounts in the last valid state of the file, and those that it has lost.
    :ivar in_thread: calls the hasher; by default on a thread of the global reactor.
    """

    credentialInterfaces = (IUsernamePassword,)
    log = Logger()

    def __init__(self, file: PasswordFile, hasher: Hasher) -> None:
        self.in_thread: InThread = deferToThread
        self._file = file
        self._hasher = hasher
        self._fingerprint = file.fingerprint()
        self._problem = ""  # why the file cannot be read at the moment
        self._warnings: list[str] = []
        self.accounts: Accounts = file.read().accounts

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[bytes | tuple[()]]:
        """Fires with the account's name, or fails with UnauthorizedLogin (ICredentialsChecker)."""
        # Username and password are bytes, which the interface does not say.
        account = self.account(credentials.username.decode("utf-8", "replace"))

        def avatar(is_right: bool) -> bytes | tuple[()]:
            if account is None or not is_right:
                raise UnauthorizedLogin
            return account.name.encode()

        return self.verify(account, credentials.password).addCallback(avatar)

    def verify(self, account: Account | None, password: bytes) -> Deferred[bool]:
        """Fires with whether `password` is right for `account`; for None it never is."""
        if account is not None and account.is_blocked:
            return succeed(False)
        return self.in_thread(partial(self._verify, account, password))

    def _verify(self, account: Account | None, password: bytes) -> bool:
        if account is None:
            # As long as for an existing account, or the time would tell which accounts exist.
            self._hasher.hash(password)
            return False
        return self._hasher.verify(account.password_hash, password)

    def account(self, name: str) -> Account | None:
        """The account with the nickname `name`, in any case, if there is one."""
        try:
            return self.accounts.get(names.casefold(names.nickname(name)))
        except BadNickname:
            return None

    def refresh(self) -> bool:
        """Read the file again if it has changed; returns whether `accounts` is another one now."""
        fingerprint = self._file.fingerprint()
        if fingerprint == self._fingerprint:
            if self._problem:
                self._problem = ""
                self.log.info("{path} can be read again", path=str(self._file.path))
            return False
        try:
            contents = self._file.read()
        except Unreadable as error:
            if str(error) != self._problem:  # once, as it is tried again every few seconds
                self._problem = str(error)
                self._report(self._problem)
            return False
        except ValueError as error:
            self._fingerprint, self._problem = fingerprint, ""
            self._report(str(error))
            return False
        self._fingerprint, self._problem = fingerprint, ""
        lost = {
            key: account
            for key, account in self.accounts.items()
            if key not in contents.accounts and key not in contents.removed
        }
        self.accounts = lost | contents.accounts
        self.log.info(
            "{path} has changed: {count} accounts",
            path=str(self._file.path),
            count=len(contents.accounts),
        )
        if lost:
            self._report_lost([account.name for account in lost.values()])
        self.log_warnings()
        return True

    def log_warnings(self) -> None:
        """Log who else can change the accounts, as far as that was not logged before."""
        warnings = self._file.writable_by_others()
        for warning in warnings:
            if warning not in self._warnings:
                self.log.warn("{warning}", warning=warning)
        self._warnings = warnings

    def _report(self, problem: str) -> None:
        self.log.error(
            "{path} {error}; the accounts stay as they were",
            path=str(self._file.path),
            error=problem,
        )

    def _report_lost(self, lost: list[str]) -> None:
        shown = ", ".join(lost[:_SHOWN_NAMES])
        self.log.error(
            "{path} no longer has {count} accounts that chatd account did not remove ({names}); "
            "they stay as they were until the server is started again",
            path=str(self._file.path),
            count=len(lost),
            names=shown if len(lost) <= _SHOWN_NAMES else f"{shown}, …",
        )


@implementer(ICheckerFactory, IPlugin)
class CheckerFactory:
    """Makes a checker from ``chatd:PATH``, for any program with ``--auth``."""

    authType = "chatd"
    argStringFormat = "PATH of a password file"
    authHelp = "Accounts with argon2 hashes, kept in a file by: chatd account add PATH NAME"
    credentialInterfaces = (IUsernamePassword,)

    def generateChecker(self, argstring: str) -> AccountsChecker:
        """The checker of the file at `argstring`.

        :raises ValueError: if it is not a password file, or argon2-cffi is not installed.
        """
        if not argstring:
            raise ValueError("has no path of a password file; use chatd:PATH")
        try:
            from chatd.accounts.hashing import Argon2Hasher
        except ImportError:
            raise ValueError(NEEDS_ARGON2) from None
        return AccountsChecker(PasswordFile(Path(argstring)), Argon2Hasher())
