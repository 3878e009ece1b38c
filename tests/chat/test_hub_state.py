"""The state of a hub: what is kept of it is all that it needs to go on."""

import os
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import commands, irc_commands, limits, order_commands
from chatd.chat.events import History, JoinDone, Message, Ok
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.state import HubState
from chatd.log import codec
from chatd.log.engine import ArchivedMessage
from chatd.log.held_outbox import HeldOutbox
from chatd.log.operations import (
    Clear,
    ConnectWithoutSlot,
    Handle,
    LoseConnection,
    Operation,
    RemoveMember,
    ReserveSlot,
    SetAccounts,
    SetFingerprints,
    Tick,
    apply,
    changes_hub,
)
from tests.chat.replay import comparable
from tests.chat.strategies import ANYTHING, NICKNAMES, SETTINGS
from tests.fakes import RecordingOutbox

NUMBERS = st.integers(0, 5)
#: Few, so that most of them are connected.
MEMBERS = st.integers(1, 6)
#: What clients that can resume enter with: few tokens, so that they often do.
DIGESTS = st.sampled_from(["a", "b", "c"])
NEW_KEYS = st.builds(commands.SessionKeys, DIGESTS)
KEYS = NEW_KEYS | st.builds(commands.SessionKeys, DIGESTS.map(str.upper), DIGESTS, NUMBERS)
ENTERING: st.SearchStrategy[commands.Command] = st.one_of(
    st.builds(commands.Enter, NICKNAMES, st.sampled_from([(), ("#lobby",)])),
    st.builds(commands.EnterAuthenticated, NICKNAMES),
    st.builds(commands.Enter, NICKNAMES, keys=KEYS),
    st.builds(commands.EnterAuthenticated, NICKNAMES, keys=KEYS),
    st.builds(commands.SendToLobby, st.just("hello")),
    st.just(commands.Watch()),
    st.just(commands.Quit()),
)
#: What IRC clients do besides.
TO = st.lists(NICKNAMES, min_size=1, max_size=2).map(tuple)
ROOMS = st.sampled_from(["#lobby", "#dev", "#Dev", "#ops"])
TEXTS = st.sampled_from(["", "one", "two"])
OF_IRC: st.SearchStrategy[Any] = st.one_of(
    st.builds(irc_commands.Monitor, TO, TO, st.booleans()),
    st.just(irc_commands.ReadMonitored()),
    st.builds(irc_commands.WhoWas, NICKNAMES),
    st.builds(irc_commands.SetUserInfo, st.just("user"), TEXTS),
    st.just(irc_commands.ReadStatistics()),
    st.builds(commands.JoinQuietly, ROOMS),
    st.builds(commands.SendTagged, st.just("hello"), ROOMS, st.just(False), st.booleans()),
    st.builds(commands.SendPrivateTagged, st.just("psst"), TO),
    st.builds(commands.SetAway, TEXTS),
    st.builds(commands.Rename, NICKNAMES),
    st.just(order_commands.ListInvitations()),
    st.builds(order_commands.RemoveFound, ROOMS, st.integers(1, 3), NICKNAMES, st.just(2**40)),
)
OPERATIONS: st.SearchStrategy[Operation[Any]] = st.one_of(
    st.builds(Handle, MEMBERS, OF_IRC),
    st.builds(Handle, MEMBERS, OF_IRC, NUMBERS),
    st.builds(Handle, MEMBERS, ANYTHING),
    st.builds(Handle, MEMBERS, ANYTHING, NUMBERS),
    st.builds(Handle, MEMBERS, SETTINGS),
    st.builds(Handle, MEMBERS, SETTINGS, NUMBERS),
    st.builds(Handle, MEMBERS, ENTERING),
    st.builds(ReserveSlot, st.sampled_from(["127.0.0.1:1", "10.0.0.7:1", "10.0.0.7:2"])),
    st.builds(ConnectWithoutSlot, st.just("127.0.0.1:3")),
    st.builds(RemoveMember, MEMBERS, st.sampled_from(["too slow", "quit"])),
    st.builds(LoseConnection, MEMBERS),
    st.builds(
        SetAccounts,
        st.dictionaries(NICKNAMES.map(str.casefold), st.booleans(), max_size=3),
        st.frozensets(NICKNAMES.map(str.casefold), max_size=3),
    ),
    st.builds(
        SetFingerprints,
        st.dictionaries(NICKNAMES.map(str.casefold), st.sampled_from("ab"), max_size=3),
    ),
    st.just(Tick()),
    st.just(Clear()),
)
#: Each operation, and how many seconds it comes after the one before it.
STEPS = st.lists(st.tuples(OPERATIONS, st.integers(0, 40)), max_size=30)

