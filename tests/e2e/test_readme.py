"""What the README shows is what happens."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = re.compile(
    r"^    \$ (?P<command>.*\| make run .*)\n(?P<output>(?:    .*\n)+)", re.MULTILINE
)


def spoken_by(lines: list[str], tag: str) -> list[str]:
    """The lines with `tag`, without their times of day; those of one client are in order."""
    return [
        re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME", line) for line in lines if line.startswith(tag)
    ]


@pytest.mark.smoke
def test_the_example_on_a_pipe_prints_the_output_in_the_readme() -> None:
    example = EXAMPLE.search((ROOT / "README.rst").read_text())
    assert example is not None
    done = subprocess.run(
        ["sh", "-c", example["command"]], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    shown = [line.strip() for line in example["output"].splitlines()]
    printed = done.stdout.splitlines()
    assert len(printed) == len(shown)
    for tag in ("[guest-2]", "[Server]"):
        assert spoken_by(printed, tag) == spoken_by(shown, tag)
