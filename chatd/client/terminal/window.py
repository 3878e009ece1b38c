"""The terminal's window, written to in a thread.

A terminal takes nothing while its window is stopped, or while the connection to it stalls (a
stopped ssh). A write to it then waits, perhaps for ever; in the reactor's thread, the client would
wait with it, and in ``chatd launch`` the server too. A non-blocking write would need
``O_NONBLOCK``, which belongs to the open file: the shell has the same one.
"""

import os
import select
import threading
import time
from queue import SimpleQueue
from typing import Final

from chatd.chat import limits

#: How often :meth:`WindowFile.drain` looks whether all is written.
_POLL_SECONDS: Final = 0.001


class WindowFile:
    """The file that prompt_toolkit writes to: nothing in it waits for the terminal.

    What waits is bounded. Beyond ``WINDOW_READY_BYTES`` the window is not ready, and nothing should
    be written; beyond ``WINDOW_BUFFER_BYTES`` what is written is lost.

    :param handle: the terminal's file descriptor.
    :param encoding: of its text; what it lacks becomes a question mark.
    """

    def __init__(self, handle: int, encoding: str = "utf-8") -> None:
        self._handle = handle
        self._encoding = encoding
        self._pieces: SimpleQueue[bytes] = SimpleQueue()
        # Each counter is changed either by the thread or by the callers, never by both.
        self._bytes_added = self._bytes_done = 0
        self._error: OSError | None = None
        self._thread: threading.Thread | None = None
        self._is_incomplete = False
        self._is_at_end = False

    def fileno(self) -> int:
        """The terminal's file descriptor."""
        return self._handle

    def write(self, text: str) -> None:
        """Write `text`, soon.

        :raises OSError: if an earlier write failed.
        """
        if self._error is not None:
            raise self._error
        data = text.encode(self._encoding, "replace")
        if self._waiting > limits.WINDOW_BUFFER_BYTES and not self._is_at_end:
            self._is_incomplete = True
            return
        self._bytes_added += len(data)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)
            self._thread.start()
        self._pieces.put(data)

    def flush(self) -> None:
        """Do nothing: a file has this method."""

    @property
    def _waiting(self) -> int:
        return self._bytes_added - self._bytes_done

    def is_ready(self) -> bool:
        """Whether the terminal takes what is written."""
        return self._waiting <= limits.WINDOW_READY_BYTES

    def take_incomplete(self) -> bool:
        """Whether anything was lost since the last call, so that all must be drawn anew."""
        was_incomplete, self._is_incomplete = self._is_incomplete, False
        return was_incomplete

    def end(self) -> None:
        """The last lines follow: none of them is dropped for lack of space."""
        self._is_at_end = True

    def drain(self, timeout: float) -> bool:
        """Wait until all is written, for at most `timeout` seconds; return whether it is."""
        end = time.monotonic() + timeout
        while self._waiting and self._error is None:
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _run(self) -> None:
        while self._error is None:
            piece = self._pieces.get()
            unwritten = piece
            try:
                while unwritten:
                    try:
                        unwritten = unwritten[os.write(self._handle, unwritten) :]
                    except BlockingIOError:  # another program has made the open file so
                        select.select([], [self._handle], [])
            except OSError as error:
                self._error = error
            self._bytes_done += len(piece)
