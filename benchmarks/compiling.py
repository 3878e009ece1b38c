"""Compile the programs in C, on the spot."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
BUILD: Final = HERE / "build"

SOURCES: Final = {
    "load": ("load.c", "crowd.c", "plan.c", "usage.c", "fail.c"),
    "relay": ("relay.c",),
}
FLAGS: Final = ("-O3", "-Wall", "-Wextra")


class CannotBuildError(Exception):
    """There is no compiler, or it refuses; the text says so."""


def build() -> None:
    """Make each program of `SOURCES` in `BUILD`, unless it is newer than what it is made of."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise CannotBuildError("there is no C compiler; on Debian: apt install gcc libc6-dev")
    BUILD.mkdir(exist_ok=True)
    newest = max(path.stat().st_mtime for path in HERE.glob("*.[ch]"))
    for name, sources in SOURCES.items():
        program = BUILD / name
        if program.exists() and program.stat().st_mtime > newest:
            continue
        made = subprocess.run(
            [compiler, *FLAGS, "-o", program, *sources],
            cwd=HERE,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise CannotBuildError(f"{name} does not compile:\n{made.stderr}")
