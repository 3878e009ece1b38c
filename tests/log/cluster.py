"""Several nodes that share a log in memory, and whoever asks them."""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from chatd.chat import commands
from chatd.chat.commands import Enter
from chatd.chat.events import Message
from chatd.chat.hub import HubSettings
from chatd.chat.server_events import Node
from chatd.log import codec
from chatd.log.cluster_codec import first_snapshot
from chatd.log.engine import ArchivedMessage, Snapshot
from chatd.log.missing_messages import Peer, PeerFailed
from chatd.log.node_archive import NodeArchive
from chatd.log.node_operations import accounts_digest
from chatd.log.operations import Handle, Operation, ReserveSlot, SetAccounts, SetFingerprints
from chatd.log.shared_log import SharedLog
from tests.fakes import RecordingOutbox
from tests.log.memory_engine import MemoryEngine
from tests.log.shared_engine import MemoryLog, MemorySharedEngine

#: When every test begins, in milliseconds since 1970.
STARTED = 1_000_000
LIFE_OF_A_TEST = 60


class StorePeer:
    """A connection to a node: it has what the node has kept, two messages a page."""

    def __init__(self, node: "ClusterNode") -> None:
        self.node = node
        self.is_closed = False

    def history(self, room: str, before: int) -> Deferred[tuple[Message, ...]]:
        self.node.was_asked.append((room, before))
        if self.node.says is None:
            return self.node.store.last(room, 2, before)
        return self.node.says(room, before)

    def close(self) -> None:
        self.is_closed = True


class ClusterNode:
    """A node, and what its server is told.

    :ivar says: what it says instead of what it has kept.
    :ivar was_asked: the rooms and numbers before which it was asked for messages.
    :ivar peers: the connections that it has made.
    :ivar accounts: its accounts and their fingerprints; None for a node without accounts.
    :ivar key: the fingerprint of its key for TLS.
    :ivar wrong_passwords: those that other nodes have told it of.

    :ivar told: notices for everybody here.
    :ivar failures: why it cannot go on.
    :ivar drops: how often all its connections were closed.
    :ivar offset: by how many milliseconds its clock is wrong.
    """

    def __init__(
        self,
        cluster: "Cluster",
        name: str,
        slots: int = 9,
        store: MemoryEngine | None = None,
        accounts: tuple[dict[str, bool], dict[str, str]] | None = None,
        key: str = "",
    ) -> None:
        self.store = store or MemoryEngine()
        self.cluster = cluster
        self.name = name
        self.says: Callable[[str, int], Deferred[tuple[Message, ...]]] | None = None
        self.was_asked: list[tuple[str, int]] = []
        self.peers: list[StorePeer] = []
        self.accounts = accounts
        self.key = key
        self.wrong_passwords: list[tuple[str, str]] = []
        self.offset = 0
        self.told: list[str] = []
        self.failures: list[str] = []
        self.drops = 0
        self.opened: list[Exception | None] = []
        self.is_paused = False
        self.clock = Clock()
        self.clock.rightNow = cluster.seconds
        self.engine = MemorySharedEngine(cluster.log)
        self.outbox = RecordingOutbox()
        self.log = SharedLog(
            HubSettings("party", 0, 20, is_archived=True),
            self.outbox,
            lambda: STARTED + self.offset + int(1_000 * cluster.seconds),
            self.clock,
            self.engine,
            self,
            name,
            slots,
            archive=NodeArchive(self.store, self.store, self.clock),
        )

    @property
    def kept(self) -> list[ArchivedMessage]:
        """The messages that it has kept."""
        return self.store.messages

    def open(self) -> None:
        self.log.open().addCallback(self.opened.append)

    def describe_node(self) -> Node:
        return Node(self.name, (f"{self.name}:7777",), ())

    def connect_node(self, node: Node) -> Deferred[Peer]:
        for each in self.cluster.nodes:
            if each.name == node.name:
                self.peers.append(StorePeer(each))
                return succeed(self.peers[-1])
        return fail(PeerFailed("no connection to it"))

    def key_fingerprint(self) -> str:
        return self.key

    def describe_accounts(self) -> str:
        return accounts_digest(*self.accounts) if self.accounts else ""

    def send_accounts(self) -> None:
        names, fingerprints = self.accounts or ({}, {})
        self.log.ask(SetAccounts(names), lambda _: None)
        self.log.ask(SetFingerprints(fingerprints), lambda _: None)

    def wrong_password(self, host: str, account: str) -> None:
        self.wrong_passwords.append((host, account))

    def notify(self, text: str) -> None:
        self.told.append(text)

    def drop_connections(self) -> None:
        self.drops += 1

    def cluster_failed(self, reason: str) -> None:
        self.failures.append(reason)

    def ask(self, operation: Operation[Any]) -> list[Any]:
        """Ask for an operation; the list has its result when there is one."""
        results: list[Any] = []
        self.log.ask(operation, results.append)
        return results

    def digest(self) -> str:
        return codec.digest(self.log.hub.state())


