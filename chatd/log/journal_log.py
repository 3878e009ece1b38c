"""An ordered log that is kept in a journal: a chat that survives its server.

The operations of one turn of the reactor are one entry of the journal, and one commit. The hub
applies them at once; but its events and the results are held back until the entry is kept. So
nobody is told of anything that a crash could undo. The operations that arrive during a commit are
the next entry, so a busy server commits less often, not more.

::

    ask ask ask ──▶ apply to the hub, hold back ──▶ commit ──▶ release ──▶ (pause)
                                                      │                       │
                                                      └── ask ask ask ────────┴─▶ the next entry

After an entry that several commands have shared the log pauses: many talk at the same time, and
will do so again as soon as they have heard each other. Without the pause, the commands that arrive
during one commit and those that arrive after it would remain two entries for ever, and the server
would write to every member twice as often. A member that talks alone never waits for it.

When an entry cannot be kept (the disk is full), the chat goes on, and everybody is told at once
that nothing is kept any more. The log tries again from time to time, with a snapshot: from then on
everything is kept again.
"""

from collections.abc import Callable, Generator
from pathlib import PurePath
from typing import Any, Final, TypeVar

from twisted.internet import defer
from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.chat import limits
from chatd.chat.errors import Refusal
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.outbox import Outbox
from chatd.chat.state import RULES
from chatd.log import codec
from chatd.log.archive_changes import bounded
from chatd.log.chat_time import ChatTime
from chatd.log.engine import ArchiveChange, Entry, LogLost, Snapshot, Store, StoreFailed
from chatd.log.held_outbox import HeldOutbox
from chatd.log.operations import Begin, Clear, Operation, apply, changes_hub
from chatd.log.ordered_log import OrderedLog

_Result = TypeVar("_Result")

#: How large an entry may be before the rest goes into the next one, in operations.
_MAX_OPERATIONS: Final = 256


