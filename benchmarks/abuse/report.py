"""What was measured, with the command that measured it: shown, and kept."""

import platform
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final

from benchmarks.machine import description

_RESULTS: Final = Path(__file__).parent.parent / "results"


class Report(AbstractContextManager["Report"]):
    """Lines of text; written to ``benchmarks/results/NAME.txt`` if all went to its end."""

    def __init__(self, name: str, command: str) -> None:
        self._path = _RESULTS / f"{name}.txt"
        self._lines: list[str] = []
        here = description()
        self.say(f"$ {command}")
        self.say(
            f"{datetime.now(UTC):%Y-%m-%d}, {here['processor']}, {here['cores']} shared cores, "
            f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
            f"Twisted {here['Twisted']}"
        )

    def say(self, line: str) -> None:
        """Add a line."""
        print(line, flush=True)
        self._lines.append(line)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._path.write_text("\n".join(self._lines) + "\n")
