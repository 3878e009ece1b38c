"""Formats the log: as text for people, or as JSON for programs.

Others can put any text into the log, such as nicknames and invalid frames. Still an event in the
text log is one line, or continues in indented lines, and it contains nothing that a terminal obeys.
An event in the JSON log is one object in one line.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial
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

from chatd import stderr
from chatd.background_writer import BackgroundWriter, missing_lines
from chatd.turn_log import pending, publish_pending


class Writable(Protocol):
    """A file, as far as a log needs it."""

    def write(self, text: str, /) -> object:
        """Write whole lines."""


def observer(
    level: str, log_format: str, file: Writable | None = None, *, utc: bool = False
) -> ILogObserver:
    """An observer for ``twisted.logger``.

    :param level: the lowest level that is written, one of :data:`LEVELS`.
    :param log_format: one of :data:`FORMATS`.
    :param file: where to write; standard error by default.
    :param utc: whether to write UTC, and not the local time.
    """
    format_event = _FORMATS[log_format]
    file = file or stderr.output
    if isinstance(file, BackgroundWriter):
        file.describe_missing = partial(_describe_missing, format_event, utc)
    return _TextLogObserver(file, format_event, utc, _levels_from(LogLevel.levelWithName(level)))


def _describe_missing(format_event: Callable[[LogEvent, bool], str], utc: bool, lines: int) -> str:
    """The line of the log that stands for `lines` that could not be written."""
    event = {
        "log_time": time.time(),
        "log_level": LogLevel.warn,
        "log_namespace": __name__,
        "log_format": f"{missing_lines(lines)}, because the log could not be written",
        "missing": lines,
    }
    return f"{format_event(event, utc)}\n"


def _levels_from(minimum: LogLevel) -> frozenset[LogLevel]:
    return frozenset(level for level in LogLevel.iterconstants() if level >= minimum)


#: The namespaces of Twisted's own events; those of its old logger have only this one.
_TWISTED_NAMESPACES: Final = ("twisted.", "log_legacy")


def _own_level(event: LogEvent) -> LogEvent:
    """`event`, with the level `debug` if Twisted logs at `info` what its own machinery does.

    Such as "ChatFactory starting on 7777" and "Main loop terminated.": an administrator learns
    nothing from it that chatd does not say.
    """
    if event.get("log_level") is LogLevel.info and str(event.get("log_namespace")).startswith(
        _TWISTED_NAMESPACES
    ):
        return {**event, "log_level": LogLevel.debug}
    return event


@implementer(ILogObserver)
class _TextLogObserver:
    """Writes each event with one call, as whole lines."""

    def __init__(
        self,
        file: Writable,
        formatter: Callable[[LogEvent, bool], str],
        utc: bool,
        levels: frozenset[LogLevel],
    ) -> None:
        self._file = file
        self._format = formatter
        self._utc = utc
        self._levels = levels

    def __call__(self, event: LogEvent) -> None:
        if pending:
            publish_pending()
        event = _own_level(event)
        if event.get("log_level") not in self._levels:
            return
        line = self._format(event, self._utc)
        if line:
            self._file.write(f"{line}\n")


def as_text(event: LogEvent, utc: bool) -> str:
    """One line; after a line break, indented lines, which cannot be taken for another event."""
    if "log_failure" in event or "log_system" in event:
        text = eventAsText(event, formatTime=lambda timestamp: _format_time(timestamp, utc))
    else:
        message = _message(event)
        level = event.get("log_level")
        system = f"{event.get('log_namespace', '-')}#{level.name if level else '-'}"
        text = message and f"{_format_time(event.get('log_time'), utc)} [{system}] {message}"
    if text.isprintable():
        return text
    return "\n\t".join(map(_escape, text.rstrip("\n").split("\n")))


def as_json(event: LogEvent, utc: bool) -> str:
    """One JSON object in one line: time, level, namespace, message, and the fields of the event.

    A field that JSON cannot represent is written as text.
    """
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
    values = {
        name: value
        for name, value in event.items()
        if not name.startswith("log_") and name not in record
    }
    try:
        return _json({**record, **values})
    except (TypeError, ValueError, RecursionError):
        texts = {name: each if _is_json(each) else safe_str(each) for name, each in values.items()}
        return _json({**record, **texts})


_FORMATS: Final[dict[str, Callable[[LogEvent, bool], str]]] = {"text": as_text, "json": as_json}
FORMATS: Final = tuple(_FORMATS)
LEVELS: Final = tuple(level.name for level in LogLevel.iterconstants())


def _message(event: LogEvent) -> str:
    """The message of `event`.

    Python's own formatting is ten times as fast as Twisted's. It is used for formats without the
    calls that only Twisted knows, such as ``{address()}``.
    """
    log_format = event.get("log_format")
    if isinstance(log_format, str) and "(" not in log_format and "log_flattened" not in event:
        try:
            return log_format.format_map(event)
        except Exception:  # noqa: S110  # whatever it is, Twisted's formatting does not raise it
            pass
    return formatEvent(event)


def _format_time(timestamp: float | None, utc: bool) -> str:
    """ISO 8601, with milliseconds and the offset from UTC."""
    if timestamp is None:
        return "-"
    return _format_millisecond(round(timestamp * 1_000_000) // 1_000, None if utc else time.tzname)


@lru_cache(maxsize=8)
def _format_millisecond(millisecond: int, zone: tuple[str, str] | None) -> str:
    """`millisecond`, since 1970, as text. Under load many events share one.

    :param zone: ``time.tzname``, so that a changed time zone has a key of its own; None for UTC.
    """
    second, milliseconds = divmod(millisecond, 1_000)
    prefix, offset = _format_second(second, zone)
    return f"{prefix}.{milliseconds:03d}{offset}"


@lru_cache(maxsize=8)
def _format_second(second: int, zone: tuple[str, str] | None) -> tuple[str, str]:
    """The date and time of `second`, and its offset from UTC."""
    moment = datetime.fromtimestamp(second, UTC)
    text = (moment if zone is None else moment.astimezone()).isoformat()
    return text[:19], text[19:]


def _escape(line: str) -> str:
    """`line` with each character that is not printable, except tab, as an escape sequence."""
    if line.isprintable():
        return line
    return "".join(
        character if character.isprintable() or character == "\t" else repr(character)[1:-1]
        for character in line
    )


#: In ASCII: so no reader takes U+2028 for a line end, and half a surrogate pair can be written.
_json: Final = json.JSONEncoder(allow_nan=False).encode


def _is_json(value: object) -> bool:
    try:
        _json(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
