"""The outbox of a real server: each event, encoded once for each dialect, to all who hear it."""

from collections.abc import Callable, Iterable
from typing import Protocol

from chatd.chat.events import Event
from chatd.chat.outbox import MemberId
from chatd.chat.refusals import RequestId
from chatd.server.outlet import Way
from chatd.wire.dialect import Dialect, Outcome


class Listener(Protocol):
    """A connection that can be told things: in which dialect, which way."""

    dialect: Dialect
    way: Way


class Fanout:
    """Implements :class:`chatd.chat.outbox.Outbox`; knows connections by the hub's numbers.

    :param now: the time of day, in milliseconds since 1970, for dialects that show it.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._connections: dict[MemberId, Listener] = {}
        self._everyone: dict[MemberId, Listener] = {}
        self._rooms: dict[str, dict[MemberId, Listener]] = {}

    def attach(self, member: MemberId, listener: Listener) -> None:
        """`listener` is the connection that the hub calls `member`."""
        self._connections[member] = listener

    def detach(self, member: MemberId) -> None:
        """The connection is gone."""
        self._connections.pop(member, None)

    def answer(self, member: MemberId, outcome: Outcome, request_id: RequestId = None) -> None:
        """Tell one connection what became of its request, after all that it was told before."""
        listener = self._connections[member]
        data = listener.dialect.answer(outcome, request_id, self._now())
        if data:
            listener.way.send(outcome, data)

    def enter(self, member: MemberId) -> None:
        """From now on `member` hears what everyone hears."""
        self._everyone[member] = self._connections[member]

    def leave(self, member: MemberId) -> None:
        """From now on `member` hears nothing."""
        self._everyone.pop(member, None)

    def join(self, member: MemberId, room: str) -> None:
        """From now on `member` hears `room`."""
        self._rooms.setdefault(room, {})[member] = self._connections[member]

    def part(self, member: MemberId, room: str) -> None:
        """From now on `member` does not hear `room`."""
        listeners = self._rooms[room]
        del listeners[member]
        if not listeners:
            del self._rooms[room]

    def to(self, member: MemberId, event: Event) -> None:
        """Tell one member."""
        listener = self._everyone[member]
        listener.way.send(event, listener.dialect.encode(event, self._now()))

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
                data = encoded[dialect] = dialect.encode(event, self._now())
            listener.way.send(event, data)
