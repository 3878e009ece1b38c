"""What may happen to the hosts of a cluster, one thing at a time."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.cluster.hosts import NODES, ClusterHosts

#: For how long a fault lasts, in seconds.
_LASTS: Final = (0.5, 15.0)


@dataclass(frozen=True)
class Fault:
    """One fault: what it is, for how long it lasts, and what mends it."""

    name: str
    seconds: float
    mend: Callable[[], None]


def strike(cluster: ClusterHosts, random: Random) -> Fault:
    """Have something happen to one host, or to all of etcd."""
    host = random.choice(list(NODES))
    kind = random.choice((_kill_node, _stop_node, _kill_etcd, _stop_etcd, _cut, _kill_all_etcd))
    return kind(cluster, host, random.uniform(*_LASTS))


def _kill_node(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    cluster.kill_node(host)
    return Fault(f"node {host} killed", seconds, lambda: cluster.start_node(host))


def _stop_node(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    node = cluster.nodes[host]
    node.send_signal(signal.SIGSTOP)
    return Fault(f"node {host} stopped", seconds, lambda: node.send_signal(signal.SIGCONT))


def _kill_etcd(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    cluster.kill_etcd(host)
    return Fault(f"etcd {host} killed", seconds, lambda: cluster.start_etcd(host))


def _stop_etcd(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    server = cluster.etcd[host]
    server.send_signal(signal.SIGSTOP)
    return Fault(f"etcd {host} stopped", seconds, lambda: server.send_signal(signal.SIGCONT))


def _cut(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    cluster.hosts[host].detach()
    return Fault(f"host {host} cut off", seconds, cluster.hosts[host].attach)


def _kill_all_etcd(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    for each in NODES:
        cluster.kill_etcd(each)

    def mend() -> None:
        for each in NODES:
            cluster.start_etcd(each)

    return Fault("all of etcd killed", min(seconds, 5.0), mend)
