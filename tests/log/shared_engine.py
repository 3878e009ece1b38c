"""A log in memory that several nodes share, with links that are as bad as a test wants them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred, fail, succeed

from chatd.log.engine import LogLost, Position, Snapshot
from chatd.log.shared_engine import LogUnreachable, SharedEngine, SharedEntry


@dataclass
class MemoryLog:
    """What the engines of all nodes have in common.

    :ivar trimmed: the entries up to this position are gone.
    :ivar late: what was appended, but is still on its way, though its node has given up.
    """

    snapshot: Snapshot
    entries: list[SharedEntry] = field(default_factory=list)
    trimmed: Position = 0
    late: list[bytes] = field(default_factory=list)
    engines: list["MemorySharedEngine"] = field(default_factory=list)

    def append(self, data: bytes) -> None:
        self.entries.append(SharedEntry(self.position + 1, data))

    @property
    def position(self) -> Position:
        return self.entries[-1].position if self.entries else self.snapshot.position

    def trim(self, position: Position) -> None:
        self.trimmed = max(self.trimmed, position)
        self.entries = [each for each in self.entries if each.position > self.trimmed]


class MemorySharedEngine(SharedEngine):
    """One node's way to the log. Nothing moves by itself: see :meth:`send` and :meth:`deliver`.

    :ivar is_connected: otherwise appends fail, and nothing is received.
    :ivar loses_answers: appends succeed, but say that they have failed.
    :ivar delays: appends say that they have failed, and may come much later.
    :ivar saving: what saving a snapshot waits for; None for nothing.
    """

    def __init__(self, log: MemoryLog) -> None:
        self.log = log
        self.is_connected = True
        self.loses_answers = False
        self.delays = False
        self.saving: Deferred[None] | None = None
        self.is_closed = False
        self.sending: tuple[bytes, Deferred[None]] | None = None
        self.position: Position = 0
        self._received: Callable[[Sequence[SharedEntry]], None] | None = None
        self._ended: Callable[[Exception], None] = lambda error: None
        log.engines.append(self)

    def load(self) -> Deferred[Snapshot]:
        if not self.is_connected:
            return fail(LogUnreachable("The log does not answer."))
        return succeed(self.log.snapshot)

    def follow(
        self,
        after: Position,
        received: Callable[[Sequence[SharedEntry]], None],
        ended: Callable[[Exception], None],
    ) -> None:
        self.position, self._received, self._ended = after, received, ended

    def append(self, data: bytes) -> Deferred[None]:
        assert self.sending is None, "two appends are under way"
        appended: Deferred[None] = Deferred()
        self.sending = data, appended
        return appended

    def save(self, snapshot: Snapshot) -> Deferred[None]:
        if not self.is_connected:
            return fail(LogUnreachable("The log does not answer."))

        def save(result: None) -> None:
            assert not self.is_closed
            if snapshot.position > self.log.snapshot.position:
                self.log.trim(self.log.snapshot.position)
                self.log.snapshot = snapshot

        waiting = succeed(None) if self.saving is None else self.saving
        return waiting.addCallback(save)

    def close(self) -> Deferred[None]:
        self.is_closed = True
        self._received = None
        return succeed(None)

    # --- what the network does --------------------------------------------------------------------

    def send(self) -> None:
        """What is on its way reaches the log, or is lost."""
        if self.sending is None:
            return
        (data, appended), self.sending = self.sending, None
        if self.is_connected and self.delays:
            self.log.late.append(data)
        elif self.is_connected:
            self.log.append(data)
        if self.is_connected and not (self.loses_answers or self.delays):
            appended.callback(None)
        else:
            appended.errback(LogUnreachable("The log does not answer."))

    def deliver(self, count: int = 1_000) -> None:
        """The node receives the next entries."""
        if self._received is None or not self.is_connected:
            return
        if self.position < self.log.trimmed:
            self._received, ended = None, self._ended
            ended(LogLost(f"The entries up to {self.log.trimmed} are gone."))
            return
        entries = [each for each in self.log.entries if each.position > self.position][:count]
        if entries:
            self.position = entries[-1].position
            self._received(entries)
