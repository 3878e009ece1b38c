"""The arrows of docs/explanation/architecture.rst: who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "chatd"

#: What each part may import of the others. A module at the top counts as a part of its own.
ARROWS = {
    "chat": set(),
    "rate_limit": set(),
    "stderr": set(),
    "logs": set(),
    "logfile": {"stderr"},
    "tcp": {"chat"},
    "wire": {"chat"},
    "discovery": {"chat", "wire"},
    "doctor": {"chat", "wire", "discovery"},
    "accounts": {"chat", "rate_limit"},
    "server": {"chat", "wire", "discovery", "rate_limit", "tcp"},
    "client": {"chat", "wire", "discovery", "tcp", "stderr"},
    "web": {"chat", "wire", "server", "rate_limit", "tcp"},
    "taps": {
        "chat",
        "wire",
        "discovery",
        "doctor",
        "accounts",
        "server",
        "client",
        "web",
        "logs",
        "logfile",
        "stderr",
    },
    "cli": {"taps"},
    "__main__": {"cli"},
}

#: The pure parts, and what else they must do without.
PURE = {
    "chat": {"twisted", "json", "msgspec", "time", "datetime", "random", "asyncio", "socket"},
    "wire": {"twisted", "time", "random", "asyncio", "socket"},
}


def modules() -> Iterator[tuple[str, Path]]:
    """Each module of chatd, and the part it belongs to."""
    for path in sorted(ROOT.rglob("*.py")):
        relative = path.relative_to(ROOT)
        yield (relative.parts[0] if len(relative.parts) > 1 else path.stem), path


def imported(path: Path) -> set[str]:
    """The full names of everything that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


MODULES = [pytest.param(part, path, id=str(path.relative_to(ROOT))) for part, path in modules()]


@pytest.mark.parametrize(("part", "path"), MODULES)
def test_imports_follow_the_arrows(part: str, path: Path) -> None:
    others = {name.split(".")[1] for name in imported(path) if name.startswith("chatd.")} - {
        part,
        "__version__",
    }
    assert others <= ARROWS.get(part, set()), f"{path.name} must not import these"


@pytest.mark.parametrize(("part", "path"), MODULES)
def test_pure_parts_do_no_input_or_output(part: str, path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & PURE.get(part, set())


@pytest.mark.parametrize(("part", "path"), MODULES)
def test_only_the_composition_roots_know_the_global_reactor(part: str, path: Path) -> None:
    if part not in ("taps", "cli"):
        assert "twisted.internet.reactor" not in imported(path)


@pytest.mark.parametrize(("part", "path"), MODULES)
def test_every_file_fits_in_one_reading(part: str, path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 500


def test_the_plugin_directory_is_no_package() -> None:
    """An ``__init__.py`` there would hide Twisted itself."""
    assert not list((ROOT.parent / "twisted").rglob("__init__.py"))
