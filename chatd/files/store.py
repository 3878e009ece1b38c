"""The files that a server keeps: which there are, how many there may be, and which go first.

Nothing here blocks: what is done on the disk is done on other threads.
"""

import errno
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.chat.errors import Refusal
from chatd.chat.events import File
from chatd.chat.file_errors import (
    DiskFull,
    EmptyFile,
    FileGone,
    FilesFailed,
    FileTooLarge,
    NoSuchFile,
    TooManyUploads,
)
from chatd.chat.names import casefold
from chatd.file_lock import Locked
from chatd.files.directory import Directory, Record
from chatd.files.incoming import IncomingFile, Sender
from chatd.files.names import clean_name

_Result = TypeVar("_Result")

#: Makes a call on another thread.
InThread = Callable[[Callable[[], Any]], "Deferred[Any]"]

#: The errors of a disk without room, or of a user's part of it.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file that is kept.

    :ivar address: where it came from; empty if that is this host, or another start of the server.
    """

    record: Record
    address: str = ""


class FileStore:
    """The files in a folder, and those that are on their way to it.

    :param in_thread: makes a call on another thread.
    :param now: returns the time of day, in milliseconds since 1970.
    :param new_id: makes the id of a file, which nobody can guess.
    :param keep_seconds: how long a file is kept at most; None for as long as there is room.
    """

    log = Logger()

    def __init__(
        self,
        directory: Directory,
        in_thread: InThread,
        now: Callable[[], int],
        new_id: Callable[[], str],
        keep_seconds: float | None = None,
    ) -> None:
        self.directory = directory
        self.in_thread = in_thread
        self.now = now
        self._new_id = new_id
        self._keep_seconds = keep_seconds
        self._is_open = self._is_closed = False
        self._waiting: list[Deferred[None]] | None = None
        # The oldest first.
        self._kept: dict[str, _Kept] = {}
        self._by_message: dict[tuple[str, int], str] = {}
        self._gone: dict[str, None] = {}
        self._incoming: set[IncomingFile] = set()
        # The problem that the log has named last; empty once it is over.
        self._problem = ""

    def open(self) -> Deferred[None]:
        """Read what is kept; fires when that is done, or fails with :class:`FilesFailed`.

        A folder that could not be opened is tried again whenever a file is asked for.
        """
        if self._is_open:
            return succeed(None)
        if self._is_closed:
            return fail(FilesFailed())
        opened: Deferred[None] = Deferred()
        if self._waiting is not None:
            self._waiting.append(opened)
            return opened
        self._waiting = [opened]
        self.call(self.directory.open).addCallback(self._opened).addBoth(self._tell)
        return opened

    def close(self) -> Deferred[None]:
        """Let another server have the folder; no file is taken or sent any more."""
        self._is_open, self._is_closed = False, True
        return self.call(self.directory.close).addErrback(lambda failure: None)

    def begin(self, name: str, size: int, sender: Sender) -> Deferred[IncomingFile]:
        """Begin to receive a file of `size` bytes.

        The Deferred fails with a :class:`Refusal` if it cannot be kept, or is one too many.
        """
        try:
            self._check(size, sender)
        except Refusal as refusal:
            return fail(refusal)
        incoming = IncomingFile(self, self._new_id(), clean_name(name), size, sender)
        self._incoming.add(incoming)  # it counts from now on
        opened = self.open().addCallback(lambda _: incoming.create())

        def failed(failure: Failure) -> Failure:
            incoming.discard()
            return failure

        return opened.addCallbacks(lambda _: incoming, failed)

    def get(self, file_id: str) -> Deferred[File]:
        """The file with that id; fails with a :class:`Refusal` if it is not there."""

        def look_up(result: None) -> File:
            if file_id in self._kept:
                return self._kept[file_id].record.file
            raise FileGone if file_id in self._gone else NoSuchFile

        return self.open().addCallback(look_up)

    def open_content(self, file_id: str) -> Deferred[int]:
        """A file descriptor to read a file from; fails with a :class:`Refusal` if there is none."""

        def failed(failure: Failure) -> Failure:
            if failure.check(FileNotFoundError):  # somebody has deleted it
                self.drop(file_id)
                return Failure(FileGone())
            return failure

        opened = self.in_thread(lambda: self.directory.open_content(file_id))
        return opened.addErrback(failed).addErrback(self._failed)

    def remove(self, room: str, seq: int) -> None:
        """A message was removed: so is its file, if it has one."""
        file_id = self._by_message.get((casefold(room), seq))
        if file_id is not None:
            self.drop(file_id)

    def expire(self) -> None:
        """Remove what is too old."""
        now = self.now()
        for file_id, kept in list(self._kept.items()):
            seconds = self._max_seconds(kept.record)
            if seconds is not None and kept.record.time + 1_000 * seconds < now:
                self.drop(file_id)

    # --- for files that are on their way ---------------------------------------------------------

    def call(self, call: Callable[[], _Result]) -> Deferred[_Result]:
        """Make a call that uses the disk; fires with its result, or fails with a refusal."""
        return self.in_thread(call).addErrback(self._failed)

    def ended(self, incoming: IncomingFile) -> None:
        """A file is not on its way any more."""
        self._incoming.discard(incoming)

    def make_room(self, size: int, sender: Sender) -> None:
        """Remove the oldest files, so that one of `size` bytes may be kept."""
        self._drop_oldest(
            size, limits.MEMBER_FILES_BYTES, lambda kept: kept.record.sender == sender.nickname
        )
        if sender.address:
            self._drop_oldest(
                size, limits.ADDRESS_FILES_BYTES, lambda kept: kept.address == sender.address
            )
        self._drop_oldest(size, limits.FILES_BYTES, lambda kept: True)
        while len(self._kept) >= limits.KEPT_FILES:
            self.drop(next(iter(self._kept)))

    def add(self, record: Record, address: str = "") -> None:
        """Keep a file, or know more of one that is kept."""
        self._kept[record.file.id] = _Kept(record, address)
        if record.seq:
            self._by_message[casefold(record.room), record.seq] = record.file.id
        self._log_recovery()

    def drop(self, file_id: str) -> None:
        """Keep a file no more; its link says so."""
        kept = self._kept.pop(file_id, None)
        if kept is None:
            return
        self._by_message.pop((casefold(kept.record.room), kept.record.seq), None)
        self._gone[file_id] = None
        while len(self._gone) > limits.GONE_FILES:
            del self._gone[next(iter(self._gone))]
        self.call(lambda: self.directory.remove(file_id)).addErrback(lambda failure: None)

    # --------------------------------------------------------------------------------------------

    def _opened(self, records: list[Record]) -> None:
        self._is_open = True
        for record in records:
            self.add(record)
        self._drop_oldest(0, limits.FILES_BYTES, lambda kept: True)
        self.expire()

    def _tell(self, result: Any) -> None:
        waiting, self._waiting = self._waiting or [], None
        for each in waiting:
            each.callback(result)

    def _check(self, size: int, sender: Sender) -> None:
        """Check that a file may begin.

        :raises Refusal: if not.
        """
        if not size:
            raise EmptyFile
        if size > limits.FILE_BYTES:
            raise FileTooLarge
        incoming = self._incoming
        own = [each for each in incoming if each.sender.nickname == sender.nickname]
        if len(own) >= limits.MEMBER_UPLOADED_FILES:
            raise TooManyUploads("You send")
        near = [each for each in incoming if each.sender.address == sender.address != ""]
        if len(near) >= limits.ADDRESS_UPLOADED_FILES:
            raise TooManyUploads("Your address sends")
        total = size + sum(each.size for each in incoming)
        if len(incoming) >= limits.UPLOADED_FILES or total > limits.UPLOADED_BYTES:
            raise TooManyUploads("The members send")

    def _max_seconds(self, record: Record) -> float | None:
        """How long a file is kept at most."""
        seconds = [] if self._keep_seconds is None else [self._keep_seconds]
        if not record.room:
            seconds.append(limits.PRIVATE_FILE_SECONDS)
        return min(seconds, default=None)

    def _drop_oldest(self, size: int, max_bytes: int, counts: Callable[[_Kept], bool]) -> None:
        counted = [each.record.file for each in self._kept.values() if counts(each)]
        total = size + sum(each.bytes for each in counted)
        for each in counted:
            if total <= max_bytes:
                break
            total -= each.bytes
            self.drop(each.id)

    def _failed(self, failure: Failure) -> Failure:
        """Make a refusal of what has failed on the disk, and say it in the log, once."""
        error = failure.value
        if isinstance(error, Refusal) and not isinstance(error, DiskFull):
            return failure
        refusal: Refusal = FilesFailed()
        if isinstance(error, DiskFull) or getattr(error, "errno", None) in _FULL:
            refusal = DiskFull()
        elif not isinstance(error, OSError | sqlite3.Error | Locked):
            self.log.failure("a file could not be kept or read", failure)
        problem = f"{refusal.code}: {_describe(error)}"
        if problem != self._problem:
            self._problem = problem
            self.log.error(
                "files cannot be kept or read in {folder} at present: {error}",
                folder=str(self.directory.path),
                error=_describe(error),
            )
        return Failure(refusal)

    def _log_recovery(self) -> None:
        if self._problem:
            self._problem = ""
            self.log.info("files can be kept again in {folder}", folder=str(self.directory.path))


def _describe(error: BaseException | None) -> str:
    match error:
        case Locked():
            return "another server has this folder"
        case DiskFull():
            return "the disk is full"
        case OSError():
            return error.strerror or str(error)
        case _:
            return str(error)
