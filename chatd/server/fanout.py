"""The outbox of a real server: each event, encoded once for each dialect, to all who hear it.

Members whose dialects have one variant, and who hear the same rooms, are one audience
(``server.audience``). Joining and leaving a room moves a member to another audience, so that a
message needs to know the audiences that hear it, and nothing of their members.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Final

from twisted.internet.interfaces import IReactorTime

from chatd.chat.errors import RequestId
from chatd.chat.events import Event
from chatd.chat.outbox import MemberId
from chatd.server.audience import (
    Audience,
    FlushScheduler,
    Recipient,
    SharedStream,
    SingleSubscriber,
    Subscriber,
)
from chatd.wire.dialect import Dialect, Result

#: Stands for all rooms among those that one hears; no room is called so.
_ALL_ROOMS: Final = "*"


class Fanout:
    """Implements :class:`chatd.chat.outbox.Outbox`; knows connections by the hub's numbers.

    :param clock: what is told in one turn of it goes out at its end.
    :param now: the time of day, in milliseconds since 1970, for dialects that show it.
    """

    def __init__(self, clock: IReactorTime, now: Callable[[], int]) -> None:
        self._now = now
        self._scheduler = FlushScheduler(clock)
        self._subscribers: dict[MemberId, Subscriber] = {}
        self._streams: dict[tuple[str, frozenset[str]], SharedStream] = {}
        self._everyone: dict[Audience, None] = {}
        self._rooms: dict[str, dict[Audience, None]] = {}

    def attach(self, member: MemberId, recipient: Recipient) -> None:
        """`listener` is the connection that the hub calls `member`."""
        self._subscribers[member] = Subscriber(member, recipient)

    def detach(self, member: MemberId) -> None:
        """The connection is gone."""
        self._subscribers.pop(member, None)

    def dialect_changed(self, member: MemberId) -> None:
        """The connection speaks another dialect from now on, or another variant."""
        ear = self._subscribers[member]
        audience, variant = ear.audience, ear.recipient.dialect.variant
        if audience is not None and audience.dialect.variant != variant:
            self._move(ear, ear.rooms)

    def reply(self, member: MemberId, result: Result, request_id: RequestId = None) -> None:
        """Tell one connection what became of its request, after all that it was told before."""
        data = self._subscribers[member].recipient.dialect.encode_reply(
            result, request_id, self._now()
        )
        if data:
            self.send(member, result, data)

    def send(self, member: MemberId, event: object, data: bytes) -> None:
        """Send one connection `data`, which tells of `told`, after all that it was told before."""
        ear = self._subscribers[member]
        if ear.audience is None:
            ear.recipient.output.send(event, data)
        else:
            ear.audience.send_to(ear, event, data)

    def add_member(self, member: MemberId) -> None:
        """From now on `member` hears what everyone hears."""
        self._move(self._subscribers[member], frozenset())

    def add_watcher(self, member: MemberId) -> None:
        """From now on `member` hears what everyone hears, and every room, until it enters."""
        self._move(self._subscribers[member], frozenset({_ALL_ROOMS}))

    def remove_member(self, member: MemberId) -> None:
        """From now on `member` hears nothing; what it has heard is sent at once, before the end."""
        ear = self._subscribers[member]
        self._remove(ear)
        ear.send_private()

    def join_room(self, member: MemberId, room: str) -> None:
        """From now on `member` hears `room`."""
        ear = self._subscribers[member]
        self._move(ear, ear.rooms | {room})

    def leave_room(self, member: MemberId, room: str) -> None:
        """From now on `member` does not hear `room`."""
        ear = self._subscribers[member]
        self._move(ear, ear.rooms - {room})

    def to_member(self, member: MemberId, event: Event) -> None:
        """Tell one member."""
        self.send(
            member,
            event,
            self._subscribers[member].recipient.dialect.encode_event(event, self._now()),
        )

    def to_all(self, event: Event, origin: MemberId) -> None:
        """Tell everyone."""
        self._send(self._everyone, event, origin)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        """Tell everyone who hears `room`."""
        watching = self._rooms.get(_ALL_ROOMS, ())
        self._send(chain(self._rooms[room], watching), event, origin)

    def _send(self, audiences: Iterable[Audience], event: Event, origin: MemberId) -> None:
        deaf = self._excluded(event, origin)
        encoded: dict[str | Dialect, bytes] = {}
        for audience in audiences:
            dialect = audience.dialect
            variant = dialect.variant or dialect
            data = encoded.get(variant)
            if data is None:
                data = encoded[variant] = dialect.encode_event(event, self._now())
            if not data:
                continue
            if deaf is not None and audience is deaf.audience:
                audience.send_except(deaf, event, data)
            else:
                audience.send(event, data)
        if self._scheduler.is_full:
            self._scheduler.flush()

    def _excluded(self, event: Event, origin: MemberId) -> Subscriber | None:
        """Who does not hear of this, as it did it."""
        ear = self._subscribers.get(origin)
        if ear is None or type(event) in ear.recipient.dialect.echoes:
            return None
        return ear

    def _move(self, subscriber: Subscriber, rooms: frozenset[str]) -> None:
        """Have `ear` hear `rooms`, in the dialect that it speaks now."""
        self._remove(subscriber)
        audience = self._audience(subscriber.recipient, rooms)
        audience.add(subscriber)
        self._everyone[audience] = None
        for room in rooms:
            self._rooms.setdefault(room, {})[audience] = None

    def _audience(self, recipient: Recipient, rooms: frozenset[str]) -> Audience:
        variant = recipient.dialect.variant
        if variant is None:
            return SingleSubscriber(recipient, rooms)
        lane = self._streams.get((variant, rooms))
        if lane is None:
            lane = self._streams[variant, rooms] = SharedStream(
                self._scheduler, recipient.dialect, rooms
            )
        return lane

    def _remove(self, subscriber: Subscriber) -> None:
        """Have `ear` hear nothing; an audience that nobody is left in is forgotten."""
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
