"""Making, looking at and removing the log of a chat: what ``chatd cluster`` does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from chatd.etcd import snapshots
from chatd.etcd.absent import not_made
from chatd.etcd.address import Server
from chatd.etcd.client import EtcdClient
from chatd.etcd.engine import EtcdEngine
from chatd.etcd.keys import Keys, Pointer
from chatd.etcd.messages import KeyValue, Range, Status, Transaction
from chatd.etcd.watch import Watch
from chatd.log.engine import LogLost, Position, Snapshot
from chatd.log.shared_engine import LogUnreachable, LogUnusable, SharedEntry

#: Each node that runs says something every second.
_IN_USE_SECONDS: Final = 3

#: Time to read the entries after a snapshot.
_READING_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class ServerState:
    """The state of one server of etcd.

    :ivar problem: why it cannot be used; else empty.
    :ivar alarms: such as ``NOSPACE``, in etcd's words.
    """

    server: Server
    problem: str = ""
    version: str = ""
    is_leader: bool = False
    revision: int = 0
    database_bytes: int = 0
    used_bytes: int = 0
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogState:
    """The state of a log.

    :ivar made_at: the revision at which it was made.
    :ivar entry: the position of the last entry; 0 before the first one.
    """

    pointer: Pointer
    made_at: Position
    entry: Position


class EtcdAdmin:
    """Works on the log of one chat."""

    def __init__(self, clock: IReactorTime, client: EtcdClient, server_id: str) -> None:
        self._clock = clock
        self._client = client
        self._server_id = server_id
        self._keys = Keys(server_id)

    async def make(self, cluster_id: str, first_snapshot: bytes) -> None:
        """Make the log.

        :raises LogUnusable: if there is one already.
        :raises LogUnreachable: if etcd cannot be used.
        """
        keys = self._keys
        whole = {"key": keys.prefix, "range_end": keys.end}
        # Keys without a pointer are the rest of a log whose pointer was deleted by hand.
        cleared = await self._unless_made([{"request_delete_range": whole}])
        snapshot = Snapshot(cleared.header.revision, first_snapshot)
        pointer = snapshots.pointer_to(snapshot, cluster_id, snapshot.position)
        puts = snapshots.puts(keys, pointer, first_snapshot)
        puts.append({"key": keys.pointer, "value": msgspec.json.encode(pointer)})
        await self._unless_made([{"request_put": put} for put in puts])

    async def _unless_made(self, requests: list[dict[str, Any]]) -> Transaction:
        compare = {"target": "CREATE", "key": self._keys.pointer, "create_revision": 0}
        answer = await self._client.call(
            "/v3/kv/txn", {"compare": [compare], "success": requests}, Transaction
        )
        if not answer.succeeded:
            raise LogUnusable(
                f'The cluster "{self._server_id}" is made already. To begin anew, first remove it, '
                "with all that was said there: chatd cluster remove"
            )
        return answer

    async def look(self) -> LogState:
        """Look at the log, without reading its entries.

        :raises LogUnusable: if there is none, or it is damaged.
        :raises LogUnreachable: if etcd cannot be used.
        """
        pointer_key = await self._read(self._keys.pointer)
        if pointer_key is None:
            raise not_made(self._server_id)
        pointer = snapshots.decode_pointer(pointer_key)
        if pointer is None:
            raise snapshots.damaged()
        return LogState(pointer, pointer_key.create_revision, await self._last_entry())

    async def read(self, begin: Callable[[bytes], Callable[[bytes], None]]) -> None:
        """Read the newest snapshot, and the entries after it up to now.

        :param begin: called with the snapshot; what it returns is called with each entry.
        :raises LogUnusable: if there is no log, or it is damaged.
        :raises LogUnreachable: if etcd cannot be used.
        """
        snapshot = await EtcdEngine(self._clock, self._client, self._server_id).load()
        read = begin(snapshot.data)
        last = await self._last_entry()
        if last <= snapshot.position:
            return
        done: Deferred[None] = Deferred()

        def received(entries: Sequence[SharedEntry]) -> None:
            for entry in entries:
                read(entry.data)
            if entries[-1].position >= last and not done.called:
                done.callback(None)

        position = snapshot.position
        watch = Watch(self._clock, self._client, self._server_id, position, received, done.errback)
        try:
            await done.addTimeout(_READING_SECONDS, self._clock)
        except (defer.TimeoutError, LogLost):
            raise LogUnreachable("The log could not be read to its end; try again.") from None
        finally:
            watch.stop()

    async def is_in_use(self) -> bool:
        """Whether a node runs: it says something in the next seconds."""
        before = await self._last_entry()
        if not before:
            return False
        await deferLater(self._clock, _IN_USE_SECONDS)
        return await self._last_entry() not in (0, before)

    async def remove(self) -> None:
        """Delete the log, its snapshots, and whatever else has a key of this chat.

        :raises LogUnusable: if there is nothing.
        :raises LogUnreachable: if etcd cannot be used.
        """
        whole = {"key": self._keys.prefix, "range_end": self._keys.end}
        there = await self._client.call("/v3/kv/range", {**whole, "count_only": True}, Range)
        if not there.count:
            raise not_made(self._server_id)
        await self._client.call(
            "/v3/kv/txn", {"success": [{"request_delete_range": whole}]}, Transaction
        )

    async def server_states(self) -> list[ServerState]:
        """The state of each server of etcd."""
        return [await self._server_state(each) for each in self._client.address.servers]

    async def _server_state(self, server: Server) -> ServerState:
        try:
            status = await self._client.ask(server, "/v3/maintenance/status", {}, Status)
        except (LogUnreachable, LogUnusable) as problem:
            return ServerState(server, problem=str(problem))
        return ServerState(
            server,
            "" if status.leader else f"etcd at {server} has no leader: is a majority running?",
            status.version[:64],
            status.leader == status.header.member_id,
            status.header.revision,
            status.size,
            status.size_in_use,
            tuple(each[:200] for each in status.errors[:8]),
        )

    async def _last_entry(self) -> Position:
        """The position of the last entry; 0 before the first one."""
        log_key = await self._read(self._keys.log)
        return log_key.mod_revision if log_key is not None else 0

    async def _read(self, key: bytes) -> KeyValue | None:
        answer = await self._client.call("/v3/kv/range", {"key": key}, Range)
        return answer.kvs[0] if answer.kvs else None
