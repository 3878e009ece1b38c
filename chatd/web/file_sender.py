"""Sends a file piece by piece, each when the client has read the one before."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from twisted.internet.defer import Deferred

from chatd.chat import limits
from chatd.files.store import InThread
from chatd.server.work_queue import WorkQueue
from chatd.web.messages import FileBody


@dataclass(frozen=True, slots=True)
class Client:
    """Whom a file is sent to.

    :ivar send: sends a piece.
    :ivar when_ready: calls its argument once the client has read the pieces so far.
    :ivar end: called after the last piece.
    :ivar fail: called instead if the file is shorter than it was, or cannot be read.
    """

    send: Callable[[bytes], None]
    when_ready: Callable[[Callable[[], None]], None]
    end: Callable[[], None]
    fail: Callable[[], None]


class FileSender:
    """One file that is being sent. It is opened and read on other threads.

    :param work_queue: each piece is sent in it, so that the chat does not wait.
    """

    def __init__(
        self, file: FileBody, in_thread: InThread, work_queue: WorkQueue, client: Client
    ) -> None:
        self._file = file
        self._bytes_left = file.size
        self._in_thread = in_thread
        self._work_queue = work_queue
        self._client = client
        self._descriptor: int | None = None
        self._is_reading = self._is_closed = False

    def open(self) -> Deferred[None]:
        """Open the file; fires when that is done, or fails as ``FileBody.open`` does."""

        def opened(descriptor: int) -> None:
            self._descriptor = descriptor
            if self._is_closed:
                self._close_descriptor()

        return self._file.open().addCallback(opened)

    def start(self) -> None:
        """Send the file, which is open."""
        if self._is_closed or self._descriptor is None:
            return
        if not self._bytes_left:
            self.close()
            self._client.end()
            return
        self._is_reading = True
        read = self._in_thread(partial(_read, self._descriptor, self._bytes_left, self._file.end))
        read.addErrback(lambda failure: b"")
        read.addCallback(self._read)

    def _read(self, piece: bytes) -> None:
        self._is_reading = False
        if self._is_closed:
            self._close_descriptor()
        elif not piece:
            self.close()
            self._client.fail()
        else:
            self._work_queue.add(partial(self._send, piece))

    def _send(self, piece: bytes) -> None:
        if not self._is_closed:
            self._bytes_left -= len(piece)
            self._client.send(piece)
            self._client.when_ready(self.start)

    def close(self) -> None:
        """Close the file; nothing more is called."""
        if not self._is_closed:
            self._is_closed = True
            if not self._is_reading:
                self._close_descriptor()

    def _close_descriptor(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            self._in_thread(lambda: os.close(descriptor))


def _read(descriptor: int, bytes_left: int, end: int) -> bytes:
    """The next piece of those bytes that are left before the place `end` of the file."""
    os.lseek(descriptor, end - bytes_left, os.SEEK_SET)
    return os.read(descriptor, min(limits.FILE_PIECE_BYTES, bytes_left))
