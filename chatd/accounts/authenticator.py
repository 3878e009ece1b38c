"""Checks the passwords of accounts for a chat: one at a time, and not too many wrong ones.

A hash takes a tenth of a second of a CPU and 64 MiB, so passwords are not only to be guessed by
trying; to have them checked is also a way to keep a server busy. Therefore they are checked one
after the other, on a thread, and both addresses and accounts are throttled after wrong ones.
"""

from collections import Counter
from collections.abc import Callable

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.accounts.checker import AccountsChecker
from chatd.accounts.password_file import Account, Accounts
from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import Blocked, TooManyAttempts, WrongPassword
from chatd.rate_limit import AttemptLimit


class Authenticator(Service):
    """Checks passwords, one at a time, and no more of one address or account once too many failed.

    While it runs, it also looks regularly whether the accounts have changed.

    :param on_accounts_changed: called with the accounts; at once, and again whenever they have
        changed.
    :ivar on_wrong_password: called with the address, and with the key of the account or an empty
        text, after a wrong password.
    """

    log = Logger()

    def __init__(
        self,
        checker: AccountsChecker,
        clock: IReactorTime,
        on_accounts_changed: Callable[[Accounts], None],
    ) -> None:
        self._checker = checker
        self._on_accounts_changed = on_accounts_changed
        self.on_wrong_password: Callable[[str, str], None] = lambda host, account: None
        self._lock = DeferredLock()
        self._waiting: Counter[str] = Counter()
        self._from_address = AttemptLimit(
            clock,
            limits.ADDRESS_WRONG_PASSWORDS,
            limits.ADDRESS_ATTEMPT_SECONDS,
            limits.ATTEMPT_ADDRESSES,
        )
        self._for_account = AttemptLimit(
            clock,
            limits.ACCOUNT_WRONG_PASSWORDS,
            limits.ACCOUNT_ATTEMPT_SECONDS,
            limits.ATTEMPT_ACCOUNTS,
        )
        self._refresh_loop = LoopingCall(self._refresh)
        self._refresh_loop.clock = clock
        self._notify()

    @override
    def startService(self) -> None:
        super().startService()
        self._checker.log_warnings()
        self._refresh_loop.start(limits.PASSWORD_FILE_SECONDS)

    @override
    def stopService(self) -> None:
        super().stopService()
        if self._refresh_loop.running:  # a program that could not start is stopped as well
            self._refresh_loop.stop()

    def check_password(self, command: Authenticate, address: str) -> Deferred[str]:
        """Check an account's password.

        :param address: of the client, ``HOST:PORT``.
        :return: fires with the account's name as it is stored, or fails with a Refusal.
        """
        return Deferred.fromCoroutine(self._check(command, address.rpartition(":")[0]))

    async def _check(self, command: Authenticate, host: str) -> str:
        self._refresh()
        self._check_allowed(command, host)
        if (
            len(self._lock.waiting) >= limits.WAITING_PASSWORDS
            or self._waiting[host] >= limits.ADDRESS_WAITING_PASSWORDS
        ):
            raise TooManyAttempts
        self._waiting[host] += 1
        try:
            await self._lock.acquire()
        except BaseException:
            self._no_longer_waiting(host)  # its client has left
            raise
        # A client that leaves now cancels only its answer. The hash goes on in its thread, so the
        # lock is held until that has ended, or there would soon be many hashes at once.
        answer: Deferred[str] = Deferred()
        checked = Deferred.fromCoroutine(self._check_locked(command, host))
        checked.addBoth(self._hash_ended, host).chainDeferred(answer)
        return await answer

    def _hash_ended(self, result: str | Failure, host: str) -> str | Failure:
        self._no_longer_waiting(host)
        self._lock.release()
        return result

    def _no_longer_waiting(self, host: str) -> None:
        self._waiting[host] -= 1
        self._waiting += Counter()  # drops the keys whose count is 0

    async def _check_locked(self, command: Authenticate, host: str) -> str:
        # Once more: wrong passwords that were checked while this one waited count, too.
        account = self._check_allowed(command, host)
        counts = [(self._from_address, host)]
        if account is not None:
            counts.append((self._for_account, account.key))
        for limit, key in counts:
            limit.count(key)
        is_wrong = False
        try:
            is_wrong = not await self._checker.verify(account, _encode(command.password))
        finally:
            # If the check itself failed (no memory, no thread), the password is not known to be
            # wrong; then the server has failed.
            if not is_wrong:
                for limit, key in counts:
                    limit.give_back(key)
        if account is not None and not is_wrong:
            return account.name
        self.log.info(
            "wrong password from {host} for {account}",
            host=host,
            # Not the name that the client sent: users type passwords there by mistake.
            account=account.name if account else "no account",
        )
        self.on_wrong_password(host, account.key if account else "")
        raise WrongPassword

    def count_wrong_password(self, host: str, account: str) -> None:
        """Count a wrong password that was tried elsewhere, on another node of a cluster.

        :param host: empty if the address is not to be counted, and `account`, the key, likewise.
        """
        if host:
            self._from_address.count(host)
        if account:
            self._for_account.count(account)

    def _check_allowed(self, command: Authenticate, host: str) -> Account | None:
        """The account, if there is one.

        :raises Refusal: if no password is checked, right or wrong.
        """
        account = self._checker.account(command.account)
        if account is not None and account.is_blocked:
            raise Blocked(account.name)
        if self._from_address.is_throttled(host) or (
            account is not None and self._for_account.is_throttled(account.key)
        ):
            raise TooManyAttempts
        return account

    def _refresh(self) -> None:
        if self._checker.refresh():
            self._notify()

    def _notify(self) -> None:
        self._on_accounts_changed(self._checker.accounts)


def _encode(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
