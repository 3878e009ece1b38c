"""The built and installed package has both plugins, the command and the whole page."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import chatd

ROOT = Path(__file__).parent.parent
PLUGINS = ("chatserver", "chatclient")
PACKAGES = ("chatd", "twisted")


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """What `command` prints; nothing of this checkout is on its path."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build_wheel(directory: Path) -> Path:
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation")
    run(*build, "--outdir", directory, ROOT)
    [wheel] = directory.glob("chatd-*.whl")
    return wheel


def install(directory: Path, *words: str | Path) -> Path:
    """Make a virtual environment, install that into it, and return where its programs are."""
    venv.create(directory, symlinks=True)
    programs = directory / "bin"
    pip = (sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet")
    run(*pip, *words)
    return programs


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path)
    assert wheel.name.startswith(f"chatd-{chatd.__version__}-")
    files = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".cache")
    }
    with zipfile.ZipFile(wheel) as built:
        names = set(built.namelist())
    assert files <= names
    assert not [name for name in names if not name.startswith((*PACKAGES, "chatd-"))]


@pytest.mark.slow
def test_an_installed_wheel_has_both_plugins_and_the_command(tmp_path: Path) -> None:
    programs = install(tmp_path / "environment", build_wheel(tmp_path))
    listed = run(programs / "twistd", "--help", cwd=Path("/"))
    assert all(plugin in listed for plugin in PLUGINS)
    assert "launch" in run(programs / "chatd", "--help", cwd=Path("/"))
    assert "launch" in run(programs / "python", "-m", "chatd", "--help", cwd=Path("/"))


@pytest.mark.slow
def test_an_editable_install_has_both_plugins(tmp_path: Path) -> None:
    programs = install(tmp_path / "environment", "--editable", ROOT)
    listed = run(programs / "twistd", "--help", cwd=Path("/"))
    assert all(plugin in listed for plugin in PLUGINS)
