"""Compile the programs in C."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
BUILD: Final = HERE / "build"

SOURCES: Final = {
    "load": ("load.c", "members.c", "plan.c", "usage.c", "fail.c"),
    "relay": ("relay.c",),
}
FLAGS: Final = ("-O3", "-Wall", "-Wextra")


class CompileError(Exception):
    """There is no compiler, or it fails; the text is its output."""


def build() -> None:
    """Compile each program of `SOURCES` into `BUILD`, unless it is newer than all sources."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise CompileError("there is no C compiler; on Debian: apt install gcc libc6-dev")
    BUILD.mkdir(exist_ok=True)
    newest = max(path.stat().st_mtime for path in HERE.glob("*.[ch]"))
    for name, sources in SOURCES.items():
        program = BUILD / name
        if program.exists() and program.stat().st_mtime > newest:
            continue
        result = subprocess.run(
            [compiler, *FLAGS, "-o", program, *sources],
            cwd=HERE,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise CompileError(f"{name} does not compile:\n{result.stderr}")
