"""The fan-out written the obvious way: each event to each member, at once."""

from collections.abc import Callable, Iterable

from twisted.internet.interfaces import IReactorTime

from chatd.chat.events import Event
from chatd.chat.outbox import MemberId
from chatd.chat.refusals import RequestId
from chatd.server.audience import Listener
from chatd.wire.dialect import Outcome


class ObviousFanout:
    """What :class:`chatd.server.fanout.Fanout` promises, without any art."""

    def __init__(self, clock: IReactorTime, now: Callable[[], int]) -> None:
        self._now = now
        self._connections: dict[MemberId, Listener] = {}
        self._everyone: dict[MemberId, Listener] = {}
        self._watching: dict[MemberId, Listener] = {}
        self._rooms: dict[str, dict[MemberId, Listener]] = {}

    def attach(self, member: MemberId, listener: Listener) -> None:
        self._connections[member] = listener

    def detach(self, member: MemberId) -> None:
        self._connections.pop(member, None)

    def dialect_changed(self, member: MemberId) -> None:
        pass

    def answer(self, member: MemberId, outcome: Outcome, request_id: RequestId = None) -> None:
        dialect = self._connections[member].dialect
        self.send(member, outcome, dialect.answer(outcome, request_id, self._now()))

    def send(self, member: MemberId, told: object, data: bytes) -> None:
        if data:
            self._connections[member].way.send(told, data)

    def enter(self, member: MemberId) -> None:
        self._everyone[member] = self._connections[member]
        self._watching.pop(member, None)

    def watch(self, member: MemberId) -> None:
        self.enter(member)
        self._watching[member] = self._connections[member]

    def leave(self, member: MemberId) -> None:
        self._everyone.pop(member)
        self._watching.pop(member, None)

    def join(self, member: MemberId, room: str) -> None:
        self._rooms.setdefault(room, {})[member] = self._connections[member]

    def part(self, member: MemberId, room: str) -> None:
        del self._rooms[room][member]

    def to(self, member: MemberId, event: Event) -> None:
        self._tell([(member, self._everyone[member])], event, 0)

    def to_all(self, event: Event, origin: MemberId) -> None:
        self._tell(self._everyone.items(), event, origin)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        self._tell((self._rooms[room] | self._watching).items(), event, origin)

    def _tell(
        self, listeners: Iterable[tuple[MemberId, Listener]], event: Event, origin: MemberId
    ) -> None:
        for member, listener in listeners:
            if member != origin or type(event) in listener.dialect.hears_own:
                self.send(member, event, listener.dialect.encode(event, self._now()))
