"""Which package may import which: the arrows of docs/explanation/architecture.rst."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "chatd"

#: For each package, the others that it may import; a module at the top counts as a package.
ARROWS = {
    "chat": set(),
    "rate_limit": set(),
    "background_writer": {"chat"},
    "stderr": {"background_writer"},
    "logs": {"background_writer", "stderr", "turn_log"},
    "logfile": {"stderr"},
    "tcp": {"chat"},
    "threads": set(),
    "file_lock": set(),
    "state_directory": set(),
    "turn_log": set(),
    "resolver": {"threads"},
    "log": {"chat"},
    "wire": {"chat"},
    "files": {"chat", "file_lock"},
    "store": {"chat", "log", "threads", "file_lock"},
    "etcd": {"chat", "log"},
    "tls": {"chat"},
    "discovery": {"chat", "wire", "rate_limit"},
    "doctor": {"chat", "wire", "discovery"},
    "accounts": {"chat", "rate_limit"},
    "server": {"chat", "log", "wire", "discovery", "files", "rate_limit", "tcp", "turn_log"},
    "client": {"chat", "wire", "files", "discovery", "tls", "tcp", "state_directory", "stderr"},
    "web": {"chat", "log", "wire", "files", "server", "rate_limit", "tcp"},
    "taps": {
        "chat",
        "wire",
        "log",
        "discovery",
        "doctor",
        "accounts",
        "files",
        "store",
        "etcd",
        "tls",
        "state_directory",
        "file_lock",
        "server",
        "client",
        "web",
        "background_writer",
        "logs",
        "logfile",
        "resolver",
        "stderr",
        "threads",
    },
    "cli": {"taps", "wire"},
    "__main__": {"cli"},
}

#: The packages that do no input or output, and the modules that they must not import. chat may use
#: msgspec's structs as frozen values, but encodes nothing.
PURE = {
    "chat": {"twisted", "json", "msgspec", "time", "datetime", "random", "asyncio", "socket"},
    "wire": {"twisted", "time", "random", "asyncio", "socket"},
}


#: What any package may use of msgspec: frozen values, the bounds of their fields, and the mark of a
#: field that is not there.
VALUES = {"msgspec.Struct", "msgspec.Meta", "msgspec.UNSET", "msgspec.UnsetType", "msgspec.field"}


def modules() -> Iterator[tuple[str, Path]]:
    """Each module of chatd, with its package."""
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


MODULES = [
    pytest.param(package, path, id=str(path.relative_to(ROOT))) for package, path in modules()
]


@pytest.mark.parametrize(("package", "path"), MODULES)
def test_imports_follow_the_arrows(package: str, path: Path) -> None:
    others = {name.split(".")[1] for name in imported(path) if name.startswith("chatd.")} - {
        package,
        "__version__",
    }
    assert others <= ARROWS.get(package, set()), f"{path.name} must not import these"


@pytest.mark.parametrize(("package", "path"), MODULES)
def test_pure_packages_do_no_input_or_output(package: str, path: Path) -> None:
    others = imported(path) - VALUES
    assert not {name.split(".")[0] for name in others} & PURE.get(package, set())


@pytest.mark.parametrize(("package", "path"), MODULES)
def test_only_the_composition_roots_know_the_global_reactor(package: str, path: Path) -> None:
    if package not in ("taps", "cli"):
        assert "twisted.internet.reactor" not in imported(path)


@pytest.mark.parametrize(("package", "path"), MODULES)
def test_no_file_is_too_long(package: str, path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 500


def test_the_plugin_folder_is_not_a_package() -> None:
    """An ``__init__.py`` there would hide Twisted itself."""
    assert not list((ROOT.parent / "twisted").rglob("__init__.py"))


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports inside a function and under TYPE_CHECKING count as well."""
    names = {
        ".".join(("chatd", *path.relative_to(ROOT).with_suffix("").parts)): path
        for _, path in modules()
    }
    remaining = {
        name: {
            other
            for found in imported(path)
            for other in (found, found.rpartition(".")[0])
            if other in names and other != name
        }
        for name, path in names.items()
    }
    # Take away what imports nothing that remains, until nothing can be taken away.
    while free := {name for name, others in remaining.items() if not others & remaining.keys()}:
        remaining = {name: others for name, others in remaining.items() if name not in free}
    assert not remaining, "these import each other, or a module that does"
