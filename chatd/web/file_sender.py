"""Reads a file piece by piece, each when the client has read the one before."""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from chatd.server.work_queue import WorkQueue
from chatd.web.messages import FileBody

#: What one turn of the reactor reads, and what waits for a client in memory.
_PIECE_BYTES: Final = 65_536


class FileSender:
    """One file that is being sent.

    :param work_queue: each piece is read in it, so that the chat does not wait.
    :raises OSError: if the file cannot be opened.
    """

    def __init__(self, file: FileBody, work_queue: WorkQueue) -> None:
        self._bytes_left = file.size
        self._work_queue = work_queue
        self._descriptor: int | None = file.open()

    def start(
        self,
        on_piece: Callable[[bytes], None],
        when_ready: Callable[[Callable[[], None]], None],
        on_end: Callable[[], None],
        on_failed: Callable[[], None],
    ) -> None:
        """Read the file.

        :param on_piece: called with each piece.
        :param when_ready: calls its argument once the client has read the pieces so far.
        :param on_end: called after the last piece.
        :param on_failed: called instead if the file is shorter than it was, or cannot be read.
        """

        def read_next() -> None:
            if self._descriptor is None:
                return
            if not self._bytes_left:
                self.close()
                on_end()
                return
            piece = b""
            with suppress(OSError):
                piece = os.read(self._descriptor, min(_PIECE_BYTES, self._bytes_left))
            if not piece:
                self.close()
                on_failed()
                return
            self._bytes_left -= len(piece)
            on_piece(piece)
            when_ready(lambda: self._work_queue.add(read_next))

        self._work_queue.add(read_next)

    def close(self) -> None:
        """Close the file; nothing more is called."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
