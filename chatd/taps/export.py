"""``chatd export``: write the messages that a server keeps."""

import os
import re
import sys
import time
from contextlib import closing
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import unquote

from twisted.python import usage

from chatd.log.engine import StoreFailed
from chatd.store.export import Export
from chatd.taps.options import FileOptions, choice, parameter
from chatd.taps.program import write_stdout
from chatd.taps.replaced_file import replaced_file
from chatd.taps.store import existing_path
from chatd.wire.rendering import escape
from chatd.wire.transcript import FORMATS

_SECONDS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def parse_since(value: str) -> int:
    """Coerce a date, a date and time, or an age to milliseconds since 1970.

    :raises ValueError: if it is none of these.
    """
    age = re.fullmatch("([1-9][0-9]{0,5})([mhdw])", value)
    try:
        seconds = (
            time.time() - int(age[1]) * _SECONDS[age[2]]
            if age
            else datetime.fromisoformat(value).timestamp()
        )
    except (ValueError, OverflowError, OSError):
        raise ValueError(
            "is neither a date such as 2026-11-30 or 2026-11-30T17:00, nor an age such as 12h, 7d "
            "or 2w"
        ) from None
    return max(0, int(seconds * 1_000))


class Options(FileOptions):
    """The options of ``chatd export``."""

    command = "chatd export"
    synopsis = "[options] FILE"
    longdesc = (
        "Write the messages of all rooms, oldest first, to standard output. FILE is the file in "
        "which a server keeps its chat, or the id of a server that uses the default file. The "
        "server may run meanwhile. Private messages are not in the file; what was said in rooms "
        "with a key is, and is written with --private alone."
    )
    optFlags: ClassVar = [
        ["private", None, "also the messages of private rooms: of those that have had a key"],
    ]
    optParameters: ClassVar = [
        parameter(
            "format",
            "text",
            "text, to read; jsonl, for programs and chatd import; or html, one page for a browser",
            choice(tuple(FORMATS)),
        ),
        parameter("room", None, "only the messages of this room. [default: all rooms]", str),
        parameter(
            "since",
            None,
            "only messages from then on: a date, a date and time such as 2026-11-30T17:00, or an "
            "age such as 12h, 7d or 2w. [default: all that is kept]",
            parse_since,
        ),
        parameter("output", None, "the file to write. [default: standard output]", str, "o"),
    ]


def run(options: Options) -> int:
    """Write the messages; the exit status."""
    if options["private"] and options["format"] == "jsonl":
        _note(
            "--private: jsonl is what chatd import reads, and everybody could read what it adds; "
            "name another --format"
        )
        return 1
    try:
        path = existing_path(options.file, os.environ)
        with closing(Export(path, with_private=bool(options["private"]))) as export:
            _write(options, export)
    except (StoreFailed, RuntimeError, usage.UsageError) as error:
        _note(str(error).rstrip("."))
        return 1
    if export.left_out:
        _note(f"rows of {path} that are no messages, and were left out: {export.left_out}")
    return 0


def _write(options: Options, export: Export) -> None:
    room, output = options["room"], options["output"]
    if room is not None and not export.has_room(room):
        raise StoreFailed(f"There are no messages of {room} in {export.path}.")
    title = unquote(export.path.stem)
    parts = FORMATS[options["format"]](title, export.pages(room, options["since"] or 0))
    if output is None:
        if options["format"] != "text" and isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # as JSON demands, and the page says
        for part in parts:
            write_stdout(part)
        return
    if _is_of_store(Path(output), export.path):
        raise usage.UsageError(f"--output: {output!r} is the file of the chat itself")
    try:
        with replaced_file(Path(output)) as file:
            for part in parts:
                file.write(part)
    except OSError as error:
        raise usage.UsageError(
            f"--output: {output!r} cannot be written: {error.strerror}"
        ) from None


def _is_of_store(output: Path, store: Path) -> bool:
    real = os.path.realpath(store)
    return os.path.realpath(output) in {
        real,
        *(f"{real}-{each}" for each in ("wal", "shm", "lock")),
    }


def _note(sentence: str) -> None:
    print(f"chatd export: {escape(sentence)}", file=sys.stderr)  # noqa: T201  # for the user
