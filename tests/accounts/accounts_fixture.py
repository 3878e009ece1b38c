"""A password file with people in it, and a guard whose threads do as they are told."""

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

#: The cheapest hashes that there are; nobody attacks a test.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class CountingHasher(Argon2Hasher):
    """Cheap hashes, and on which thread each of them was made."""

    def __init__(self) -> None:
        super().__init__(CHEAP)
        self.threads: list[int] = []

    def hash(self, password: bytes) -> str:
        self.threads.append(get_ident())
        return super().hash(password)

    def verify(self, password_hash: str, password: bytes) -> bool:
        self.threads.append(get_ident())
        return super().verify(password_hash, password)


def fill(path: Path, people: Mapping[str, str], blocked: tuple[str, ...] = ()) -> PasswordFile:
    """A file with these people and their passwords, instead of whoever is in it."""
    file = PasswordFile(path)
    passwords = Argon2Hasher(CHEAP)

    def edit(accounts: Accounts) -> None:
        accounts.clear()
        for name, password in people.items():
            account = Account(name, passwords.hash(password.encode()), name in blocked)
            accounts[account.key] = account

    file.update(edit, create=True)
    return file


class AccountsFixture:
    """A guard, its clock, and the checks that it has given to a thread."""

    def __init__(
        self,
        path: Path,
        people: Mapping[str, str] | None = None,
        blocked: tuple[str, ...] = (),
        clock: Clock | None = None,
        know: Callable[[Mapping[str, bool]], None] | None = None,
    ) -> None:
        self.path = path
        self.clock = clock or Clock()
        self.passwords = CountingHasher()
        self.known: Mapping[str, bool] = {}
        self.is_paused = False
        self._under_way: list[tuple[Callable[[], bool], Deferred[bool]]] = []
        file = fill(path, people or {"Ice": "cold"}, blocked)
        self.checker = AccountsChecker(file, self.passwords)
        self.checker.in_thread = self._in_thread
        self.guard = Authenticator(self.checker, self.clock, know or self._know)

    def _know(self, known: Mapping[str, bool]) -> None:
        self.known = known

    def _in_thread(self, check: Callable[[], bool]) -> Deferred[bool]:
        done: Deferred[bool] = Deferred()
        self._under_way.append((check, done))
        if not self.is_paused:
            self.finish()
        return done

    @property
    def running_checks(self) -> int:
        """How many checks a thread has now."""
        return len(self._under_way)

    @property
    def hashes(self) -> int:
        """How many have been made so far."""
        return len(self.passwords.threads)

    def finish(self) -> None:
        """Let a thread finish what it has."""
        check, done = self._under_way.pop(0)
        done.callback(check())

    def ask(
        self, account: str, password: str, address: str = "10.35.11.112:50000"
    ) -> list[str | type[Refusal]]:
        """What comes of a try: the account's name or a refusal; empty until something does."""
        came: list[str | type[Refusal]] = []

        def refused(failure: Failure) -> None:
            assert isinstance(failure.value, Refusal), failure
            came.append(type(failure.value))

        checked = self.guard.check_password(Authenticate(account, password), address)
        checked.addCallbacks(came.append, refused)
        return came
