"""Nodes that use a log in a real etcd, on the real reactor."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from time import monotonic
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from chatd.etcd.address import parse_address
from chatd.etcd.admin import EtcdAdmin
from chatd.etcd.client import EtcdClient
from chatd.etcd.connecting import connector
from chatd.etcd.engine import EtcdEngine
from chatd.log.engine import Snapshot
from chatd.log.shared_engine import LogUnreachable, LogUnusable, SharedEntry
from tests.timeouts import TIMEOUT_SECONDS

reactor: Any = global_reactor

_ids = count(1)


class Node:
    """One user of a log."""

    def __init__(self, address: str, chat: str) -> None:
        self.chat = chat
        parsed = parse_address(address, {})
        self.client = EtcdClient(reactor, parsed, connector(reactor, parsed))
        self.engine = EtcdEngine(reactor, self.client, chat)
        self.admin = EtcdAdmin(reactor, self.client, chat)
        self.entries: list[SharedEntry] = []
        self.times: list[float] = []
        self.ends: list[Exception] = []
        self._awaited: tuple[int, Deferred[None]] | None = None

    async def follow(self) -> Snapshot:
        snapshot = await self.engine.load()
        self.engine.follow(snapshot.position, self.received, self.ended)
        return snapshot

    def received(self, entries: Sequence[SharedEntry]) -> None:
        self.entries += entries
        self.times.append(monotonic())
        self._look()

    def ended(self, reason: Exception) -> None:
        self.ends.append(reason)
        self._look()

    def _look(self) -> None:
        if self._awaited is not None and (len(self.entries) >= self._awaited[0] or self.ends):
            awaited, self._awaited = self._awaited[1], None
            awaited.callback(None)

    async def has(self, entries: int) -> list[bytes]:
        """Wait until there are so many entries, or the end."""
        if len(self.entries) < entries and not self.ends:
            self._awaited = entries, Deferred()
            await self._awaited[1].addTimeout(TIMEOUT_SECONDS, reactor)
        return [entry.data for entry in self.entries]

    async def append(self, data: bytes) -> None:
        """Append an entry, once more after each failure."""
        end = monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                return await self.engine.append(data)
            except LogUnreachable:
                assert monotonic() < end
                await deferLater(reactor, 0.1)


@asynccontextmanager
async def nodes(address: str, number: int) -> AsyncIterator[list[Node]]:
    """So many nodes that follow a log of their own."""
    chat = f"chat {next(_ids)}"
    there = [Node(address, chat) for _ in range(number)]
    try:
        await there[0].admin.make("cafe", b"first")
        for node in there:
            await node.follow()
        yield there
        # Otherwise what others forget would depend on what was said here.
        with suppress(LogUnusable, LogUnreachable):
            await there[0].admin.remove()
    finally:
        for node in there:
            await node.engine.close()
