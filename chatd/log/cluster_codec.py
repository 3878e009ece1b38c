"""Entries and snapshots of a shared log as bytes, in msgpack."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, cast

import msgspec

from chatd.chat.hub import Hub, HubSettings
from chatd.chat.outbox import Outbox
from chatd.chat.state import HubState
from chatd.log.held_outbox import HeldOutbox
from chatd.log.lives import Life


class ClusterEntry(msgspec.Struct, frozen=True, array_like=True):
    """What a node has to say: operations in their order, or none to say that it is there.

    :ivar life: of the node; see :class:`~chatd.log.lives.Lives`.
    :ivar number: 1, 2, 3 … in that life; 0 for an entry that never counts.
    :ivar at_ms: the node's time, in milliseconds since 1970.
    """

    node: str
    life: int
    number: int
    at_ms: int
    operations: msgspec.Raw


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What all entries up to a position led to.

    :ivar entries: how many of them counted.
    :ivar time: of the chat, in milliseconds since 1970.
    """

    server_id: str
    entries: int
    time: int
    lives: tuple[Life, ...]
    hub: HubState


_encoder: Final = msgspec.msgpack.Encoder()
_entry_decoder: Final = msgspec.msgpack.Decoder(ClusterEntry)
_state_decoder: Final = msgspec.msgpack.Decoder(ClusterState)


def encode_entry(node: str, life: int, number: int, at_ms: int, operations: bytes) -> bytes:
    """The bytes of an entry; `operations` are encoded by :func:`join_operations`."""
    return _encoder.encode(ClusterEntry(node, life, number, at_ms, msgspec.Raw(operations)))


def join_operations(encoded: Iterable[bytes]) -> bytes:
    """The bytes of several operations, each encoded by :func:`codec.encode_operation`."""
    return _encoder.encode([msgspec.Raw(each) for each in encoded])


def decode_entry(data: bytes) -> ClusterEntry:
    """An entry; its operations are decoded by :func:`codec.decode_operations`.

    :raises ValueError: if it is not one.
    """
    try:
        return _entry_decoder.decode(data)
    except RecursionError as error:  # arrays in arrays in arrays, which no node writes
        raise ValueError(str(error)) from None


def encode_state(state: ClusterState) -> bytes:
    """The bytes of a snapshot: equal on all nodes for the same position."""
    return _encoder.encode(state)


def decode_state(data: bytes) -> ClusterState:
    """The state in a snapshot.

    :raises ValueError: if it is not one, or one of a later version.
    """
    return _state_decoder.decode(data)


def first_snapshot(server_id: str, cluster_id: str, now: int) -> bytes:
    """The snapshot with which the log of a cluster begins: nobody has been there.

    :param cluster_id: tells this cluster from others of the same id.
    :param now: milliseconds since 1970.
    """
    # A hub without members sends nothing.
    settings = HubSettings(server_id, slots=0, history=0, is_archived=True)
    hub = Hub(settings, HeldOutbox(cast(Outbox, None)), now)
    hub.nodes.cluster_id = cluster_id
    return encode_state(ClusterState(server_id, 0, now, (), hub.state()))
