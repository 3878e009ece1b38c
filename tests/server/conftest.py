"""The hall that most tests of the server are in."""

from collections.abc import Iterator

import pytest

from tests.server.hall import Hall
from tests.server.meeting import Dialects, Pair


@pytest.fixture
def hall() -> Iterator[Hall]:
    """A server with the default settings, from which everybody goes in the end."""
    with Hall() as hall:
        yield hall


@pytest.fixture
def pair(dialects: Dialects) -> Iterator[Pair]:
    """Ice and moon in the lobby of such a server, speaking these dialects."""
    with Pair(*dialects) as pair:
        yield pair
