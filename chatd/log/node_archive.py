"""The archive of a node: it keeps the messages of the shared log for itself."""

from collections.abc import Generator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat import limits, names
from chatd.chat.events import Message
from chatd.chat.hub import Hub
from chatd.log.archive_changes import bounded, missed_changes
from chatd.log.engine import (
    Archive,
    ArchiveChange,
    ArchivedMessage,
    Gap,
    MessageStore,
    RoomNumber,
    StoreFailed,
)


class NodeArchive:
    """Keeps what is said, in batches. A failure concerns this node alone: the chat goes on.

    While nothing can be kept, the last messages wait, and the store is tried again.

    :ivar archive: to read from.
    """

    log = Logger()

    def __init__(self, store: MessageStore, archive: Archive, clock: IReactorTime) -> None:
        self.archive = archive
        self._store = store
        self._clock = clock
        self._waiting: list[ArchiveChange] = []
        self._is_busy = self._is_failed = False
        self._retry: IDelayedCall | None = None
        self._when_kept: Deferred[None] | None = None
        self._gaps: dict[str, Gap] = {}

    def open(self) -> Deferred[None]:
        """Open the store; fires also if that has failed, which the log says."""
        return self._store.open().addErrback(self._failed)

    @inlineCallbacks
    def restore(self, hub: Hub, max_messages: int) -> Generator[Deferred[Any], Any, None]:
        """Put the last messages of each room back into `hub`; none while they cannot be read."""
        yield self._catch_up(missed_changes(hub))
        for room in hub.archived.names():
            try:
                messages: Sequence[Message] = yield self.archive.last(
                    room, max_messages, lives=hub.archived.private_life(room)
                )
            except StoreFailed:
                messages = ()
            last_seq = hub.archived.last_seq(room)
            hub.archived.restore_history(room, without_gaps(messages, last_seq))

    def _catch_up(self, changes: Sequence[ArchiveChange]) -> Deferred[None]:
        """Carry out what was missed while the node was away; later, if the store has failed."""

        def failed(failure: Failure) -> None:
            failure.trap(StoreFailed)
            self.add(changes)

        return self._store.add(changes).addErrback(failed)

    def find_gaps(self, rooms: Sequence[RoomNumber]) -> Deferred[None]:
        """Find out what is missing of `rooms`, all that there are; nothing if it cannot be read."""

        def found(gaps: tuple[Gap, ...]) -> None:
            self._gaps = {names.casefold(gap.room): gap for gap in gaps}

        def failed(failure: Failure) -> None:
            failure.trap(StoreFailed)
            self._gaps = {}

        return self._store.find_gaps(rooms).addCallbacks(found, failed)

    def gaps(self) -> tuple[Gap, ...]:
        """The gaps of all rooms."""
        return tuple(self._gaps.values())

    def gap(self, room: str) -> Gap | None:
        """The gap of a room, if it has one."""
        return self._gaps.get(names.casefold(room))

    def fill(self, gap: Gap, messages: Sequence[ArchivedMessage]) -> Deferred[None]:
        """Keep `messages` of a gap; `gap` is what is left. Fails with :exc:`StoreFailed`."""

        def filled(result: None) -> None:
            self._gaps[names.casefold(gap.room)] = gap
            if gap.first > gap.last:
                del self._gaps[names.casefold(gap.room)]

        return self._store.fill(gap, messages).addCallback(filled)

    def sort(self) -> Deferred[None]:
        """Put what has filled gaps in order. Fails with :exc:`StoreFailed`."""
        return self._store.sort()

    def add(self, changes: Sequence[ArchiveChange]) -> None:
        """Carry out `changes`."""
        self._waiting += changes
        if self._is_failed:
            self._waiting = bounded(self._waiting)
        self._write()

    def close(self) -> Deferred[None]:
        """Fires when everything is kept that can be, and the store is closed."""
        if self._retry is not None and self._retry.active():
            self._retry.cancel()
        kept: Deferred[None] = succeed(None)
        if self._is_busy:
            self._when_kept = kept = Deferred()
        return kept.addCallback(lambda _: self._store.close())

    def _write(self) -> None:
        if self._waiting and not (self._is_busy or self._is_failed):
            batch, self._waiting = self._waiting, []
            self._is_busy = True
            self._store.add(batch).addBoth(self._written, batch)

    def _written(self, result: Failure | None, batch: list[ArchiveChange]) -> None:
        self._is_busy = False
        if isinstance(result, Failure):
            self._waiting = batch + self._waiting
            self._failed(result)
        self._write()
        if self._when_kept is not None and not self._is_busy:
            kept, self._when_kept = self._when_kept, None
            kept.callback(None)

    def _failed(self, failure: Failure) -> None:
        if failure.check(StoreFailed) is None:
            self.log.failure("messages could not be kept", failure)
        elif not self._is_failed:
            self.log.error(
                "this node keeps no messages at present: {error}", error=str(failure.value)
            )
        self._is_failed = True
        self._retry = self._clock.callLater(limits.STORE_RETRY_SECONDS, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        self._store.open().addCallbacks(self._recovered, self._failed)

    def _recovered(self, result: None) -> None:
        self._is_failed = False
        self.log.info("this node keeps messages again")
        self._write()


def without_gaps(messages: Sequence[Message], last_seq: int) -> Sequence[Message]:
    """The last of `messages` that lead up to the number `last_seq` without a gap."""
    count = 0
    for message in reversed(messages):
        if message.seq != last_seq - count:
            break
        count += 1
    return messages[len(messages) - count :]
