"""The wheel of the chatd that runs: made again from its installed files.

So it is there for whoever has installed chatd with pip, and in a checkout that pip has installed
with ``--editable``: its modules are those that run, and its metadata those of the installation. The
format is that of the "Binary distribution format" of the Python Packaging User Guide.
"""

import base64
import hashlib
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

import chatd

#: The files of an installation that are part of the wheel.
_METADATA: Final = ("METADATA", "WHEEL", "entry_points.txt")

#: Where the sources are, if chatd runs from them.
_CHECKOUT: Final = Path(chatd.__file__).parent.parent

#: Wheels with the same content are the same, whenever they are made: the earliest time of a ZIP.
_TIME: Final = (1980, 1, 1, 0, 0, 0)

_READABLE: Final = 0o644 << 16


class NotInstalled(Exception):
    """There is no installation whose wheel could be made. Its text is a sentence."""


def build_wheel(folder: Path) -> Path:
    """Write the wheel into `folder`, in place of those of other versions; return its path.

    :raises NotInstalled: if chatd was not installed, or is another version than is installed.
    :raises OSError: if the folder cannot be written.
    """
    try:
        installed = metadata.distribution("chatd")
    except metadata.PackageNotFoundError:
        raise NotInstalled(
            "chatd is not installed for this Python; in its folder, run: pip install --editable ."
        ) from None
    if installed.version != chatd.__version__:
        raise NotInstalled(
            f"this is chatd {chatd.__version__}, but version {installed.version} is installed; "
            "in its folder, run: pip install --editable ."
        )
    for other in folder.glob("chatd-*.whl"):
        other.unlink()
    path = folder / f"chatd-{installed.version}-py3-none-any.whl"
    partial = path.with_suffix(".part")
    _write(partial, f"chatd-{installed.version}", installed)
    partial.replace(path)
    return path


def _write(path: Path, name: str, installed: metadata.Distribution) -> None:
    record = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:

        def add(member: str, content: bytes) -> None:
            information = zipfile.ZipInfo(member, _TIME)
            information.compress_type = zipfile.ZIP_DEFLATED
            information.external_attr = _READABLE
            wheel.writestr(information, content)

        for member, content in (*_modules(), *_manual(name), *_metadata(name, installed)):
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            record.append(f"{member},sha256={digest.decode()},{len(content)}\n")
            add(member, content)
        own = f"{name}.dist-info/RECORD"
        add(own, "".join([*record, f"{own},,\n"]).encode())


def _modules() -> Iterator[tuple[str, bytes]]:
    package = Path(chatd.__file__).parent
    plugins = package.parent / "twisted" / "plugins"
    for path in sorted([*package.rglob("*"), *plugins.glob("chatd_*.py")]):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
            yield path.relative_to(package.parent).as_posix(), path.read_bytes()


def _manual(name: str) -> Iterator[tuple[str, bytes]]:
    """The manual pages: in a checkout, or where pip has installed them."""
    checkout = _CHECKOUT / "docs" / "man"
    folder = checkout if checkout.is_dir() else Path(sys.prefix) / "share" / "man" / "man1"
    for path in sorted(folder.glob("chatd*.1")):
        yield f"{name}.data/data/share/man/man1/{path.name}", path.read_bytes()


def _metadata(name: str, installed: metadata.Distribution) -> Iterator[tuple[str, bytes]]:
    for file in installed.files or ():
        parts = file.parts
        is_own = len(parts) > 1 and parts[0].endswith(".dist-info")
        if is_own and ("/".join(parts[1:]) in _METADATA or parts[1] == "licenses"):
            content = Path(str(installed.locate_file(file))).read_bytes()
            if parts[1:] == ("METADATA",):
                content = with_current_dependencies(content, _CHECKOUT / "pyproject.toml")
            yield "/".join([f"{name}.dist-info", *parts[1:]]), content


def with_current_dependencies(content: bytes, project: Path) -> bytes:
    """METADATA with the dependencies that the file `project` names, if it is there.

    A checkout may have others by now than it had when pip installed it.
    """
    try:
        wanted = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    except (OSError, KeyError, ValueError):
        return content
    head, blank, text = content.decode().partition("\n\n")
    kept = [
        line
        for line in head.split("\n")
        if not line.startswith("Requires-Dist:") or "extra ==" in line
    ]
    return (
        "\n".join([*kept, *(f"Requires-Dist: {each}" for each in wanted)]).encode()
        + (blank + text).encode()
    )
