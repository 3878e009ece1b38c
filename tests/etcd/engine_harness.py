"""An engine on a fake etcd, and what it has told."""

from collections.abc import Sequence
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatd.etcd.admin import EtcdAdmin
from chatd.etcd.client import EtcdClient
from chatd.etcd.engine import EtcdEngine
from chatd.log.engine import Snapshot
from chatd.log.shared_engine import SharedEntry
from tests.etcd.fake_etcd import FakeEtcdServers

_Result = TypeVar("_Result")

ID = "campus"


class Node:
    """One user of a log, of the chat ``campus`` if not told otherwise.

    :ivar entries: what it was told of.
    :ivar ends: why it was told of nothing more.
    """

    def __init__(self, servers: FakeEtcdServers, chat: str = ID) -> None:
        self.servers = servers
        self.client = EtcdClient(servers.clock, servers.address, servers.connect)
        self.engine = EtcdEngine(servers.clock, self.client, chat)
        self.admin = EtcdAdmin(servers.clock, self.client, chat)
        self.entries: list[SharedEntry] = []
        self.ends: list[Exception] = []

    def make(self, snapshot: bytes = b"first") -> "Node":
        self.result(Deferred.fromCoroutine(self.admin.make("cafe", snapshot)))
        return self

    def load(self) -> Snapshot:
        return self.result(self.engine.load())

    def follow(self, after: int | None = None) -> "Node":
        """Load the log, and follow it; from its snapshot if not told otherwise."""
        snapshot = self.load()
        position = snapshot.position if after is None else after
        self.engine.follow(position, self.received, self.ends.append)
        self.servers.pump()
        return self

    def received(self, entries: Sequence[SharedEntry]) -> None:
        assert entries
        self.entries += entries

    def append(self, *texts: str) -> None:
        for text in texts:
            self.result(self.engine.append(text.encode()))

    def texts(self) -> list[str]:
        return [entry.data.decode() for entry in self.entries]

    def result(self, deferred: Deferred[_Result], seconds: float = 0) -> _Result:
        """The result of `deferred` within that time; its failure is raised."""
        results: list[Any] = []
        deferred.addBoth(results.append)
        self.servers.advance(seconds)
        assert results, "nothing has come"
        if isinstance(results[0], Failure):
            results[0].raiseException()
        result: _Result = results[0]
        return result

    def close(self) -> None:
        self.result(self.engine.close())
