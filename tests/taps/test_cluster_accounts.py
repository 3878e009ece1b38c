"""Whoever guesses passwords has no more attempts on several nodes than on one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock

from chatd.accounts.checker import AccountsChecker
from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import TooManyAttempts, WrongPassword
from chatd.log.cluster_codec import first_snapshot
from chatd.log.engine import Snapshot
from chatd.server.chat import Chat, ServerSettings
from chatd.taps.server import add_accounts
from tests.accounts.accounts_fixture import CountingHasher, fill
from tests.log.shared_engine import MemoryLog, MemorySharedEngine

STARTED = 1_000_000


class Node(MultiService):
    """A server of the cluster, as far as passwords are concerned."""

    def __init__(self, log: MemoryLog, name: str, path: Path, clock: Clock) -> None:
        super().__init__()
        self.engine = MemorySharedEngine(log)
        self.chat = Chat(
            ServerSettings("party", node=name),
            clock,
            lambda: STARTED + round(1_000 * clock.seconds()),
            shared=self.engine,
        )
        checker = AccountsChecker(fill(path, {"ice": "cold"}), CountingHasher())
        server: Any = self  # all that is used of it
        add_accounts(server, checker, clock)
        checker.in_thread = lambda check: maybeDeferred(check)
        self.is_open: list[object] = []
        self.chat.open().addCallback(self.is_open.append)

    def ask(self, account: str, password: str, host: str) -> object:
        """The account's name, or the type of the refusal."""
        results: list[object] = []
        checked: Deferred[str] = self.chat.check_password(
            Authenticate(account, password), f"{host}:50000"
        )
        checked.addErrback(lambda failure: type(failure.value)).addCallback(results.append)
        return results[0]


class Cluster:
    """Two nodes, each with a copy of one password file."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        log = MemoryLog(Snapshot(1, first_snapshot("party", "c1", STARTED)))
        self.nodes = [Node(log, name, directory / name, self.clock) for name in "ab"]
        self.advance(3)
        assert [node.is_open for node in self.nodes] == [[None], [None]]

    def advance(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.05)):
            self.clock.advance(0.05)
            for node in self.nodes:
                node.engine.send()
            for node in self.nodes:
                node.engine.deliver()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    yield cluster
    for node in cluster.nodes:
        node.chat.ordered_log.stop()


def test_an_address_that_has_used_up_its_attempts_on_one_node_has_none_on_another(
    cluster: Cluster,
) -> None:
    a, b = cluster.nodes
    for _ in range(limits.ADDRESS_WRONG_PASSWORDS):
        assert a.ask("nobody", "warm", "10.0.0.9") is WrongPassword
    assert a.ask("ice", "cold", "10.0.0.9") is TooManyAttempts
    cluster.advance(0.2)
    assert b.ask("ice", "cold", "10.0.0.9") is TooManyAttempts
    assert b.ask("ice", "cold", "10.0.0.8") == "ice"


def test_an_account_has_no_more_attempts_on_two_nodes_than_on_one(cluster: Cluster) -> None:
    for number in range(limits.ACCOUNT_WRONG_PASSWORDS):
        node = cluster.nodes[number % 2]
        assert node.ask("ice", "warm", f"10.0.1.{number}") is WrongPassword
        cluster.advance(0.2)
    assert [node.ask("ice", "cold", "10.0.0.9") for node in cluster.nodes] == [TooManyAttempts] * 2


def test_the_loopback_address_of_each_node_counts_for_itself(cluster: Cluster) -> None:
    a, b = cluster.nodes
    for _ in range(limits.ADDRESS_WRONG_PASSWORDS):
        a.ask("nobody", "warm", "127.0.0.1")
    cluster.advance(0.2)
    assert a.ask("ice", "cold", "127.0.0.1") is TooManyAttempts
    assert b.ask("ice", "cold", "127.0.0.1") == "ice"


def test_no_password_and_no_hash_is_in_the_log(cluster: Cluster) -> None:
    a, _ = cluster.nodes
    a.ask("ice", "a wrong secret", "10.0.0.9")
    a.ask("ice", "cold", "10.0.0.9")
    cluster.advance(0.2)
    data = b"".join(entry.data for entry in a.engine.log.entries)
    assert b"10.0.0.9" in data
    assert not any(each in data for each in (b"a wrong secret", b"cold", b"argon2"))
