"""What the program itself has to say to the person: sentences on standard error."""

import os
import select
import sys
from typing import Final

#: How long a terminal or a pipe may take to accept a sentence, in seconds.
_WRITE_TIMEOUT_SECONDS: Final = 2.0


def write_line(sentence: str) -> None:
    """Say one sentence, in a line; nothing happens where nobody is there to be told.

    Standard error may have become non-blocking, as it may be the same open file as standard output:
    it is waited for, and no sentence is lost because of it. Not ``sys.stderr``: twistd turns that
    into its log.
    """
    if sys.__stderr__ is None:
        return
    try:
        handle = sys.__stderr__.fileno()
        left = f"{sentence}\n".encode(errors="backslashreplace")
        while left:
            try:
                left = left[os.write(handle, left) :]
            except BlockingIOError:
                if not select.select([], [handle], [], _WRITE_TIMEOUT_SECONDS)[1]:
                    return
    except (OSError, ValueError):
        return
