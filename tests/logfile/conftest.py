"""The desk that most tests of the rotation sit at."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.logfile.desk import Desk, MakeDesk


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[MakeDesk]:
    with ExitStack() as stack:

        def make(value: str | None = None, directory: Path = tmp_path, **options: Any) -> Desk:
            desk = Desk(directory, value, **options)
            stack.callback(lambda: desk.file.close())
            return desk

        yield make