class JournalLog(OrderedLog):
    """Applies the operations of a turn together, and tells of them when they are kept.

    :param now: returns the time of day, in milliseconds since 1970.
    :param clock: what is asked for in one turn of it is one entry.
    :param store: keeps the entries, and the messages of the rooms.
    :param notify: tells everybody in the chat that keeping it has failed, or works again.
    """

    log = Logger()

    def __init__(
        self,
        settings: HubSettings,
        outbox: Outbox,
        now: Callable[[], int],
        clock: IReactorTime,
        store: Store,
        notify: Callable[[str], None],
    ) -> None:
        self._history = settings.history
        self._time = ChatTime(now, clock.seconds)
        self._clock = clock
        self._engine = store.engine
        self._archive = store.archive
        self._name = store.name
        self._notify = notify
        self._held = HeldOutbox(outbox)
        self.hub = Hub(settings, self._held, now())
        self._held.room_life = self.hub.archived.life
        self._asked: list[tuple[Operation[Any], Callable[[Any], None]]] = []
        self._position = 0
        self._bytes_since_snapshot = 0
        # The time of the first entry since the last snapshot; 0 if there is none.
        self._journal_since = 0
        # While the log opens, commits, saves or pauses, what is asked for is gathered.
        self._is_busy = True
        self._is_scheduled = False
        self._is_opened = self._is_stopping = False
        self._is_kept = True
        self.problem = ""
        self.is_cut_off = False
        # Whether what is in the store was read: otherwise it must stay as it is.
        self._is_restored = False
        self._unarchived: list[ArchiveChange] = []
        self._retry: IDelayedCall | None = None
        # When private texts leave the files, and what the hub had counted at the last snapshot.
        self._trim: IDelayedCall | None = None
        self._private_changes = 0
        self._when_idle: Deferred[None] | None = None

    @override
    def open(self) -> Deferred[Exception | None]:
        self._is_opened = True
        opened = self._restore()
        opened.addErrback(self._describe)
        opened.addErrback(self._not_restored)
        return opened.addCallback(self._begin)

    @inlineCallbacks
    def _restore(self) -> Generator[Deferred[Any], Any, Exception | None]:
        yield self._engine.open()
        snapshot = yield self._engine.load()
        if snapshot is not None:
            self._position = snapshot.position
            time, state = codec.decode_snapshot(snapshot.data)
            self._time.go_on_from(time)
            self.hub.restore(state)
        while entries := (yield self._engine.read(self._position)):
            for entry in entries:
                self._replay(entry)
        for room in self.hub.archived.names():
            lives = self.hub.archived.private_life(room)
            messages = yield self._archive.last(room, self._history, lives=lives)
            self.hub.archived.restore_history(room, messages)
        self._is_restored = True
        self.log.info("this chat is kept in {name}", name=self._name)
        return None

    def _describe(self, failure: Failure) -> None:
        failure.trap(ValueError)
        # It is not damage: that shows in the checksum.
        raise StoreFailed(
            f"{self._name} was kept by another version of chatd ({failure.value}); use that one, "
            "or name another file with --store."
        )

    def _not_restored(self, failure: Failure) -> Deferred[Exception | None]:
        """Go on without the store. It is not tried again: it may have what this chat lacks."""
        self._is_kept = False
        self.problem = f"This chat is not kept: {self._reason(failure)}"
        if failure.check(StoreFailed, LogLost) is None:
            self.log.failure("the chat could not be restored", failure)
        problem = failure.value if isinstance(failure.value, Exception) else None
        # Nothing may be deleted from it because of its age, and another program may have it.
        return self._engine.close().addCallback(lambda _: problem)

    def _begin(self, problem: Exception | None) -> Deferred[Exception | None]:
        """Remove the connections that there were when the server ended."""
        begun: Deferred[Exception | None] = Deferred()
        self._asked.insert(0, (Begin(RULES), lambda _: begun.callback(problem)))
        self._is_busy = False
        self._schedule()
        return begun

    @override
    def time(self) -> int:
        return self._time.read()

    @override
    def ask(self, operation: Operation[_Result], done: Callable[[_Result | Refusal], None]) -> None:
        self._asked.append((operation, done))
        self._schedule()

    @override
    def ending(self) -> Operation[None]:
        return Clear()

    @override
    def stop(self) -> Deferred[None]:
        if not self._is_opened:
            return succeed(None)
        self._is_stopping = True
        for call in (self._retry, self._trim):
            if call is not None and call.active():
                call.cancel()
        self._when_idle = idle = Deferred[None]()
        idle.addCallback(lambda _: self._save_last() if self._is_restored else None)
        idle.addErrback(self._not_saved)
        idle.addCallback(lambda _: self._engine.close())
        self._flush()
        return idle

    def _schedule(self) -> None:
        if not (self._is_scheduled or self._is_busy):
            self._is_scheduled = True
            self._clock.callLater(0, self._flush)

    def _flush(self) -> None:
        """Apply what was asked for, and keep it."""
        self._is_scheduled = False
        if self._is_busy:
            return
        if not self._asked:
            if self._when_idle is not None:
                idle, self._when_idle = self._when_idle, None
                self._is_busy = True  # for ever: the log has stopped
                idle.callback(None)
            return
        batch = self._asked[:_MAX_OPERATIONS]
        del self._asked[:_MAX_OPERATIONS]
        entry = self._apply(batch)
        calls, changes = self._held.take()
        if entry is None:
            self._release(calls)
        elif self._is_kept:
            self._is_busy = True
            self._engine.append(entry, changes).addCallbacks(
                self._kept,
                self._not_kept,
                callbackArgs=(entry, calls, len(batch)),
                errbackArgs=(changes, calls),
            )
        else:
            self._unarchived = bounded(self._unarchived + changes)
            self._release(calls)

    def _apply(self, batch: list[tuple[Operation[Any], Callable[[Any], None]]]) -> Entry | None:
        """Apply the operations to the hub; the entry with those that have to be kept."""
        # The clock may jump back; the time of the chat does not.
        time = self._time.read()
        to_keep = []
        for operation, done in batch:
            result = apply(self.hub, operation, time)
            self._held.add_result(done, result)
            # A refused operation has changed nothing.
            if changes_hub(operation) and not isinstance(result, Refusal):
                to_keep.append(operation)
        if not to_keep:
            return None
        self._trim_if_due()
        self._position += 1
        self._journal_since = self._journal_since or time
        return Entry(self._position, time, codec.encode_operations(to_keep))

    def _replay(self, entry: Entry) -> None:
        self._position = entry.position
        self._time.go_on_from(entry.at_ms)
        self._journal_since = self._journal_since or entry.at_ms
        for operation in codec.decode_operations(entry.data):
            apply(self.hub, operation, entry.at_ms)
        self._trim_if_due()
        self._held.take()

    def _release(self, calls: list[tuple[Any, ...]]) -> None:
        self._held.release(calls)
        self._go_on()

    def _pause(self) -> None:
        self._clock.callLater(limits.JOURNAL_PAUSE_MILLISECONDS / 1_000, self._go_on)

    def _go_on(self) -> None:
        self._is_busy = False
        if self._asked or self._when_idle is not None:
            self._schedule()

    def _kept(
        self, result: None, entry: Entry, calls: list[tuple[Any, ...]], commands: int
    ) -> None:
        self._bytes_since_snapshot += len(entry.data)
        is_old = entry.at_ms - self._journal_since >= 1_000 * limits.JOURNAL_SECONDS
        if is_old or self._bytes_since_snapshot >= limits.JOURNAL_BYTES:
            # Before anything else is applied: the state is that of this very position. Another
            # reader of the file, such as a backup, may hold up the snapshot, but not the entries
            # after it.
            self._save().addErrback(self._snapshot_failed)
        if commands == 1:
            self._release(calls)
        else:
            self._held.release(calls)
            # The members are written to in the next turn; the pause begins after that.
            self._clock.callLater(0, self._pause)

    def _trim_if_due(self) -> None:
        if self._private_changes != self.hub.private_changes:
            self._trim_later(limits.PRIVATE_TRIM_SECONDS)

    def _trim_later(self, seconds: float) -> None:
        if self._trim is None and not self._is_stopping:
            self._trim = self._clock.callLater(seconds, self._trim_private)

    def _trim_private(self) -> None:
        """Take private texts out of the file but for those that somebody may still be sent.

        A snapshot has only these, and takes the place of the entries that had the others.
        """
        self._trim = None
        if not self._is_kept:
            return  # once the store works again there will be a snapshot
        if self._is_busy:
            # The state may be that of an entry which is not kept yet. A log that is always busy
            # saves a snapshot behind that entry, an idle one in a second.
            self._bytes_since_snapshot = limits.JOURNAL_BYTES
            self._trim_later(1)
        elif self._private_changes != self.hub.private_changes:  # no other snapshot was saved
            self._save().addErrback(self._snapshot_failed)

    def _save(self) -> Deferred[None]:
        """Keep the state, in place of the entries up to now."""
        self._bytes_since_snapshot = self._journal_since = 0
        self._private_changes = self.hub.private_changes
        data = codec.encode_snapshot(self._time.read(), self.hub.state())
        return self._engine.save(
            Snapshot(self._position, data), self._position, tuple(self._unarchived)
        )

    def _save_last(self) -> Deferred[None]:
        """Save the state; after a failure, try once more to keep what was said since."""
        opened = succeed(None) if self._is_kept else self._engine.open()
        saved = opened.addCallback(lambda _: self._save())
        # Nobody who reads the file may hold up the end of the server.
        return saved.addTimeout(limits.SHUTDOWN_SECONDS, self._clock).addCallback(self._saved_last)

    def _saved_last(self, result: None) -> None:
        if not self._is_kept:
            self.log.info("the chat was kept at the end")

    def _snapshot_failed(self, failure: Failure) -> None:
        """A snapshot failed; or the log has closed the file before it was complete."""
        if not self._is_stopping:
            self._failed(failure)

    def _not_saved(self, failure: Failure) -> None:
        is_late = failure.check(defer.TimeoutError) is not None
        error = "another program reads the file" if is_late else str(failure.value)
        if self._is_kept:  # nothing is lost: the entries are kept
            self.log.warn("the journal is as long as it was: {error}", error=error)
        else:
            self.log.error("what was said since the failure is lost: {error}", error=error)

    def _not_kept(
        self, failure: Failure, changes: list[ArchiveChange], calls: list[tuple[Any, ...]]
    ) -> None:
        self._unarchived += changes
        self._failed(failure)
        self._release(calls)

    # --- keeping nothing, and trying again --------------------------------------------------------

    def _failed(self, failure: Failure) -> None:
        """Tell everybody that nothing is kept, before they are told of anything else."""
        if not self._is_kept:
            return  # an entry and a snapshot have failed: that is one problem
        self._is_kept = False
        self.log.error("the chat is not kept: {error}", error=str(failure.value))
        self.problem = f"This chat is not kept at present: {self._reason(failure)}"
        self._notify(self.problem)
        self._retry_later()

    def _reason(self, failure: Failure) -> str:
        """Why nothing is kept, for the members. In which folder the file is concerns the host."""
        return str(failure.value).replace(self._name, PurePath(self._name).name)

    def _retry_later(self) -> None:
        if not self._is_stopping:
            self._retry = self._clock.callLater(limits.STORE_RETRY_SECONDS, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        if self._is_busy:
            self._retry_later()
            return
        self._is_busy = True
        opened = self._engine.open().addCallback(lambda _: self._save())
        opened.addCallbacks(self._recovered, lambda _: self._retry_later())
        opened.addBoth(lambda _: self._release([]))

    def _recovered(self, result: None) -> None:
        self._is_kept = True
        self.problem = ""
        self._unarchived.clear()
        self.log.info("the chat is kept again")
        self._notify("This chat is kept again.")
