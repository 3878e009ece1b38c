"""Twisted's own tests, run over eager connections by ``trial_eagerly``."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

#: Why a test of Twisted's may be left out: it is for a reactor that needs GLib.
MAY_BE_LEFT_OUT = {"No module named 'gi'"}

#: After so many seconds a test has got stuck.
PATIENCE = 100


def passes_eagerly(module: str, directory: Path) -> None:
    """All tests of `module` pass over eager connections, and none is left out without need."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.server.trial_eagerly", module, directory / "trial"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert not result["failed"], "\n".join(result["failed"])
    assert not result["unexpected"]
    assert set(result["left out"]) <= MAY_BE_LEFT_OUT
    assert result["passed"]
    assert result["sent at once"], "nothing was written eagerly, so nothing was tested"
