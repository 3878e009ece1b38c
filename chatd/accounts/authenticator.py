"""Who may have a password checked, and how often; what the chat knows of the accounts."""

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
    """Wrong passwords, told apart by where they came from or what they were for.

    :param burst: how many each may have at once.
    :param seconds: how long until it may have another one.
    :param remembered: how many are; the one whose last was longest ago is forgotten first.
    """

    def __init__(self, clock: IReactorTime, burst: int, seconds: float, remembered: int) -> None:
        self._clock = clock
        self._burst = burst
        self._seconds = seconds
        self._max_keys = remembered
        self._failures: dict[str, tuple[TokenBucket, float]] = {}

    def is_throttled(self, key: str) -> bool:
        """Whether `key` has to wait. Asking costs nothing: who comes too early waits no longer."""
        return key in self._failures and self._clock.seconds() < self._failures[key][1]

    def record_failure(self, key: str) -> None:
        """Another one of `key`."""
        now = self._clock.seconds()
        # One less: the bucket says how long to wait only of one that it has not got.
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
        """The account's name as it is stored; fails with a refusal.

        :param address: where it comes from, ``HOST:PORT``.
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
            self._waiting += Counter()  # forgets who waits no more

    def _check_locked(self, command: Authenticate, host: str) -> Deferred[str]:
        # Those that were before it may have been wrong.
        account = self._check_allowed(command, host)
        return Deferred.fromCoroutine(self._verify(command, account, host))

    def _check_allowed(self, command: Authenticate, host: str) -> Account | None:
        """The account to check, if there is one.

        :raises Refusal: if its password, whatever it is, is not even looked at.
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
            # Not what was given as a name: people type passwords there.
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
