"""``--auth``: what it is read to, and a server that has accounts."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from twisted.cred import strcred
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from chatd.server.checker import AccountsChecker
from chatd.server.guard import Authenticator
from chatd.server.service import ChatServer

AUTH_PARAMETER: Final = [
    "auth",
    None,
    None,
    "which nicknames need a password: chatd:PATH, with a file that chatd account makes. "
    "[default: none]",
]


def parse_auth(value: str) -> AccountsChecker:
    """Read which nicknames need a password.

    :raises ValueError: if that is no password file of ours.
    """
    if value.partition(":")[0] == "file":
        raise ValueError("keeps passwords in the clear; use chatd:PATH, see chatd account --help")
    try:
        checker = strcred.makeChecker(value)
    except strcred.StrcredException:
        checker = None
    if not isinstance(checker, AccountsChecker):
        raise ValueError("is not chatd:PATH")  # noqa: TRY004  # it is the text that is wrong
    return checker


class GuardedServer(ChatServer):
    """A chat server some of whose nicknames may need a password."""

    _guard: Authenticator | None = None

    def guard(self, checker: AccountsChecker, reactor: Any) -> None:
        """Have `checker` say which, from now on."""

        def known(accounts: Mapping[str, bool]) -> None:
            self.factory.hub.accounts = accounts

        def in_thread(check: Callable[[], bool]) -> Deferred[bool]:
            return deferToThreadPool(reactor, reactor.getThreadPool(), check)

        checker.in_thread = in_thread
        self._guard = Authenticator(checker, reactor, known)
        self.factory.check_password = self._guard.check_password

    def startService(self) -> None:
        """Listen, then mind the changes of the accounts."""
        super().startService()
        if self._guard is not None:
            self._guard.start()

    def stopService(self) -> Deferred[Any]:
        """Stop both."""
        if self._guard is not None:
            self._guard.stop()
        return super().stopService()
