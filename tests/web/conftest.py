"""The server of most tests here."""

from collections.abc import Iterator

import pytest

from tests.web.http_clients import WebHarness


@pytest.fixture
def harness() -> Iterator[WebHarness]:
    """A server with a web port and the default settings."""
    with WebHarness() as harness:
        yield harness
