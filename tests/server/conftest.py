"""The harness of most tests of the server."""

from collections.abc import Iterator

import pytest

from tests.server.harness import Harness
from tests.server.users import Dialects, Pair


@pytest.fixture
def harness() -> Iterator[Harness]:
    """A server with the default settings."""
    with Harness() as harness:
        yield harness


@pytest.fixture
def pair(dialects: Dialects) -> Iterator[Pair]:
    """Ice and moon in the lobby of such a server, with these dialects."""
    with Pair(*dialects) as pair:
        yield pair
