"""What clients are told of the server itself: its limits, its key, and the nodes of a cluster.

They are among the events and replies of ``events``, or parts of them; frozen values like them.
"""

from dataclasses import dataclass
from typing import Final

from chatd.chat import limits


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a message and a nickname may be, in code points, and a line, in bytes."""

    message: int = limits.MESSAGE_CHARACTERS
    nickname: int = limits.NICKNAME_CHARACTERS
    line: int = limits.LINE_BYTES


#: The limits of every server.
LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Node:
    """A server of a cluster.

    :ivar name: what its operator calls it.
    :ivar addresses: of its main port, each ``ADDRESS:PORT``.
    :ivar origins: of its web page, each ``http://ADDRESS:PORT`` or ``https://…``.
    """

    name: str
    addresses: tuple[str, ...]
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster with that `id`, the `node` that the client is connected to, and all `nodes`."""

    id: str
    node: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class NodesChanged:
    """A node has come or gone: these are there now."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ServerKey:
    """The server's public key for TLS: its `fingerprint`, and the beginning of that as `words`."""

    fingerprint: str
    words: str
