"""A chat that survives its server: nobody is told of anything that a crash could undo."""

from functools import partial
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chatd.chat import commands, limits
from chatd.chat.commands import Enter, JoinRoom, ListUsers, Ping, ReadHistory, SendMessage
from chatd.chat.errors import Refusal
from chatd.chat.events import History, JoinDone, Message, Ok, Users, Welcome
from chatd.chat.hub import HubSettings
from chatd.log import codec
from chatd.log.engine import Store, StoreFailed
from chatd.log.journal_log import JournalLog
from chatd.log.operations import Handle, Operation, ReserveSlot, SetAccounts, Tick
from tests.fakes import RecordingOutbox, log_lines
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

    def to_all(self, event: Any, origin: int) -> None:
        self._told.append(event)
        super().to_all(event, origin)

    def to_room(self, room: str, event: Any, origin: int) -> None:
        self._told.append(event)
        super().to_room(room, event, origin)


def entries_of(engine: MemoryEngine) -> list[list[Operation[Any]]]:
    return [codec.decode_operations(each.data) for each in engine.entries]


@pytest.fixture
def engine() -> MemoryEngine:
    return MemoryEngine()


@pytest.fixture
def server(engine: MemoryEngine) -> Server:
    """One with two members, ice (1) and moon (2)."""
    server = Server(engine)
    server.open()
    server.do(ReserveSlot("10.0.0.1:1"), ReserveSlot("10.0.0.1:2"))
    server.do(Handle(1, Enter("ice")), Handle(2, Enter("moon")))
    server.told.clear()
    return server


# --- telling, and keeping -------------------------------------------------------------------------


def test_nothing_is_told_before_it_is_kept(server: Server) -> None:
    count = len(server.engine.entries)
    server.send(1, SendMessage("hello"), JoinRoom("#dev"))
    server.end_turn()
    server.end_turn()
    assert server.told == []
    assert len(server.engine.entries) == count
    server.commit()
    assert len(server.engine.entries) == count + 1
    assert server.results() == [Ok("#lobby", 1, STARTED), JoinDone("#dev", created=True)]


def test_results_and_events_come_in_the_order_in_which_they_were_asked_for(server: Server) -> None:
    server.send(1, SendMessage("one"), SendMessage("two"))
    server.send(2, SendMessage("three"), Ping(), commands.Rename("mars"))
    server.settle()
    told = [
        each.text
        if isinstance(each, Message)
        else each[1].seq or "renamed"
        if isinstance(each, tuple) and isinstance(each[1], Ok)
        else type(each[1] if isinstance(each, tuple) else each).__name__
        for each in server.told
    ]
    assert told == ["one", 1, "two", 2, "three", 3, "Pong", "MemberRenamed", "renamed"]


def test_what_is_asked_for_in_one_turn_is_one_entry(server: Server) -> None:
    count = len(server.engine.entries)
    server.send(1, *(SendMessage(f"line {number}") for number in range(100)))
    server.settle()
    assert len(server.engine.entries) == count + 1


def test_what_is_asked_for_during_a_commit_is_one_next_entry(server: Server) -> None:
    count = len(server.engine.entries)
    server.send(1, SendMessage("first"))
    server.end_turn()
    for number in range(10):
        server.send(1, SendMessage(f"line {number}"))
        server.send(2, SendMessage(f"line {number}"))
        server.end_turn()
    server.commit()
    assert len(server.results()) == 1, "only what was in the first commit"
    server.settle()
    assert len(server.results()) == 21
    assert len(entries_of(server.engine)[count]) == 1
    assert len(entries_of(server.engine)[count + 1]) == 20
    assert len(server.engine.entries) == count + 2


def test_very_many_operations_are_several_entries_and_stay_in_order(server: Server) -> None:
    server.send(1, *(SendMessage(f"line {number}") for number in range(600)))
    server.settle()
    assert [each.seq for each in server.results()] == list(range(1, 601))
    assert max(map(len, entries_of(server.engine))) <= 256
    assert [each.message.seq for each in server.engine.messages] == list(range(1, 601))


def test_what_is_read_keeps_its_place_and_is_in_no_entry(server: Server) -> None:
    count = len(server.engine.entries)
    server.send(1, ListUsers("#lobby"), SendMessage("hello"), ReadHistory(), Ping())
    server.end_turn()
    assert server.told == [], "nor is it told earlier than what was asked for before it"
    server.settle()
    users, ok, history, _ = server.results()
    assert isinstance(users, Users)
    assert ok == Ok("#lobby", 1, STARTED)
    assert [each.text for each in history.messages] == ["hello"]
    assert entries_of(server.engine)[count:] == [[Handle(1, SendMessage("hello"))]]


