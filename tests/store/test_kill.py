"""A server that is killed with SIGKILL loses nothing that it has confirmed."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest_twisted

from tests.store.files import MakeEngine

ROOT = Path(__file__).parent.parent.parent
together: Callable[..., Any] = pytest_twisted.ensureDeferred


def kill_after(path: Path, lines: int) -> int:
    """Let a process append, kill it after so many confirmations, and return the last of them."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.appending", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        for _ in range(lines):
            assert process.stdout.readline(), "the process ended by itself"
        process.kill()
        rest = process.stdout.read().rpartition("\n")[0].splitlines()
    return int(rest[-1]) if rest else 0


@together
async def test_nothing_that_was_confirmed_is_lost_and_messages_come_with_their_entries(
    path: Path, make_engine: MakeEngine
) -> None:
    for lines in (1, 49, 51, 120, 333):
        confirmed = kill_after(path, lines)
        engine = make_engine()
        await engine.open()
        snapshot = await engine.load()
        last = snapshot.position if snapshot else 0
        while entries := await engine.read(last):
            last = entries[-1].position
        assert last >= confirmed
        newest = await engine.archive.last("#lobby", 1_000)
        assert [each.seq for each in newest] == list(range(max(1, last - 999), last + 1))
        await engine.close()
