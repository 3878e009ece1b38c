"""Who is told the same: one stream for all of them, written once at the end of a turn.

What an audience is told during a turn of the reactor is joined once, and every member is sent the
same bytes object. A member who is told something of its own *diverges* for the rest of the turn:
it gets a list of its own, and catches up with the others before each word that is its own; so
everyone is told what happened in the order in which the hub decided it.
"""

from typing import Protocol, cast

from twisted.internet.interfaces import IReactorTime

from chatd.chat import limits
from chatd.chat.outbox import MemberId
from chatd.server.send_queue import Output, SendQueue, send_to_all
from chatd.wire.dialect import Dialect


class Recipient(Protocol):
    """A connection that can be told things: in which dialect, which way."""

    dialect: Dialect
    output: Output


class Subscriber:
    """One connection, as far as it is told things.

    :ivar audience: where it belongs; None before it has entered and after it has left.
    :ivar own: once it has diverged, what it is to be sent at the end of the turn.
    :ivar own_bytes: how much of that is nobody else's.
    :ivar mark: how many pieces of its audience's are in `own`, or not meant for it.
    """

    __slots__ = (
        "audience",
        "member",
        "position",
        "private_bytes",
        "private_pieces",
        "recipient",
        "send_queue",
    )

    def __init__(self, member: MemberId, recipient: Recipient) -> None:
        self.member = member
        self.recipient = recipient
        self.send_queue = cast(
            SendQueue, recipient.output
        )  # for lanes, whose members have no other way
        self.audience: Audience | None = None
        self.private_pieces: list[bytes] = []
        self.private_bytes = self.position = 0

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms that it hears."""
        return frozenset() if self.audience is None else self.audience.rooms

    def send_private(self) -> None:
        """Send now what waits for the end of the turn."""
        own, self.private_pieces, self.private_bytes = self.private_pieces, [], 0
        if own:
            self.recipient.output.send(None, b"".join(own))


class Audience(Protocol):
    """One member or many who hear the same rooms, and are told the same bytes."""

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms that they hear."""

    @property
    def dialect(self) -> Dialect:
        """What they are told in."""

    def add(self, subscriber: Subscriber) -> None:
        """From now on `ear` is told what the others are."""

    def remove(self, subscriber: Subscriber) -> bool:
        """From now on it is not; the answer is whether anybody else still is."""

    def send(self, event: object, data: bytes) -> None:
        """Tell everyone."""

    def send_except(self, subscriber: Subscriber, event: object, data: bytes) -> None:
        """Tell everyone but one."""

    def send_to(self, subscriber: Subscriber, event: object, data: bytes) -> None:
        """Tell one something of its own."""


class SingleSubscriber:
    """Implements :class:`Audience` for a connection that must be told each thing by itself."""

    def __init__(self, recipient: Recipient, rooms: frozenset[str]) -> None:
        self._recipient = recipient
        self.rooms = rooms

    @property
    def dialect(self) -> Dialect:
        """What it speaks now."""
        return self._recipient.dialect

    def add(self, subscriber: Subscriber) -> None:
        """It is the one."""
        subscriber.audience = self

    def remove(self, subscriber: Subscriber) -> bool:
        """Nobody is left."""
        subscriber.audience = None
        return False

    def send(self, event: object, data: bytes) -> None:
        """Tell it at once."""
        self._recipient.output.send(event, data)

    def send_except(self, subscriber: Subscriber, event: object, data: bytes) -> None:
        """There are no others."""

    def send_to(self, subscriber: Subscriber, event: object, data: bytes) -> None:
        """Tell it at once."""
        self.send(event, data)


class FlushScheduler:
    """What is written at the end of this turn of the reactor.

    :ivar is_full: whether something has become so long that it should not wait for that.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._is_scheduled = False
        self._streams: list[SharedStream] = []
        self.is_full = False

    def schedule(self, stream: "SharedStream") -> None:
        """`lane` has something to write."""
        self._streams.append(stream)
        if not self._is_scheduled:
            self._is_scheduled = True
            self._clock.callLater(0, self._turn_ended)

    def flush(self) -> None:
        """Write it all. Every lane is emptied before the first write, which may bring more."""
        self.is_full = False
        lanes, self._streams = self._streams, []
        for pieces, outlets in [batch for lane in lanes for batch in lane.take_batches()]:
            if pieces:
                send_to_all(outlets, b"".join(pieces))

    def _turn_ended(self) -> None:
        self._is_scheduled = False
        self.flush()


#: Pieces to be joined, and who is sent the result.
Batch = tuple[list[bytes], list[SendQueue]]


class SharedStream:
    """Implements :class:`Audience` for members who share their bytes.

    Each member is either following, and is sent `_pieces`, or has diverged, and is sent its own.
    """

    def __init__(self, scheduler: FlushScheduler, dialect: Dialect, rooms: frozenset[str]) -> None:
        self.dialect = dialect
        self.rooms = rooms
        self._scheduler = scheduler
        self._following: dict[MemberId, SendQueue] = {}
        self._diverged: dict[MemberId, Subscriber] = {}
        self._pieces: list[bytes] = []
        self._bytes = 0
        self._is_scheduled = False

    def add(self, subscriber: Subscriber) -> None:
        """From now on it is told what the others are; before that, what it brings along."""
        subscriber.audience = self
        subscriber.position = len(self._pieces)
        if subscriber.private_pieces or self._pieces:
            self._diverged[subscriber.member] = subscriber
            self._schedule()
        else:
            self._following[subscriber.member] = subscriber.send_queue

    def remove(self, subscriber: Subscriber) -> bool:
        """It takes along what it has not been sent."""
        if self._pieces or subscriber.private_pieces:
            self._catch_up(subscriber)
        self._following.pop(subscriber.member, None)
        self._diverged.pop(subscriber.member, None)
        subscriber.audience = None
        return bool(self._following or self._diverged)

    def send(self, event: object, data: bytes) -> None:
        """Tell everyone at the end of the turn."""
        self._pieces.append(data)
        self._bytes += len(data)
        if self._bytes > limits.BATCH_BYTES:
            self._scheduler.is_full = True
        self._schedule()

    def send_except(self, subscriber: Subscriber, event: object, data: bytes) -> None:
        """Tell all but one."""
        self._catch_up(subscriber)
        self.send(event, data)
        subscriber.position += 1

    def send_to(self, subscriber: Subscriber, event: object, data: bytes) -> None:
        """Tell one, after all that it was told before."""
        self._catch_up(subscriber)
        subscriber.private_pieces.append(data)
        subscriber.private_bytes += len(data)
        if subscriber.private_bytes > limits.BATCH_BYTES:
            subscriber.send_private()

    def take_batches(self) -> list[Batch]:
        """What is to be written now; after that everyone follows again."""
        diverged = list(self._diverged.values())
        for ear in diverged:
            self._catch_up(ear)
        batches = [(self._pieces, list(self._following.values()))]
        for ear in diverged:
            batches.append((ear.private_pieces, [ear.send_queue]))
            ear.private_pieces, ear.private_bytes, ear.position = [], 0, 0
            self._following[ear.member] = ear.send_queue
        self._diverged.clear()
        self._pieces, self._bytes, self._is_scheduled = [], 0, False
        return batches

    def _catch_up(self, subscriber: Subscriber) -> None:
        """Give `ear` a list of its own, with all that the others were told until now."""
        if self._following.pop(subscriber.member, None) is not None:
            self._diverged[subscriber.member] = subscriber
            self._schedule()
        subscriber.private_pieces += self._pieces[subscriber.position :]
        subscriber.position = len(self._pieces)

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            self._scheduler.schedule(self)
