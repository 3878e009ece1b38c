"""Forgetting old entries: etcd compacts the history of all its keys, those of other chats, too."""

from contextlib import suppress

from chatd.chat import limits
from chatd.etcd import snapshots
from chatd.etcd.client import EtcdClient
from chatd.etcd.keys import ALL_CHATS, Keys
from chatd.etcd.messages import Answer, Compacted, KeyValue, Range
from chatd.log.engine import Position


async def trim(client: EtcdClient, keys: Keys, position: Position) -> None:
    """Forget the entries up to `position`, or up to what another chat in this etcd still needs.

    A chat whose nodes are gone, and which was not removed, may not keep those of others for ever.
    """
    chats = await client.call("/v3/kv/range", {**ALL_CHATS, "keys_only": True}, Range)
    revisions = {each.key: each.mod_revision for each in chats.kvs}
    needed = position
    for key in revisions:
        log = Keys.log_of(key)
        if log is not None and log != keys.log:
            found = await client.call("/v3/kv/range", {"key": key}, Range)
            needed = min(needed, _needed_by(found.kvs, revisions.get(log, 0), position))
    with suppress(Compacted):
        await client.call(
            "/v3/kv/compaction",
            {"revision": max(needed, position - limits.KEPT_REVISIONS)},
            Answer,
        )


def _needed_by(pointer_key: list[KeyValue], last_entry: Position, otherwise: Position) -> Position:
    """The position after which another chat needs its entries."""
    pointer = snapshots.decode_pointer(pointer_key[0]) if pointer_key else None
    if pointer is None or last_entry <= pointer.position:
        return otherwise
    return pointer.before
