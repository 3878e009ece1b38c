"""``chatd import``: add exported messages to the file of a server that does not run."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, ClassVar

from twisted.python import usage

from chatd.chat import limits
from chatd.chat.events import Message
from chatd.log.engine import StoreFailed, StoreInUse
from chatd.log.validity import is_valid
from chatd.store.importing import ImportRefused, import_messages
from chatd.store.retention import Keep
from chatd.taps.options import FileOptions, parameter
from chatd.taps.program import write_stdout
from chatd.taps.store import named_path
from chatd.wire.rendering import escape
from chatd.wire.transcript import parse_json_line


class Options(FileOptions):
    """The options of ``chatd import``."""

    command = "chatd import"
    synopsis = "[options] FILE"
    longdesc = (
        "Read messages from standard input, as chatd export --format jsonl writes them, and add "
        "them to FILE: the file in which a server keeps its chat, or the id of a server that uses "
        "the default file. It is made if there is none. The server must not run. Messages keep "
        "their room, number and time; those that are there already are left out. If one does not "
        "fit, none is added."
    )
    optParameters: ClassVar = [
        parameter("input", None, "the file to read. [default: standard input]", str, "i"),
    ]


def run(options: Options) -> int:
    """Add the messages; the exit status."""
    now = time.time_ns() // 1_000_000
    try:
        path = named_path(options.file, os.environ)
        if "/" not in options.file:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as stack:
            done = import_messages(path, _messages(_open(options["input"], stack)), now)
    except StoreInUse:
        return _failed(f"a server uses {path}; stop it first")
    except (StoreFailed, ImportRefused, RuntimeError, usage.UsageError) as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"{options.file} cannot be made: {error.strerror}")
    write_stdout(
        f"Messages added to {escape(str(path))}: {done.added}. There already: {done.known}.\n"
    )
    kept = Keep().seconds
    if done.oldest and kept and done.oldest < now - kept * 1_000:
        write_stdout(
            f"Some are older than {kept // 86_400} days: a server deletes them when it starts, "
            "unless its --keep says otherwise.\n"
        )
    return 0


def _open(name: str | None, stack: ExitStack) -> BinaryIO:
    if name is None:
        if sys.stdin.isatty():
            raise usage.UsageError("standard input is a terminal; name a file with --input")
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(name).open("rb"))
    except OSError as error:
        raise _unreadable(name, error) from None


def _messages(file: BinaryIO) -> Iterator[Message]:
    number = 0
    while line := _line(file):
        number += 1
        if len(line) > limits.LINE_BYTES:
            raise ImportRefused(f"line {number} has more than {limits.LINE_BYTES} bytes")
        if line.isspace():
            continue
        try:
            message = parse_json_line(line)
        except ValueError as error:
            raise ImportRefused(f"line {number} is no message in JSON: {error}") from None
        said = (message.room, message.seq, message.time, message.source, message.text)
        if not is_valid(*said, message.removed):
            raise ImportRefused(
                f"line {number} has a room, number, time, sender or text that no message can have"
            )
        yield message


def _line(file: BinaryIO) -> bytes:
    try:
        return file.readline(limits.LINE_BYTES + 1)
    except OSError as error:
        raise _unreadable(str(file.name), error) from None


def _unreadable(name: str, error: OSError) -> usage.UsageError:
    return usage.UsageError(f"--input: {name!r} cannot be read: {error.strerror}")


def _failed(sentence: str) -> int:
    sentence = escape(sentence.rstrip("."))
    print(f"chatd import: {sentence}; nothing was added", file=sys.stderr)  # noqa: T201  # the user's
    return 1
