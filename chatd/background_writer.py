"""Writes text in a thread of its own, so that a writer never waits for a slow reader.

A terminal that is stopped with Ctrl-S, a pipe that nobody reads and a network file system that does
not answer all make a write wait, perhaps for ever. A non-blocking write would need ``O_NONBLOCK``,
which belongs to the open file: the shell has the same one. And a regular file ignores it.

The thread starts with the first text. The end of the program waits for it no longer than
``LOG_FLUSH_SECONDS``. It ends before a fork, such as twistd's, since a thread does not survive one.

There is no lock between :meth:`BackgroundWriter.write` and the thread: Python may collect garbage
in the midst of either, and what a finalizer logs would then wait for itself.
"""

import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from sys import getsizeof
from typing import Final
from weakref import WeakSet

from chatd.chat import limits


def missing_lines(count: int) -> str:
    """The line in the place of `count` lines that are missing."""
    return f"{'1 line is' if count == 1 else f'{count} lines are'} missing here"


def _describe_missing(lines: int) -> str:
    return f"chatd: {missing_lines(lines)}, because the output could not be written\n"


class BackgroundWriter:
    """Hands text to `write_now` in a thread.

    What waits is bounded by ``LOG_BUFFER_BYTES``. Beyond it, lines are dropped and counted. Their
    number is written where they are missing, as soon as something can be written again.

    :param write_now: writes whole lines, for as long as that takes; returns how many were lost.
    :ivar describe_missing: returns the line that stands for a number of lines that are missing.
    """

    def __init__(self, write_now: Callable[[str], int]) -> None:
        self.describe_missing: Callable[[int], str] = _describe_missing
        self._write_now = write_now
        # Each counter is changed either by the thread or by the callers of write, never by both.
        self._texts: deque[str] = deque()
        self._bytes_added = self._bytes_done = 0
        self._lines_dropped = self._drops_seen = 0
        self._lines_missing = 0
        self._is_awake = False
        self._start_afresh()
        _writers.add(self)

    def write(self, text: str) -> None:
        """Write whole lines, soon. Never waits and never raises."""
        size = getsizeof(text)
        # After a dropped line all are dropped, until the thread has seen it. So the thread knows
        # where they are missing.
        if (
            self._is_dropping()
            or self._bytes_added - self._bytes_done + size > limits.LOG_BUFFER_BYTES
        ):
            self._lines_dropped += text.count("\n")
        else:
            self._bytes_added += size
            self._texts.append(text)
        if not self._is_awake:
            self._is_awake = True
            self._request(None)

    def flush(self, timeout: float) -> bool:
        """Wait until all is written, for at most `timeout` seconds; return whether it is."""
        return self.start_flush().wait(timeout)

    def start_flush(self) -> threading.Event:
        """An event that is set when all is written."""
        written = threading.Event()
        if self._thread is None and not self._texts:
            written.set()
        else:
            self._request(written)
        return written

    def stop(self) -> None:
        """Write what waits, and end the thread, unless that takes too long."""
        thread = self._thread
        if thread is not None and self.flush(limits.LOG_FLUSH_SECONDS):
            self._requests.put(_END)
            thread.join(limits.LOG_FLUSH_SECONDS)
            self._start_afresh()

    def after_fork_in_child(self) -> None:
        """Leave what waits to the thread of the parent."""
        self._texts.clear()
        self._bytes_done = self._bytes_added
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._requests: SimpleQueue[threading.Event | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._start_once = threading.Lock()
        self._is_awake = False

    def _is_dropping(self) -> bool:
        return self._lines_dropped != self._drops_seen

    def _request(self, request: threading.Event | None) -> None:
        """Wake the thread, and start it first if there is none."""
        self._requests.put(request)
        if self._start_once.acquire(blocking=False):
            thread = threading.Thread(target=self._run, name="log", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the user has no more threads, or Python is ending
                self._start_afresh()
                self._write_texts()
                if request is not None:
                    request.set()
            else:
                self._thread = thread

    def _run(self) -> None:
        """Write when there is something, and then not again for ``LOG_PAUSE_MILLISECONDS``.

        So the first line after a silence does not wait, and many lines become one write.
        """
        pause: float | None = None
        while True:
            try:
                request = self._requests.get(timeout=pause)
            except Empty:
                pause = request = None
                self._is_awake = False
                if not self._texts and not self._is_dropping():
                    continue
                self._is_awake = True
            if request is _END:
                return
            self._write_texts()
            pause = limits.LOG_PAUSE_MILLISECONDS / 1_000
            if request is not None:
                request.set()

    def _write_texts(self) -> None:
        was_dropping = self._is_dropping()
        texts = [self._texts.popleft() for _ in range(len(self._texts))]
        self._write_and_count("".join(texts))
        self._bytes_done += sum(map(getsizeof, texts))
        if was_dropping:
            dropped = self._lines_dropped
            self._lines_missing += dropped - self._drops_seen
            self._drops_seen = dropped
            self._write_and_count("")

    def _write_and_count(self, text: str) -> None:
        """Write `text`, after a line about those that are missing before it."""
        notice = self.describe_missing(self._lines_missing) if self._lines_missing else ""
        if not notice and not text:
            return
        lost = self._write_now(notice + text)
        is_notice_lost = bool(notice) and lost > text.count("\n")
        self._lines_missing = self._lines_missing + lost - 1 if is_notice_lost else lost


def flush_all(timeout: float) -> None:
    """Wait until every writer has written all, for at most `timeout` seconds."""
    end = time.monotonic() + timeout
    for written in [writer.start_flush() for writer in list(_writers)]:
        written.wait(max(0, end - time.monotonic()))


def _stop_all() -> None:
    for writer in list(_writers):
        writer.stop()


def _after_fork_in_child() -> None:
    for writer in list(_writers):
        writer.after_fork_in_child()


_writers: Final[WeakSet[BackgroundWriter]] = WeakSet()
#: The request that ends a thread.
_END: Final = threading.Event()

atexit.register(flush_all, limits.LOG_FLUSH_SECONDS)
if hasattr(os, "register_at_fork"):  # Windows has none
    os.register_at_fork(before=_stop_all, after_in_child=_after_fork_in_child)
