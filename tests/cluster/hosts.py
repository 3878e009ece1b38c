"""A cluster on hosts of its own: etcd and a node on each of three, and talkers on others."""

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final

from tests.cluster.programs import (
    etcd_address,
    etcd_command,
    make_cluster,
    node_command,
    require_etcd,
)
from tests.e2e.namespaces import Host, Network, create_network
from tests.e2e.programs import CHATD, Program
from tests.timeouts import TIMEOUT_SECONDS

OFFICE: Final = "10.35.11.0/24"
#: The hosts of the nodes, and their addresses.
NODES: Final = {"a": "10.35.11.1", "b": "10.35.11.2", "c": "10.35.11.3"}
WEB_PORT: Final = 8_080


class ClusterHosts:
    """Three hosts, each with a server of etcd and a node; the cluster is called campus.

    :ivar etcd: the servers of etcd, by the name of their hosts.
    :ivar nodes: the nodes that were started last.
    :ivar all_nodes: also those that were killed.
    """

    def __init__(self, network: Network, directory: Path) -> None:
        self._network = network
        self._directory = directory
        self.address = etcd_address(list(NODES.values()))
        self.hosts = {
            name: network.add_host(name, {OFFICE: f"{address}/24"})
            for name, address in NODES.items()
        }
        self._options: tuple[str, ...] = ()
        self.etcd: dict[str, Program] = {}
        self.nodes: dict[str, Program] = {}
        self.all_nodes: list[Program] = []

    def start(self, *options: str) -> None:
        """Start everything, and wait until all nodes are there.

        :param options: of the nodes.
        """
        self._options = options
        for name in NODES:
            self.start_etcd(name)
        make_cluster(lambda command: self.hosts["a"].start(*command), self.address)
        for name in NODES:
            self.start_node(name)
        for name in NODES:
            self.wait_for_node(name)

    def chatd(self, host: str, *words: str) -> Program:
        """Start a command of chatd on a host."""
        return self.hosts[host].start(*CHATD, *words)

    def start_etcd(self, name: str) -> None:
        """Start a server of etcd, perhaps with what it had before."""
        command = etcd_command(name, NODES[name], self._directory / f"etcd-{name}", NODES)
        self.etcd[name] = self.hosts[name].start(*command)

    def start_node(self, name: str) -> None:
        """Start a node, perhaps once more."""
        store = ("--store", str(self._directory / f"node-{name}.sqlite"))
        web = ("--web", str(WEB_PORT), "--accept-rate", "0")
        command = node_command(name, self.address, *store, *web, *self._options)
        self.nodes[name] = self.hosts[name].start(*command)
        self.all_nodes.append(self.nodes[name])

    def wait_for_node(self, name: str, within: float = TIMEOUT_SECONDS) -> None:
        """Wait until a node has begun."""
        self.nodes[name].expect_stderr("is the node", within=within)

    def kill_node(self, name: str) -> None:
        """Kill a node."""
        self.nodes[name].send_signal(signal.SIGKILL)
        self.nodes[name].wait()

    def kill_etcd(self, name: str) -> None:
        """Kill a server of etcd."""
        self.etcd[name].send_signal(signal.SIGKILL)
        self.etcd[name].wait()

    def leader(self) -> str:
        """The host of etcd's leader."""
        status = self.hosts["a"].start(
            *("etcdctl", "--endpoints", ",".join(f"{each}:2379" for each in NODES.values())),
            *("endpoint", "status", "-w", "json"),
        )
        assert status.wait() == 0, status.stderr
        states = json.loads("".join(status.stdout))
        for state in states:
            if state["Status"]["leader"] == state["Status"]["header"]["member_id"]:
                address = state["Endpoint"].partition(":")[0]
                return next(name for name, each in NODES.items() if each == address)
        raise AssertionError("etcd has no leader")

    def add_host(self, name: str, address: str) -> Host:
        """Add a host without any program."""
        return self._network.add_host(name, {OFFICE: f"{address}/24"})

    def add_talkers(self, hosts: int, each: int, seconds: float) -> list[tuple[Host, Program]]:
        """Clients that find the cluster by its id; those of each host are one program."""
        started = []
        for number in range(hosts):
            host = self.add_host(f"talkers{number}", f"10.35.11.{20 + number}")
            words = [each, number * each, seconds, "--server", "campus"]
            program = host.start(sys.executable, "-m", "tests.load.talkers", *map(str, words))
            started.append((host, program))
        return started

    def ended(self) -> list[str]:
        """The nodes that do not run any more, and their last lines."""
        return [
            f"node {name} has ended: {node.stderr[-3:]}"
            for name, node in self.nodes.items()
            if node.has_ended
        ]

    def tracebacks(self) -> list[str]:
        """Which nodes have logged a traceback."""
        return [
            f"node {name}: {line}"
            for name, node in self.nodes.items()
            for line in node.stderr
            if "Traceback" in line
        ]


@contextmanager
def cluster_hosts(directory: Path) -> Iterator[ClusterHosts]:
    """Hosts without any program yet."""
    require_etcd()
    with create_network([OFFICE]) as network:
        yield ClusterHosts(network, directory)


def read_api(host: Host, address: str, path: str) -> Any:
    """The answer of a node's HTTP API to another host."""
    code = (
        "import sys, urllib.request; "
        "sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())"
    )
    asked = host.start(sys.executable, "-c", code, f"http://{address}:{WEB_PORT}{path}")
    assert asked.wait() == 0, asked.stderr
    return json.loads("\n".join(asked.stdout))


def wait_until_caught_up(host: Host, address: str, within: float = TIMEOUT_SECONDS) -> None:
    """Wait until a node has read all that is in the log by now, as another host sees it."""
    end = monotonic() + within
    while (asked := host.start(sys.executable, "-m", "tests.cluster.caught_up", address)).wait():
        assert monotonic() < end, asked.stderr
        asked.close()
    asked.close()


def objects(program: Program, after: int = 0) -> list[dict[str, Any]]:
    """The reports of talkers."""
    return [json.loads(line) for line in program.stdout[after:]]


def all_online(programs: Sequence[Program], each: int, within: float = 60.0) -> None:
    """Wait until all talkers are online."""
    for program in programs:
        program.wait_until(
            lambda program=program: sum("online" in one for one in objects(program)) == each,  # type: ignore[misc]  # bound at once
            "all online",
            within,
        )
