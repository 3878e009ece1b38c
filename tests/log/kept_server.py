"""A log with a journal on an engine in memory, and whoever asks it."""

from functools import partial
from typing import Any

import pytest
from twisted.internet.task import Clock

from chatd.chat import commands, limits
from chatd.chat.commands import Enter, ReadHistory
from chatd.chat.events import History, Welcome
from chatd.chat.hub import HubSettings
from chatd.log import codec
from chatd.log.engine import Store
from chatd.log.journal_log import JournalLog
from chatd.log.operations import Handle, Operation, ReserveSlot
from tests.fakes import RecordingOutbox
from tests.log.memory_engine import MemoryEngine

FULL = "The disk is full."
#: When every server of a test starts, in milliseconds since 1970.
STARTED = 1_000_000


class Server:
    """A log on an engine, and whoever asks it.

    :ivar clock: a turn of the reactor is ``clock.advance(0)``.
    :ivar disk: the engine keeps nothing before ``disk.advance(0)``.
    :ivar told: in order: the results by what was asked for, events with their origin, and notices.
    """

    def __init__(self, engine: MemoryEngine, now: int = STARTED, history: int = 9) -> None:
        self.clock, self.disk = Clock(), Clock()
        engine.clock = self.disk
        self.engine = engine
        self.now = now
        self.told: list[Any] = []
        outbox = TellingOutbox(self.told)
        self.log = JournalLog(
            HubSettings("party", 5, history, is_archived=True),
            outbox,
            lambda: self.now,
            self.clock,
            Store(engine, engine, "memory"),
            lambda text: self.told.append(text),
        )
        self.opened: list[Exception | None] = []

    def open(self) -> None:
        self.log.open().addCallback(self.opened.append)
        self.settle()

    def ask(self, *operations: Operation[Any]) -> None:
        def tell(operation: Operation[Any], result: object) -> None:
            self.told.append((operation, result))

        for each in operations:
            self.log.ask(each, partial(tell, each))

    def send(self, member: int, *sent: commands.Command) -> None:
        self.ask(*(Handle(member, each) for each in sent))

    def end_turn(self) -> None:
        self.clock.advance(0)

    def commit(self) -> None:
        self.disk.advance(0)

    def settle(self) -> None:
        for _ in range(20):
            self.end_turn()
            self.commit()
            self.end_turn()
            self.clock.advance(limits.JOURNAL_PAUSE_MILLISECONDS / 1_000)

    def results(self, kind: type = object) -> list[Any]:
        """The results that were told."""
        results = [each[1] for each in self.told if isinstance(each, tuple)]
        return [each for each in results if isinstance(each, kind)]

    def do(self, *operations: Operation[Any]) -> list[Any]:
        """Ask for operations, and return their results."""
        self.told.clear()
        self.ask(*operations)
        self.settle()
        return self.results()

    def history(self, member: int, room: str = "#lobby") -> list[tuple[int, str]]:
        [history] = self.do(Handle(member, ReadHistory(room, 100)))
        assert isinstance(history, History)
        return [(each.seq, each.text) for each in history.messages]

    def stop(self) -> list[Any]:
        stopped: list[Any] = []
        self.log.stop().addBoth(stopped.append)
        return stopped


class TellingOutbox(RecordingOutbox):
    """An outbox that also says in which order things are told."""

    def __init__(self, told: list[Any]) -> None:
        super().__init__()
        self._told = told

    def to_all(self, event: Any, origin: int, rooms: Any = None) -> None:
        self._told.append(event)
        super().to_all(event, origin, rooms)

    def to_room(self, room: str, event: Any, origin: int) -> None:
        self._told.append(event)
        super().to_room(room, event, origin)


def entries_of(engine: MemoryEngine) -> list[list[Operation[Any]]]:
    return [codec.decode_operations(each.data) for each in engine.entries]


def restart(server: Server, is_killed: bool, **settings: Any) -> Server:
    """Another server with what the first one has kept, after it was killed or has stopped."""
    if not is_killed:
        stopped = server.stop()
        server.settle()
        assert stopped == [None]
    # What a killed server is about to do never happens: nobody advances its clocks any more.
    again = Server(server.engine, **{"now": STARTED + 5_000, **settings})
    again.open()
    assert again.opened == [None]
    return again


def enter(server: Server, nickname: str, port: int = 9) -> int:
    [member] = server.do(ReserveSlot(f"10.0.0.1:{port}"))
    [welcome] = server.do(Handle(member, Enter(nickname)))
    assert isinstance(welcome, Welcome), welcome
    assert isinstance(member, int)
    return member


either_way = pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "stopped"])
