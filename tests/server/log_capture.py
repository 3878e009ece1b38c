"""A server in memory whose log a test reads."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from chatd import logs
from chatd.chat.commands import Authenticate
from chatd.chat.errors import WrongPassword
from tests.server.harness import Harness

#: The password of the account ``ice``.
PASSWORD = "correct-horse"  # noqa: S105  # of a test


class LoggedHarness(Harness):
    """A server whose log a test reads; the nickname ``ice`` is an account."""

    def __init__(self, level: str, log_format: str = "json", **settings: Any) -> None:
        super().__init__(log_level=level, **settings)
        self.file = io.StringIO()
        self.observer = logs.observer(level, log_format, self.file)
        self.chat.hub.accounts = {"ice": False}
        self.chat.check_password = self._check

    def commands(self) -> list[tuple[str, str, str]]:
        """The member, the command and the result of each line at debug since the last call."""
        return [
            (record["member"], record["command"], record["outcome"])
            for record in self._records()
            if record["level"] == "debug"
        ]

    def info_messages(self) -> list[str]:
        """The messages at info since the last call."""
        return [each["message"] for each in self._records() if each["level"] == "info"]

    def _records(self) -> list[dict[str, Any]]:
        written = self.file.getvalue()
        self.file.seek(0)
        self.file.truncate()
        return [json.loads(each) for each in written.splitlines()]

    @staticmethod
    def _check(command: Authenticate, address: str) -> Deferred[str]:
        is_right = command.password == PASSWORD
        return succeed(command.account) if is_right else fail(WrongPassword())


@contextmanager
def log_events() -> Iterator[list[LogEvent]]:
    """Every log event that is created meanwhile, with all its fields."""
    made: list[LogEvent] = []

    @implementer(ILogObserver)
    def note(event: LogEvent) -> None:
        made.append(event)

    globalLogPublisher.addObserver(note)
    try:
        yield made
    finally:
        globalLogPublisher.removeObserver(note)


@contextmanager
def logged(harness: LoggedHarness) -> Iterator[LoggedHarness]:
    """Capture the log of `harness`, and close it in the end."""
    globalLogPublisher.addObserver(harness.observer)
    try:
        with harness:
            yield harness
    finally:
        globalLogPublisher.removeObserver(harness.observer)
