"""A disk that is soon full; only root can mount one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted_disk(directory: Path, size: str) -> Iterator[Path]:
    """A new disk of that size at `directory`; skips the test, or fails it, where that cannot be."""
    directory.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", directory], capture_output=True
    )
    if mounted.returncode:
        if os.environ.get("CHATD_REQUIRE_NAMESPACES") == "1":
            pytest.fail("this test needs root, to mount a small file system")
        pytest.skip("only root can mount a small file system")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)
