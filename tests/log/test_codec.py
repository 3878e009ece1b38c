"""Entries and states as bytes: what was kept is what is read back."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import commands, irc_commands, order_commands
from chatd.chat.events import File
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.server_events import Node
from chatd.chat.state import RULES
from chatd.log import codec
from chatd.log.node_operations import (
    BeginNode,
    ChangeNode,
    CountWrongPassword,
    EndNode,
    Version,
)
from chatd.log.operations import (
    Begin,
    Clear,
    ConnectWithoutSlot,
    Handle,
    LoseConnection,
    Operation,
    ReadMissed,
    RemoveMember,
    ReserveSlot,
    SetAccounts,
    SetFingerprints,
    SkipNumbers,
    Tick,
    Unreadable,
)
from tests.fakes import RecordingOutbox

#: Any text that can be sent: UTF-8 has no surrogates.
TEXTS = st.text(max_size=20)
#: What msgpack can write; larger ones are in no command that changes the chat.
NUMBERS = st.integers(-(2**63), 2**63 - 1)

#: What a dialect decodes, where a number is kept.
KEPT_NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1)

KEYS = st.builds(commands.SessionKeys, TEXTS, TEXTS, NUMBERS)

PLACES = st.none() | st.builds(commands.Place, NUMBERS, NUMBERS)

COMMANDS = {each: st.builds(each) for each in commands.Command.__args__} | {
    commands.Enter: st.builds(commands.Enter, TEXTS, st.lists(TEXTS, max_size=3).map(tuple), KEYS),
    commands.EnterAuthenticated: st.builds(
        commands.EnterAuthenticated, TEXTS, st.lists(TEXTS, max_size=3).map(tuple), KEYS
    ),
    commands.SendPrivate: st.builds(
        commands.SendPrivate, TEXTS, st.lists(TEXTS, max_size=3).map(tuple)
    ),
    order_commands.Ban: st.builds(
        order_commands.Ban, TEXTS, st.none() | TEXTS, st.none() | KEPT_NUMBERS, TEXTS
    ),
    order_commands.Mute: st.builds(
        order_commands.Mute, TEXTS, st.none() | TEXTS, st.none() | KEPT_NUMBERS, TEXTS
    ),
    order_commands.ChangeRoom: st.builds(
        order_commands.ChangeRoom, TEXTS, slow=st.none() | KEPT_NUMBERS
    ),
    order_commands.RemoveFound: st.builds(
        order_commands.RemoveFound, TEXTS, KEPT_NUMBERS, TEXTS, KEPT_NUMBERS
    ),
    irc_commands.MarkRead: st.builds(irc_commands.MarkRead, TEXTS, KEPT_NUMBERS),
    irc_commands.ReadMarker: st.builds(irc_commands.ReadMarker, TEXTS),
    commands.ReadMessages: st.builds(commands.ReadMessages, TEXTS, NUMBERS, PLACES, PLACES),
    commands.SendFile: st.builds(commands.SendFile, st.builds(File, TEXTS, TEXTS, NUMBERS, TEXTS)),
}
OPERATIONS: dict[type[Operation[Any]], st.SearchStrategy[Operation[Any]]] = {
    ReserveSlot: st.builds(ReserveSlot, TEXTS),
    ConnectWithoutSlot: st.builds(ConnectWithoutSlot, TEXTS),
    Handle: st.builds(Handle, NUMBERS, st.one_of(*COMMANDS.values()), NUMBERS),
    LoseConnection: st.builds(LoseConnection, NUMBERS),
    RemoveMember: st.builds(RemoveMember, NUMBERS, TEXTS),
    SetAccounts: st.builds(SetAccounts, st.dictionaries(TEXTS, st.booleans(), max_size=4)),
    SetFingerprints: st.builds(SetFingerprints, st.dictionaries(TEXTS, TEXTS, max_size=4)),
    SkipNumbers: st.builds(SkipNumbers, st.dictionaries(TEXTS, NUMBERS, max_size=4)),
    Tick: st.just(Tick()),
    Begin: st.builds(Begin, st.integers(0, RULES)),
    Clear: st.just(Clear()),
    BeginNode: st.builds(
        BeginNode,
        st.builds(Node, TEXTS, st.tuples(TEXTS), st.tuples(TEXTS, TEXTS)),
        NUMBERS,
        st.builds(Version, NUMBERS, TEXTS),
        TEXTS,
    ),
    ChangeNode: st.builds(
        ChangeNode, st.builds(Node, TEXTS, st.tuples(TEXTS), st.tuples(TEXTS, TEXTS))
    ),
    CountWrongPassword: st.builds(CountWrongPassword, TEXTS, TEXTS),
    EndNode: st.builds(EndNode, TEXTS, NUMBERS),
}
#: What is not kept.
UNKEPT = {ReadMissed, Unreadable}


def read_back(operations: list[Operation[Any]]) -> list[Operation[Any]]:
    return codec.decode_operations(codec.encode_operations(operations))


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_every_command_is_read_back_as_it_was_written(kind: type) -> None:
    @given(COMMANDS[kind], NUMBERS)
    def check(command: commands.Command, member: int) -> None:
        [operation] = read_back([Handle(member, command)])
        assert isinstance(operation, Handle)
        assert operation == Handle(member, command)
        assert type(operation.command) is kind

    check()


def test_there_is_a_strategy_for_every_operation() -> None:
    assert set(OPERATIONS) == set(Operation.__subclasses__()) - UNKEPT


@given(st.lists(st.one_of(*OPERATIONS.values()), max_size=8))
def test_an_entry_has_its_operations_in_their_order(operations: list[Operation[Any]]) -> None:
    found = read_back(operations)
    assert found == operations
    assert list(map(type, found)) == list(map(type, operations))


@given(st.lists(st.tuples(TEXTS, st.booleans()), unique_by=lambda each: each[0], max_size=5))
def test_accounts_stay_in_their_order(accounts: list[tuple[str, bool]]) -> None:
    [operation] = read_back([SetAccounts(dict(accounts))])
    assert isinstance(operation, SetAccounts)
    assert list(operation.accounts.items()) == accounts


@pytest.mark.parametrize(
    "data",
    [
        msgspec.msgpack.encode([["unheard of", 1]]),
        msgspec.msgpack.encode([["do", 1, "UnheardOf", {"text": "hello"}]]),
        msgspec.msgpack.encode([["do", 1, "SendMessage", {"text": 1}]]),
        msgspec.msgpack.encode([["do", 1, "SendMessage"]]),
        msgspec.msgpack.encode({"tag": "tick"}),
        msgspec.msgpack.encode([["begin", RULES + 1]]),
        codec.encode_operations([ReserveSlot("10.0.0.1:1")])[:-1],
        b"",
        b"\xc1",
    ],
)
def test_what_is_no_entry_or_one_of_a_later_version_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec.decode_operations(data)


@pytest.mark.parametrize("data", [b"", b"\xc1", msgspec.msgpack.encode([7, {"rules": "one"}])])
def test_what_is_no_state_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec.decode_snapshot(data)


def test_what_a_server_of_the_first_rules_has_written_is_read() -> None:
    assert codec.decode_operations(msgspec.msgpack.encode([["begin"]])) == [Begin(1)]


def test_a_state_of_newer_rules_is_refused() -> None:
    hub = Hub(HubSettings("work", 3, 9), RecordingOutbox(), 0)
    newer = replace(hub.state(), rules=99)
    with pytest.raises(ValueError, match="rules 99"):
        hub.restore(codec.decode_snapshot(codec.encode_snapshot(0, newer))[1])


def test_accounts_that_were_set_before_there_were_hosts_are_read() -> None:
    data = msgspec.msgpack.encode([["accounts", {"star": False}]])
    assert codec.decode_operations(data) == [SetAccounts({"star": False})]


def test_a_state_from_before_there_were_hosts_is_read() -> None:
    hub = Hub(HubSettings("work", slots=3, history=9), RecordingOutbox(), 0)
    ice = hub.reserve_slot("10.0.0.1:1")
    hub.handle(ice, commands.Enter("ice", keys=commands.SessionKeys("digest")), 0)
    hub.handle(ice, commands.JoinRoom("#dev"), 0)
    time, state = msgspec.msgpack.decode(codec.encode_snapshot(7, hub.state()))
    del state["hosts"], state["restrictions"]
    for room in state["rooms"]:
        del room["operators"], room["restrictions"]
    for each in (*state["members"], *state["sessions"]):
        del each["has_host_code"]
    [session] = state["sessions"]
    session["rooms"] = [room[:3] for room in session["rooms"]]
    _, read = codec.decode_snapshot(msgspec.msgpack.encode((time, state)))
    restored = Hub(HubSettings("work", slots=3, history=9), RecordingOutbox(), 0)
    restored.restore(read)
    assert [each.rooms for each in restored.users().users] == [("#lobby", "#dev")]
    assert [each.operator for each in restored.users().users] == [()]
