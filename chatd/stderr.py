"""Standard error: where the program itself writes its sentences, and by default its log."""

import os
import select
import sys
import threading
from typing import Final

from chatd.background_writer import BackgroundWriter

#: How long a sentence waits until it is written. If that takes longer, a thread writes it later.
_WAIT_SECONDS: Final = 0.1


def write_line(sentence: str) -> None:
    """Write `sentence` as a line to standard error; without a standard error, do nothing.

    It is written when this returns, unless standard error takes nothing for a moment. This does not
    use ``sys.stderr``, which twistd redirects to its log.
    """
    output.write(f"{sentence}\n")
    if not _stalled:
        written = output.start_flush()
        if not written.wait(_WAIT_SECONDS):
            _stalled.append(written)
    elif _stalled[0].is_set():
        _stalled.clear()


def _write_now(text: str) -> int:
    """Write `text`; return how many of its lines were lost.

    Standard error may be non-blocking: it may be the same open file as standard output, which the
    reactor makes non-blocking. Then this waits.
    """
    unwritten = text.encode(errors="backslashreplace")
    try:
        # A standard error that was closed at the start is None: its number may be another file's.
        if sys.__stderr__ is not None:
            handle = sys.__stderr__.fileno()
            while unwritten:
                try:
                    unwritten = unwritten[os.write(handle, unwritten) :]
                except BlockingIOError:
                    select.select([], [handle], [])
    except (OSError, ValueError):
        pass
    return unwritten.count(b"\n")


#: Set once standard error takes something again: until then no further sentence waits.
_stalled: Final[list[threading.Event]] = []

#: Whatever is written to standard error, in order, without waiting for it.
output: Final = BackgroundWriter(_write_now)
