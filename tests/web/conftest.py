"""The hall that most tests of the web page are in."""

from collections.abc import Iterator

import pytest

from tests.web.visitors import PageHall


@pytest.fixture
def hall() -> Iterator[PageHall]:
    """A server with the default settings, from which everybody goes in the end."""
    with PageHall() as hall:
        yield hall
