"""Delivers the hub's events: each is encoded once per dialect, and sent to all who receive it.

Members whose dialects have the same variant, and who receive the same rooms, are one audience
(``server.audience``). Joining and leaving a room moves a member from one audience to another. So a
message has to be handed only to the audiences of its room, however many members they have.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Final

from twisted.internet.interfaces import IReactorTime
from typing_extensions import override

from chatd.chat.errors import RequestId
from chatd.chat.events import Event
from chatd.chat.outbox import MemberId, Outbox
from chatd.server.audience import (
    Audience,
    FlushScheduler,
    Recipient,
    SharedStream,
    SingleSubscriber,
    Subscriber,
)
from chatd.wire.dialect import Dialect, Result

#: Stands for all rooms among the rooms that a watcher receives; not a room name.
_ALL_ROOMS: Final = "*"


class Fanout(Outbox):
    """The outbox of a server; it knows connections by the hub's ids.

    :param clock: what is sent in one turn of it is written at the end of the turn.
    :param now: returns the time of day, in milliseconds since 1970, for dialects that show it.
    :ivar on_message_removed: is told the room and the number of each message that was removed.
    """

    def __init__(self, clock: IReactorTime, now: Callable[[], int]) -> None:
        self._clock = clock
        self._now = now
        self.on_message_removed: Callable[[str, int], None] = lambda room, seq: None
        self._standing: Event | None = None
        # Those whom it may have to be told, as they have just come or joined a room.
        self._arrivals: list[Subscriber] = []
        self._scheduler = FlushScheduler(clock)
        self._subscribers: dict[MemberId, Subscriber] = {}
        self._streams: dict[tuple[str, frozenset[str]], SharedStream] = {}
        # The audiences of all members and watchers, and those of each room. These are dicts in
        # place of sets, so that members are sent an event in a fixed order.
        self._everyone: dict[Audience, None] = {}
        self._rooms: dict[str, dict[Audience, None]] = {}

    def attach(self, member: MemberId, recipient: Recipient) -> None:
        """`recipient` is the connection with the id `member`."""
        self._subscribers[member] = Subscriber(member, recipient)

    def detach(self, member: MemberId) -> None:
        """The connection is lost."""
        self._subscribers.pop(member, None)

    def dialect_changed(self, member: MemberId) -> None:
        """The connection has another dialect from now on, perhaps of another variant."""
        subscriber = self._subscribers[member]
        audience, variant = subscriber.audience, subscriber.recipient.dialect.variant
        if audience is not None and audience.dialect.variant != variant:
            self._move(subscriber, subscriber.rooms)

    def reply(self, member: MemberId, result: Result, request_id: RequestId = None) -> int:
        """Send `member` the result of its request, after everything that was sent to it before.

        Returns the number of bytes.
        """
        data = self._subscribers[member].recipient.dialect.encode_reply(
            result, request_id, self._now()
        )
        if data:
            self.send(member, result, data)
        return len(data)

    def send(self, member: MemberId, event: object, data: bytes) -> None:
        """Send `member` alone `data`, after everything that was sent to it before.

        :param event: the event or the result that is encoded in `data`.
        """
        subscriber = self._subscribers[member]
        if subscriber.audience is None:
            subscriber.recipient.output.send(event, data)
        else:
            subscriber.audience.send_to(subscriber, event, data)

    def stand(self, event: Event | None) -> None:
        """Tell everybody `event`, and who comes later, too, until there is another one or None.

        Each is told once: who comes later, in the turn after; a dialect that has no words for it
        yet, when it has.
        """
        self._standing = event
        if event is not None:
            for subscriber in list(self._subscribers.values()):
                self._tell(subscriber, event)

    # --- the outbox -----------------------------------------------------------------------------

    # A member may be connected elsewhere, or no more: then nothing is to be done here.

    @override
    def add_member(self, member: MemberId) -> None:
        if subscriber := self._subscribers.get(member):
            self._move(subscriber, frozenset())

    @override
    def add_watcher(self, member: MemberId) -> None:
        if subscriber := self._subscribers.get(member):
            self._move(subscriber, frozenset({_ALL_ROOMS}))

    @override
    def remove_member(self, member: MemberId) -> None:
        if subscriber := self._subscribers.get(member):
            self._remove(subscriber)
            # At once: its connection may be half-closed before the turn ends.
            subscriber.send_own_pieces()

    @override
    def join_room(self, member: MemberId, room: str) -> None:
        if subscriber := self._subscribers.get(member):
            self._move(subscriber, subscriber.rooms | {room})

    @override
    def leave_room(self, member: MemberId, room: str) -> None:
        if subscriber := self._subscribers.get(member):
            self._move(subscriber, subscriber.rooms - {room})

    @override
    def end_connection(self, member: MemberId, reason: str) -> None:
        if subscriber := self._subscribers.get(member):
            subscriber.recipient.disconnect(reason)

    @override
    def to_member(self, member: MemberId, event: Event) -> None:
        if subscriber := self._subscribers.get(member):
            dialect = subscriber.recipient.dialect
            self.send(member, event, dialect.encode_event(event, self._now()))

    @override
    def to_all(self, event: Event, origin: MemberId, rooms: frozenset[str] | None = None) -> None:
        audiences: Iterable[Audience] = self._everyone
        if rooms is not None:
            audiences = (
                each
                for each in self._everyone
                if not (each.dialect.is_scoped and rooms.isdisjoint(each.rooms))
            )
        self._send(audiences, event, origin)

    @override
    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        watchers = self._rooms.get(_ALL_ROOMS, ())
        self._send(chain(self._rooms.get(room, ()), watchers), event, origin)

    @override
    def to_members(self, room: str, event: Event, origin: MemberId) -> None:
        self._send(self._rooms.get(room, ()), event, origin)

    @override
    def remove_message(self, room: str, seq: int, by: str) -> None:
        self.on_message_removed(room, seq)

    def _send(self, audiences: Iterable[Audience], event: Event, origin: MemberId) -> None:
        excluded = self._excluded(event, origin)
        encoded: dict[str | Dialect, bytes] = {}
        for audience in audiences:
            dialect = audience.dialect
            # Without a variant, equal dialects still encode alike: they are frozen values.
            variant = dialect.variant or dialect
            data = encoded.get(variant)
            if data is None:
                # Asked only here, as most members have one variant.
                alike = dialect.event_variant(type(event)) or dialect
                data = encoded.get(alike)
                if data is None:
                    data = encoded[alike] = dialect.encode_event(event, self._now())
                encoded[variant] = data
            if not data:
                continue
            if excluded is not None and audience is excluded.audience:
                audience.send_except(excluded, event, data)
            else:
                audience.send(event, data)
        if self._scheduler.needs_flush:
            self._scheduler.flush()

    def _excluded(self, event: Event, origin: MemberId) -> Subscriber | None:
        """The member that is not sent the event, because it caused it and gets a reply instead."""
        subscriber = self._subscribers.get(origin)
        if subscriber is None or type(event) in subscriber.recipient.dialect.echoes:
            return None
        return subscriber

    def _move(self, subscriber: Subscriber, rooms: frozenset[str]) -> None:
        """Move it to the audience for `rooms` and its present dialect, with its unsent data."""
        self._remove(subscriber)
        audience = self._audience(subscriber.recipient, rooms)
        audience.add(subscriber)
        self._everyone[audience] = None
        for room in rooms:
            self._rooms.setdefault(room, {})[audience] = None

        if self._standing is not None:
            if not self._arrivals:
                # Not before the reply that welcomes it, and what it is told of the room.
                self._clock.callLater(0, self._tell_arrivals)
            self._arrivals.append(subscriber)

    def _tell_arrivals(self) -> None:
        arrivals, self._arrivals = self._arrivals, []
        if self._standing is not None:
            for subscriber in arrivals:
                self._tell(subscriber, self._standing)

    def _tell(self, subscriber: Subscriber, event: Event) -> None:
        if subscriber.audience is None or subscriber.notice is event:
            return
        data = subscriber.recipient.dialect.encode_event(event, self._now())
        if data:
            subscriber.notice = event
            self.send(subscriber.member, event, data)

    def _audience(self, recipient: Recipient, rooms: frozenset[str]) -> Audience:
        variant = recipient.dialect.variant
        if variant is None:
            return SingleSubscriber(recipient, rooms)
        stream = self._streams.get((variant, rooms))
        if stream is None:
            stream = self._streams[variant, rooms] = SharedStream(
                self._scheduler, recipient.dialect, rooms
            )
        return stream

    def _remove(self, subscriber: Subscriber) -> None:
        """Take it out of its audience, and forget the audience if it was the last one there.

        An audience that is forgotten may still be scheduled, and then writes what it has.
        """
        audience = subscriber.audience
        if audience is None or audience.remove(subscriber):
            return
        del self._everyone[audience]
        for room in audience.rooms:
            del self._rooms[room][audience]
            if not self._rooms[room]:
                del self._rooms[room]
        if audience.dialect.variant is not None:
            del self._streams[audience.dialect.variant, audience.rooms]
