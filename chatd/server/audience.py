"""Groups of connections that receive identical bytes, written once per reactor turn.

Encoding and writing are what a chat server spends its time on. So an event is encoded once for all
members of an audience, the events of one turn of the reactor are joined once, and every member is
sent the very same bytes object. That leaves the members that are *not* sent exactly the same in
this turn: one that gets a reply, or that is not sent its own message. Such a member *diverges*: for
the rest of the turn it has a list of pieces of its own (`own_pieces`). Before each piece that only
this member is sent, it *catches up*: it copies what the others were sent since it last did. In this
way each member is sent everything in the order in which the hub decided it, and a reply never
overtakes a message.

An example: *ice* and *moon* are an audience, a ``SharedStream``. In one turn moon says A, ice says
B and its client asks for a reply (K), and moon says C. A member is not sent its own message.
The columns *ice* and *moon* show `own_pieces` and `position`.

====================  ===========  ==============  ==============  ================================
call                  `_pieces`    ice             moon            note
====================  ===========  ==============  ==============  ================================
send_except(moon, A)  A            follows         [ ], pos 1      moon diverges; A is not for it
send_except(ice, B)   A B          [A], pos 2      [ ], pos 1      ice diverges, after it caught up
send_to(ice, K)       A B          [A K], pos 2    [ ], pos 1      the reply comes after A
send_except(moon, C)  A B C        [A K], pos 2    [B], pos 3      moon caught up: B, but not C
(the turn ends)       A B C        [A K C]         [B]             ice catches up with C
====================  ===========  ==============  ==============  ================================

`position` counts the pieces of the audience that a member has copied or skipped, so catching up is
a slice: ``_pieces[position:]``. A third member that did nothing in this turn still follows, and is
sent A B C, joined. After the turn everyone follows again, with empty lists and position 0.

So a turn costs one step for each piece, one for each member, and what diverges; not one for each
piece and member. There may be many pieces in it: everything that arrived while the server was busy.
"""

from typing import Protocol, cast

from twisted.internet.interfaces import IReactorTime
from typing_extensions import override

from chatd.chat import limits
from chatd.chat.outbox import MemberId
from chatd.server.send_queue import Output, SendQueue, send_to_all
from chatd.wire.dialect import Dialect


class Recipient(Protocol):
    """A connection that events can be sent to: :class:`chatd.server.session.Session`."""

    dialect: Dialect
    output: Output

    def disconnect(self, reason: str) -> None:
        """Say goodbye, and close the connection."""


class Subscriber:
    """A connection's delivery state.

    :ivar audience: the audience that it belongs to; None unless it is a member or a watcher.
    :ivar own_pieces: while it has diverged, what it is sent at the end of the turn.
    :ivar unshared_bytes: the bytes in `own_pieces` that only this subscriber is sent; copies of
        shared pieces do not count.
    :ivar position: how many of the audience's pieces this subscriber has already copied or skipped.
    :ivar notice: the standing notice that it was told last.
    """

    __slots__ = (
        "audience",
        "member",
        "notice",
        "own_pieces",
        "position",
        "recipient",
        "send_queue",
        "unshared_bytes",
    )

    def __init__(self, member: MemberId, recipient: Recipient) -> None:
        self.member = member
        self.recipient = recipient
        # Used by SharedStream only; its subscribers' output is always a SendQueue, hence the cast.
        self.send_queue = cast(SendQueue, recipient.output)
        self.audience: Audience | None = None
        self.own_pieces: list[bytes] = []
        self.unshared_bytes = self.position = 0
        self.notice: object = None

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms whose messages the subscriber receives."""
        return frozenset() if self.audience is None else self.audience.rooms

    def send_own_pieces(self) -> None:
        """Send `own_pieces` now."""
        pieces, self.own_pieces, self.unshared_bytes = self.own_pieces, [], 0
        if pieces:
            self.recipient.output.send(None, b"".join(pieces))


class Audience(Protocol):
    """Subscribers that receive the same rooms in the same variant of a dialect."""

    __slots__ = ()

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms whose messages the subscribers receive."""

    @property
    def dialect(self) -> Dialect:
        """The dialect in which the subscribers' data is encoded."""

    def add(self, subscriber: Subscriber) -> None:
        """Start sending `subscriber` what the other subscribers are sent."""

    def remove(self, subscriber: Subscriber) -> bool:
        """Stop sending to `subscriber`; returns whether there are other subscribers."""

    def send(self, event: object, data: bytes) -> None:
        """Send `data`, in which `event` is encoded, to everyone."""

    def send_except(self, subscriber: Subscriber, event: object, data: bytes) -> None:
        """Send `data` to everyone but `subscriber`."""

    def send_to(self, subscriber: Subscriber, event: object, data: bytes) -> None:
        """Send `data` to `subscriber` alone, after everything that was sent to it before."""


