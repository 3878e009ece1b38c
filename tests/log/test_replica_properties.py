"""A replica is what its entries have led to, from whichever snapshot it began."""

from collections.abc import Sequence
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import commands, irc_commands, order_commands
from chatd.chat.commands import SessionKeys
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.server_events import Node
from chatd.log import cluster_codec, codec
from chatd.log.cluster_codec import first_snapshot
from chatd.log.engine import Snapshot
from chatd.log.node_operations import VERSION, BeginNode, ChangeNode, EndNode
from chatd.log.operations import (
    ConnectWithoutSlot,
    Handle,
    LoseConnection,
    Operation,
    RemoveMember,
    ReserveSlot,
    SetAccounts,
    SetFingerprints,
)
from chatd.log.replica import Replica
from tests.fakes import RecordingOutbox

#: What one node says at a moment: it, how many milliseconds after the last one, and what.
Said = tuple[str, int, list[Operation[Any]]]

NODES = st.sampled_from(["a", "b"])
#: Connections are counted from 1; some are not there.
MEMBERS = st.integers(1, 8)
NAMES = st.sampled_from(["ice", "Ice", "moon", "sun", "a:1"])
ROOMS = st.sampled_from(["#lobby", "#dev", "#Dev", "#ops"])
TOKENS = st.sampled_from(["", "t1", "t2", "t3"])
NUMBERS = st.integers(0, 40)
KEYS = st.builds(SessionKeys, TOKENS, TOKENS, st.integers(0, 3))
LOBBY = st.sampled_from([(), ("#lobby",)])
PLACES = st.none() | ROOMS
ROLES = st.sampled_from(["operator", "voice"])
TEXTS = st.sampled_from(["", "one", "two"])
TO = st.lists(NAMES, min_size=1, max_size=3).map(tuple)

COMMANDS: st.SearchStrategy[Any] = st.one_of(
    st.builds(commands.Enter, NAMES, LOBBY, KEYS),
    st.builds(commands.EnterAuthenticated, NAMES, LOBBY, KEYS),
    st.just(commands.Watch()),
    st.builds(commands.SendMessage, st.just("hello"), ROOMS),
    st.builds(commands.SendPrivate, st.sampled_from(["psst", "x" * 3_000]), TO),
    st.builds(commands.JoinRoom, ROOMS),
    st.builds(commands.LeaveRoom, ROOMS),
    st.builds(commands.Rename, NAMES),
    st.just(commands.Quit()),
    st.just(order_commands.GrantHost()),
    st.builds(order_commands.Kick, NAMES, PLACES),
    st.builds(order_commands.Ban, NAMES, PLACES, st.none() | st.just(40)),
    st.builds(order_commands.Mute, NAMES, PLACES, st.none() | st.just(40), st.just("spam")),
    st.builds(order_commands.Unban, NAMES, PLACES),
    st.builds(order_commands.Unmute, NAMES, PLACES),
    # What IRC clients do besides.
    st.builds(
        order_commands.ChangeRoom,
        ROOMS,
        read_only=st.none() | st.booleans(),
        closed=st.none() | st.booleans(),
        key=st.sampled_from([None, "", "word"]),
        limit=st.none() | st.integers(0, 2),
    ),
    st.builds(order_commands.SetRole, NAMES, ROOMS, ROLES, st.booleans()),
    st.builds(order_commands.Invite, NAMES, ROOMS),
    st.builds(order_commands.RemoveFound, ROOMS, st.integers(1, 3), NAMES, st.just(2**40)),
    st.builds(commands.JoinQuietly, ROOMS, st.sampled_from(["", "word"])),
    st.builds(commands.LeaveRoom, ROOMS, st.just("lunch")),
    st.builds(commands.SetAway, TEXTS),
    st.builds(commands.SendTagged, st.just("hello"), ROOMS, st.just(False), st.booleans()),
    st.builds(irc_commands.SendTags, st.just("+typing=active"), PLACES, TO),
    st.builds(irc_commands.SetBot, st.booleans()),
    st.builds(irc_commands.SetUserInfo, st.just("user"), TEXTS),
    st.builds(irc_commands.Monitor, TO, TO, st.booleans()),
    st.builds(irc_commands.MarkRead, NAMES | ROOMS, st.sampled_from([1, 1_500, 2**40])),
)


