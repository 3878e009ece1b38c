"""The ports through which the log is kept: an engine for its entries, an archive for its messages.

A journal is a row of entries at the positions 1, 2, 3 …; a snapshot stands for all of them up to
its own position. ``store`` keeps both in an SQLite file; tests, in a list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from msgspec import Struct
from twisted.internet.defer import Deferred

from chatd.chat.commands import ReadMessages, Search
from chatd.chat.events import Message, SearchResult

#: The place of an entry in the journal: 1, 2, 3 …
Position = int

#: The most entries that :meth:`Engine.read` fires with.
ENTRIES_PER_READ: Final = 256


@dataclass(frozen=True, slots=True)
class Entry:
    """The operations of one turn, encoded; `at_ms` is in milliseconds since 1970."""

    position: Position
    at_ms: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state, encoded, after all entries up to `position`."""

    position: Position
    data: bytes


class ArchivedMessage(Struct, frozen=True):
    """A message of a room, and the number of that life of the room."""

    life: int
    message: Message


class PrivateLife(Struct, frozen=True):
    """A life of a room that is for its members alone: from now on, and what was said so far."""

    room: str
    life: int


class RemovedMessage(Struct, frozen=True):
    """The text and the file of a message are gone; `by` is the nickname of who removed it."""

    room: str
    seq: int
    by: str


#: What changes in the archive.
ArchiveChange = ArchivedMessage | PrivateLife | RemovedMessage


class RoomNumber(NamedTuple):
    """A room, the number of its life, and that of its last message."""

    room: str
    life: int
    seq: int


class Gap(NamedTuple):
    """The messages of a room that may be missing: those numbered from `first` to `last`.

    :ivar is_certain: whether each of the numbers is that of a message. The numbers of a room that
        has ended and begun again have gone on from those of other rooms.
    """

    room: str
    first: int
    last: int
    is_certain: bool = False


class StoreFailed(Exception):
    """Nothing can be kept or read. Its text is a sentence: which file, and what to do.

    Whether the entry that failed is kept is not known. Nothing works until :meth:`Engine.open` has
    succeeded again.
    """


class StoreInUse(StoreFailed):
    """Another server has the file."""


class PositionTaken(Exception):
    """There is an entry at that position already; nothing was changed."""


class LogLost(Exception):
    """The entries that were asked for are gone."""


class MessageStore(Protocol):
    """Keeps messages. All of its Deferreds may fail with :exc:`StoreFailed`."""

    def open(self) -> Deferred[None]:
        """Open the files, or make new ones; also after a failure."""

    def add(self, changes: Sequence[ArchiveChange]) -> Deferred[None]:
        """Carry out `changes`, in their order; a message that is kept already stays as it is."""

    def find_gaps(self, rooms: Sequence[RoomNumber]) -> Deferred[tuple[Gap, ...]]:
        """Fire with what is missing of `rooms`, and remember it until it is filled.

        :param rooms: all rooms that there are: what is missing of others is forgotten.
        """

    def fill(self, gap: Gap, messages: Sequence[ArchivedMessage]) -> Deferred[None]:
        """Keep `messages` of a gap, but for those that are kept already; `gap` is what is left.

        Nothing is left if its first number is above its last one.
        """

    def sort(self) -> Deferred[None]:
        """Put what has filled gaps in the order of time, among all messages."""

    def close(self) -> Deferred[None]:
        """Close the files. Calls that were not finished fail."""


class Engine(MessageStore, Protocol):
    """Keeps a journal. All of its Deferreds may fail with :exc:`StoreFailed`."""

    def load(self) -> Deferred[Snapshot | None]:
        """Fire with the newest snapshot."""

    def read(self, after: Position) -> Deferred[list[Entry]]:
        """Fire with the next entries after that position, and with none at the end.

        The Deferred fails with :exc:`LogLost` if one of them is gone.
        """

    def append(self, entry: Entry, changes: Sequence[ArchiveChange] = ()) -> Deferred[None]:
        """Keep `entry`, and carry out `changes` in the archive: both or neither.

        The Deferred fails with :exc:`PositionTaken` if there is an entry at that position.
        """

    def save(
        self,
        snapshot: Snapshot,
        trim: Position,
        changes: Sequence[ArchiveChange] = (),
    ) -> Deferred[None]:
        """Keep `snapshot`, and forget all entries up to `trim` and the snapshots before it.

        The Deferred fires when no byte of them is left in the files. Entries can be appended in the
        meantime.
        """


class Archive(Protocol):
    """The messages that were kept. All of its Deferreds may fail with :exc:`StoreFailed`.

    Of private lives of rooms, nothing is read but of those in `lives`: of the rooms in which
    whoever asks is now.
    """

    def last(
        self,
        room: str,
        limit: int,
        before: int | None = None,
        lives: frozenset[int] = frozenset(),
    ) -> Deferred[tuple[Message, ...]]:
        """Fire with the last messages of `room`, or the last before that number, oldest first.

        :param room: in any case.
        """

    def after(
        self, room: str, seq: int, limit: int, lives: frozenset[int] = frozenset()
    ) -> Deferred[tuple[Message, ...]]:
        """Fire with the first messages of `room` after that number, oldest first."""

    def between(
        self, query: ReadMessages, lives: frozenset[int] = frozenset()
    ) -> Deferred[tuple[Message, ...]]:
        """Fire with the messages that `query` asks for, oldest first."""

    def search(self, query: Search, lives: frozenset[int] = frozenset()) -> Deferred[SearchResult]:
        """Fire with a page of the messages that `query` finds; one that was removed is not.

        The Deferred fails with :exc:`~chatd.chat.errors.BadSearch` if it is too long, or has
        nothing to search for.
        """


@dataclass(frozen=True, slots=True)
class Store:
    """Where a chat is kept: the engine also fills the archive.

    :ivar name: what a user calls it, a path for example.
    """

    engine: Engine
    archive: Archive
    name: str = ""
