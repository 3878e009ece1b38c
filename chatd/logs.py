"""Where the log goes and what it looks like: text for people, or JSON for programs."""

import io
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Protocol

from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    eventAsText,
    formatEvent,
)
from twisted.python.reflect import safe_str
from zope.interface import implementer


class Writable(Protocol):
    """Where lines can be written."""

    def write(self, text: str, /) -> object:
        """Write whole lines."""


def observer(
    level: str, log_format: str, file: Writable | None = None, *, utc: bool = False
) -> ILogObserver:
    """An observer for `twisted.logger`.

    :param level: one of :data:`LEVELS`; what is below it is left out.
    :param log_format: one of :data:`FORMATS`.
    :param file: where to write; standard error if left out.
    :param utc: whether times are those of UTC, or those of this host.
    """
    return _TextLogObserver(
        file or sys.__stderr__ or io.StringIO(),
        _FORMATS[log_format],
        utc,
        _levels_from(LogLevel.levelWithName(level)),
    )


def _levels_from(minimum: LogLevel) -> frozenset[LogLevel]:
    return frozenset(level for level in LogLevel.iterconstants() if level >= minimum)


#: "Main loop terminated." is nothing that anybody needs to know.
_QUIET_NAMESPACE: Final = "twisted.internet.base"
_QUIET_LEVELS: Final = _levels_from(LogLevel.warn)


@implementer(ILogObserver)
class _TextLogObserver:
    """Writes each event with one call, so that no line is ever in two files."""

    def __init__(
        self,
        file: Writable,
        form: Callable[[LogEvent, bool], str],
        utc: bool,
        levels: frozenset[LogLevel],
    ) -> None:
        self._file = file
        self._form = form
        self._utc = utc
        self._levels = levels

    def __call__(self, event: LogEvent) -> None:
        level = event.get("log_level")
        if level not in self._levels or (
            level not in _QUIET_LEVELS and event.get("log_namespace") == _QUIET_NAMESPACE
        ):
            return
        line = self._form(event, self._utc)
        if line:
            self._file.write(f"{line}\n")


def as_text(event: LogEvent, utc: bool) -> str:
    """One line, which nothing in the event can end: what goes on after it is indented."""
    if "log_failure" in event or "log_system" in event:
        text = eventAsText(event, formatTime=lambda when: _format_time(when, utc))
    else:
        message = _message(event)
        level = event.get("log_level")
        where = f"{event.get('log_namespace', '-')}#{level.name if level else '-'}"
        text = message and f"{_format_time(event.get('log_time'), utc)} [{where}] {message}"
    if text.isprintable():
        return text
    return "\n\t".join(map(_escape, text.rstrip("\n").split("\n")))


def as_json(event: LogEvent, utc: bool) -> str:
    """One JSON object in one line: time, level, namespace, message, and the event's own fields."""
    level = event.get("log_level")
    record: dict[str, Any] = {
        "time": _format_time(event.get("log_time"), utc),
        "level": level.name if level else None,
        "namespace": event.get("log_namespace"),
        "message": _message(event),
    }
    if "log_failure" in event:
        failure = {"log_failure": event["log_failure"]}
        trace = eventAsText(failure, includeTimestamp=False, includeSystem=False)
        record["traceback"] = trace.strip()
    for name, value in event.items():
        if not name.startswith("log_") and name not in record:
            record[name] = value if _is_json(value) else safe_str(value)
    return _json(record)


_FORMATS: Final[dict[str, Callable[[LogEvent, bool], str]]] = {"text": as_text, "json": as_json}
FORMATS: Final = tuple(_FORMATS)
LEVELS: Final = tuple(level.name for level in LogLevel.iterconstants())


def _message(event: LogEvent) -> str:
    """What `event` says. Python's own formatting is ten times as fast, where it can do it."""
    form = event.get("log_format")
    if isinstance(form, str) and "(" not in form and "log_flattened" not in event:
        with suppress(Exception):
            return form.format_map(event)
    return formatEvent(event)


def _format_time(when: float | None, utc: bool) -> str:
    """ISO 8601, with milliseconds and the offset from UTC."""
    if when is None:
        return "-"
    second, microseconds = divmod(round(when * 1_000_000), 1_000_000)
    begin, offset = _format_second(second, None if utc else time.tzname)
    return f"{begin}.{microseconds // 1_000:03d}{offset}"


@lru_cache(maxsize=8)
def _format_second(second: int, zone: tuple[str, str] | None) -> tuple[str, str]:
    """What all moments of one second begin and end with, in UTC or where `zone` is local."""
    moment = datetime.fromtimestamp(second, UTC)
    text = (moment if zone is None else moment.astimezone()).isoformat()
    return text[:19], text[19:]


def _escape(line: str) -> str:
    """`line` with an escape for each character that a terminal might obey."""
    if line.isprintable():
        return line
    return "".join(
        character if character.isprintable() or character == "\t" else repr(character)[1:-1]
        for character in line
    )


def _json(value: object) -> str:
    # ASCII: no reader takes U+2028 for the end of a line, and half a surrogate pair can be written.
    return json.dumps(value, allow_nan=False)


def _is_json(value: object) -> bool:
    try:
        _json(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
