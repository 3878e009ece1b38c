"""Standard error: where the program itself writes its sentences."""

import os
import select
import sys
from typing import Final

#: How long a terminal or a pipe may take nothing before the rest of a line is dropped, in seconds.
_WRITE_TIMEOUT_SECONDS: Final = 2.0


def write_line(sentence: str) -> None:
    """Write `sentence` as a line to standard error; without a standard error, do nothing.

    Standard error may be non-blocking: it may be the same open file as standard output, which the
    reactor makes non-blocking. Then this waits, and does not lose the line. It does not use
    ``sys.stderr``, which twistd redirects to its log.
    """
    if sys.__stderr__ is None:
        return
    try:
        handle = sys.__stderr__.fileno()
        unwritten = f"{sentence}\n".encode(errors="backslashreplace")
        while unwritten:
            try:
                unwritten = unwritten[os.write(handle, unwritten) :]
            except BlockingIOError:
                if not select.select([], [handle], [], _WRITE_TIMEOUT_SECONDS)[1]:
                    return
    except (OSError, ValueError):
        return
