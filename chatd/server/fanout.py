"""The outbox of a real server: each event, encoded once for each dialect, to all who hear it.

Members whose dialects have one variant, and who hear the same rooms, are one audience
(``server.audience``). Joining and leaving a room moves a member to another audience, so that a
message needs to know the audiences that hear it, and nothing of their members.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Final

from twisted.internet.interfaces import IReactorTime

from chatd.chat.events import Event
from chatd.chat.outbox import MemberId
from chatd.chat.refusals import RequestId
from chatd.server.audience import Alone, Audience, Ear, Lane, Listener, Turn
from chatd.wire.dialect import Dialect, Outcome

#: Stands for all rooms among those that one hears; no room is called so.
_EVERY_ROOM: Final = "*"


class Fanout:
    """Implements :class:`chatd.chat.outbox.Outbox`; knows connections by the hub's numbers.

    :param clock: what is told in one turn of it goes out at its end.
    :param now: the time of day, in milliseconds since 1970, for dialects that show it.
    """

    def __init__(self, clock: IReactorTime, now: Callable[[], int]) -> None:
        self._now = now
        self._turn = Turn(clock)
        self._ears: dict[MemberId, Ear] = {}
        self._lanes: dict[tuple[str, frozenset[str]], Lane] = {}
        self._everyone: dict[Audience, None] = {}
        self._rooms: dict[str, dict[Audience, None]] = {}

    def attach(self, member: MemberId, listener: Listener) -> None:
        """`listener` is the connection that the hub calls `member`."""
        self._ears[member] = Ear(member, listener)

    def detach(self, member: MemberId) -> None:
        """The connection is gone."""
        self._ears.pop(member, None)

    def dialect_changed(self, member: MemberId) -> None:
        """The connection speaks another dialect from now on, or another variant."""
        ear = self._ears[member]
        audience, variant = ear.audience, ear.listener.dialect.variant
        if audience is not None and audience.dialect.variant != variant:
            self._move(ear, ear.rooms)

    def answer(self, member: MemberId, outcome: Outcome, request_id: RequestId = None) -> None:
        """Tell one connection what became of its request, after all that it was told before."""
        data = self._ears[member].listener.dialect.answer(outcome, request_id, self._now())
        if data:
            self.send(member, outcome, data)

    def send(self, member: MemberId, told: object, data: bytes) -> None:
        """Send one connection `data`, which tells of `told`, after all that it was told before."""
        ear = self._ears[member]
        if ear.audience is None:
            ear.listener.way.send(told, data)
        else:
            ear.audience.tell_one(ear, told, data)

    def enter(self, member: MemberId) -> None:
        """From now on `member` hears what everyone hears."""
        self._move(self._ears[member], frozenset())

    def watch(self, member: MemberId) -> None:
        """From now on `member` hears what everyone hears, and every room, until it enters."""
        self._move(self._ears[member], frozenset({_EVERY_ROOM}))

    def leave(self, member: MemberId) -> None:
        """From now on `member` hears nothing; what it has heard is sent at once, before the end."""
        ear = self._ears[member]
        self._take_out(ear)
        ear.send_own()

    def join(self, member: MemberId, room: str) -> None:
        """From now on `member` hears `room`."""
        ear = self._ears[member]
        self._move(ear, ear.rooms | {room})

    def part(self, member: MemberId, room: str) -> None:
        """From now on `member` does not hear `room`."""
        ear = self._ears[member]
        self._move(ear, ear.rooms - {room})

    def to(self, member: MemberId, event: Event) -> None:
        """Tell one member."""
        self.send(member, event, self._ears[member].listener.dialect.encode(event, self._now()))

    def to_all(self, event: Event, origin: MemberId) -> None:
        """Tell everyone."""
        self._tell(self._everyone, event, origin)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        """Tell everyone who hears `room`."""
        watching = self._rooms.get(_EVERY_ROOM, ())
        self._tell(chain(self._rooms[room], watching), event, origin)

    def _tell(self, audiences: Iterable[Audience], event: Event, origin: MemberId) -> None:
        deaf = self._deaf(event, origin)
        encoded: dict[str | Dialect, bytes] = {}
        for audience in audiences:
            dialect = audience.dialect
            variant = dialect.variant or dialect
            data = encoded.get(variant)
            if data is None:
                data = encoded[variant] = dialect.encode(event, self._now())
            if not data:
                continue
            if deaf is not None and audience is deaf.audience:
                audience.tell_others(deaf, event, data)
            else:
                audience.tell(event, data)
        if self._turn.is_full:
            self._turn.flush()

    def _deaf(self, event: Event, origin: MemberId) -> Ear | None:
        """Who does not hear of this, as it did it."""
        ear = self._ears.get(origin)
        if ear is None or type(event) in ear.listener.dialect.hears_own:
            return None
        return ear

    def _move(self, ear: Ear, rooms: frozenset[str]) -> None:
        """Have `ear` hear `rooms`, in the dialect that it speaks now."""
        self._take_out(ear)
        audience = self._audience(ear.listener, rooms)
        audience.admit(ear)
        self._everyone[audience] = None
        for room in rooms:
            self._rooms.setdefault(room, {})[audience] = None

    def _audience(self, listener: Listener, rooms: frozenset[str]) -> Audience:
        variant = listener.dialect.variant
        if variant is None:
            return Alone(listener, rooms)
        lane = self._lanes.get((variant, rooms))
        if lane is None:
            lane = self._lanes[variant, rooms] = Lane(self._turn, listener.dialect, rooms)
        return lane

    def _take_out(self, ear: Ear) -> None:
        """Have `ear` hear nothing; an audience that nobody is left in is forgotten."""
        audience = ear.audience
        if audience is None or audience.release(ear):
            return
        del self._everyone[audience]
        for room in audience.rooms:
            del self._rooms[room][audience]
            if not self._rooms[room]:
                del self._rooms[room]
        if audience.dialect.variant is not None:
            del self._lanes[audience.dialect.variant, audience.rooms]