#: Three members to begin with, in two rooms, and a watcher.
BEGINNING: list[Operation[Any]] = [
    ReserveSlot("127.0.0.1:1"),
    ReserveSlot("127.0.0.1:2"),
    ConnectWithoutSlot("127.0.0.1:3"),
    ConnectWithoutSlot("127.0.0.1:4"),
    Handle(2, commands.Enter("moon")),
    Handle(1, commands.Enter("ice")),
    Handle(3, commands.Watch()),
    Handle(4, commands.Enter("sun", ())),
    Handle(1, commands.JoinRoom("#dev")),
    Handle(1, commands.SendMessage("hello", "#dev")),
    Handle(2, commands.SendMessage("hello")),
]


#: Two more, who can resume; one of them is away.
RESUMABLE: list[Operation[Any]] = [
    ReserveSlot("127.0.0.1:6"),
    Handle(5, commands.Enter("star", keys=commands.SessionKeys("a"))),
    Handle(5, commands.SendMessage("hi"), 1),
    LoseConnection(5),
]


class RestorableHub:
    """A hub whose state is taken and put back; like a journal, it tells nobody in the meantime.

    :ivar happened: the results, and what was sent.
    """

    def __init__(self, is_archived: bool = True, started: int = 0) -> None:
        self._held = HeldOutbox(RecordingOutbox())
        settings = HubSettings("work", 4, 5, is_archived)
        self.hub = Hub(settings, self._held, started)
        self._held.room_life = self.hub.archived.life
        self.happened: list[Any] = []
        self.messages: list[Message] = []

    def do(self, operation: Operation[Any], now: int) -> Any:
        result = apply(self.hub, operation, now)
        calls, changes = self._held.take()
        self.messages += [each.message for each in changes if isinstance(each, ArchivedMessage)]
        if changes_hub(operation):
            sent = [(call.__name__, *arguments) for call, *arguments in calls]
            self.happened.append((comparable(result), sent))
        return result

    def do_all(self, *operations: Operation[Any]) -> None:
        for operation in operations:
            self.do(operation, 0)

    def kept(self) -> bytes:
        return codec.encode_snapshot(7, self.hub.state())


def restored(data: bytes, is_archived: bool = True) -> RestorableHub:
    hub = RestorableHub(is_archived)
    time, state = codec.decode_snapshot(data)
    assert time == 7
    hub.hub.restore(state)
    return hub


def _removes(operation: Operation[Any]) -> bool:
    return isinstance(operation, Handle) and isinstance(
        operation.command, order_commands.RemoveFound
    )


@given(STEPS, st.booleans())
def test_a_hub_that_is_restored_at_any_moment_goes_on_as_if_nothing_had_been(
    steps: list[tuple[Operation[Any], int]], is_archived: bool
) -> None:
    whole = RestorableHub(is_archived)
    whole.do_all(*BEGINNING, *RESUMABLE)
    if not is_archived:  # a hub that is restored has no messages then, and none to remove
        steps = [step for step in steps if not _removes(step[0])]
    now, times, snapshots = 0, [], []
    for operation, seconds in steps:
        snapshots.append((whole.kept(), len(whole.happened)))
        now += 1_000 * seconds
        times.append(now)
        whole.do(operation, now)
    end = whole.hub.state()
    for index, (data, count) in enumerate(snapshots):
        part = restored(data, is_archived)
        assert part.kept() == data
        for (operation, _), time in zip(steps[index:], times[index:], strict=True):
            part.do(operation, time)
        assert part.happened == whole.happened[count:]
        assert part.hub.state() == end
        assert codec.digest(part.hub.state()) == codec.digest(end)
        assert part.hub.users() == whole.hub.users()
        assert part.hub.free_slots() == whole.hub.free_slots()
        assert part.hub.member_count == whole.hub.member_count


