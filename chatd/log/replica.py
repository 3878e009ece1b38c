"""A node's copy of the chat: what the entries of the shared log have led to.

All nodes apply the same entries in the same order, so their replicas are equal. Nothing here
depends on which node it is, or on its clock.
"""

from typing import Any, Final

from chatd.chat.errors import NotRegistered
from chatd.chat.hub import Hub
from chatd.log import cluster_codec
from chatd.log.cluster_codec import ClusterEntry, ClusterState
from chatd.log.engine import Position, Snapshot
from chatd.log.lives import Lives
from chatd.log.node_operations import BeginNode, ChangeNode, EndNode, Version, accounts_digest
from chatd.log.operations import (
    ConnectWithoutSlot,
    Handle,
    LoseConnection,
    Operation,
    RemoveMember,
    ReserveSlot,
    SetAccounts,
    SetFingerprints,
    apply,
)
from chatd.log.shared_engine import LogUnusable

_OF_MEMBER: Final = (Handle, RemoveMember, LoseConnection)
#: The operations with which a connection comes.
ARRIVALS: Final = (ReserveSlot, ConnectWithoutSlot)


class Replica:
    """Decides which entries count, and applies them to `hub`.

    :ivar lives: the nodes that are there.
    :ivar position: of the last entry that was read, whether it counted or not.
    :ivar entries: how many of them counted.
    :ivar time: of the chat: of the last entry that counted, in milliseconds since 1970.
    :ivar versions: those of the nodes whose entries counted since the snapshot.
    """

    def __init__(self, server_id: str, hub: Hub) -> None:
        self.hub = hub
        self.lives = Lives()
        self.position: Position = 0
        self.entries = 0
        self.time = 0
        self.versions: set[Version] = set()
        self._server_id = server_id

    def restore(self, snapshot: Snapshot) -> None:
        """Be what all entries up to that snapshot have led to.

        :raises LogUnusable: if it cannot be read, or is another chat's.
        """
        try:
            state = cluster_codec.decode_state(snapshot.data)
            if state.server_id != self._server_id:
                raise LogUnusable(
                    f"That is the cluster of {state.server_id!r}, and not of {self._server_id!r}."
                )
            self.hub.restore(state.hub)
        except ValueError as error:
            raise LogUnusable(
                f"The cluster's log is of another version of chatd ({error}); use that one."
            ) from None
        self.lives.restore(state.lives)
        self.versions.clear()
        self.position, self.entries, self.time = snapshot.position, state.entries, state.time

    def snapshot(self) -> Snapshot:
        """What the entries up to now have led to."""
        state = ClusterState(
            self._server_id, self.entries, self.time, self.lives.state(), self.hub.state()
        )
        return Snapshot(self.position, cluster_codec.encode_state(state))

    def admit(self, entry: ClusterEntry, operations: list[Operation[Any]]) -> bool:
        """Whether the entry counts. Then its operations are to be carried out now."""
        counts = admits(self.lives, entry, operations)
        if counts:
            self.entries += 1
            self.versions.add(self.lives.there()[entry.node].version)
            before, self.time = self.time, max(self.time, entry.at_ms)
            if self.time // 1_000 > before // 1_000:
                self.hub.tick(self.time)  # once a second is enough
        return counts

    def carry_out(self, operation: Operation[Any], node: str) -> object:
        """The result of an operation of `node`, or its refusal.

        A node acts only for those who are connected to it: it may not know yet that they are gone.
        """
        if not self._may(operation, node):
            return NotRegistered()
        result = apply(self.hub, operation, self.time)
        if isinstance(operation, SetFingerprints):
            digest = accounts_digest(*(self.hub.accounts, operation.fingerprints, self.hub.hosts))
            self.lives.set_accounts(node, digest)
        return result

    def _may(self, operation: Operation[Any], node: str) -> bool:
        match operation:
            case Handle() | RemoveMember() | LoseConnection():
                return self.hub.nodes.has_connection(node, operation.member_id)
            case ReserveSlot() | ConnectWithoutSlot():
                return operation.node == node
            case ChangeNode():
                return operation.node.name == node
            case EndNode():
                return self.lives.ends(operation.node, operation.life)
            case SetAccounts() | SetFingerprints():
                return self.lives.may_set_accounts(node)
            case _:
                return True


def admits(lives: Lives, entry: ClusterEntry, operations: list[Operation[Any]]) -> bool:
    """Whether the entry counts, after what `lives` knows."""
    first = operations[0] if operations else None
    if isinstance(first, BeginNode) and entry.number == 1 and first.node.name == entry.node:
        return lives.begins(entry.node, entry.life, first.version, first.accounts, first.key)
    return lives.counts(entry.node, entry.life, entry.number)
