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
from chatd.server.outlet import Outlet, Way, send_to_all
from chatd.wire.dialect import Dialect


class Listener(Protocol):
    """A connection that can be told things: in which dialect, which way."""

    dialect: Dialect
    way: Way


class Ear:
    """One connection, as far as it is told things.

    :ivar audience: where it belongs; None before it has entered and after it has left.
    :ivar own: once it has diverged, what it is to be sent at the end of the turn.
    :ivar own_bytes: how much of that is nobody else's.
    :ivar mark: how many pieces of its audience's are in `own`, or not meant for it.
    """

    __slots__ = ("audience", "listener", "mark", "member", "outlet", "own", "own_bytes")

    def __init__(self, member: MemberId, listener: Listener) -> None:
        self.member = member
        self.listener = listener
        self.outlet = cast(Outlet, listener.way)  # for lanes, whose members have no other way
        self.audience: Audience | None = None
        self.own: list[bytes] = []
        self.own_bytes = self.mark = 0

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms that it hears."""
        return frozenset() if self.audience is None else self.audience.rooms

    def send_own(self) -> None:
        """Send now what waits for the end of the turn."""
        own, self.own, self.own_bytes = self.own, [], 0
        if own:
            self.listener.way.send(None, b"".join(own))


class Audience(Protocol):
    """One member or many who hear the same rooms, and are told the same bytes."""

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms that they hear."""

    @property
    def dialect(self) -> Dialect:
        """What they are told in."""

    def admit(self, ear: Ear) -> None:
        """From now on `ear` is told what the others are."""

    def release(self, ear: Ear) -> bool:
        """From now on it is not; the answer is whether anybody else still is."""

    def tell(self, told: object, data: bytes) -> None:
        """Tell everyone."""

    def tell_others(self, ear: Ear, told: object, data: bytes) -> None:
        """Tell everyone but one."""

    def tell_one(self, ear: Ear, told: object, data: bytes) -> None:
        """Tell one something of its own."""


class Alone:
    """Implements :class:`Audience` for a connection that must be told each thing by itself."""

    def __init__(self, listener: Listener, rooms: frozenset[str]) -> None:
        self._listener = listener
        self.rooms = rooms

    @property
    def dialect(self) -> Dialect:
        """What it speaks now."""
        return self._listener.dialect

    def admit(self, ear: Ear) -> None:
        """It is the one."""
        ear.audience = self

    def release(self, ear: Ear) -> bool:
        """Nobody is left."""
        ear.audience = None
        return False

    def tell(self, told: object, data: bytes) -> None:
        """Tell it at once."""
        self._listener.way.send(told, data)

    def tell_others(self, ear: Ear, told: object, data: bytes) -> None:
        """There are no others."""

    def tell_one(self, ear: Ear, told: object, data: bytes) -> None:
        """Tell it at once."""
        self.tell(told, data)


class Turn:
    """What is written at the end of this turn of the reactor.

    :ivar is_full: whether something has become so long that it should not wait for that.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._is_scheduled = False
        self._lanes: list[Lane] = []
        self.is_full = False

    def await_end(self, lane: "Lane") -> None:
        """`lane` has something to write."""
        self._lanes.append(lane)
        if not self._is_scheduled:
            self._is_scheduled = True
            self._clock.callLater(0, self._end)

    def flush(self) -> None:
        """Write it all. Every lane is emptied before the first write, which may bring more."""
        self.is_full = False
        lanes, self._lanes = self._lanes, []
        for pieces, outlets in [batch for lane in lanes for batch in lane.take()]:
            if pieces:
                send_to_all(outlets, b"".join(pieces))

    def _end(self) -> None:
        self._is_scheduled = False
        self.flush()


#: Pieces to be joined, and who is sent the result.
Batch = tuple[list[bytes], list[Outlet]]


class Lane:
    """Implements :class:`Audience` for members who share their bytes.

    Each member is either following, and is sent `_pieces`, or has diverged, and is sent its own.
    """

    def __init__(self, turn: Turn, dialect: Dialect, rooms: frozenset[str]) -> None:
        self.dialect = dialect
        self.rooms = rooms
        self._turn = turn
        self._following: dict[MemberId, Outlet] = {}
        self._diverged: dict[MemberId, Ear] = {}
        self._pieces: list[bytes] = []
        self._bytes = 0
        self._is_waiting = False

    def admit(self, ear: Ear) -> None:
        """From now on it is told what the others are; before that, what it brings along."""
        ear.audience = self
        ear.mark = len(self._pieces)
        if ear.own or self._pieces:
            self._diverged[ear.member] = ear
            self._wait()
        else:
            self._following[ear.member] = ear.outlet

    def release(self, ear: Ear) -> bool:
        """It takes along what it has not been sent."""
        if self._pieces or ear.own:
            self._catch_up(ear)
        self._following.pop(ear.member, None)
        self._diverged.pop(ear.member, None)
        ear.audience = None
        return bool(self._following or self._diverged)

    def tell(self, told: object, data: bytes) -> None:
        """Tell everyone at the end of the turn."""
        self._pieces.append(data)
        self._bytes += len(data)
        if self._bytes > limits.BATCH_BYTES:
            self._turn.is_full = True
        self._wait()

    def tell_others(self, ear: Ear, told: object, data: bytes) -> None:
        """Tell all but one."""
        self._catch_up(ear)
        self.tell(told, data)
        ear.mark += 1

    def tell_one(self, ear: Ear, told: object, data: bytes) -> None:
        """Tell one, after all that it was told before."""
        self._catch_up(ear)
        ear.own.append(data)
        ear.own_bytes += len(data)
        if ear.own_bytes > limits.BATCH_BYTES:
            ear.send_own()

    def take(self) -> list[Batch]:
        """What is to be written now; after that everyone follows again."""
        diverged = list(self._diverged.values())
        for ear in diverged:
            self._catch_up(ear)
        batches = [(self._pieces, list(self._following.values()))]
        for ear in diverged:
            batches.append((ear.own, [ear.outlet]))
            ear.own, ear.own_bytes, ear.mark = [], 0, 0
            self._following[ear.member] = ear.outlet
        self._diverged.clear()
        self._pieces, self._bytes, self._is_waiting = [], 0, False
        return batches

    def _catch_up(self, ear: Ear) -> None:
        """Give `ear` a list of its own, with all that the others were told until now."""
        if self._following.pop(ear.member, None) is not None:
            self._diverged[ear.member] = ear
            self._wait()
        ear.own += self._pieces[ear.mark :]
        ear.mark = len(self._pieces)

    def _wait(self) -> None:
        if not self._is_waiting:
            self._is_waiting = True
            self._turn.await_end(self)