def test_reading_alone_commits_nothing(server: Server) -> None:
    count = len(server.engine.entries)
    server.send(1, ListUsers(), ReadHistory(), commands.ListRooms(), Ping())
    server.end_turn()
    assert len(server.results()) == 4
    assert len(server.engine.entries) == count


def test_what_was_refused_is_not_kept(server: Server) -> None:
    count = len(server.engine.entries)
    server.send(1, SendMessage("hello", "#nowhere"), Enter("again"), commands.Rename("MOON"))
    server.send(9, SendMessage("who am I"))
    server.settle()
    assert len(server.results(Refusal)) == 4
    assert len(server.engine.entries) == count
    server.send(1, SendMessage("hello", "#nowhere"), SendMessage("hello"))
    server.settle()
    assert entries_of(server.engine)[count:] == [[Handle(1, SendMessage("hello"))]]


def test_what_is_asked_for_because_of_a_result_is_carried_out(server: Server) -> None:
    def answered(result: object) -> None:
        server.send(1, SendMessage("second"))

    server.log.ask(Handle(1, SendMessage("first")), answered)
    server.settle()
    assert server.results() == [Ok("#lobby", 2, STARTED)]


def test_what_is_asked_for_before_the_log_is_open_waits(engine: MemoryEngine) -> None:
    server = Server(engine)
    server.ask(ReserveSlot("10.0.0.1:1"), Handle(1, Enter("ice")))
    server.settle()
    assert server.told == []
    server.open()
    assert server.opened == [None]
    assert server.results()[0] == 1
    assert [each.nickname for each in server.log.hub.users().users] == ["ice"]


# --- a restart ------------------------------------------------------------------------------------


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


@either_way
def test_after_a_restart_everything_is_there_but_those_who_were_connected(
    server: Server, is_killed: bool
) -> None:
    server.do(SetAccounts({"star": False}))
    server.do(Handle(1, JoinRoom("#dev")), Handle(1, SendMessage("in dev", "#dev")))
    server.do(Handle(2, SendMessage("one")), Handle(1, SendMessage("two")))
    again = restart(server, is_killed)
    assert again.told == [], "nobody is told anything of it"
    assert again.log.hub.free_slots == 5
    assert again.log.hub.users().users == ()
    ice = enter(again, "ice")
    assert ice == 3, "no id is used twice"
    [joined] = again.do(Handle(ice, JoinRoom("#dev")))
    assert joined == JoinDone("#dev", created=False)
    assert again.history(ice) == [(1, "one"), (2, "two")]
    assert again.history(ice, "#dev") == [(1, "in dev")]
    assert again.do(Handle(ice, SendMessage("three")))[0].seq == 3
    assert again.do(Handle(ice, SendMessage("more", "#dev")))[0].seq == 2
    assert "password" in str(again.do(Handle(ice, commands.Rename("star")))[0])
    assert [each.nickname for each in again.log.hub.users().users] == ["ice"]


@either_way
def test_many_restarts_lose_nothing_and_double_nothing(server: Server, is_killed: bool) -> None:
    said = []
    for number in range(12):
        member = enter(server, "sun")
        server.do(*(Handle(member, SendMessage(f"{number}.{part}")) for part in range(2)))
        said += [f"{number}.{part}" for part in range(2)]
        server = restart(server, is_killed, history=100)
    assert server.history(enter(server, "sun")) == list(enumerate(said, 1))
    assert [each.message.text for each in server.engine.messages] == said


def test_a_server_that_is_killed_during_a_commit_has_confirmed_nothing_of_it(
    server: Server,
) -> None:
    server.do(Handle(1, SendMessage("confirmed")))
    server.told.clear()
    server.send(1, SendMessage("not yet"))
    server.end_turn()
    assert server.told == []
    again = restart(server, is_killed=True)
    assert again.history(enter(again, "ice")) == [(1, "confirmed")]


def test_a_room_that_a_restart_has_emptied_ends_after_a_minute_also_for_the_next_restart(
    server: Server,
) -> None:
    server.do(Handle(1, JoinRoom("#dev")))
    again = restart(server, is_killed=True)
    assert again.log.hub.next_deadline() == again.now + 1_000 * limits.EMPTY_ROOM_SECONDS
    again.now += 1_000 * limits.EMPTY_ROOM_SECONDS
    again.do(Tick())
    assert [each.room for each in again.log.hub.rooms().rooms] == ["#lobby"]
    third = restart(again, is_killed=True, now=again.now)
    assert [each.room for each in third.log.hub.rooms().rooms] == ["#lobby"]


def test_a_history_reaches_no_further_back_than_is_kept_in_memory(server: Server) -> None:
    server.do(*(Handle(1, SendMessage(f"line {number}")) for number in range(1, 8)))
    again = restart(server, is_killed=True, history=3)
    found = again.log.hub.read_history("#lobby", 100).messages
    assert [each.seq for each in found] == [5, 6, 7]


