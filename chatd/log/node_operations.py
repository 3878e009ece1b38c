"""The operations that concern the nodes of a cluster."""

import unicodedata
from typing import Final

import msgspec
from typing_extensions import override

from chatd.chat.events import Node
from chatd.chat.hub import Hub
from chatd.chat.state import RULES
from chatd.log.operations import Operation


class Version(msgspec.Struct, frozen=True, array_like=True):
    """What makes the same operations have the same results; see :data:`VERSION`."""

    rules: int
    unicode: str

    @override
    def __str__(self) -> str:
        return f"rules {self.rules} and Unicode {self.unicode}"


#: Of this program. Python's tables of characters decide which names are valid, and which are equal.
VERSION: Final = Version(RULES, unicodedata.unidata_version)


class BeginNode(Operation[None], frozen=True, tag="begin-node"):
    """A node begins, perhaps anew; see :meth:`chatd.chat.nodes.Nodes.begin`."""

    node: Node
    slots: int
    version: Version

    @override
    def apply(self, hub: Hub, now: int) -> None:
        hub.nodes.begin(self.node, self.slots, now)


class EndNode(Operation[None], frozen=True, tag="end-node"):
    """That life of a node has ended: it stops, or another node has not heard of it for too long."""

    node: str
    life: int

    @override
    def apply(self, hub: Hub, now: int) -> None:
        hub.nodes.end(self.node, now)
