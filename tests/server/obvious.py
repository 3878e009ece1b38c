"""The fan-out written the obvious way: each event to each member, at once."""

from collections.abc import Callable, Iterable

from twisted.internet.interfaces import IReactorTime

from chatd.chat.errors import RequestId
from chatd.chat.events import Event
from chatd.chat.outbox import MemberId
from chatd.server.audience import Recipient
from chatd.wire.dialect import Result


class ObviousFanout:
    """What :class:`chatd.server.fanout.Fanout` promises, without any art."""

    def __init__(self, clock: IReactorTime, now: Callable[[], int]) -> None:
        self._now = now
        self._connections: dict[MemberId, Recipient] = {}
        self._everyone: dict[MemberId, Recipient] = {}
        self._watching: dict[MemberId, Recipient] = {}
        self._rooms: dict[str, dict[MemberId, Recipient]] = {}

    def attach(self, member: MemberId, listener: Recipient) -> None:
        self._connections[member] = listener

    def detach(self, member: MemberId) -> None:
        self._connections.pop(member, None)

    def dialect_changed(self, member: MemberId) -> None:
        pass

    def reply(self, member: MemberId, outcome: Result, request_id: RequestId = None) -> None:
        dialect = self._connections[member].dialect
        self.send(member, outcome, dialect.encode_reply(outcome, request_id, self._now()))

    def send(self, member: MemberId, told: object, data: bytes) -> None:
        if data:
            self._connections[member].output.send(told, data)

    def add_member(self, member: MemberId) -> None:
        self._everyone[member] = self._connections[member]
        self._watching.pop(member, None)

    def add_watcher(self, member: MemberId) -> None:
        self.add_member(member)
        self._watching[member] = self._connections[member]

    def remove_member(self, member: MemberId) -> None:
        self._everyone.pop(member)
        self._watching.pop(member, None)

    def join_room(self, member: MemberId, room: str) -> None:
        self._rooms.setdefault(room, {})[member] = self._connections[member]

    def leave_room(self, member: MemberId, room: str) -> None:
        del self._rooms[room][member]

    def to_member(self, member: MemberId, event: Event) -> None:
        self._tell([(member, self._everyone[member])], event, 0)

    def to_all(self, event: Event, origin: MemberId) -> None:
        self._tell(self._everyone.items(), event, origin)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        self._tell((self._rooms[room] | self._watching).items(), event, origin)

    def _tell(
        self, listeners: Iterable[tuple[MemberId, Recipient]], event: Event, origin: MemberId
    ) -> None:
        for member, listener in listeners:
            if member != origin or type(event) in listener.dialect.echoes:
                self.send(member, event, listener.dialect.encode_event(event, self._now()))
