"""The fixtures of the tests of the store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from chatd.store.engine import SQLiteEngine
from tests.small_disk import mounted_disk
from tests.store.files import MakeEngine, engine_at


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


@pytest.fixture
def make_engine(path: Path) -> Iterator[MakeEngine]:
    engines: list[SQLiteEngine] = []

    def make(at: Path = path, **options: Any) -> SQLiteEngine:
        engine = engine_at(at, **options)
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        pytest_twisted.blockon(engine.close())


@pytest.fixture
def engine(make_engine: MakeEngine) -> SQLiteEngine:
    """An open one."""
    engine = make_engine()
    pytest_twisted.blockon(engine.open())
    return engine


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted_disk(tmp_path / "disk", "600k") as directory:
        yield directory
