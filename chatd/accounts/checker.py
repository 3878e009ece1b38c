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

from chatd.accounts.password_file import Account, Accounts, PasswordFile
from chatd.chat import names
from chatd.chat.errors import BadNickname

#: Calls a function on another thread than the reactor's.
InThread = Callable[[Callable[[], bool]], Deferred[bool]]

NEEDS_ARGON2: Final = "needs argon2-cffi: pip install 'chatd[accounts]'"


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

    :raises ValueError: if the file is not a password file.
    :ivar accounts: the accounts in the last valid state of the file.
    :ivar in_thread: calls the hasher; by default on a thread of the global reactor.
    """

    credentialInterfaces = (IUsernamePassword,)
    log = Logger()

    def __init__(self, file: PasswordFile, hasher: Hasher) -> None:
        self.in_thread: InThread = deferToThread
        self._file = file
        self._hasher = hasher
        self._fingerprint = file.fingerprint()
        self.accounts: Accounts = file.read()

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
            return False
        self._fingerprint = fingerprint
        try:
            self.accounts = self._file.read()
        except ValueError as error:
            self.log.error(  # noqa: TRY400  # the sentence says it all
                "{path} {error}; the accounts stay as they were",
                path=str(self._file.path),
                error=str(error),
            )
            return False
        self.log.info(
            "{path} has changed: {count} accounts",
            path=str(self._file.path),
            count=len(self.accounts),
        )
        return True


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
