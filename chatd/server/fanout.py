"""The outbox of a real server: each event, encoded once for each dialect, to all who hear it."""

from collections.abc import Iterable
from dataclasses import dataclass

from chatd.chat.events import Event, Reply
from chatd.chat.outbox import MemberId
from chatd.chat.refusals import Refusal, RequestId
from chatd.server.outlet import Outlet
from chatd.wire.dialect import Dialect


@dataclass(frozen=True, slots=True)
class Listener:
    """A connection that can be told things: in which dialect, through which outlet."""

    dialect: Dialect
    outlet: Outlet


class Fanout:
    """Implements :class:`chatd.chat.outbox.Outbox`; knows connections by the hub's numbers."""

    def __init__(self) -> None:
        self._connections: dict[MemberId, Listener] = {}
        self._everyone: dict[MemberId, Listener] = {}
        self._rooms: dict[str, dict[MemberId, Listener]] = {}

    def attach(self, member: MemberId, listener: Listener) -> None:
        """`listener` is the connection that the hub calls `member`."""
        self._connections[member] = listener

    def detach(self, member: MemberId) -> None:
        """The connection is gone."""
        self._connections.pop(member, None)

    def answer(
        self, member: MemberId, reply: Reply | Refusal, request_id: RequestId = None
    ) -> None:
        """Tell one connection what became of its request, after all that it was told before."""
        listener = self._connections[member]
        data = listener.dialect.answer(reply, request_id)
        if data:
            listener.outlet.write(data)

    def enter(self, member: MemberId) -> None:
        """From now on `member` hears what everyone hears."""
        self._everyone[member] = self._connections[member]

    def leave(self, member: MemberId) -> None:
        """From now on `member` hears nothing."""
        self._everyone.pop(member, None)
        for listeners in self._rooms.values():
            listeners.pop(member, None)

    def join(self, member: MemberId, room: str) -> None:
        """From now on `member` hears `room`."""
        self._rooms.setdefault(room, {})[member] = self._connections[member]

    def to_all(self, event: Event, origin: MemberId) -> None:
        """Tell everyone."""
        self._tell(self._everyone.items(), event, origin)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        """Tell everyone who hears `room`."""
        self._tell(self._rooms[room].items(), event, origin)

    def _tell(
        self, listeners: Iterable[tuple[MemberId, Listener]], event: Event, origin: MemberId
    ) -> None:
        encoded: dict[Dialect, bytes] = {}
        for member, listener in listeners:
            dialect = listener.dialect
            if member == origin and type(event) not in dialect.hears_own:
                continue
            data = encoded.get(dialect)
            if data is None:
                data = encoded[dialect] = dialect.encode(event)
            listener.outlet.write(data)
