"""Nothing that comes from the network may be more than a refusal: not even in the log."""

import json
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import implementer

from chatd import logs

_OBEYED: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
#: Joiners are shown as they are behind a character of a script that needs them.
_JOINERS: Final = "\u200c\u200d"


@implementer(ILogObserver)
class Watch:
    """Fails on a failure, and on an event that would be more than one line of the log."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def __call__(self, event: LogEvent) -> None:
        """Look at an event; what is wrong is told at the end, as nobody may raise here."""
        text = logs.as_text(event, True)
        if "log_failure" in event or event["log_level"] >= LogLevel.error:
            self.failures.append(text)
            return
        record = logs.as_json(event, True)
        if not isinstance(json.loads(record), dict) or not record.isprintable():
            self.failures.append(f"no line of JSON: {record!r}")
        for number, line in enumerate(text.split("\n")):
            if (number and not line.startswith("\t")) or not line.lstrip("\t").isprintable():
                self.failures.append(f"not one line of text: {text!r}")


@contextmanager
def watched() -> Iterator[None]:
    """Nothing is logged meanwhile that tells of a mistake, or forges a line."""
    watch = Watch()
    globalLogPublisher.addObserver(watch)
    try:
        yield
    finally:
        globalLogPublisher.removeObserver(watch)
    assert not watch.failures, watch.failures[0]


def check_shown(line: str) -> None:
    """A terminal finds nothing to obey in `line`."""
    if not (line.isascii() and line.isprintable()):
        assert not [
            each for each in line if unicodedata.category(each) in _OBEYED and each not in _JOINERS
        ], line
