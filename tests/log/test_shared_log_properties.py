"""Whatever happens to the nodes and their links: one chat, nothing confirmed is lost or doubled."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.chat.commands import Enter, SendMessage, SessionKeys
from chatd.chat.errors import Refusal
from chatd.chat.events import Ok, Resumed, Welcome
from chatd.chat.order_commands import Ban, GrantHost, Mute, Unban
from chatd.chat.server_events import Node
from chatd.log.node_operations import ChangeNode
from chatd.log.operations import Handle, LoseConnection, ReserveSlot
from tests.log.cluster import Cluster, ClusterNode
from tests.log.memory_engine import MemoryEngine

NAMES = ("a", "b", "c")


class Talker:
    """A client that resumes, wherever it gets in, and sends again what was not confirmed.

    :ivar confirmed: for each text, its number in the room.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.confirmed: dict[str, int] = {}
        self.unconfirmed: dict[int, str] = {}
        self.node: ClusterNode | None = None
        self._member: int | None = None
        self._numbers = count(1)
        self._token = ""
        self._tokens = count(1)
        self._drops = 0

    def say(self) -> None:
        """Say the next text, as soon as it can."""
        number = next(self._numbers)
        if len(self.unconfirmed) >= limits.UNCONFIRMED_LINES:
            return
        self.unconfirmed[number] = f"{self.name} {number}"
        if self._member is not None:
            self._send(number)

    def move(self, nodes: list[ClusterNode]) -> None:
        """Come back on the first of `nodes` that takes it, if the connection is gone."""
        if self.node in nodes and self.node is not None and self.node.drops == self._drops:
            return
        self.node = self._member = None
        for node in nodes:
            if not node.log.is_cut_off and not node.is_paused:
                self._connect(node)
                return

    def lose_connection(self) -> None:
        if self.node is not None and self._member is not None:
            self.node.ask(LoseConnection(self._member))
        self.node = self._member = None

    def keep_order(self) -> None:
        """Become a host, and decide about somebody who is not there."""
        if self.node is not None and self._member is not None:
            for command in (GrantHost(), Unban("noise"), Ban("noise"), Mute("noise", None, 2)):
                self.node.ask(Handle(self._member, command))

    def _connect(self, node: ClusterNode) -> None:
        self.node, self._drops = node, node.drops
        node.log.ask(ReserveSlot("x:1", node.name), lambda result: self._connected(node, result))

    def _is_current(self, node: ClusterNode) -> bool:
        return self.node is node and self._drops == node.drops

    def _connected(self, node: ClusterNode, member: int | Refusal) -> None:
        if not self._is_current(node):
            return
        if isinstance(member, Refusal):
            self.node = None
            return
        token = f"{self.name}-{next(self._tokens)}"
        keys = SessionKeys(token, self._token)
        node.log.ask(
            Handle(member, Enter(self.name, keys=keys)),
            lambda reply: self._entered(node, member, token, reply),
        )

    def _entered(self, node: ClusterNode, member: int, token: str, reply: Any) -> None:
        if not self._is_current(node):
            return
        if not isinstance(reply, Welcome | Resumed):
            self.node = None
            return
        if isinstance(reply, Welcome):
            self._token = token
        self._member = member
        for number in self.unconfirmed:
            self._send(number)

    def _send(self, number: int) -> None:
        assert self.node is not None
        assert self._member is not None
        node = self.node
        node.log.ask(
            Handle(self._member, SendMessage(self.unconfirmed[number]), number),
            lambda reply: self._answered(node, number, reply),
        )

    def _answered(self, node: ClusterNode, number: int, reply: Any) -> None:
        if self._is_current(node) and isinstance(reply, Ok) and number in self.unconfirmed:
            assert reply.seq is not None
            self.confirmed[self.unconfirmed.pop(number)] = reply.seq


