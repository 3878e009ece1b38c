"""The harness that most tests of the server are in."""

from collections.abc import Iterator

import pytest

from tests.server.harness import Harness
from tests.server.users import Dialects, Pair


@pytest.fixture
def harness() -> Iterator[Harness]:
    """A server with the default settings, from which everybody goes in the end."""
    with Harness() as harness:
        yield harness


@pytest.fixture
def pair(dialects: Dialects) -> Iterator[Pair]:
    """Ice and moon in the lobby of such a server, speaking these dialects."""
    with Pair(*dialects) as pair:
        yield pair
