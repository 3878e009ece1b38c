"""Faults of the hosts of a cluster, one at a time."""

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
    kind = random.choice(
        (kill_node, end_node, stop_node, kill_etcd, stop_etcd, cut_off, kill_all_etcd)
    )
    return kind(cluster, host, random.uniform(*_LASTS))


def kill_leader(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    """Kill the leader of etcd, wherever it is."""
    return kill_etcd(cluster, cluster.leader(), seconds)


def kill_node(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    """Kill the node of a host."""
    cluster.kill_node(host)
    return Fault(f"node {host} killed", seconds, lambda: cluster.start_node(host))


def end_node(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    """Have the node of a host end in order."""
    cluster.nodes[host].send_signal(signal.SIGTERM)
    cluster.nodes[host].wait()
    return Fault(f"node {host} ended", seconds, lambda: cluster.start_node(host))


def stop_node(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    """Have the node of a host stand still."""
    node = cluster.nodes[host]
    node.send_signal(signal.SIGSTOP)
    return Fault(f"node {host} stopped", seconds, lambda: node.send_signal(signal.SIGCONT))


def kill_etcd(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    """Kill the server of etcd on a host."""
    cluster.kill_etcd(host)
    return Fault(f"etcd {host} killed", seconds, lambda: cluster.start_etcd(host))


def stop_etcd(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    """Have the server of etcd on a host stand still."""
    server = cluster.etcd[host]
    server.send_signal(signal.SIGSTOP)
    return Fault(f"etcd {host} stopped", seconds, lambda: server.send_signal(signal.SIGCONT))


def cut_off(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    """Take the cable of a host out at the switch."""
    cluster.hosts[host].detach()
    return Fault(f"host {host} cut off", seconds, cluster.hosts[host].attach)


def kill_all_etcd(cluster: ClusterHosts, host: str, seconds: float) -> Fault:
    """Kill all servers of etcd."""
    for each in NODES:
        cluster.kill_etcd(each)

    def mend() -> None:
        for each in NODES:
            cluster.start_etcd(each)

    return Fault("all of etcd killed", min(seconds, 5.0), mend)