def _of(node: str) -> st.SearchStrategy[Operation[Any]]:
    arrivals = st.sampled_from([ReserveSlot("a:1", node), ConnectWithoutSlot("b:2", node)])
    enters = st.builds(commands.Enter, NAMES, LOBBY, KEYS)
    handled = st.builds(Handle, MEMBERS, COMMANDS, NUMBERS)
    accounts = st.dictionaries(st.sampled_from(["ice", "sun"]), st.booleans())
    fingerprints = st.dictionaries(st.sampled_from(["ice", "sun"]), st.sampled_from("xy"))
    return st.one_of(
        arrivals,
        st.builds(Handle, MEMBERS, enters),
        handled,
        handled,
        st.builds(LoseConnection, MEMBERS),
        st.builds(RemoveMember, MEMBERS, st.sampled_from(["inactive", "too slow"])),
        st.builds(SetAccounts, accounts, st.frozensets(st.sampled_from(["ice", "sun"]))),
        st.builds(SetFingerprints, fingerprints),
        NODES.map(lambda other: EndNode(other, 0)),
        NODES.map(lambda other: ChangeNode(Node(other, ("a:2",), ()))),
        st.just(BeginNode(Node(node, (), ()), 2, VERSION)),
    )


PAUSES = st.sampled_from([0, 300, 1_500, 11_000, 61_000, 3_700_000])
SAID: st.SearchStrategy[Said] = NODES.flatmap(
    lambda node: st.tuples(st.just(node), PAUSES, st.lists(_of(node), max_size=6))
)


class Writer:
    """Writes entries that count, as the nodes would, and what they lead to."""

    def __init__(self, history: int) -> None:
        hub = Hub(HubSettings("party", 0, history, is_archived=True), RecordingOutbox(), 0)
        self.replica = Replica("party", hub)
        self.lives = dict.fromkeys("ab", 0)
        self.numbers = dict.fromkeys("ab", 0)
        self.now = 1_000

    def entry(self, node: str, pause: int, operations: Sequence[Operation[Any]]) -> bytes:
        """The next entry of `node`, which begins where it has ended."""
        self.now += pause
        lives = {name: each.life for name, each in self.replica.lives.there().items()}
        operations = [
            EndNode(each.node, lives.get(each.node, 0)) if isinstance(each, EndNode) else each
            for each in operations
        ]
        begins = bool(operations) and isinstance(operations[0], BeginNode)
        if node not in lives or begins:
            self.lives[node] += 1
            self.numbers[node] = 0
            begin = BeginNode(Node(node, (f"{node}:1",), ()), 2, VERSION)
            operations = [begin, *operations[1 if begins else 0 :]]
        # A second one would begin a life under the number of another.
        operations = [
            each for at, each in enumerate(operations) if not (at and isinstance(each, BeginNode))
        ]
        self.numbers[node] += 1
        encoded = cluster_codec.join_operations(map(codec.encode_operation, operations))
        return cluster_codec.encode_entry(
            node, self.lives[node], self.numbers[node], self.now, encoded
        )


def apply(replica: Replica, data: bytes) -> None:
    entry = cluster_codec.decode_entry(data)
    operations = codec.decode_operations(entry.operations)
    replica.position += 1
    if replica.admit(entry, operations):
        for operation in operations:
            replica.carry_out(operation, entry.node)


def restored(snapshot: Snapshot, history: int) -> Replica:
    replica = Writer(history).replica
    replica.restore(snapshot)
    return replica


@given(st.lists(SAID, max_size=14))
def test_a_replica_that_begins_from_any_snapshot_goes_on_like_the_others(said: list[Said]) -> None:
    writer = Writer(history=20)
    first = Snapshot(1, first_snapshot("party", "c1", 0))
    writer.replica.restore(first)
    # How many messages a node remembers is its own matter.
    replicas = [restored(first, 0)]
    for each in said:
        data = writer.entry(*each)
        apply(writer.replica, data)
        snapshot = writer.replica.snapshot()
        for replica in replicas:
            apply(replica, data)
            assert replica.snapshot() == snapshot
        replicas.append(restored(snapshot, 3))
        assert replicas[-1].snapshot() == snapshot


def test_the_property_covers_what_it_should() -> None:
    """The entries are ones that lead to members, rooms and sessions."""
    writer = Writer(history=20)
    writer.replica.restore(Snapshot(1, first_snapshot("party", "c1", 0)))
    said: list[Said] = [
        ("a", 0, [ReserveSlot("a:1", "a")]),
        ("a", 0, [Handle(1, commands.Enter("ice", ("#lobby",), SessionKeys("t1")))]),
        ("b", 0, [EndNode("a", 0)]),
    ]
    for each in said:
        apply(writer.replica, writer.entry(*each))
    state = writer.replica.hub.state()
    [member], [session] = state.members, state.sessions
    assert (member.nickname, member.away_until is not None) == ("ice", True)
    assert cast(int, session.member_id) == 1
    assert [node.is_there for node in state.nodes] == [False, True]
