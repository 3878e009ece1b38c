"""The fixtures of the log's tests."""

import pytest

from chatd.chat.commands import Enter
from chatd.log.operations import Handle, ReserveSlot
from tests.log.kept_server import Server
from tests.log.memory_engine import MemoryEngine


@pytest.fixture
def engine() -> MemoryEngine:
    return MemoryEngine()


@pytest.fixture
def server(engine: MemoryEngine) -> Server:
    """One with two members, ice (1) and moon (2)."""
    server = Server(engine)
    server.open()
    server.do(ReserveSlot("10.0.0.1:1"), ReserveSlot("10.0.0.1:2"))
    server.do(Handle(1, Enter("ice")), Handle(2, Enter("moon")))
    server.told.clear()
    return server