@given(STEPS)
def test_equal_operations_have_equal_digests(steps: list[tuple[Operation[Any], int]]) -> None:
    first, second = RestorableHub(), RestorableHub()
    for operation, seconds in [(each, 0) for each in BEGINNING] + steps:
        first.do(operation, 1_000 * seconds)
        second.do(operation, 1_000 * seconds)
        assert codec.digest(first.hub.state()) == codec.digest(second.hub.state())


def test_one_more_message_is_another_digest() -> None:
    hub = RestorableHub()
    hub.do_all(*BEGINNING)
    before = codec.digest(hub.hub.state())
    hub.do_all(Handle(1, commands.SendMessage("one more")))
    assert codec.digest(hub.hub.state()) != before


def print_digest() -> None:
    """For another process: the digest after many operations."""
    hub = RestorableHub()
    hub.do_all(*BEGINNING, SetAccounts({"star": False, "nova": True}))
    for number in range(3, 12):
        hub.do_all(ConnectWithoutSlot(f"127.0.0.1:{number}"), Handle(number, commands.Watch()))
    for room in ("#one", "#two", "#three"):
        hub.do_all(*(Handle(each, commands.JoinRoom(room)) for each in (2, 1, 4)))
    hub.do_all(Handle(1, commands.LeaveRoom("#one")), Handle(2, commands.Rename("mars")))
    sys.stdout.write(codec.digest(hub.hub.state()))


def test_the_digest_is_the_same_in_every_process() -> None:
    script = "from tests.chat.test_hub_state import print_digest; print_digest()"
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
    assert len(digests.pop()) == 64


#: What states have had since there are IRC clients.
OF_LATER_STATES = {
    *("user_name", "real_name", "monitored", "invited", "is_bot", "read_markers"),
    *("past", "max_members", "last_number", "voiced", "maker", "created"),
}


def test_a_state_that_was_kept_before_there_were_irc_clients_goes_on() -> None:
    whole = RestorableHub()
    whole.do_all(*BEGINNING, *RESUMABLE)
    time, state = msgspec.msgpack.decode(whole.kept())
    for each in (state, *state["members"], *state["rooms"]):
        for name in OF_LATER_STATES & each.keys():
            del each[name]
    old = restored(msgspec.msgpack.encode((time, state)))
    old.do(Handle(1, irc_commands.Monitor(("moon",))), 0)
    old.do(Handle(1, order_commands.SetRole("ice", "#dev", "voice")), 0)
    old.do(Handle(2, commands.Rename("tide")), 0)
    assert [each.nickname for each in old.hub.state().past] == ["moon"]
    assert old.hub.state().max_members == whole.hub.state().max_members


def test_messages_are_numbered_on_and_histories_are_put_back_after_a_restart() -> None:
    before = RestorableHub()
    before.do_all(*BEGINNING)
    after = restored(before.kept())
    after.hub.archived.restore_history(
        "#dev", [each for each in before.messages if each.room == "#dev"]
    )
    assert after.do(Handle(1, commands.SendMessage("again", "#dev")), 9) == Ok("#dev", 2, 9)
    history = after.do(Handle(2, commands.ReadHistory("#dev")), 9)
    assert isinstance(history, History)
    assert [(each.seq, each.text) for each in history.messages] == [(1, "hello"), (2, "again")]


