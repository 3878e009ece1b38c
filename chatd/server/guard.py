"""Who may have a password checked, and how often; what the chat knows of the accounts."""

from collections import Counter
from collections.abc import Callable, Mapping

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.refusals import Blocked, TooManyAttempts, WrongPassword
from chatd.server.accounts import Account
from chatd.server.checker import AccountsChecker
from chatd.server.timing import TokenBucket


class Attempts:
    """Wrong passwords, told apart by where they came from or what they were for.

    :param burst: how many each may have at once.
    :param seconds: how long until it may have another one.
    :param remembered: how many are; the one whose last was longest ago is forgotten first.
    """

    def __init__(self, clock: IReactorTime, burst: int, seconds: float, remembered: int) -> None:
        self._clock = clock
        self._burst = burst
        self._seconds = seconds
        self._remembered = remembered
        self._wrong: dict[str, tuple[TokenBucket, float]] = {}

    def are_too_many(self, key: str) -> bool:
        """Whether `key` has to wait. Asking costs nothing: who comes too early waits no longer."""
        return key in self._wrong and self._clock.seconds() < self._wrong[key][1]

    def was_wrong(self, key: str) -> None:
        """Another one of `key`."""
        now = self._clock.seconds()
        # One less: the bucket says how long to wait only of one that it has not got.
        new = TokenBucket(1 / self._seconds, self._burst - 1, now), now
        bucket, _ = self._wrong.pop(key, new)
        self._wrong[key] = bucket, now + bucket.take(now)
        if len(self._wrong) > self._remembered:
            del self._wrong[next(iter(self._wrong))]


class Guard:
    """Lets passwords be checked: not too many of them wrong, and one at a time.

    :param known: is told which accounts there are, by their keys, and whether each is blocked;
        again whenever they have changed.
    """

    log = Logger()

    def __init__(
        self,
        checker: AccountsChecker,
        clock: IReactorTime,
        known: Callable[[Mapping[str, bool]], None],
    ) -> None:
        self._checker = checker
        self._known = known
        self._turn = DeferredLock()
        self._waiting: Counter[str] = Counter()
        self._from_address = Attempts(
            clock,
            limits.ADDRESS_WRONG_PASSWORDS,
            limits.ADDRESS_ATTEMPT_SECONDS,
            limits.ATTEMPT_ADDRESSES,
        )
        self._for_account = Attempts(
            clock,
            limits.ACCOUNT_WRONG_PASSWORDS,
            limits.ACCOUNT_ATTEMPT_SECONDS,
            limits.ATTEMPT_ACCOUNTS,
        )
        self._look = LoopingCall(self._refresh)
        self._look.clock = clock
        self._tell()

    def start(self) -> None:
        """Begin to look whether the accounts have changed."""
        self._look.start(limits.PASSWORD_FILE_SECONDS)

    def stop(self) -> None:
        """Look no more."""
        if self._look.running:
            self._look.stop()

    def check_password(self, command: Authenticate, address: str) -> Deferred[str]:
        """The account's name as it is stored; fails with a refusal.

        :param address: where it comes from, ``HOST:PORT``.
        """
        return Deferred.fromCoroutine(self._check(command, address.rpartition(":")[0]))

    async def _check(self, command: Authenticate, host: str) -> str:
        self._refresh()
        self._admit(command, host)
        if (
            len(self._turn.waiting) >= limits.WAITING_PASSWORDS
            or self._waiting[host] >= limits.ADDRESS_WAITING_PASSWORDS
        ):
            raise TooManyAttempts
        self._waiting[host] += 1
        try:
            return await self._turn.run(self._check_in_turn, command, host)
        finally:
            self._waiting[host] -= 1
            self._waiting += Counter()  # forgets who waits no more

    def _check_in_turn(self, command: Authenticate, host: str) -> Deferred[str]:
        # Those that were before it may have been wrong.
        account = self._admit(command, host)
        return Deferred.fromCoroutine(self._compare(command, account, host))

    def _admit(self, command: Authenticate, host: str) -> Account | None:
        """The account to check, if there is one.

        :raises Refusal: if its password, whatever it is, is not even looked at.
        """
        account = self._checker.account(command.account)
        if account is not None and account.is_blocked:
            raise Blocked(account.name)
        if self._from_address.are_too_many(host) or (
            account is not None and self._for_account.are_too_many(account.key)
        ):
            raise TooManyAttempts
        return account

    async def _compare(self, command: Authenticate, account: Account | None, host: str) -> str:
        password = command.password.encode("utf-8", "surrogatepass")
        is_right = await self._checker.verify(account, password)
        if account is not None and is_right:
            return account.name
        self._from_address.was_wrong(host)
        if account is not None:
            self._for_account.was_wrong(account.key)
        self.log.info(
            "wrong password from {host} for {account}",
            host=host,
            # Not what was given as a name: people type passwords there.
            account=account.name if account else "no account",
        )
        raise WrongPassword

    def _refresh(self) -> None:
        if self._checker.refresh():
            self._tell()

    def _tell(self) -> None:
        self._known({key: each.is_blocked for key, each in self._checker.accounts.items()})