class SingleSubscriber(Audience):
    """The audience of one connection whose frames must not be joined with others: a JIM client."""

    __slots__ = ("_recipient", "rooms")
    rooms: frozenset[str]

    def __init__(self, recipient: Recipient, rooms: frozenset[str]) -> None:
        self._recipient = recipient
        self.rooms = rooms

    @property
    @override
    def dialect(self) -> Dialect:
        return self._recipient.dialect

    @override
    def add(self, subscriber: Subscriber) -> None:
        subscriber.audience = self

    @override
    def remove(self, subscriber: Subscriber) -> bool:
        subscriber.audience = None
        return False

    @override
    def send(self, event: object, data: bytes) -> None:
        self._recipient.output.send(event, data)

    @override
    def send_except(self, subscriber: Subscriber, event: object, data: bytes) -> None:
        pass

    @override
    def send_to(self, subscriber: Subscriber, event: object, data: bytes) -> None:
        self._recipient.output.send(event, data)


class FlushScheduler:
    """Writes what the shared streams have gathered, at the end of the reactor turn.

    A call that is scheduled in 0 seconds runs in the next turn before anything is read, so it has
    everything that this turn's input led to.

    :ivar needs_flush: whether so much data waits that it must be written before the turn ends.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._is_scheduled = False
        self._streams: list[SharedStream] = []
        self.needs_flush = False

    def schedule(self, stream: "SharedStream") -> None:
        """Write `stream` at the end of the turn."""
        self._streams.append(stream)
        if not self._is_scheduled:
            self._is_scheduled = True
            self._clock.callLater(0, self._turn_ended)

    def flush(self) -> None:
        """Write everything now."""
        self.needs_flush = False
        streams, self._streams = self._streams, []
        # Every stream is emptied before the first write: a write may find that a member is too
        # slow, and what the others are then sent belongs to the next batch.
        for pieces, send_queues in [batch for each in streams for batch in each.take_batches()]:
            if pieces:
                send_to_all(send_queues, b"".join(pieces))

    def _turn_ended(self) -> None:
        self._is_scheduled = False
        self.flush()


#: Pieces to be joined, and the connections that are sent the result.
Batch = tuple[list[bytes], list[SendQueue]]


class SharedStream(Audience):
    """The audience of any number of members, whose bytes are shared.

    Each member either follows, and is sent `_pieces`, or has diverged, and is sent its own pieces.
    """

    __slots__ = (
        "_bytes",
        "_diverged",
        "_following",
        "_is_scheduled",
        "_pieces",
        "_scheduler",
        "dialect",
        "rooms",
    )
    dialect: Dialect
    rooms: frozenset[str]

    def __init__(self, scheduler: FlushScheduler, dialect: Dialect, rooms: frozenset[str]) -> None:
        self.dialect = dialect
        self.rooms = rooms
        self._scheduler = scheduler
        self._following: dict[MemberId, SendQueue] = {}
        self._diverged: dict[MemberId, Subscriber] = {}
        self._pieces: list[bytes] = []
        self._bytes = 0
        self._is_scheduled = False

    @override
    def add(self, subscriber: Subscriber) -> None:
        subscriber.audience = self
        # The pieces of this turn so far are not for it; those that it brings from another audience
        # go out before what is sent here.
        subscriber.position = len(self._pieces)
        if subscriber.own_pieces or self._pieces:
            self._diverged[subscriber.member] = subscriber
            self._schedule()
        else:
            self._following[subscriber.member] = subscriber.send_queue

    @override
    def remove(self, subscriber: Subscriber) -> bool:
        # Its unsent data moves with it, to the audience that it joins next or to the connection.
        if self._pieces or subscriber.own_pieces:
            self._catch_up(subscriber)
        self._following.pop(subscriber.member, None)
        self._diverged.pop(subscriber.member, None)
        subscriber.audience = None
        return bool(self._following or self._diverged)

    @override
    def send(self, event: object, data: bytes) -> None:
        self._pieces.append(data)
        self._bytes += len(data)
        if self._bytes > limits.BATCH_BYTES:
            self._scheduler.needs_flush = True
        if not self._is_scheduled:  # asked here, too: it is so once in a turn of many messages
            self._schedule()

    @override
    def send_except(self, subscriber: Subscriber, event: object, data: bytes) -> None:
        self._catch_up(subscriber)
        self.send(event, data)
        subscriber.position += 1  # it skips this piece

    @override
    def send_to(self, subscriber: Subscriber, event: object, data: bytes) -> None:
        self._catch_up(subscriber)
        subscriber.own_pieces.append(data)
        subscriber.unshared_bytes += len(data)
        if subscriber.unshared_bytes > limits.BATCH_BYTES:
            subscriber.send_own_pieces()

    def take_batches(self) -> list[Batch]:
        """Return what is to be written now; after that everyone follows again."""
        diverged = list(self._diverged.values())
        for subscriber in diverged:
            self._catch_up(subscriber)
        batches = [(self._pieces, list(self._following.values()))]
        for subscriber in diverged:
            batches.append((subscriber.own_pieces, [subscriber.send_queue]))
            subscriber.own_pieces, subscriber.unshared_bytes, subscriber.position = [], 0, 0
            self._following[subscriber.member] = subscriber.send_queue
        self._diverged.clear()
        self._pieces, self._bytes, self._is_scheduled = [], 0, False
        return batches

    def _catch_up(self, subscriber: Subscriber) -> None:
        """Have `subscriber` diverge, if it has not yet, and copy what the others were sent."""
        if self._following.pop(subscriber.member, None) is not None:
            self._diverged[subscriber.member] = subscriber
            self._schedule()
        subscriber.own_pieces += self._pieces[subscriber.position :]
        subscriber.position = len(self._pieces)

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            self._scheduler.schedule(self)
