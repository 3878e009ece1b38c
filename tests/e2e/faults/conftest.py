"""A network to break: a host for the server, and some for its clients."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.faults.people import LAB, OFFICE, SERVER
from tests.e2e.hosts import Host, Lan, lan


@pytest.fixture
def network() -> Iterator[Lan]:
    with lan([OFFICE, LAB]) as made:
        yield made


@pytest.fixture
def server_host(network: Lan) -> Host:
    return network.host("server", {OFFICE: f"{SERVER}/24"})


@pytest.fixture
def host(network: Lan) -> Callable[[int], Host]:
    """Makes a host with this number in the office."""
    return lambda number: network.host(f"host{number}", {OFFICE: f"10.35.11.{number}/24"})
