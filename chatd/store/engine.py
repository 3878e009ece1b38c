"""The journal in an SQLite file: entries, snapshots, and the archive's messages beside them."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from twisted.internet import task
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chatd.chat import limits
from chatd.log.engine import (
    ArchiveChange,
    ArchivedMessage,
    Entry,
    Gap,
    Position,
    RemovedMessage,
    RoomNumber,
    Snapshot,
    StoreFailed,
)
from chatd.store.archive import SQLiteArchive
from chatd.store.database import Connect, Database
from chatd.store.failures import ERRORS, Damaged, describe
from chatd.store.gaps import Gaps
from chatd.store.index_tables import clean
from chatd.store.journal import Journal
from chatd.store.messages import Messages
from chatd.store.retention import Keep, look_at_clock, retain
from chatd.store.worker import Steps, Worker

_Result = TypeVar("_Result")

_KEEP: Final = Keep()


@dataclass(frozen=True, slots=True)
class _Store:
    """The open file."""

    database: Database
    messages: Messages
    journal: Journal
    gaps: Gaps


class SQLiteEngine:
    """The journal in the file at `path`, written in one thread.

    After a :exc:`StoreFailed` the files are closed; :meth:`open` opens them again. Nothing is ever
    taken away from a file that cannot be used.

    :ivar archive: the messages of that file, read in another thread.
    :param sync: ``normal``: what was kept survives the end of the process. ``full``: a power
        failure, too.
    :param now: the time, in seconds since 1970.
    :param connect: makes the writer's connection; tests let it fail.
    """

    log = Logger()

    def __init__(
        self,
        path: Path,
        reactor: Any,
        *,
        sync: str = "normal",
        keep: Keep = _KEEP,
        now: Callable[[], float] = time.time,
        connect: Connect = sqlite3.connect,
    ) -> None:
        self.path = path
        self.archive = SQLiteArchive(path, reactor)
        self._sync = sync
        self._keep = keep
        self._now = now
        self._connect = connect
        self._reactor = reactor
        self._worker = Worker(reactor, "store")
        self._retaining = task.LoopingCall(self._retain_again)
        self._retaining.clock = reactor
        # All of these are the thread's own.
        self._open_store: _Store | None = None
        self._is_indexing = False
        self._failure = StoreFailed(f"{path} is not open.")
        self._is_suspect = False
        self._is_unused = True
        #: By which the age of messages is measured, in seconds since 1970.
        self._believed_time = 0

    def open(self) -> Deferred[None]:
        """See :class:`~chatd.log.engine.Engine`."""
        closed = self.archive.close()
        closed.addCallback(lambda _: self._worker.call(self._open))
        return closed.addCallback(lambda _: self._start_retaining())

    def load(self) -> Deferred[Snapshot | None]:
        """See :class:`~chatd.log.engine.Engine`."""
        return self._call(lambda: self._store.journal.load())

    def read(self, after: Position) -> Deferred[list[Entry]]:
        """See :class:`~chatd.log.engine.Engine`."""
        return self._call(lambda: self._store.journal.read(after))

    def append(self, entry: Entry, changes: Sequence[ArchiveChange] = ()) -> Deferred[None]:
        """See :class:`~chatd.log.engine.Engine`."""
        return self._call(lambda: self._append(entry, changes))

    def add(self, changes: Sequence[ArchiveChange]) -> Deferred[None]:
        """See :class:`~chatd.log.engine.MessageStore`."""
        return self._call(lambda: self._add(changes))

    def find_gaps(self, rooms: Sequence[RoomNumber]) -> Deferred[tuple[Gap, ...]]:
        """See :class:`~chatd.log.engine.MessageStore`."""
        return self._call(lambda: self._store.gaps.find(rooms))

    def fill(self, gap: Gap, messages: Sequence[ArchivedMessage]) -> Deferred[None]:
        """See :class:`~chatd.log.engine.MessageStore`. What is too old is not kept."""
        return self._call(lambda: self._fill(gap, messages))

    def sort(self) -> Deferred[None]:
        """See :class:`~chatd.log.engine.MessageStore`."""
        return self._call(self._sort)

    def save(
        self,
        snapshot: Snapshot,
        trim: Position,
        changes: Sequence[ArchiveChange] = (),
    ) -> Deferred[None]:
        """See :class:`~chatd.log.engine.Engine`. Afterwards what is too old is deleted."""
        return self._run(self._save(snapshot, trim, changes))

    def retain(self) -> Deferred[None]:
        """Delete the messages that are not to be kept any longer, oldest first."""
        return self._run(self._look_and_retain())

    def close(self) -> Deferred[None]:
        """See :class:`~chatd.log.engine.Engine`."""
        if self._retaining.running:
            self._retaining.stop()
        closed = self.archive.close()
        closed.addCallback(lambda _: self._worker.call(self._close))
        return closed.addCallback(lambda _: self._worker.stop())

    def _start_retaining(self) -> None:
        if not self._retaining.running:
            self._retaining.start(limits.RETENTION_SECONDS, now=False)

    def _retain_again(self) -> Deferred[None]:
        # A failure has closed the file, so that whoever asks for something next is told of it.
        return self.retain().addErrback(lambda failure: failure.trap(StoreFailed) and None)

    # --- in the thread ---------------------------------------------------------------------------

    def _call(self, call: Callable[[], _Result]) -> Deferred[_Result]:
        return self._worker.call(lambda: self._guarded(call))

    def _run(self, steps: Steps) -> Deferred[None]:
        return self._worker.run(self._guarded_steps(steps))

    def _guarded(self, call: Callable[[], _Result]) -> _Result:
        """The result of `call`; after a failure the file is closed.

        :raises StoreFailed: after a failure.
        """
        try:
            return call()
        except (*ERRORS, StoreFailed) as error:
            raise self._fail(error) from error

    def _guarded_steps(self, steps: Steps) -> Steps:
        try:
            while True:
                yield self._guarded(lambda: next(steps))
        except StopIteration:
            return

    def _fail(self, error: Exception) -> StoreFailed:
        failure = describe(self.path, error)
        self._is_suspect = self._is_suspect or isinstance(failure, Damaged)
        self._shut(failure)
        return failure

    def _shut(self, failure: StoreFailed) -> None:
        self._failure = failure
        if self._open_store is not None:
            self._open_store.database.close()
            self._open_store = None
            self._worker.drop_tasks(failure)

    @property
    def _store(self) -> _Store:
        if self._open_store is None:
            raise self._failure
        return self._open_store

    def _open(self) -> None:
        self._close()
        self._guarded(self._open_database)
        self._is_unused = True

    def _open_database(self) -> None:
        database = Database(self.path, self._connect, self._sync, is_suspect=self._is_suspect)
        try:
            messages = Messages(database)
            gaps = Gaps(database, messages)
            gaps.sort()  # if a server was killed before it did
        except BaseException:
            database.close()
            raise
        self._open_store = _Store(database, messages, Journal(database, messages), gaps)
        self._is_suspect = False
        self._is_indexing = False

    def _close(self) -> None:
        self._shut(StoreFailed(f"{self.path} is closed."))

    def _append(self, entry: Entry, changes: Sequence[ArchiveChange]) -> None:
        self._store.journal.append(entry, changes)
        self._changed(changes)

    def _add(self, changes: Sequence[ArchiveChange]) -> None:
        store = self._store
        with store.database.transaction():
            store.messages.carry_out(changes, again=True)
        self._changed(changes)

    def _fill(self, gap: Gap, messages: Sequence[ArchivedMessage]) -> None:
        oldest = 0
        if self._keep.seconds is not None:
            oldest = (self._believed_time - self._keep.seconds) * 1_000
        kept = [each for each in messages if each.message.time >= oldest]
        self._store.gaps.fill(gap, kept)
        self._changed()

    def _sort(self) -> None:
        self._store.gaps.sort()
        self._index()
        self._clean()

    def _changed(self, changes: Sequence[ArchiveChange] = ()) -> None:
        self._index()
        has_removed = any(type(each) is RemovedMessage for each in changes)
        if self._is_unused:
            # Not before: nothing is deleted from a file that cannot be read.
            self._is_unused = False
            self._worker.add(self._guarded_steps(self._look_and_retain()))
            has_removed = True  # or before the last server ended
        if has_removed:
            self._clean()

    def _clean(self) -> None:
        """Begin to leave no word of removed messages in the files."""
        self._worker.add(self._guarded_steps(clean(self._store.database)))

    def _index(self) -> None:
        """Begin to index messages, if there are enough for that."""
        messages = self._store.messages
        if not self._is_indexing and messages.has_batch():
            self._is_indexing = True
            self._worker.add(self._guarded_steps(self._index_steps(messages)))

    def _index_steps(self, messages: Messages) -> Steps:
        while messages.has_batch():
            messages.index_batch()
            yield 0
        self._is_indexing = False

    def _save(self, snapshot: Snapshot, trim: Position, changes: Sequence[ArchiveChange]) -> Steps:
        yield from self._store.journal.save(snapshot, trim, changes)
        self._index()
        self._worker.add(self._guarded_steps(self._retain()))

    def _look_and_retain(self) -> Steps:
        if self._keep.seconds is not None:
            self._look_at_clock(self._keep.seconds)
        yield 0
        yield from self._retain()

    def _look_at_clock(self, keep_seconds: int) -> None:
        store = self._store
        now = int(self._now())
        clock = look_at_clock(store.database, now)
        self._believed_time = clock.believed
        if clock.doubted == now:
            oldest = store.messages.oldest_time()
            if oldest is not None and oldest < (now - keep_seconds) * 1_000:
                self._reactor.callFromThread(self._warn_of_clock, now - clock.believed)

    def _retain(self) -> Steps:
        store = self._store
        yield from retain(store.database, store.messages, self._keep, self._believed_time)
        yield from store.journal.give_back_pages()

    def _warn_of_clock(self, seconds: int) -> None:
        self.log.warn(
            "the clock is {days} days ahead of what it said last; if that is right, messages that "
            "are too old are deleted in {hours} hours",
            days=seconds // 86_400,
            hours=limits.DOUBTED_CLOCK_SECONDS // 3_600,
        )
