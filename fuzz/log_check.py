"""Checks of what chatd logs and shows while it is fuzzed."""

import json
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import implementer

from chatd import logs

#: Unicode categories of characters that a terminal may obey instead of show.
_CONTROLS: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
#: Joiners are shown as they are behind a character of a script that needs them.
_JOINERS: Final = "\u200c\u200d"


@implementer(ILogObserver)
class LogChecker:
    """Collects errors, and events that would be more than one line of the log."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def __call__(self, event: LogEvent) -> None:
        """Check an event. An observer must not raise, so that faults are collected."""
        text = logs.as_text(event, True)
        if "log_failure" in event or event["log_level"] >= LogLevel.error:
            self.faults.append(text)
            return
        record = logs.as_json(event, True)
        if not isinstance(json.loads(record), dict) or not record.isprintable():
            self.faults.append(f"not a line of JSON: {record!r}")
        for number, line in enumerate(text.split("\n")):
            if (number and not line.startswith("\t")) or not line.lstrip("\t").isprintable():
                self.faults.append(f"not one line of text: {text!r}")


@contextmanager
def log_is_clean() -> Iterator[None]:
    """Fail at the end of the block if an error was logged in it, or a forged line."""
    checker = LogChecker()
    globalLogPublisher.addObserver(checker)
    try:
        yield
    finally:
        globalLogPublisher.removeObserver(checker)
    assert not checker.faults, checker.faults[0]


def check_displayable(line: str) -> None:
    """Fail if a terminal would obey a character of `line`."""
    if not (line.isascii() and line.isprintable()):
        assert not [
            each
            for each in line
            if unicodedata.category(each) in _CONTROLS and each not in _JOINERS
        ], line
