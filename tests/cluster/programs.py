"""The programs of a cluster: servers of etcd, and nodes of chatd."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Final

import pytest

from tests.e2e.programs import CHATD, Program
from tests.timeouts import TIMEOUT_SECONDS

CLIENT_PORT: Final = 2_379
PEER_PORT: Final = 2_380


def require_etcd() -> None:
    """Skip the test if there is no etcd, or fail it if ``CHATD_REQUIRE_ETCD`` is set."""
    if shutil.which("etcd") is None:
        reason = "this test needs etcd: apt install etcd-server etcd-client"
        if os.environ.get("CHATD_REQUIRE_ETCD"):
            pytest.fail(reason)
        pytest.skip(reason)


def etcd_command(name: str, address: str, directory: Path, members: Mapping[str, str]) -> list[str]:
    """The command of the server `name` of an etcd whose servers have these addresses.

    It says nothing but errors.
    """
    peers = {each: f"http://{host}:{PEER_PORT}" for each, host in members.items()}
    return etcd_command_with_urls(
        *(name, directory, f"http://{address}:{CLIENT_PORT}", peers),
        *("--auto-compaction-mode", "revision", "--auto-compaction-retention", "100000"),
        *("--log-level", "error"),
    )


def etcd_command_with_urls(
    name: str, directory: Path, client_url: str, peers: Mapping[str, str], *options: str
) -> list[str]:
    """The command of the server `name` of an etcd whose servers have these URLs for each other."""
    return [
        *("etcd", "--name", name, "--data-dir", str(directory)),
        *("--listen-client-urls", client_url, "--advertise-client-urls", client_url),
        *("--listen-peer-urls", peers[name], "--initial-advertise-peer-urls", peers[name]),
        *("--initial-cluster", ",".join(f"{each}={url}" for each, url in peers.items())),
        *("--pre-vote", *options),
    ]


def etcd_address(hosts: Sequence[str]) -> str:
    """The value of ``--cluster``."""
    return f"etcd://{','.join(hosts)}"


def make_cluster(start: Callable[[Sequence[str]], Program], cluster: str) -> None:
    """Make the log of the cluster campus, as soon as etcd is ready.

    :raises AssertionError: if it cannot be made.
    """
    command = [*CHATD, "cluster", "init", "--cluster", cluster, "--id", "campus"]
    end = monotonic() + TIMEOUT_SECONDS
    while (made := start(command)).wait():
        assert monotonic() < end, made.stderr
        made.close()
    made.close()


def node_command(name: str, cluster: str, *options: str) -> list[str]:
    """The command of a node of the cluster campus."""
    return [
        *CHATD,
        *("server", "--id", "campus", "--cluster", cluster, "--node", name),
        *options,
    ]