class World:
    """Three nodes, three talkers, and everything that may happen to them."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.talkers = [Talker(name) for name in ("ice", "moon", "sun")]
        # The files of a node outlive it.
        self.stores = {name: MemoryEngine() for name in NAMES}
        for name in NAMES:
            self.restart(name)
        self.advance(4)

    def node(self, name: str) -> ClusterNode | None:
        return next((each for each in self.cluster.nodes if each.name == name), None)

    def advance(self, seconds: float) -> None:
        end = self.cluster.seconds + seconds
        while self.cluster.seconds < end:
            self.cluster.advance(0.2, step=0.1)
            for number, talker in enumerate(self.talkers):
                nodes = self.cluster.nodes
                talker.move(nodes[number % len(nodes) :] + nodes[: number % len(nodes)])

    def say(self, number: int) -> None:
        self.talkers[number % 3].say()

    def append(self) -> None:
        """What was asked for reaches the log, and nobody has read it yet."""
        for node in self.cluster.nodes:
            if not node.is_paused:
                node.clock.advance(0)
                node.engine.send()

    def drop(self, number: int) -> None:
        """The link of a talker breaks."""
        self.talkers[number % 3].lose_connection()

    def keep_order(self, number: int) -> None:
        self.talkers[number % 3].keep_order()

    def kill(self, name: str) -> None:
        node = self.node(name)
        if node is not None and len(self.cluster.nodes) > 1:
            self.cluster.kill(node)
            node.drops += 1

    def stop(self, name: str) -> None:
        """The program of a node is told to end, whatever its link is like."""
        node = self.node(name)
        if node is not None and len(self.cluster.nodes) > 1 and not node.is_paused:
            stopped: list[None] = []
            node.ask(node.log.ending())
            node.log.stop().addCallback(stopped.append)
            assert self.cluster.until(lambda: stopped) < 2 * limits.SHUTDOWN_SECONDS
            self.kill(name)

    def restart(self, name: str) -> None:
        if self.node(name) is None:
            self.cluster.add(name, store=self.stores[name])

    def set(self, name: str, **states: bool) -> None:
        node = self.node(name)
        if node is not None:
            for state, value in states.items():
                setattr(node if state == "is_paused" else node.engine, state, value)

    def change(self, name: str, port: int) -> None:
        """The host of a node gets another address."""
        node = self.node(name)
        if node is not None:
            node.ask(ChangeNode(Node(name, (f"{name}:{port}",), ())))

    def land(self) -> None:
        """What was on its way for long comes now, if it ever does."""
        if self.cluster.log.late:
            self.cluster.log.append(self.cluster.log.late.pop(0))

    def repeat(self, back: int) -> None:
        """An entry that the log has had comes once more."""
        entries = self.cluster.log.entries
        if entries:
            self.cluster.log.append(entries[-1 - back % len(entries)].data)

    def heal(self) -> None:
        for node in self.cluster.nodes:
            node.is_paused = node.engine.loses_answers = node.engine.delays = False
            node.engine.is_connected = True
        for name in NAMES:
            self.restart(name)
        self.advance(15)


Step = Callable[[World], None]


def named(action: Callable[..., None], *arguments: Any, **settings: Any) -> Step:
    def step(world: World) -> None:
        action(world, *arguments, **settings)

    step.__qualname__ = f"{action.__name__}({arguments}, {settings})"
    return step


ONE = st.sampled_from(NAMES)
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.integers(0, 2).map(lambda number: named(World.say, number)),
    st.integers(0, 2).map(lambda number: named(World.say, number)),
    st.sampled_from([0.2, 1.0, 5.0, 12.0]).map(lambda seconds: named(World.advance, seconds)),
    st.just(named(World.append)),
    st.integers(0, 2).map(lambda number: named(World.drop, number)),
    st.integers(0, 2).map(lambda number: named(World.keep_order, number)),
    ONE.map(lambda name: named(World.kill, name)),
    ONE.map(lambda name: named(World.stop, name)),
    ONE.map(lambda name: named(World.restart, name)),
    st.tuples(
        ONE,
        st.sampled_from(["is_paused", "loses_answers", "delays", "is_connected"]),
        st.booleans(),
    ).map(lambda each: named(World.set, each[0], **{each[1]: each[2]})),
    st.tuples(ONE, st.integers(1, 3)).map(lambda each: named(World.change, *each)),
    st.just(named(World.land)),
    st.integers(0, 20).map(lambda back: named(World.repeat, back)),
)


@pytest.fixture
def frequent_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SNAPSHOT_ENTRIES", 9)


@pytest.mark.usefixtures("frequent_snapshots")
@given(st.lists(STEPS, max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_all_nodes_have_one_chat_and_nothing_confirmed_is_lost_or_doubled(
    steps: list[Step],
) -> None:
    world = World()
    for step in steps:
        step(world)
    world.heal()
    nodes = world.cluster.nodes
    assert not [failure for node in nodes for failure in node.failures]
    assert [len(node.log.hub.nodes.there) for node in nodes] == [3, 3, 3]
    assert world.cluster.are_equal()
    # Wherever a message was kept, it is the same one; and each text has one number.
    said: dict[int, str] = {}
    for node in nodes:
        for each in node.kept:
            assert said.setdefault(each.message.seq, each.message.text) == each.message.text
    assert len(set(said.values())) == len(said)
    for talker in world.talkers:
        assert not talker.unconfirmed
        for text, seq in talker.confirmed.items():
            assert said[seq] == text
        own = [text for _, text in sorted(said.items()) if text.startswith(talker.name + " ")]
        assert own == sorted(own, key=lambda text: int(text.split()[1]))
