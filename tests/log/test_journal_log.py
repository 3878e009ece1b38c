"""A chat that survives its server: nobody is told of anything that a crash could undo."""

from chatd.chat import commands, irc_commands, limits
from chatd.chat.commands import (
    Enter,
    JoinRoom,
    ListUsers,
    Ping,
    ReadHistory,
    SendMessage,
    SendPrivate,
)
from chatd.chat.errors import Refusal
from chatd.chat.events import JoinDone, Message, Ok, Users
from chatd.chat.marker_events import Marker
from chatd.log.operations import Handle, ReserveSlot, SetAccounts, Tick
from tests.log.kept_server import STARTED, Server, either_way, enter, entries_of, restart
from tests.log.memory_engine import MemoryEngine

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


def test_those_who_talk_at_the_same_time_soon_share_every_entry(server: Server) -> None:
    """Also if some of them began while what the others had said was being committed."""
    moment = limits.JOURNAL_PAUSE_MILLISECONDS / 2_000

    def say(member: int) -> None:
        def answered(result: object) -> None:
            server.clock.callLater(moment, say, member)

        server.log.ask(Handle(member, SendMessage("and another thing")), answered)

    say(1)
    say(1)
    server.end_turn()
    say(2)
    say(2)
    for _ in range(40):
        server.commit()
        server.end_turn()
        server.clock.advance(moment)
    sizes = list(map(len, entries_of(server.engine)))
    assert sizes[-5:] == [4, 4, 4, 4, 4]


def test_who_talks_alone_does_not_wait(server: Server) -> None:
    for number in range(1, 5):
        server.send(1, SendMessage("hello"))
        server.end_turn()
        server.commit()
        assert len(server.results()) == number


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


@either_way
def test_after_a_restart_everything_is_there_but_those_who_were_connected(
    server: Server, is_killed: bool
) -> None:
    server.do(SetAccounts({"star": False}))
    server.do(Handle(1, JoinRoom("#dev")), Handle(1, SendMessage("in dev", "#dev")))
    server.do(Handle(2, SendMessage("one")), Handle(1, SendMessage("two")))
    again = restart(server, is_killed)
    assert again.told == [], "nobody is told anything of it"
    assert again.log.hub.free_slots() == 5
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


def test_private_texts_leave_the_journal_also_if_it_is_never_idle(server: Server) -> None:
    server.send(1, SendPrivate("psst", ("moon",)))
    server.settle()

    def is_kept() -> bool:
        kept = [each for entry in entries_of(server.engine) for each in entry]
        return any(isinstance(each, Handle) and "psst" in str(each.command) for each in kept)

    assert is_kept()
    server.send(1, SendMessage("hello"))
    server.end_turn()
    for _ in range(5):
        server.clock.advance(limits.PRIVATE_TRIM_SECONDS)  # it is due while a commit is under way
        server.send(1, SendMessage("hello"))
        server.commit()
        server.end_turn()
    server.commit()
    assert not is_kept()


def test_no_snapshot_is_saved_for_private_texts_that_are_gone(server: Server) -> None:
    server.send(1, SendPrivate("psst", ("moon",)))
    server.settle()
    for _ in range(2):
        server.clock.advance(limits.PRIVATE_TRIM_SECONDS)
        server.settle()
    snapshot = server.engine.snapshot
    assert snapshot is not None
    server.clock.advance(10 * limits.PRIVATE_TRIM_SECONDS)
    server.settle()
    assert server.engine.snapshot is snapshot


def test_what_a_user_has_read_is_known_after_a_crash_and_after_a_restart(server: Server) -> None:
    server.do(SetAccounts({"sun": False}))
    [sun] = server.do(ReserveSlot("10.0.0.1:5000"))
    server.do(
        Handle(sun, commands.EnterAuthenticated("sun")),
        Handle(sun, irc_commands.MarkRead("#dev", 1_000)),
    )
    for is_killed in (True, False):
        server = restart(server, is_killed)
        [sun] = server.do(ReserveSlot("10.0.0.1:5001"))
        server.do(Handle(sun, commands.EnterAuthenticated("sun")))
        assert server.do(Handle(sun, irc_commands.ReadMarker("#dev"))) == [Marker("#dev", 1_000)]
