"""The fixture of the tests of log files."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.logfile.fixtures import Log, MakeLog


@pytest.fixture
def make_log(tmp_path: Path) -> Iterator[MakeLog]:
    with ExitStack() as stack:

        def make(value: str | None = None, directory: Path = tmp_path, **options: Any) -> Log:
            log = Log(directory, value, **options)
            stack.callback(lambda: log.file.close())
            return log

        yield make
