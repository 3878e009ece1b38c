"""Which nodes a cluster has, for a program that is none of them."""

from dataclasses import dataclass

from chatd.chat.server_events import Node
from chatd.log import cluster_codec, codec
from chatd.log.lives import Lives
from chatd.log.node_operations import BeginNode, ChangeNode, EndNode
from chatd.log.replica import admits


@dataclass(frozen=True, slots=True)
class NodeReport:
    """A node that has begun.

    :ivar is_there: whether it has not ended, as far as the others know.
    :ivar heard_ms: when it said something last, in milliseconds since 1970; 0 if that was before
        the snapshot.
    """

    node: Node
    slots: int
    is_there: bool
    heard_ms: int


class NodeReports:
    """Reads the log for what it says of the nodes, and nothing else.

    :raises ValueError: if the snapshot is none, or one of a later version.
    """

    def __init__(self, snapshot: bytes) -> None:
        state = cluster_codec.decode_state(snapshot)
        self._lives = Lives()
        self._lives.restore(state.lives)
        self._nodes = {each.node.name: (each.node, each.slots) for each in state.hub.nodes}
        self._heard: dict[str, int] = {}

    def read(self, data: bytes) -> None:
        """Read the next entry."""
        try:
            entry = cluster_codec.decode_entry(data)
        except ValueError:
            return  # the nodes ignore it, too
        try:
            operations = codec.decode_operations(entry.operations)
        except ValueError:
            operations = []
        if not admits(self._lives, entry, operations):
            return
        self._heard[entry.node] = entry.at_ms
        for operation in operations:
            match operation:
                case BeginNode():
                    self._nodes[entry.node] = operation.node, operation.slots
                case ChangeNode() if operation.node.name == entry.node:
                    _, slots = self._nodes[entry.node]
                    self._nodes[entry.node] = operation.node, slots
                case EndNode():
                    self._lives.ends(operation.node, operation.life)

    def reports(self) -> list[NodeReport]:
        """The nodes, by their names."""
        there = self._lives.there()
        return [
            NodeReport(node, slots, name in there, self._heard.get(name, 0))
            for name, (node, slots) in sorted(self._nodes.items())
        ]
