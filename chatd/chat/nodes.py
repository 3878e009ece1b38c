"""The nodes of a cluster: which machines are there, and who is connected to which.

A server that is no cluster has one node, without a name, that is never told of.
"""

from collections.abc import Callable, Iterable

from msgspec import UNSET, UnsetType

from chatd.chat.members import Connections
from chatd.chat.outbox import NOBODY, MemberId, Outbox
from chatd.chat.server_events import Cluster, Node, NodesChanged
from chatd.chat.state import NodeState


class Nodes:
    """Lets nodes begin and end; each has its own slots.

    :param lose_connection: the connection of that member is lost, at that time.
    :ivar cluster_id: of the cluster; empty if there is none.
    """

    def __init__(
        self,
        connections: Connections,
        outbox: Outbox,
        lose_connection: Callable[[MemberId, int], None],
    ) -> None:
        self.cluster_id = ""
        self._connections = connections
        self._outbox = outbox
        self._lose_connection = lose_connection
        # Also those that have ended, as long as some of their members may come back.
        self._nodes: dict[str, Node] = {}
        self._there: set[str] = set()

    @property
    def there(self) -> tuple[Node, ...]:
        """The nodes that have begun, and not ended, in the order in which they came first."""
        return tuple(node for name, node in self._nodes.items() if name in self._there)

    @property
    def known(self) -> tuple[Node, ...]:
        """All nodes, also those that have ended and whose members may come back."""
        return tuple(self._nodes.values())

    def cluster(self, node: str) -> Cluster | UnsetType:
        """What those who are connected to `node` are told of the cluster, if there is one."""
        return Cluster(self.cluster_id, node, self.there) if self.cluster_id else UNSET

    def begin(self, node: Node, slots: int, now: int) -> None:
        """Begin a node, perhaps anew: whoever was connected to it before has lost the connection.

        :param now: milliseconds since 1970.
        """
        self._lose_connections(node.name, now)
        self._forget_ended()
        self._connections.add_node(node.name, slots)
        self._nodes[node.name] = node
        self._there.add(node.name)
        self._outbox.to_all(NodesChanged(self.there), NOBODY)

    def change(self, node: Node) -> None:
        """A node that is there has got other addresses."""
        if node.name in self._there and node != self._nodes[node.name]:
            self._nodes[node.name] = node
            self._outbox.to_all(NodesChanged(self.there), NOBODY)

    def end(self, node: str, now: int) -> None:
        """A node is gone, with the connections to it. Its members may come back on another one."""
        self._there.discard(node)
        self._lose_connections(node, now)
        self._outbox.to_all(NodesChanged(self.there), NOBODY)

    def _lose_connections(self, node: str, now: int) -> None:
        for member in list(self._connections.all()):
            if member.pool.node == node:
                self._lose_connection(member.member_id, now)

    def _forget_ended(self) -> None:
        for name in list(self._nodes):
            if name not in self._there and not any(
                pool.members for pool in self._connections.pools(name)
            ):
                del self._nodes[name]
                self._connections.remove_node(name)

    def has_connection(self, node: str, member_id: MemberId) -> bool:
        """Whether that connection is one to `node`."""
        member = self._connections.get(member_id)
        return member is not None and member.pool.node == node

    def state(self) -> tuple[NodeState, ...]:
        """All nodes, with the connections to them."""
        return tuple(
            NodeState(
                node,
                self._connections.pools(name).slots.capacity,
                name in self._there,
                self._connections.state(name),
            )
            for name, node in self._nodes.items()
        )

    def restore(self, cluster_id: str, states: Iterable[NodeState]) -> None:
        """Put back what :meth:`state` returned; the connections are there already."""
        self.cluster_id = cluster_id
        self._nodes = {state.node.name: state.node for state in states}
        self._there = {state.node.name for state in states if state.is_there}
