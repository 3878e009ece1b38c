"""The operations that concern the nodes of a cluster."""

import unicodedata
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import msgspec
from typing_extensions import override

from chatd.chat.hub import Hub
from chatd.chat.server_events import Node
from chatd.chat.state import RULES
from chatd.log.operations import Operation

_encoder: Final = msgspec.msgpack.Encoder()
#: In hexadecimal digits.
_DIGEST_CHARACTERS: Final = 32


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
    """A node begins, perhaps anew; see :meth:`chatd.chat.nodes.Nodes.begin`.

    :ivar accounts: of :func:`accounts_digest`; empty for a node without accounts.
    :ivar key: the fingerprint of its key for TLS; empty for a node without TLS.
    """

    node: Node
    slots: int
    version: Version
    accounts: str = ""
    key: str = ""

    @override
    def apply(self, hub: Hub, now: int) -> None:
        hub.nodes.begin(self.node, self.slots, now)


class ChangeNode(Operation[None], frozen=True, tag="change-node"):
    """A node has other addresses than those with which it began."""

    node: Node

    @override
    def apply(self, hub: Hub, now: int) -> None:
        hub.nodes.change(self.node)


class EndNode(Operation[None], frozen=True, tag="end-node"):
    """That life of a node has ended: it stops, or another node has not heard of it for too long."""

    node: str
    life: int

    @override
    def apply(self, hub: Hub, now: int) -> None:
        hub.nodes.end(self.node, now)


class CountWrongPassword(Operation[None], frozen=True, tag="wrong-password"):
    """A node was given a wrong password. All nodes count it: more of them are no more attempts.

    :ivar host: the address that has tried it; empty for one that is another host on each node.
    :ivar account: the key of the account; empty if there is none.
    """

    host: str
    account: str

    @override
    def apply(self, hub: Hub, now: int) -> None:
        """Nothing changes in the hub."""


def accounts_digest(
    accounts: Mapping[str, bool],
    fingerprints: Mapping[str, str],
    hosts: frozenset[str] = frozenset(),
) -> str:
    """A text that is another one for other accounts, passwords or hosts.

    It says no more than the fingerprints, which are in the log.
    """
    data = _encoder.encode((sorted(accounts.items()), sorted(fingerprints.items()), sorted(hosts)))
    return sha256(data).hexdigest()[:_DIGEST_CHARACTERS]
