"""The nodes of the cluster that a client has entered: the addresses where it can go on."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final, TypeVar

from chatd.chat import limits, server_events
from chatd.client.lifecycle import ServerAddress
from chatd.wire.discovery import Offer

_ADDRESS: Final = re.compile(r"([0-9.]{7,15}):([0-9]{1,5})", re.ASCII)

_Choice = TypeVar("_Choice")

#: Chooses one of several: :func:`random.choice`, so that not all clients choose the same.
Choose = Callable[[Sequence[_Choice]], _Choice]


class KnownNodes:
    """The addresses where the chat goes on when the client has lost its node.

    The client learns them when it enters, and whenever a node comes or goes. After a loss it tries
    each once without waiting in between.

    :param given: the address that the user gave, which is tried, too.
    :ivar cluster: the id of the cluster; empty without one.
    :ivar entries: how often the client has entered.
    :ivar node: the name of the node that the client is at, or was last.
    :ivar origins: of the pages of all nodes, as the server tells them.
    """

    def __init__(self, choose: Choose[ServerAddress], given: ServerAddress | None = None) -> None:
        self.cluster = self.node = ""
        self.entries = 0
        self.origins: tuple[str, ...] = ()
        self._choose = choose
        self._given = given
        self._own: ServerAddress | None = None
        # The name of the node at each address.
        self._names: dict[ServerAddress, str] = {}
        self._tried: set[ServerAddress] = set()
        self._attempts = 0

    def entered(self, server: ServerAddress | None, cluster: server_events.Cluster | None) -> None:
        """The client has entered at `server`, which is a node of `cluster`, or of none."""
        self.entries += 1
        self._own = server
        self.cluster = "" if cluster is None else cluster.id
        self.node = "" if cluster is None else cluster.node
        self.changed(() if cluster is None else cluster.nodes)

    def changed(self, nodes: Sequence[server_events.Node]) -> None:
        """These are the nodes of the cluster now."""
        self.origins = tuple(origin for node in nodes for origin in node.origins)
        self._names.clear()
        if self.cluster and self._own is not None:
            self._names[self._own] = self.node
            if self._given is not None:  # before the others, of which there may be too many
                self._names.setdefault(self._given, "")
            for node in nodes:
                for text in node.addresses:
                    self._add(text, node.name, self._own)
        self._tried.clear()
        self._attempts = len(self._names)

    def _add(self, text: str, name: str, own: ServerAddress) -> None:
        """Add an address that the server has told, if it is one for this host."""
        found = _ADDRESS.fullmatch(text)
        # Another host's loopback addresses are not this one's.
        if found is None or (_is_loopback(found[1]) and not _is_loopback(own.host)):
            return
        address = ServerAddress(found[1], int(found[2]), own.server_id, own.fingerprint)
        if 0 < address.port < 1 << 16 and len(self._names) < limits.CLUSTER_ADDRESSES:
            self._names.setdefault(address, name)

    def restart(self) -> None:
        """All were tried: begin again, with one of them at once and the others after it."""
        self._tried.clear()
        self._attempts = len(self._names) - 1

    def hurry(self) -> bool:
        """Whether to try another node at once; as often after a loss as there are addresses."""
        self._attempts -= 1
        return self._attempts >= 0

    def mark_tried(self, server: ServerAddress) -> None:
        """The client connects to `server`."""
        if len(self._tried) < limits.CLUSTER_ADDRESSES:
            self._tried.add(server)

    def was_tried(self, server: ServerAddress) -> bool:
        """Whether the client has tried `server` since it lost its own node."""
        return server in self._tried

    def next(
        self, heard: Collection[str] = (), *, is_own_first: bool = False
    ) -> ServerAddress | None:
        """An address that was not tried; None if there is none.

        :param heard: nodes that have answered, and need not be tried.
        """
        if is_own_first and self._own in self._names and self._own not in self._tried:
            return self._own
        untried = [
            each
            for each, name in self._names.items()
            if each not in self._tried and name not in heard
        ]
        return self._choose(untried) if untried else None


def _is_loopback(host: str) -> bool:
    return host.startswith("127.")


class NodeOffers:
    """The offers of the nodes of clusters in a search."""

    def __init__(self, choose: Choose[Offer]) -> None:
        self._choose = choose
        self._offers: dict[tuple[str, str, int], Offer] = {}

    def __bool__(self) -> bool:
        return bool(self._offers)

    def __iter__(self) -> Iterator[Offer]:
        return iter(self._offers.values())

    def add(self, offer: Offer) -> None:
        """Take note of what a node offers."""
        key = (offer.id, offer.address, offer.port)
        if key in self._offers or len(self._offers) < limits.MAX_OFFERS:
            self._offers[key] = offer

    def clear(self) -> None:
        """Forget all offers."""
        self._offers.clear()

    def of(self, server_id: str) -> list[Offer]:
        """The offers with that id."""
        return [each for each in self if each.id == server_id]

    def best(self, server_id: str, nodes: KnownNodes, holds_slot: bool = False) -> Offer | None:
        """The offer with the most free slots; None if nobody can enter anywhere.

        Those that the client has tried since its loss come last.

        :param holds_slot: whether the client's own node may hold its slot, so that none need be
            free there.
        """
        usable = [
            each
            for each in self.of(server_id)
            if not each.is_cut_off and (each.free or (holds_slot and each.node == nodes.node))
        ]
        fresh = [each for each in usable if not nodes.was_tried(server_of(each))] or usable
        most = max((each.free for each in fresh), default=0)
        return self._choose([each for each in fresh if each.free == most]) if fresh else None


def server_of(offer: Offer) -> ServerAddress:
    """The address of the server that made `offer`; if it speaks TLS, that of its port for it."""
    port = offer.tls_port or offer.port
    return ServerAddress(offer.address, port, offer.id, offer.fingerprint)
