"""A cluster on loopback: one server of etcd, and nodes with addresses of their own."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tests.cluster.programs import etcd_command, make_cluster, node_command, require_etcd
from tests.e2e.native_peer import Member
from tests.e2e.programs import CHATD, Program, programs
from tests.ports import free_port, free_udp_port, loopback
from tests.timeouts import TIMEOUT_SECONDS

_ETCD: Final = loopback(9)


class Node:
    """One node; it can be killed and started again on the same ports.

    :ivar url: the address of its page.
    """

    def __init__(
        self, start: Callable[..., Program], name: str, number: int, discovery: int, store: Path
    ) -> None:
        self.name, self.host = name, loopback(number)
        self.port, self.web = free_port(self.host), free_port(self.host)
        self.url = f"http://{self.host}:{self.web}/"
        self._start = start
        self._command = node_command(
            *(name, f"etcd://{_ETCD}", "--ifaddrs", f"{self.host}/8", "--flood", "0"),
            *("--port", str(self.port), "--web", str(self.web), "--store", str(store)),
            *("--discovery-port", str(discovery)),
        )
        self.start()

    def start(self) -> None:
        """Start it."""
        self.program = self._start(self._command)
        self.program.expect_stderr("is the node")

    def kill(self) -> None:
        """Kill it: it says nothing any more."""
        self.program.send_signal(signal.SIGKILL)
        self.program.wait()

    def stop(self) -> None:
        """Stop it in order: it says goodbye to all clients."""
        self.program.send_signal(signal.SIGTERM)
        assert self.program.wait() == 0


class LoopbackCluster:
    """The cluster campus, with the nodes library and gym.

    :ivar discovery: the UDP port on which the nodes answer.
    """

    def __init__(self, start: Callable[..., Program], directory: Path) -> None:
        self._run = start
        self._directory = directory
        self._connections = ExitStack()
        self.discovery = free_udp_port()
        start(etcd_command("etcd", _ETCD, directory / "etcd", {"etcd": _ETCD}))
        make_cluster(start, f"etcd://{_ETCD}")
        self.library, self.gym = self.add_node("library", 1), self.add_node("gym", 2)

    def add_node(self, name: str, number: int) -> Node:
        """Start another node, on the loopback address with that number."""
        store = self._directory / f"{name}.sqlite"
        return Node(self._run, name, number, self.discovery, store)

    def start_client(self, nickname: str, *words: str) -> Program:
        """chatd's client on a pipe, which finds a node by itself unless `words` name one."""
        where = words or ("--server", "campus", "--discovery-port", str(self.discovery))
        client = self._run(
            [*CHATD, "client", *where, "--ifaddrs", f"{loopback(20)}/8", "--nickname", nickname]
        )
        client.expect_stderr(f"as {nickname}")
        return client

    def list_servers(self) -> Program:
        """``chatd servers``."""
        where = ("--discovery-port", str(self.discovery), "--ifaddrs", f"{loopback(20)}/8")
        return self._run([*CHATD, "servers", *where])

    def add_member(self, node: Node, nickname: str) -> Member:
        """Another member, at that node."""
        member = Member(socket.create_connection((node.host, node.port), TIMEOUT_SECONDS))
        self._connections.callback(member.close)
        member.send("hello", {"nickname": nickname, "version": 1})
        member.receive("welcome")
        return member

    def node_of(self, client: Program) -> tuple[Node, Node]:
        """The node that a client has connected to at first, and the other one."""
        is_at_library = any(f"{self.library.host}:" in line for line in client.stderr)
        nodes = (self.library, self.gym)
        return nodes if is_at_library else (nodes[1], nodes[0])

    def close(self) -> None:
        """Close the connections of members."""
        self._connections.close()


@contextmanager
def loopback_cluster(directory: Path) -> Iterator[LoopbackCluster]:
    """A cluster that is there. Its programs are ended, also when the test fails."""
    require_etcd()
    with programs() as start:
        cluster = LoopbackCluster(start, directory)
        try:
            yield cluster
        finally:
            cluster.close()
