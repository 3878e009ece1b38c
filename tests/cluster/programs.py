"""What starts the programs of a cluster: servers of etcd, and nodes of chatd."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.programs import CHATD

CLIENT_PORT: Final = 2_379
PEER_PORT: Final = 2_380


def require_etcd() -> None:
    """Skip the test if there is no etcd, or fail it if ``CHATD_REQUIRE_ETCD`` is set."""
    if shutil.which("etcd") is None:
        reason = "this test needs etcd: apt install etcd-server etcd-client"
        if os.environ.get("CHATD_REQUIRE_ETCD"):
            pytest.fail(reason)
        pytest.skip(reason)


def etcd_command(
    name: str, address: str, directory: Path, members: Mapping[str, str], *options: str
) -> list[str]:
    """What starts the server `name` of an etcd whose servers have these addresses."""
    urls = {each: f"http://{host}:{PEER_PORT}" for each, host in members.items()}
    client_url = f"http://{address}:{CLIENT_PORT}"
    return [
        *("etcd", "--name", name, "--data-dir", str(directory)),
        *("--listen-client-urls", client_url, "--advertise-client-urls", client_url),
        *("--listen-peer-urls", urls[name], "--initial-advertise-peer-urls", urls[name]),
        *("--initial-cluster", ",".join(f"{each}={url}" for each, url in urls.items())),
        *("--initial-cluster-token", "chatd", "--initial-cluster-state", "new"),
        *("--pre-vote", "--auto-compaction-mode", "revision"),
        *("--auto-compaction-retention", "100000", "--log-level", "error"),
        *options,
    ]


def etcd_address(hosts: Sequence[str]) -> str:
    """What ``--cluster`` is given."""
    return f"etcd://{','.join(hosts)}"


def node_command(name: str, cluster: str, *options: str) -> list[str]:
    """What starts a node of the cluster campus."""
    return [
        *CHATD,
        *("server", "--id", "campus", "--cluster", cluster, "--node", name),
        *options,
    ]
