"""Fixtures: a network with a host for the server, and hosts for its clients."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.faults.chat_programs import LAB, OFFICE, SERVER_IP
from tests.e2e.namespaces import Host, Network, create_network


@pytest.fixture
def network() -> Iterator[Network]:
    with create_network([OFFICE, LAB]) as network:
        yield network


@pytest.fixture
def server_host(network: Network) -> Host:
    return network.add_host("server", {OFFICE: f"{SERVER_IP}/24"})


@pytest.fixture
def host(network: Network) -> Callable[[int], Host]:
    """A function that adds a host with this number to the office's subnet."""
    return lambda number: network.add_host(f"host{number}", {OFFICE: f"10.35.11.{number}/24"})
