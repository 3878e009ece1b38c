"""An engine in memory: keeps entries in lists, and fails when it is told to."""

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from typing_extensions import override

from chatd.chat import names
from chatd.chat.commands import ReadMessages, Search
from chatd.chat.events import Message, SearchResult
from chatd.chat.model import without_text
from chatd.chat.reading import select
from chatd.log.engine import (
    Archive,
    ArchiveChange,
    ArchivedMessage,
    Engine,
    Entry,
    Gap,
    Position,
    PositionTaken,
    PrivateLife,
    RemovedMessage,
    RoomNumber,
    Snapshot,
    StoreFailed,
)


class MemoryEngine(Engine, Archive):
    """What would be in the file, for one server after another.

    :param clock: an entry is kept in its next turn; None for at once.
    :ivar problem: while it is set, nothing can be kept.
    """

    def __init__(self, clock: IReactorTime | None = None) -> None:
        self.clock = clock
        self.problem = ""
        self.entries: list[Entry] = []
        self.snapshot: Snapshot | None = None
        self.messages: list[ArchivedMessage] = []
        self.private_lives: set[int] = set()
        self.is_open = False
        self.missing: dict[str, Gap] = {}
        self.is_sorted = True

    @override
    def open(self) -> Deferred[None]:
        if self.problem:
            return fail(StoreFailed(self.problem))
        self.is_open = True
        return succeed(None)

    @override
    def load(self) -> Deferred[Snapshot | None]:
        return succeed(self.snapshot)

    @override
    def read(self, after: Position) -> Deferred[list[Entry]]:
        return succeed([each for each in self.entries if each.position > after][:3])

    @override
    def add(self, changes: Sequence[ArchiveChange]) -> Deferred[None]:
        if self.problem:
            return fail(StoreFailed(self.problem))
        there = {(each.message.room, each.message.seq) for each in self.messages}
        self._carry_out(
            [
                each
                for each in changes
                if not isinstance(each, ArchivedMessage)
                or (each.message.room, each.message.seq) not in there
            ]
        )
        return succeed(None)

    @override
    def find_gaps(self, rooms: Sequence[RoomNumber]) -> Deferred[tuple[Gap, ...]]:
        if self.problem:
            return fail(StoreFailed(self.problem))
        for room, life, seq in rooms:
            kept = [each for each in self.messages if each.message.room == room]
            newest = max((each.message.seq for each in kept), default=0)
            first = self.missing[room].first if room in self.missing else newest + 1
            is_certain = any(each.life == life for each in kept if each.message.seq < first)
            if newest < seq:
                self.missing[room] = Gap(room, first, seq, is_certain)
        return succeed(tuple(self.missing.values()))

    @override
    def fill(self, gap: Gap, messages: Sequence[ArchivedMessage]) -> Deferred[None]:
        self.missing[gap.room] = gap
        if gap.first > gap.last:
            del self.missing[gap.room]
        self.is_sorted = self.is_sorted and not messages
        return self.add(messages)

    @override
    def sort(self) -> Deferred[None]:
        self.messages.sort(key=lambda each: (each.message.time, each.message.seq))
        self.is_sorted = True
        return succeed(None)

    @override
    def append(self, entry: Entry, changes: Sequence[ArchiveChange] = ()) -> Deferred[None]:
        def keep() -> None:
            if any(each.position >= entry.position for each in self.entries):
                raise PositionTaken
            self.entries.append(entry)
            self._carry_out(changes)

        return self._later(keep)

    @override
    def save(
        self, snapshot: Snapshot, trim: Position, changes: Sequence[ArchiveChange] = ()
    ) -> Deferred[None]:
        def keep() -> None:
            self.snapshot = snapshot
            self.entries = [each for each in self.entries if each.position > trim]
            self._carry_out(changes)

        return self._later(keep)

    @override
    def close(self) -> Deferred[None]:
        self.is_open = False
        return succeed(None)

    @override
    def last(
        self,
        room: str,
        limit: int,
        before: int | None = None,
        lives: frozenset[int] = frozenset(),
    ) -> Deferred[tuple[Message, ...]]:
        found = [each for each in self._room(room, lives) if before is None or each.seq < before]
        return succeed(tuple(sorted(found, key=lambda each: each.seq)[-limit:]))

    @override
    def after(
        self, room: str, seq: int, limit: int, lives: frozenset[int] = frozenset()
    ) -> Deferred[tuple[Message, ...]]:
        return succeed(tuple(each for each in self._room(room, lives) if each.seq > seq)[:limit])

    @override
    def between(
        self, query: ReadMessages, lives: frozenset[int] = frozenset()
    ) -> Deferred[tuple[Message, ...]]:
        found = sorted(self._room(query.room, lives), key=lambda each: each.seq)
        return succeed(select(found, query))

    @override
    def search(self, query: Search, lives: frozenset[int] = frozenset()) -> Deferred[SearchResult]:
        found = [
            each.message
            for each in self.messages
            if query.words in each.message.text
            and not each.message.removed
            and self._is_readable(each, lives)
        ]
        return succeed(SearchResult(tuple(found[::-1])))

    def _room(self, room: str, lives: frozenset[int]) -> list[Message]:
        key = names.casefold(room)
        return [
            each.message
            for each in self.messages
            if names.casefold(each.message.room) == key and self._is_readable(each, lives)
        ]

    def _is_readable(self, message: ArchivedMessage, lives: frozenset[int]) -> bool:
        return message.life not in self.private_lives or message.life in lives

    def _carry_out(self, changes: Sequence[ArchiveChange]) -> None:
        for change in changes:
            match change:
                case ArchivedMessage():
                    self.messages.append(change)
                case PrivateLife(_, life):
                    self.private_lives.add(life)
                case RemovedMessage(room, seq, by):
                    self.messages = [
                        ArchivedMessage(each.life, without_text(each.message, by))
                        if names.casefold(each.message.room) == names.casefold(room)
                        and each.message.seq == seq
                        else each
                        for each in self.messages
                    ]

    def _later(self, call: Callable[[], None]) -> Deferred[None]:
        done: Deferred[None] = Deferred()

        def finish() -> None:
            if self.problem or not self.is_open:
                done.errback(StoreFailed(self.problem))
                return
            call()
            done.callback(None)

        if self.clock is None:
            finish()
        else:
            self.clock.callLater(0, finish)
        return done
