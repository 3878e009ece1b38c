"""The messages that a node lacks, as it was away or is new: it gets them from the other nodes.

A node that begins from a snapshot has not read the messages before it in the log, and its archive
may end long before. Those between are in the archives of other nodes. It asks for them as a client
does, a page at a time, while it is in the chat already::

    the archive ends with 50, the snapshot was saved after 100   missing: 51 … 100
    node a has 91 … 100, and then 50                             missing: 51 … 90
    node b has 51 … 90                                           nothing is missing
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, Final, Protocol

from twisted.internet import defer
from twisted.internet.defer import CancelledError, Deferred, inlineCallbacks
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat import limits, names
from chatd.chat.events import Message
from chatd.chat.hub import Hub
from chatd.chat.server_events import Node
from chatd.log.engine import ArchivedMessage, Gap, RoomNumber, StoreFailed
from chatd.log.node_archive import NodeArchive
from chatd.log.validity import is_valid

#: The life of a message of which it is not known; those of this chat begin with 1.
_UNKNOWN_LIFE: Final = 0
#: Parts of rooms that the log names.
_SHOWN_PARTS: Final = 10

#: The first and the last of some numbers that follow each other.
_Part = tuple[int, int]


class PeerFailed(Exception):
    """Another node gives no messages. Its text is a phrase: why."""


class Peer(Protocol):
    """A connection to another node."""

    def history(self, room: str, before: int) -> Deferred[tuple[Message, ...]]:
        """Fire with the last messages of `room` before that number, a page of them, oldest first.

        The Deferred fails with :exc:`PeerFailed`. What it fires with is what the node has said.
        """

    def close(self) -> None:
        """Close the connection."""


class Connector(Protocol):
    """Connects to other nodes."""

    def connect_node(self, node: Node) -> Deferred[Peer]:
        """Connect to another node; the Deferred fails with :exc:`PeerFailed`."""


class MissingMessages:
    """Finds out what the archive lacks, and gets it in the background.

    :param node: the name of this node.
    :param archive: None for none: then nothing is missing.
    :param time: returns the time of the chat, in milliseconds since 1970.
    """

    log = Logger()

    def __init__(
        self,
        node: str,
        hub: Hub,
        archive: NodeArchive | None,
        connector: Connector,
        clock: IReactorTime,
        time: Callable[[], int],
    ) -> None:
        self._node = node
        self._hub = hub
        self._archive = archive
        self._connector = connector
        self._clock = clock
        self._time = time
        # The numbers that are missing in each room, lowest first.
        self._missing: dict[str, list[_Part]] = {}
        # The lives of those where each of the numbers is that of a message.
        self._lives: dict[str, int] = {}
        self._round: Deferred[None] | None = None
        self._is_due = False
        self._retry: IDelayedCall | None = None
        self._fetched = 0
        self._reported = ""

    @inlineCallbacks
    def find(self) -> Generator[Deferred[Any], Any, None]:
        """Find out what is missing; the hub is that of the snapshot."""
        if self._archive is None:
            return
        rooms = []
        for room in self._hub.archived.names():
            life, seq = self._hub.archived.life(room), self._hub.archived.last_seq(room)
            rooms.append(RoomNumber(room, life, seq))
        yield self._archive.find_gaps(rooms)
        gaps = self._archive.gaps()
        self._missing = {gap.room: [(gap.first, gap.last)] for gap in gaps}
        self._lives = {
            gap.room: self._hub.archived.life(gap.room) for gap in gaps if gap.is_certain
        }

    def fetch(self) -> None:
        """Get what is missing; if that is under way, once more after it."""
        self._cancel_retry()
        self._is_due = self._round is not None
        if not self._missing or self._is_due:
            return
        self._round = self._fetch_all()
        self._round.addTimeout(limits.FETCH_SECONDS, self._clock)
        self._round.addErrback(self._round_failed)
        self._round.addCallback(lambda _: self._round_ended())

    def stop(self) -> None:
        """Get nothing, until :meth:`fetch` is called again."""
        self._is_due = False
        self._cancel_retry()
        if self._round is not None:
            self._round.cancel()

    def _cancel_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _round_ended(self) -> None:
        self._round = None
        if self._is_due:
            self.fetch()

    def _round_failed(self, failure: Failure) -> None:
        if failure.check(StoreFailed):
            self.log.warn("no messages can be kept: {error}", error=str(failure.value))
            self._try_later()
        elif failure.check(defer.TimeoutError):
            self._report()
        elif not failure.check(CancelledError):
            self.log.failure("messages that are missing could not be fetched", failure)

    @inlineCallbacks
    def _fetch_all(self) -> Generator[Deferred[Any], Any, None]:
        nodes = [each for each in self._hub.nodes.there if each.name != self._node]
        self._fetched = answered = 0
        for node in nodes:
            if self._missing and self._fetched < limits.FETCHED_MESSAGES:
                answered += yield self._ask_node(node)
        if self._archive is not None:
            yield self._archive.sort()
        if self._fetched:
            self.log.info("{count} messages came from other nodes", count=self._fetched)
        if nodes and answered == len(nodes):
            yield self._forget_skipped()
        elif nodes and self._missing:
            self._try_later()
        self._report()

    def _try_later(self) -> None:
        self._cancel_retry()
        self._retry = self._clock.callLater(limits.FETCH_RETRY_SECONDS, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        self.fetch()

    @inlineCallbacks
    def _ask_node(self, node: Node) -> Generator[Deferred[Any], Any, bool]:
        """Get what one node has; fires with whether it has answered everything."""
        peer: Peer | None = None
        try:
            peer = yield self._connector.connect_node(node)
            for room in list(self._missing):
                yield self._ask_for(peer, room)
        except PeerFailed as error:
            self.log.info(
                "node {node} gives no messages that are missing here: {error}",
                node=node.name,
                error=str(error),
            )
            return False
        finally:
            if peer is not None:
                peer.close()
        return self._fetched < limits.FETCHED_MESSAGES

    @inlineCallbacks
    def _ask_for(self, peer: Peer, room: str) -> Generator[Deferred[Any], Any, None]:
        """Get what a node has of a room."""
        # What it was not asked for yet, and what it does not have.
        unasked, lacking = self._missing[room], list[_Part]()
        while unasked and self._fetched < limits.FETCHED_MESSAGES:
            if self._hub.archived.private_life(room):
                # Nobody but its members is given its messages, and so no node.
                del self._missing[room]
                return
            *rest, (first, last) = unasked
            page = yield peer.history(room, last + 1)
            self._check(page, room, last)
            found = [each for each in page if each.seq >= first]
            is_end = not page or page[0].seq <= first
            bottom = first if is_end else page[0].seq
            lacking = _without(bottom, last, found) + lacking
            unasked = rest if is_end else [*rest, (first, bottom - 1)]
            found = self._hub.archived.without_removed(room, found)
            messages = [ArchivedMessage(self._life(room, each.seq), each) for each in found]
            yield self._fill(room, unasked + lacking, messages)
            self._fetched += len(found)

    def _life(self, room: str, seq: int) -> int:
        """The life of a message: it may become private later, and this message with it."""
        known = self._hub.archived.life_of(room, seq) or _UNKNOWN_LIFE
        return self._lives.get(room, known)

    def _check(self, page: Sequence[Message], room: str, last: int) -> None:
        """Check what another node has said: it may be anything.

        :raises PeerFailed: if these cannot be messages of that room up to that number.
        """
        now = self._time() + 1_000 * limits.NODE_CLOCK_SECONDS
        before = 0
        for each in page:
            if not (
                is_valid(each.room, each.seq, each.time, each.source, each.text, each.removed)
                and names.casefold(each.room) == names.casefold(room)
                and before < each.seq <= last
                and each.time <= now
            ):
                raise PeerFailed("its answer is not what it was asked for")
            before = each.seq

    @inlineCallbacks
    def _fill(
        self, room: str, missing: list[_Part], messages: list[ArchivedMessage]
    ) -> Generator[Deferred[Any], Any, None]:
        """Keep `messages`; after that those parts are missing."""
        first, last = (missing[0][0], missing[-1][1]) if missing else (1, 0)
        if self._archive is not None:
            yield self._archive.fill(Gap(room, first, last, room in self._lives), messages)
        self._missing[room] = missing
        if not missing:
            del self._missing[room]

    @inlineCallbacks
    def _forget_skipped(self) -> Generator[Deferred[Any], Any, None]:
        """All nodes lack it: the numbers of rooms that had ended have never been given."""
        for room in list(self._missing):
            if room not in self._lives:
                yield self._fill(room, [], [])

    def _report(self) -> None:
        """Say which messages are missing, unless that was said before."""
        parts = [
            f"{room} {first} to {last}" if first < last else f"{room} {first}"
            for room, each in self._missing.items()
            for first, last in each
        ]
        shown = ", ".join(parts[:_SHOWN_PARTS]) + (", …" if len(parts) > _SHOWN_PARTS else "")
        if shown and shown != self._reported:
            self.log.warn(
                "this node lacks messages that no other node gives it: {parts}", parts=shown
            )
        self._reported = shown


def _without(first: int, last: int, found: Iterable[Message]) -> list[_Part]:
    """The parts of the numbers from `first` to `last` that are not those of `found`."""
    parts = []
    for message in found:
        if first < message.seq:
            parts.append((first, message.seq - 1))
        first = message.seq + 1
    if first <= last:
        parts.append((first, last))
    return parts