def test_nicknames_rooms_and_slots_are_taken_after_a_restart() -> None:
    before = RestorableHub()
    before.do_all(*BEGINNING, SetAccounts({"star": False}))
    after = restored(before.kept())
    for nickname, refusal in (("ICE", "taken"), ("\u0456\u0441\u0435", "like"), ("star", "pass")):
        sun = Handle(4, commands.Rename(nickname))
        assert refusal in str(after.do(sun, 0)), nickname
    assert after.hub.free_slots() == 1
    new = after.do(ReserveSlot("127.0.0.1:9"), 0)
    assert new == 5, "ids go on as well"


def test_users_are_listed_as_before_a_restart() -> None:
    before = RestorableHub(started=3)
    before.do_all(*BEGINNING)
    before.do(Handle(3, commands.Enter("mars")), 9)
    after = restored(before.kept())
    assert after.hub.users() == before.hub.users()
    assert [each.nickname for each in after.hub.users().users] == ["ice", "moon", "sun", "mars"]
    assert after.hub.users().users[-1].since == 9
    assert after.hub.started == 3


EMPTY_MILLISECONDS = 1_000 * limits.EMPTY_ROOM_SECONDS


def rooms(hub: RestorableHub) -> list[str]:
    return [each.room for each in hub.hub.rooms().rooms]


def test_rooms_that_a_restart_has_emptied_live_on_for_a_minute_and_then_end() -> None:
    hub = RestorableHub()
    hub.do_all(*BEGINNING)
    hub.do(Clear(), 5_000)
    assert hub.hub.next_deadline() == 5_000 + EMPTY_MILLISECONDS
    hub = restored(hub.kept())
    hub.do(Tick(), 5_000 + EMPTY_MILLISECONDS - 1)
    assert rooms(hub) == ["#lobby", "#dev"]
    hub.do(Tick(), 5_000 + EMPTY_MILLISECONDS)
    assert rooms(hub) == ["#lobby"]
    assert hub.hub.next_deadline() is None


def test_a_room_to_which_somebody_came_back_does_not_end() -> None:
    hub = RestorableHub()
    hub.do_all(*BEGINNING, Clear())
    hub.do_all(ReserveSlot("127.0.0.1:1"), Handle(5, commands.Enter("ice")))
    assert hub.do(Handle(5, commands.JoinRoom("#dev")), 1) == JoinDone("#dev", created=False)
    hub.do(Tick(), 10 * EMPTY_MILLISECONDS)
    assert rooms(hub) == ["#lobby", "#dev"]
    hub.do(Handle(5, commands.LeaveRoom("#dev")), 10 * EMPTY_MILLISECONDS)
    assert rooms(hub) == ["#lobby"], "it ends with its last member, as any other room"


def test_without_an_archive_rooms_end_with_their_members() -> None:
    hub = RestorableHub(is_archived=False)
    hub.do_all(*BEGINNING, Clear())
    assert rooms(hub) == ["#lobby"]


@pytest.mark.parametrize(("is_archived", "seq"), [(True, 2), (False, 1)])
def test_numbers_begin_again_only_without_an_archive(is_archived: bool, seq: int) -> None:
    hub = RestorableHub(is_archived)
    hub.do_all(*BEGINNING, Handle(1, commands.LeaveRoom("#dev")))
    hub = restored(hub.kept(), is_archived)
    hub.do_all(Handle(1, commands.JoinRoom("#dev")))
    assert hub.do(Handle(1, commands.SendMessage("new", "#dev")), 1) == Ok("#dev", seq, 1)


def test_whoever_was_connected_before_a_restart_is_gone_and_nobody_is_told() -> None:
    hub = RestorableHub()
    hub.do_all(*BEGINNING)
    hub = restored(hub.kept())
    hub.do_all(Clear())
    [(_, sent)] = hub.happened
    assert {call for call, *_ in sent} == {"remove_member"}
    assert hub.hub.free_slots() == 4
    assert hub.hub.users().users == ()
    state: HubState = hub.hub.state()
    assert state.members == ()
    assert {ids for _, ids in state.pools} == {()}
