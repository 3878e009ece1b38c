"""A file that is on its way from a member to the folder."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec
from twisted.internet.defer import Deferred, DeferredLock, fail

from chatd.chat.events import File
from chatd.chat.file_errors import FilesFailed
from chatd.files.directory import Directory, Record
from chatd.files.media_types import START_BYTES, media_type

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose limits a file counts towards.

    :ivar nickname: casefolded.
    :ivar address: without a port; empty if it is this host.
    """

    nickname: str
    address: str


class Keeper(Protocol):
    """What keeps the file in the end: :class:`chatd.files.store.FileStore`."""

    directory: Directory
    now: Callable[[], int]

    def call(self, call: Callable[[], _Result]) -> Deferred[_Result]:
        """Make a call that uses the disk; fires with its result, or fails with a refusal."""

    def make_room(self, size: int, sender: Sender) -> None:
        """Remove the oldest files, so that one of `size` bytes may be kept."""

    def add(self, record: Record, address: str = "") -> None:
        """Keep a file, or know more of one that is kept."""

    def drop(self, file_id: str) -> None:
        """Keep a file no more."""

    def ended(self, incoming: Any) -> None:
        """A file is not on its way any more."""


class IncomingFile:
    """A file of `size` bytes. It is on the disk under another name until it is complete.

    What is done on the disk is done in the order of the calls.
    """

    def __init__(self, keeper: Keeper, file_id: str, name: str, size: int, sender: Sender) -> None:
        self.name = name
        self.size = size
        self.sender = sender
        self._keeper = keeper
        self._id = file_id
        self._lock = DeferredLock()
        self._descriptor: int | None = None
        self._start = b""
        self._record: Record | None = None
        self._is_discarded = False

    def create(self) -> Deferred[None]:
        """Make the file; fires when it can be written to, or fails with a refusal."""

        def created(descriptor: int) -> None:
            self._descriptor = descriptor

        create = self._keeper.directory.create
        return self._call(lambda: create(self._id, self.size)).addCallback(created)

    def write(self, data: bytes) -> Deferred[None]:
        """Write the next bytes; fires when they are written, or fails with a refusal."""
        if len(self._start) < START_BYTES:
            self._start += data[: START_BYTES - len(self._start)]
        return self._call(lambda: self._write(data))

    def complete(self, room: str) -> Deferred[File]:
        """All bytes are written: keep the file; fires with it, or fails with a refusal.

        :param room: where it is sent; empty if that is in private.
        """
        file = File(self._id, self.name, self.size, media_type(self._start))
        record = Record(file, self._keeper.now(), self.sender.nickname, room)
        self._keeper.make_room(self.size, self.sender)

        def kept(result: None) -> File:
            self._record = record
            self._keeper.ended(self)
            self._keeper.add(record, self.sender.address)
            return file

        return self._call(lambda: self._keep(record)).addCallback(kept)

    def sent(self, room: str, seq: int) -> Deferred[None]:
        """It is the file of the message `seq` in `room`, so that it can be removed with that.

        The message is there: what fails here is said in the log only.
        """
        if self._record is None:
            return fail(FilesFailed())
        self._record = record = msgspec.structs.replace(self._record, room=room, seq=seq)
        self._keeper.add(record, self.sender.address)
        written = self._call(lambda: self._keeper.directory.write(record))
        return written.addErrback(lambda failure: None)

    def discard(self) -> None:
        """Keep nothing of it. This may be called at any time, and more than once."""
        if self._is_discarded:
            return
        self._is_discarded = True
        self._keeper.ended(self)
        if self._record is not None:
            self._keeper.drop(self._id)
        else:
            self._call(self._remove).addErrback(lambda failure: None)

    # --- on the disk ----------------------------------------------------------------------------

    def _call(self, call: Callable[[], _Result]) -> "Deferred[_Result]":
        done: Deferred[_Result] = self._lock.run(lambda: self._keeper.call(call))
        return done

    def _write(self, data: bytes) -> None:
        assert self._descriptor is not None  # noqa: S101  # nosec B101  # create comes before
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def _keep(self, record: Record) -> None:
        self._close()
        self._keeper.directory.keep(record)

    def _remove(self) -> None:
        self._close()
        self._keeper.directory.remove(self._id)

    def _close(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)
