"""A password file with accounts, and an authenticator without threads."""

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import get_ident

from argon2 import PasswordHasher
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatd.accounts.authenticator import Authenticator
from chatd.accounts.checker import AccountsChecker
from chatd.accounts.hashing import Argon2Hasher
from chatd.accounts.password_file import Account, Accounts, PasswordFile
from chatd.chat.commands import Authenticate
from chatd.chat.errors import Refusal

#: The cheapest hashes that there are.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class CountingHasher(Argon2Hasher):
    """Makes cheap hashes, and records on which thread."""

    def __init__(self) -> None:
        super().__init__(CHEAP)
        self.threads: list[int] = []

    def hash(self, password: bytes) -> str:
        self.threads.append(get_ident())
        return super().hash(password)

    def verify(self, password_hash: str, password: bytes) -> bool:
        self.threads.append(get_ident())
        return super().verify(password_hash, password)


def fill(
    path: Path, passwords_by_name: Mapping[str, str], blocked: tuple[str, ...] = ()
) -> PasswordFile:
    """Write a password file with these nicknames and passwords, in place of any other accounts."""
    file = PasswordFile(path)
    passwords = Argon2Hasher(CHEAP)

    def edit(accounts: Accounts) -> None:
        accounts.clear()
        for name, password in passwords_by_name.items():
            account = Account(name, passwords.hash(password.encode()), name in blocked)
            accounts[account.key] = account

    file.update(edit, create=True)
    return file


class AccountsFixture:
    """An authenticator, its clock, and the checks that it has handed to a thread."""

    def __init__(
        self,
        path: Path,
        passwords_by_name: Mapping[str, str] | None = None,
        blocked: tuple[str, ...] = (),
        clock: Clock | None = None,
        on_accounts_changed: Callable[[Accounts], None] | None = None,
    ) -> None:
        self.path = path
        self.clock = clock or Clock()
        self.passwords = CountingHasher()
        self.blocked_by_key: Mapping[str, bool] = {}
        self.is_paused = False
        self._running: list[tuple[Callable[[], bool], Deferred[bool]]] = []
        file = fill(path, passwords_by_name or {"Ice": "cold"}, blocked)
        self.checker = AccountsChecker(file, self.passwords)
        self.checker.in_thread = self._in_thread
        self.authenticator = Authenticator(
            self.checker, self.clock, on_accounts_changed or self._on_accounts_changed
        )

    def _on_accounts_changed(self, accounts: Accounts) -> None:
        self.blocked_by_key = {key: account.is_blocked for key, account in accounts.items()}

    def _in_thread(self, check: Callable[[], bool]) -> Deferred[bool]:
        done: Deferred[bool] = Deferred()
        self._running.append((check, done))
        if not self.is_paused:
            self.finish()
        return done

    @property
    def running_checks(self) -> int:
        """The number of checks that a thread is running."""
        return len(self._running)

    @property
    def hashes(self) -> int:
        """The number of hashes made so far."""
        return len(self.passwords.threads)

    def finish(self) -> None:
        """Finish the oldest running check."""
        check, done = self._running.pop(0)
        done.callback(check())

    def ask(
        self, account: str, password: str, address: str = "10.35.11.112:50000"
    ) -> list[str | type[Refusal]]:
        """Try a password; the list is empty until it has the account's name or the refusal."""
        came: list[str | type[Refusal]] = []

        def refused(failure: Failure) -> None:
            assert isinstance(failure.value, Refusal), failure
            came.append(type(failure.value))

        checked = self.authenticator.check_password(Authenticate(account, password), address)
        checked.addCallbacks(came.append, refused)
        return came
