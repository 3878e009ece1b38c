"""Checks the passwords of accounts for a chat: one at a time, and not too many wrong ones.

A hash takes a tenth of a second of a CPU and 64 MiB, so passwords are not only to be guessed by
trying; to have them checked is also a way to keep a server busy. Therefore they are checked one
after the other, on a thread, and both addresses and accounts are throttled after wrong ones.
"""

from collections import Counter
from collections.abc import Callable, Mapping

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from typing_extensions import override

from chatd.accounts.checker import AccountsChecker
from chatd.accounts.password_file import Account
from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import Blocked, TooManyAttempts, WrongPassword
from chatd.rate_limit import TokenBucket


class FailedAttempts:
    """Counts failed attempts by key, an address or an account, and throttles the key.

    :param burst: the attempts that a key has at once.
    :param seconds: the time until it has another one.
    :param max_keys: how many keys are kept; the one that failed longest ago is dropped first.
    """

    def __init__(self, clock: IReactorTime, burst: int, seconds: float, max_keys: int) -> None:
        self._clock = clock
        self._burst = burst
        self._seconds = seconds
        self._max_keys = max_keys
        # The bucket of each key, and until when it is throttled; in the order of the last failures.
        self._failures: dict[str, tuple[TokenBucket, float]] = {}

    def is_throttled(self, key: str) -> bool:
        """Whether `key` has to wait. Checking does not extend the wait."""
        return key in self._failures and self._clock.seconds() < self._failures[key][1]

    def record_failure(self, key: str) -> None:
        """Record a failed attempt for `key`."""
        now = self._clock.seconds()
        # One less, because the key must wait after its last attempt: take() returns the wait only
        # for a token that the bucket does not have.
        new = TokenBucket(1 / self._seconds, self._burst - 1, now), now
        bucket, _ = self._failures.pop(key, new)
        self._failures[key] = bucket, now + bucket.take(now)
        if len(self._failures) > self._max_keys:
            del self._failures[next(iter(self._failures))]


class Authenticator(Service):
    """Checks passwords, one at a time, and no more of one address or account once too many failed.

    While it runs, it also looks regularly whether the accounts have changed.

    :param on_accounts_changed: called with the accounts' keys and whether each is blocked; at once,
        and again whenever the accounts have changed.
    """

    log = Logger()

    def __init__(
        self,
        checker: AccountsChecker,
        clock: IReactorTime,
        on_accounts_changed: Callable[[Mapping[str, bool]], None],
    ) -> None:
        self._checker = checker
        self._on_accounts_changed = on_accounts_changed
        self._lock = DeferredLock()
        self._waiting: Counter[str] = Counter()
        self._from_address = FailedAttempts(
            clock,
            limits.ADDRESS_WRONG_PASSWORDS,
            limits.ADDRESS_ATTEMPT_SECONDS,
            limits.ATTEMPT_ADDRESSES,
        )
        self._for_account = FailedAttempts(
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
            return await self._lock.run(self._check_locked, command, host)
        finally:
            self._waiting[host] -= 1
            self._waiting += Counter()  # drops the keys whose count is 0

    def _check_locked(self, command: Authenticate, host: str) -> Deferred[str]:
        # Once more: wrong passwords that were checked while this one waited count, too.
        account = self._check_allowed(command, host)
        return Deferred.fromCoroutine(self._verify(command, account, host))

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

    async def _verify(self, command: Authenticate, account: Account | None, host: str) -> str:
        password = command.password.encode("utf-8", "surrogatepass")
        is_right = await self._checker.verify(account, password)
        if account is not None and is_right:
            return account.name
        self._from_address.record_failure(host)
        if account is not None:
            self._for_account.record_failure(account.key)
        self.log.info(
            "wrong password from {host} for {account}",
            host=host,
            # Not the name that the client sent: users type passwords there by mistake.
            account=account.name if account else "no account",
        )
        raise WrongPassword

    def _refresh(self) -> None:
        if self._checker.refresh():
            self._notify()

    def _notify(self) -> None:
        self._on_accounts_changed(
            {key: each.is_blocked for key, each in self._checker.accounts.items()}
        )
