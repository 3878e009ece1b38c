"""Snapshots in etcd: slices of a size that etcd takes, and a pointer to the newest."""

from hashlib import sha256
from typing import Any, Final

import msgspec

from chatd.chat import limits
from chatd.etcd.client import EtcdClient
from chatd.etcd.keys import Keys, Pointer
from chatd.etcd.messages import KeyValue, Range
from chatd.log.engine import Position, Snapshot
from chatd.log.shared_engine import LogUnusable

_pointer_decoder: Final = msgspec.json.Decoder(Pointer)


def cut(data: bytes) -> list[bytes]:
    """The slices of a snapshot; at least one."""
    size = limits.SNAPSHOT_SLICE_BYTES
    return [data[start : start + size] for start in range(0, len(data), size)] or [b""]


def pointer_to(snapshot: Snapshot, cluster_id: str, before: Position) -> Pointer:
    """The pointer to a snapshot.

    :param before: the position of the one that it replaces, or its own.

    :raises LogUnusable: if the snapshot is larger than any node would load.
    """
    size = len(snapshot.data)
    if size > limits.SHARED_SNAPSHOT_BYTES:
        raise LogUnusable(
            f"The snapshot of this chat has {size} bytes, and may have "
            f"{limits.SHARED_SNAPSHOT_BYTES}."
        )
    digest = sha256(snapshot.data).hexdigest()
    slices = len(cut(snapshot.data))
    return Pointer(cluster_id, snapshot.position, before, slices, size, digest)


def puts(keys: Keys, pointer: Pointer, data: bytes) -> list[dict[str, Any]]:
    """The puts of the slices."""
    prefix = keys.slices_of(pointer)
    return [
        {"key": prefix + str(number).encode(), "value": each}
        for number, each in enumerate(cut(data))
    ]


def decode_pointer(key: KeyValue) -> Pointer | None:
    """The pointer, or None if the key has none: somebody has written it by hand."""
    try:
        pointer = _pointer_decoder.decode(key.value)
    except (ValueError, RecursionError):
        return None
    is_valid = (
        0 < pointer.before <= pointer.position < key.mod_revision
        and 0 <= pointer.size <= limits.SHARED_SNAPSHOT_BYTES
        and pointer.slices == max(1, -(-pointer.size // limits.SNAPSHOT_SLICE_BYTES))
    )
    return pointer if is_valid else None


async def read(client: EtcdClient, keys: Keys, pointer: Pointer, revision: int) -> Snapshot:
    """Read the snapshot as it was at that revision: no newer one deletes its slices meanwhile.

    :raises LogUnusable: if it is not what was saved.
    """
    data = bytearray()
    for number in range(pointer.slices):
        key = keys.slices_of(pointer) + str(number).encode()
        found = await client.call("/v3/kv/range", {"key": key, "revision": revision}, Range)
        data += b"".join(each.value for each in found.kvs)
        if len(data) > pointer.size:
            break
    if sha256(data).hexdigest() != pointer.sha256:
        raise damaged()
    return Snapshot(pointer.position, bytes(data))


def damaged() -> LogUnusable:
    """Why a snapshot cannot be read."""
    return LogUnusable(
        "The newest snapshot of this chat in etcd is damaged, or was changed by hand. Restore etcd "
        "from a backup, or begin anew: chatd cluster remove, then chatd cluster init"
    )
