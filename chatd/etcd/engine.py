"""A shared log in etcd. The position of an entry is the revision of its put."""

from collections.abc import Callable, Sequence

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from typing_extensions import override

from chatd.etcd import snapshots
from chatd.etcd.absent import not_made, removed
from chatd.etcd.client import EtcdClient
from chatd.etcd.keys import Keys, Pointer
from chatd.etcd.messages import Answer, Compacted, KeyValue, Range, Transaction
from chatd.etcd.trimming import trim
from chatd.etcd.watch import Watch
from chatd.log.engine import LogLost, Position, Snapshot
from chatd.log.shared_engine import LogUnreachable, SharedEngine, SharedEntry


class EtcdEngine(SharedEngine):
    """Keeps the log of one chat in etcd.

    A revision counts the changes of all keys in etcd: the positions of a log are not consecutive.

    :param server_id: of the chat.
    """

    def __init__(self, clock: IReactorTime, client: EtcdClient, server_id: str) -> None:
        self._clock = clock
        self._client = client
        self._server_id = server_id
        self._keys = Keys(server_id)
        # The revision at which the log was made; 0 before it was loaded.
        self._made_at = 0
        self._watch: Watch | None = None

    @override
    def load(self) -> Deferred[Snapshot]:
        return Deferred.fromCoroutine(self._load())

    @override
    def follow(
        self,
        after: Position,
        received: Callable[[Sequence[SharedEntry]], None],
        ended: Callable[[Exception], None],
    ) -> None:
        if self._watch is not None:
            self._watch.stop()
        self._watch = Watch(self._clock, self._client, self._server_id, after, received, ended)

    @override
    def append(self, data: bytes) -> Deferred[None]:
        return Deferred.fromCoroutine(self._append(data))

    @override
    def save(self, snapshot: Snapshot) -> Deferred[None]:
        return Deferred.fromCoroutine(self._save(snapshot))

    @override
    def close(self) -> Deferred[None]:
        if self._watch is not None:
            self._watch.stop()
        return self._client.close()

    async def _load(self) -> Snapshot:
        pointer_key, log_key, revision = await self._read_keys()
        if pointer_key is None:
            raise not_made(self._server_id)
        pointer = snapshots.decode_pointer(pointer_key)
        if pointer is None:
            raise snapshots.damaged()
        snapshot = await snapshots.read(self._client, self._keys, pointer, revision)
        if log_key is None or log_key.mod_revision <= pointer.position:
            # There are no entries yet, so none can be lost. Others may have compacted etcd beyond
            # the position, and to follow the log from there would be refused.
            snapshot = Snapshot(revision, snapshot.data)
        else:
            await self._check_entries_after(pointer)
        self._made_at = pointer_key.create_revision
        return snapshot

    async def _read_keys(self) -> tuple[KeyValue | None, KeyValue | None, Position]:
        """The pointer; the key of the log without its value; and etcd's revision."""
        reads = [
            {"request_range": {"key": self._keys.pointer}},
            {"request_range": {"key": self._keys.log, "keys_only": True}},
        ]
        answer = await self._client.call("/v3/kv/txn", {"success": reads}, Transaction)
        pointer, log = (answer.found(number) for number in range(2))
        return pointer, log, answer.header.revision

    async def _check_entries_after(self, pointer: Pointer) -> None:
        request = {"key": self._keys.pointer, "revision": pointer.position + 1, "count_only": True}
        try:
            await self._client.call("/v3/kv/range", request, Range)
        except Compacted:
            raise LogUnreachable(
                "What was said since the newest snapshot of this chat was taken out of etcd, by "
                '"etcdctl compact" or an --auto-compaction-retention that is too small. Wait for '
                "the next snapshot of another node. If none runs, restore etcd from a backup, or "
                "begin anew: chatd cluster remove, then chatd cluster init"
            ) from None

    async def _append(self, data: bytes) -> None:
        if not self._made_at:
            raise RuntimeError("the log was not loaded")  # else it would be made here
        position = self._watch.position if self._watch is not None else 0
        answer = await self._client.call(
            "/v3/kv/txn",
            {
                "compare": [
                    {
                        "target": "CREATE",
                        "key": self._keys.pointer,
                        "create_revision": self._made_at,
                    }
                ],
                "success": [{"request_put": {"key": self._keys.log, "value": data}}],
            },
            Transaction,
        )
        if not answer.succeeded:
            raise removed(self._server_id)
        if answer.header.revision <= position and self._watch is not None:
            # Revisions only rise, unless etcd was restored from a backup. A watch would be silent
            # until the old position is reached again.
            self._watch.end(LogLost("etcd was restored from a backup"))

    async def _save(self, snapshot: Snapshot) -> None:
        old_key, _, _ = await self._read_keys()
        if old_key is None or old_key.create_revision != self._made_at:
            raise removed(self._server_id)
        old = snapshots.decode_pointer(old_key)
        if old is not None and old.position >= snapshot.position:
            return
        if old is None:  # somebody has written another one by hand
            new = snapshots.pointer_to(snapshot, "", snapshot.position)
        else:
            new = snapshots.pointer_to(snapshot, old.cluster_id, old.position)
        for put in snapshots.puts(self._keys, new, snapshot.data):
            await self._client.call("/v3/kv/put", put, Answer)
        if await self._point_to(new, old_key) and old is not None:
            await trim(self._client, self._keys, old.position)

    async def _point_to(self, new: Pointer, old: KeyValue) -> bool:
        """Let the snapshot be the newest, and delete those before it; False if another is newer.

        Another node may be saving a newer one, whose slices stay.
        """
        slices = {"key": self._keys.slices, "range_end": self._keys.slices_before(new)}
        answer = await self._client.call(
            "/v3/kv/txn",
            {
                "compare": [
                    {"target": "MOD", "key": self._keys.pointer, "mod_revision": old.mod_revision}
                ],
                "success": [
                    {"request_put": {"key": self._keys.pointer, "value": msgspec.json.encode(new)}},
                    {"request_delete_range": slices},
                ],
            },
            Transaction,
        )
        return answer.succeeded
