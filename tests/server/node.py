"""A server that is a node of a cluster."""

from collections.abc import Callable
from typing import Any

from typing_extensions import override

from chatd.chat import limits
from chatd.log.cluster_codec import first_snapshot
from chatd.log.engine import Snapshot
from tests.log.shared_engine import MemoryLog, MemorySharedEngine
from tests.server.harness import STARTED, Client, Harness


class NodeHarness(Harness):
    """A node and its clients.

    :param log: of the cluster; by default the node is alone in it.
    """

    def __init__(self, node: str = "a", log: MemoryLog | None = None, **settings: Any) -> None:
        self.log = log or MemoryLog(Snapshot(1, first_snapshot("party", "c1", STARTED)))
        self.engine = MemorySharedEngine(self.log)
        super().__init__(shared=self.engine, flood=0, node=node, **settings)
        self.failures: list[str] = []
        self.chat.cluster_failed = self.failures.append
        self.chat.open()

    @classmethod
    def begun(cls, node: str = "a", log: MemoryLog | None = None, **settings: Any) -> "NodeHarness":
        """A node that is there."""
        harness = cls(node, log, **settings)
        harness.until(lambda: not harness.chat.ordered_log.is_cut_off)
        return harness

    def move(self) -> None:
        """A moment passes, and the log is reached if it can be."""
        self.clock.advance(0.05)
        self.engine.send()
        self.engine.deliver()

    @override
    def pass_time(self, seconds: float, each: Callable[[], None] = lambda: None) -> None:
        end = self.clock.seconds() + seconds
        while self.clock.seconds() < end:
            self.move()
            each()

    def until(self, condition: Callable[[], object], seconds: float = 60) -> float:
        """Time passes until `condition` holds; returns how many seconds."""
        started = self.clock.seconds()
        while not condition():
            assert self.clock.seconds() < started + seconds, "it never came"
            self.move()
        return self.clock.seconds() - started

    @override
    def enter(self, nickname: str) -> Client:
        client = self.connect()
        client.hello(nickname)
        self.pass_time(0.2)
        assert "welcome" in [frame["type"] for frame in client.heard()]
        return client

    def stop(self) -> float:
        """Stop as a program does whose clients close at once; returns how many seconds it took."""
        stopped: list[object] = []
        ended = self.chat.end().addCallback(lambda _: self.chat.ordered_log.stop())
        ended.addCallback(stopped.append)

        def close() -> bool:
            for client in self.clients:
                if not client.is_lost and (client.is_dropped() or client.is_cut_off()):
                    client.hang_up()
            return bool(stopped)

        return self.until(close, 10 * limits.SHUTDOWN_SECONDS)
