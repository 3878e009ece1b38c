"""The hall that most tests of the server are in."""

from collections.abc import Iterator

import pytest

from tests.server.hall import Hall


@pytest.fixture
def hall() -> Iterator[Hall]:
    """A server with the default settings, from which everybody goes in the end."""
    with Hall() as hall:
        yield hall