# --- snapshots ------------------------------------------------------------------------------------


@pytest.fixture
def small_journal(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(limits, "JOURNAL_BYTES", 1_000)
    return limits.JOURNAL_BYTES


@pytest.mark.usefixtures("small_journal")
def test_the_journal_stays_small_and_a_restart_has_all(server: Server) -> None:
    for number in range(100):
        [ok] = server.do(Handle(1, SendMessage(f"{number:03} " + 60 * "x")))
        assert ok.seq == number + 1
        assert sum(len(each.data) for each in server.engine.entries) < 1_000 + 200
    assert server.engine.snapshot is not None
    again = restart(server, is_killed=True, history=200)
    found = again.history(enter(again, "ice"))
    assert [seq for seq, _ in found] == list(range(1, 101))
    assert again.do(Handle(3, SendMessage("next")))[0].seq == 101


@pytest.mark.usefixtures("small_journal")
def test_a_snapshot_delays_no_confirmation_but_what_is_asked_meanwhile_comes_after_it(
    server: Server,
) -> None:
    server.send(1, SendMessage(2_000 * "x"))
    server.end_turn()
    server.send(2, SendMessage("meanwhile"))
    server.disk.advance(0)  # both the commit and, as it is asked for in the same turn, the snapshot
    assert server.results() == [Ok("#lobby", 1, STARTED)]
    server.settle()
    assert server.results() == [Ok("#lobby", 1, STARTED), Ok("#lobby", 2, STARTED)]
    assert server.engine.snapshot is not None
    assert codec.decode_snapshot(server.engine.snapshot.data)[1].rooms[0].seq == 1
    assert entries_of(server.engine) == [[Handle(2, SendMessage("meanwhile"))]]


# --- stopping -------------------------------------------------------------------------------------


def test_a_log_that_stops_keeps_everything_and_closes(server: Server) -> None:
    server.send(1, SendMessage("last words"))
    stopped = server.stop()
    assert stopped == []
    server.settle()
    assert stopped == [None]
    assert server.results() == [Ok("#lobby", 1, STARTED)]
    assert not server.engine.is_open
    assert not server.clock.getDelayedCalls()
    again = restart(server, is_killed=True)
    assert again.history(enter(again, "ice")) == [(1, "last words")]


def test_a_log_that_stops_during_a_commit_keeps_that_and_what_was_asked_since(
    server: Server,
) -> None:
    server.send(1, SendMessage("one"))
    server.end_turn()
    server.send(1, SendMessage("two"))
    stopped = server.stop()
    server.end_turn()
    assert stopped == []
    server.settle()
    assert stopped == [None]
    assert [each.seq for each in server.results()] == [1, 2]
    again = restart(server, is_killed=True)
    assert again.history(enter(again, "ice")) == [(1, "one"), (2, "two")]


def test_a_log_that_was_never_opened_stops_at_once(engine: MemoryEngine) -> None:
    server = Server(engine)
    assert server.stop() == [None]
    assert not server.clock.getDelayedCalls()


def test_a_log_that_cannot_keep_its_last_snapshot_stops_all_the_same(server: Server) -> None:
    server.do(Handle(1, SendMessage("kept")))
    server.engine.problem = FULL
    stopped = server.stop()
    server.settle()
    assert stopped == [None]
    assert not server.engine.is_open
    server.engine.problem = ""
    again = restart(server, is_killed=True)
    assert again.history(enter(again, "ice")) == [(1, "kept")]


# --- a store that fails ---------------------------------------------------------------------------


def test_when_nothing_can_be_kept_everybody_is_told_so_first_and_the_chat_goes_on(
    server: Server,
) -> None:
    server.engine.problem = FULL
    server.send(1, SendMessage("one"))
    server.settle()
    [notice, event, (_, result)] = server.told
    assert notice == f"This chat is not kept at present: {FULL}"
    assert event == Message("#lobby", 1, STARTED, "ice", "one")
    assert result == Ok("#lobby", 1, STARTED)
    assert server.do(Handle(2, SendMessage("two"))) == [Ok("#lobby", 2, STARTED)]
    assert server.told[0] == Message("#lobby", 2, STARTED, "moon", "two"), "it is said only once"
    server.stop()
    server.settle()
    assert not server.clock.getDelayedCalls(), "it is not tried again"


def test_a_store_that_works_again_keeps_what_was_said_meanwhile(server: Server) -> None:
    server.do(Handle(1, SendMessage("one")))
    server.engine.problem = FULL
    server.do(Handle(1, SendMessage("two")))
    server.do(Handle(2, JoinRoom("#dev")), Handle(2, SendMessage("three", "#dev")))
    server.clock.advance(limits.STORE_RETRY_SECONDS)
    server.settle()
    assert [each.message.text for each in server.engine.messages] == ["one"]
    server.engine.problem = ""
    server.told.clear()
    server.clock.advance(limits.STORE_RETRY_SECONDS)
    server.settle()
    assert server.told == ["This chat is kept again."]
    assert [each.message.text for each in server.engine.messages] == ["one", "two", "three"]
    server.do(Handle(1, SendMessage("four")))
    assert not server.clock.getDelayedCalls()
    again = restart(server, is_killed=True)
    ice = enter(again, "ice")
    assert again.history(ice) == [(1, "one"), (2, "two"), (3, "four")]
    assert again.do(Handle(ice, JoinRoom("#dev"))) == [JoinDone("#dev", created=False)]
    assert again.history(ice, "#dev") == [(1, "three")]


def test_a_store_that_fails_a_second_time_is_announced_a_second_time(server: Server) -> None:
    for number in range(2):
        server.engine.problem = FULL
        server.do(Handle(1, SendMessage(f"{number}")))
        assert server.told[0] == f"This chat is not kept at present: {FULL}"
        server.engine.problem = ""
        server.told.clear()
        server.clock.advance(limits.STORE_RETRY_SECONDS)
        server.settle()
        assert server.told == ["This chat is kept again."]
    assert [each.message.text for each in server.engine.messages] == ["0", "1"]


@pytest.mark.usefixtures("small_journal")
def test_a_snapshot_that_cannot_be_kept_is_announced_and_loses_nothing(server: Server) -> None:
    class FailsToSave(MemoryEngine):
        def save(self, *arguments: Any) -> Deferred[None]:
            self.problem = FULL
            return super().save(*arguments)

    server.engine.__class__ = FailsToSave
    server.send(1, SendMessage(2_000 * "x"))
    server.settle()
    assert server.results() == [Ok("#lobby", 1, STARTED)]
    assert f"This chat is not kept at present: {FULL}" in server.told
    server.engine.__class__ = MemoryEngine
    server.engine.problem = ""
    server.clock.advance(limits.STORE_RETRY_SECONDS)
    server.settle()
    assert server.told[-1] == "This chat is kept again."
    again = restart(server, is_killed=True)
    assert [seq for seq, _ in again.history(enter(again, "ice"))] == [1]


def test_a_store_that_cannot_be_opened_is_said_and_the_chat_begins_without_it(
    engine: MemoryEngine,
) -> None:
    engine.problem = FULL
    server = Server(engine)
    with log_lines() as lines:
        server.open()
    assert lines == [f"nothing is kept of this chat: {FULL}"]
    [problem] = server.opened
    assert isinstance(problem, StoreFailed)
    assert str(problem) == FULL
    member = enter(server, "ice")
    assert server.do(Handle(member, SendMessage("hello"))) == [Ok("#lobby", 1, STARTED)]
    engine.problem = ""
    server.clock.advance(10 * limits.STORE_RETRY_SECONDS)
    server.settle()
    assert (engine.entries, engine.messages, engine.snapshot) == ([], [], None)
    server.stop()
    server.settle()
    assert not server.clock.getDelayedCalls()


def test_a_journal_that_makes_no_sense_is_left_as_it_is(server: Server) -> None:
    server.do(Handle(1, SendMessage("hello")))
    engine = server.engine
    broken = engine.entries[-1]
    engine.entries[-1] = type(broken)(broken.position, broken.at_ms, b"\xc1")
    before = list(engine.entries)
    again = Server(engine)
    again.open()
    assert isinstance(again.opened[0], ValueError)
    enter(again, "ice")
    assert engine.entries == before


# --- the clock ------------------------------------------------------------------------------------


def test_the_time_of_the_chat_does_not_jump_back(server: Server) -> None:
    [first] = server.do(Handle(1, SendMessage("one")))
    server.now -= 365 * 86_400_000
    [second] = server.do(Handle(1, SendMessage("two")))
    server.now = STARTED + 7
    [third] = server.do(Handle(1, SendMessage("three")))
    assert (first.time, second.time, third.time) == (STARTED, STARTED, STARTED + 7)
    assert [each.at_ms for each in server.engine.entries] == sorted(
        each.at_ms for each in server.engine.entries
    )


@either_way
def test_the_time_of_the_chat_does_not_jump_back_with_a_restart(
    server: Server, is_killed: bool
) -> None:
    server.do(Handle(1, SendMessage("one")))
    again = restart(server, is_killed, now=STARTED - 365 * 86_400_000)
    [ok] = again.do(Handle(enter(again, "ice"), SendMessage("two")))
    assert ok.time == STARTED