class Cluster:
    """The nodes and their common log; time passes for all of them at once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.log = MemoryLog(Snapshot(1, first_snapshot("party", "c1", STARTED)))
        self.nodes: list[ClusterNode] = []

    def add(self, name: str, offset: int = 0, **settings: Any) -> ClusterNode:
        """A node that begins."""
        node = ClusterNode(self, name, **settings)
        node.offset = offset
        self.nodes.append(node)
        node.open()
        return node

    def started(self, *names: str, **settings: Any) -> list[ClusterNode]:
        """Nodes that have begun."""
        nodes = [self.add(name, **settings) for name in names]
        self.until(lambda: all(node.opened for node in nodes))
        return nodes

    def advance(self, seconds: float, step: float = 0.05) -> None:
        """Time passes, and everything moves that can."""
        end = self.seconds + seconds
        while self.seconds < end - 1e-9:
            self.seconds += step
            for node in self.nodes:
                if not node.is_paused:
                    node.clock.advance(self.seconds - node.clock.seconds())
            for move in (MemorySharedEngine.send, MemorySharedEngine.deliver):
                for node in self.nodes:
                    if not node.is_paused:
                        move(node.engine)

    def until(self, condition: Callable[[], object], seconds: float = LIFE_OF_A_TEST) -> float:
        """Time passes until `condition` holds; returns how many seconds."""
        started = self.seconds
        while not condition():
            assert self.seconds - started < seconds, "it never came"
            self.advance(0.05)
        return self.seconds - started

    def kill(self, node: ClusterNode) -> None:
        """It never does anything any more."""
        self.nodes.remove(node)
        self.log.engines.remove(node.engine)

    def do(self, node: ClusterNode, operation: Operation[Any]) -> Any:
        """The result of an operation."""
        results = node.ask(operation)
        self.until(lambda: results)
        return results[0]

    def enter(
        self, node: ClusterNode, nickname: str, keys: commands.SessionKeys | None = None
    ) -> int:
        """A new member; returns its id."""
        self.until(lambda: not node.log.is_cut_off)
        member: int = self.do(node, ReserveSlot(f"{node.name}:1", node.name))
        command = Enter(nickname) if keys is None else Enter(nickname, keys=keys)
        welcome = self.do(node, Handle(member, command))
        assert not isinstance(welcome, Exception), welcome
        return member

    def say(self, node: ClusterNode, member: int, text: str, number: int = 0) -> Any:
        return self.do(node, Handle(member, commands.SendMessage(text), number))

    def save_snapshot(self, node: ClusterNode) -> None:
        """A snapshot of that node takes the place of all entries."""
        node.log._snapshots.save()  # it is not due yet
        self.log.trim(self.log.position)

    def are_equal(self) -> bool:
        """Whether all nodes have the same chat."""
        return len({node.digest() for node in self.nodes}) == 1


def texts(messages: Sequence[ArchivedMessage]) -> list[str]:
    return [each.message.text for each in messages]
