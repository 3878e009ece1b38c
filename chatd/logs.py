"""Where the log goes: text or JSON, to standard error or to a file, from some level on."""

import io
import sys
from collections.abc import Callable
from typing import IO, Final

from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    jsonFileLogObserver,
    textFileLogObserver,
)

LEVELS: Final = tuple(level.name for level in LogLevel.iterconstants())
_FORMATS: Final[dict[str, Callable[[IO[str]], ILogObserver]]] = {
    "text": textFileLogObserver,
    "json": jsonFileLogObserver,
}
FORMATS: Final = tuple(_FORMATS)


def observer(level: str, log_format: str, file: IO[str] | None = None) -> ILogObserver:
    """An observer for `twisted.logger`.

    :param level: one of :data:`LEVELS`; what is below it is left out.
    :param log_format: one of :data:`FORMATS`.
    :param file: where to write; standard error if left out.
    """
    predicate = LogLevelFilterPredicate(LogLevel.levelWithName(level))
    # "Main loop terminated." is nothing that anybody needs to know.
    predicate.setLogLevelForNamespace("twisted.internet.base", LogLevel.warn)
    write = _FORMATS[log_format](file or sys.__stderr__ or io.StringIO())
    return FilteringLogObserver(write, [predicate])
