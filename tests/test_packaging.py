"""chatd installs, from a wheel and editable; twistd finds its plugins from any folder."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLUGINS = ("chatserver", "chatclient")

#: The files of the page, and a script that lists those of an installed chatd.
PAGE = ROOT / "chatd" / "web" / "static"
LIST_THE_PAGE = """
from importlib.resources import files
print(*sorted(each.name for each in files("chatd.web").joinpath("static").iterdir()))
"""


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run `command` without this checkout on its path, and return its output."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def empty_environment(tmp_path: Path) -> Path:
    """The ``bin`` folder of a new virtual environment."""
    venv.create(tmp_path / "environment", with_pip=True, symlinks=True)
    return tmp_path / "environment" / "bin"


def test_the_wheel_has_both_plugins_the_command_and_the_whole_page(
    empty_environment: Path, tmp_path: Path
) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT)
    [wheel] = tmp_path.glob("chatd-*.whl")
    run(empty_environment / "python", "-m", "pip", "install", "--quiet", wheel)
    listed = run(empty_environment / "twistd", "--help", cwd=Path("/"))
    assert all(plugin in listed for plugin in PLUGINS)
    assert "launch" in run(empty_environment / "chatd", "--help", cwd=Path("/"))
    assert "launch" in run(empty_environment / "python", "-m", "chatd", "--help", cwd=Path("/"))
    installed = run(empty_environment / "python", "-c", LIST_THE_PAGE, cwd=Path("/"))
    assert installed.split() == sorted(each.name for each in PAGE.iterdir() if each.is_file())


def test_an_editable_install_has_both_plugins(empty_environment: Path) -> None:
    run(empty_environment / "python", "-m", "pip", "install", "--quiet", "--editable", ROOT)
    listed = run(empty_environment / "twistd", "--help", cwd=Path("/"))
    assert all(plugin in listed for plugin in PLUGINS)
