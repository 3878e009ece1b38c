"""Snapshots, the end of a log, a store that fails, and a clock that jumps."""

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from chatd.chat import limits
from chatd.chat.commands import JoinRoom, SendMessage
from chatd.chat.events import JoinDone, Message, Ok
from chatd.log import codec
from chatd.log.engine import StoreFailed
from chatd.log.operations import Handle, Tick
from tests.fakes import log_lines
from tests.log.kept_server import FULL, STARTED, Server, either_way, enter, entries_of, restart
from tests.log.memory_engine import MemoryEngine

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


@either_way
def test_the_journal_of_a_quiet_server_is_no_older_than_a_day(
    server: Server, is_killed: bool
) -> None:
    """Else it would have what was said for longer than the archive has it."""
    server.do(Handle(1, SendMessage("an old secret")))
    server.now += 1_000 * limits.JOURNAL_SECONDS
    if is_killed:
        server = restart(server, is_killed, now=server.now)
    else:
        assert server.engine.snapshot is None
        server.do(Handle(1, SendMessage("a day later")))
    server.settle()
    assert server.engine.snapshot is not None
    assert not [each for each in server.engine.entries if b"an old secret" in each.data]
    before = server.engine.snapshot
    server.now += 1_000 * limits.JOURNAL_SECONDS // 2
    enter(server, "sun", port=7)
    assert server.engine.snapshot is before


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


@pytest.mark.usefixtures("small_journal")
def test_another_reader_of_the_file_holds_up_neither_the_chat_nor_its_end(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup, for example: until it has ended, a snapshot is not complete."""
    saved: Deferred[None] = Deferred()
    saves = iter([saved, Deferred()])
    monkeypatch.setattr(server.engine, "save", lambda *arguments: next(saves))
    assert [each.seq for each in server.do(Handle(1, SendMessage(2_000 * "x")))] == [1]
    assert [each.seq for each in server.do(Handle(1, SendMessage("after")))] == [2]
    stopped = server.stop()
    server.settle()
    assert stopped == []
    with log_lines() as lines:
        server.clock.advance(limits.SHUTDOWN_SECONDS)
        saved.errback(StoreFailed("The file is closed."))
    assert stopped == [None]
    assert lines == ["the journal is as long as it was: another program reads the file"]
    assert not server.clock.getDelayedCalls()


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


def test_a_store_that_cannot_be_opened_is_reported_and_the_chat_begins_without_it(
    engine: MemoryEngine,
) -> None:
    engine.problem = FULL
    server = Server(engine)
    server.open()
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
    assert isinstance(again.opened[0], StoreFailed)
    assert str(again.opened[0]).startswith("memory was kept by another version of chatd (")
    enter(again, "ice")
    assert engine.entries == before


def test_a_server_that_stops_tries_once_more_to_keep_what_was_said(server: Server) -> None:
    server.do(Handle(1, SendMessage("one")))
    server.engine.problem = FULL
    server.do(Handle(1, SendMessage("two")), Handle(2, JoinRoom("#dev")))
    server.engine.problem = ""
    stopped = server.stop()
    with log_lines() as lines:
        server.settle()
    assert stopped == [None]
    assert lines == ["the chat was kept at the end"]
    assert not server.clock.getDelayedCalls()
    again = restart(server, is_killed=True)
    ice = enter(again, "ice")
    assert again.history(ice) == [(1, "one"), (2, "two")]
    assert again.do(Handle(ice, JoinRoom("#dev"))) == [JoinDone("#dev", created=False)]


def test_a_server_that_cannot_keep_it_at_the_end_either_says_what_is_lost(server: Server) -> None:
    server.engine.problem = FULL
    server.do(Handle(1, SendMessage("one")))
    with log_lines() as lines:
        stopped = server.stop()
        server.settle()
    assert stopped == [None]
    assert lines == [f"what was said since the failure is lost: {FULL}"]
    assert not server.clock.getDelayedCalls()


def test_a_store_that_could_not_be_read_is_not_written_at_the_end(server: Server) -> None:
    server.do(Handle(1, SendMessage("hello")))
    server.engine.problem = FULL
    again = Server(server.engine)
    again.open()
    before = list(server.engine.entries)
    server.engine.problem = ""
    again.stop()
    again.settle()
    assert (server.engine.entries, server.engine.snapshot) == (before, None)


# --- the clock ------------------------------------------------------------------------------------


def test_the_time_of_the_chat_does_not_jump_back(server: Server) -> None:
    [first] = server.do(Handle(1, SendMessage("one")))
    server.now -= 365 * 86_400_000
    [second] = server.do(Handle(1, SendMessage("two")))
    server.now = STARTED + 7
    [third] = server.do(Handle(1, SendMessage("three")))
    assert STARTED == first.time <= second.time <= third.time < STARTED + 1_000
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
    assert STARTED <= ok.time < STARTED + 1_000


@pytest.mark.parametrize("jump", [-365 * 86_400_000, -3_600_000, 0])
def test_a_room_that_a_restart_has_emptied_ends_whatever_the_clock_is_set_to(
    server: Server, jump: int
) -> None:
    server.do(Handle(1, JoinRoom("#dev")))
    again = restart(server, is_killed=True)
    again.now += jump
    ticks = 0
    passed = 0.0
    while (deadline := again.log.hub.next_deadline()) is not None:
        seconds = max(0, deadline - again.log.time()) / 1_000
        again.clock.advance(seconds)
        again.now += round(seconds * 1_000)
        passed += seconds
        again.do(Tick())
        ticks += 1
        assert ticks < 30
    assert passed < 2 * limits.EMPTY_ROOM_SECONDS + 1
    assert [each.room for each in again.log.hub.rooms().rooms] == ["#lobby"]
