"""``chatd bundle``: fetch chatd and all that it needs, for others who have no Internet."""

import io
import re
import runpy
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Final

from twisted.python import usage
from typing_extensions import override

from chatd.stderr import write_line
from chatd.taps.options import OneLineOptions
from chatd.taps.own_wheel import NotInstalled, build_wheel
from chatd.taps.program import write_stdout
from chatd.wire.rendering import escape
from chatd.wire.table import table


@dataclass(frozen=True, slots=True)
class Platform:
    """Computers on which the same wheels can be installed.

    :ivar name: for people.
    :ivar tags: for pip.
    """

    name: str
    tags: tuple[str, ...]


def _linux(machine: str) -> tuple[str, ...]:
    """The tags of wheels for Linux with glibc 2.28 (of 2018) or later (PEP 600)."""
    versions = ("_2_28", "_2_17", "2014", "_2_12", "2010", "_2_5", "1")
    return tuple(f"manylinux{version}_{machine}" for version in versions)


#: What ``--platform`` takes, besides pip's own tags.
PLATFORMS: Final = {
    "linux": Platform("Linux", _linux("x86_64")),
    "linux-arm": Platform("Linux on ARM", _linux("aarch64")),
    "alpine": Platform("Alpine Linux", ("musllinux_1_2_x86_64", "musllinux_1_1_x86_64")),
    "macos": Platform("macOS", ("macosx_14_0_arm64",)),
    "macos-intel": Platform("macOS on Intel", ("macosx_14_0_x86_64",)),
    "windows": Platform("Windows", ("win_amd64",)),
    "windows-arm": Platform("Windows on ARM", ("win_arm64",)),
}

#: Without ``--platform``: most computers that people bring along.
_DEFAULT_PLATFORMS: Final = ("linux", "linux-arm", "macos", "macos-intel", "windows")

#: Without ``--python``: these, and the one that runs.
_DEFAULT_PYTHONS: Final = ("3.11", "3.12", "3.13")

#: A tag as pip takes it, such as ``manylinux_2_28_ppc64le``.
_TAG: Final = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+", re.ASCII)
_PYTHON: Final = re.compile(r"3\.(1[1-9]|[2-9][0-9])", re.ASCII)

#: What pip prints of a network that it cannot use.
_NO_NETWORK: Final = re.compile(
    "NewConnectionError|NameResolutionError|Max retries|Connect[a-zA-Z]*Time|ReadTimeout|"
    "ConnectionError|ProxyError|Failed to establish|connection broken"
)
_NO_WHEEL: Final = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)")
_INTERRUPTED: Final = "Operation cancelled by user"

_FLAGS: Final = (
    *("--only-binary=:all:", "--no-input", "--no-color", "--progress-bar=off"),
    *("--disable-pip-version-check", "--retries=1"),
)


class BundleError(Exception):
    """Something could not be fetched. Its text is a sentence."""


class NoNetwork(BundleError):
    """The package index cannot be reached."""


class Options(OneLineOptions):
    """The options of ``chatd bundle``.

    :ivar folder: where the wheels go.
    :ivar platforms: the keys of `PLATFORMS`, or tags of pip, in the order given.
    :ivar pythons: versions of Python, such as ``3.12``.
    """

    command = "chatd bundle"
    synopsis = "[options] DIR"
    longdesc = (
        "Fetch chatd and all that it needs into DIR, while there is Internet, for others who will "
        "have none. Some packages are compiled: each platform and each version of Python needs "
        "its own. Serve DIR to others with chatd server --web 8080 --dist DIR, or chatd host "
        f"--dist DIR. Platforms: {', '.join(PLATFORMS)}, or a tag of pip such as "
        "manylinux_2_28_ppc64le."
    )

    #: For completion in shells.
    platform_values: ClassVar = tuple(PLATFORMS)
    python_values: ClassVar = _DEFAULT_PYTHONS

    def __init__(self) -> None:
        super().__init__()
        self.platforms: list[str] = []
        self.pythons: list[str] = []

    def opt_platform(self, value: str) -> None:  # noqa: D102  # its docstring is the --help below
        self.platforms += _names(value)

    opt_platform.__doc__ = (
        "whose computers to fetch for; several with commas. "
        f"[default: {','.join(_DEFAULT_PLATFORMS)}]"
    )

    def opt_python(self, value: str) -> None:  # noqa: D102  # its docstring is the --help below
        self.pythons += _names(value)

    opt_python.__doc__ = (
        "for which versions of Python; several with commas. "
        f"[default: {','.join(_DEFAULT_PYTHONS)} and this one]"
    )

    @override
    def parseArgs(self, *words: str) -> None:
        if len(words) != 1 or not words[0]:
            raise usage.UsageError(
                "name one DIR; several platforms have commas between; see --help"
            )
        self.folder = Path(words[0])

    @override
    def postOptions(self) -> None:
        for name in self.platforms:
            if name not in PLATFORMS and not _TAG.fullmatch(name):
                raise usage.UsageError(
                    f"--platform: {name!r} is none of: {', '.join(PLATFORMS)}, nor a tag of pip"
                )
        for version in self.pythons:
            if not _PYTHON.fullmatch(version):
                raise usage.UsageError(
                    f"--python: {version!r} is not a version that chatd runs on, such as 3.12"
                )
        this = f"{sys.version_info.major}.{sys.version_info.minor}"
        self.platforms = list(dict.fromkeys(self.platforms or _DEFAULT_PLATFORMS))
        self.pythons = list(dict.fromkeys(self.pythons or (*_DEFAULT_PYTHONS, this)))


def _names(value: str) -> list[str]:
    return [part.strip().lower() for part in value.split(",")]


def run(options: Options) -> int:
    """Fetch everything, and return the exit status."""
    folder = options.folder
    if find_spec("pip") is None:
        return _failed(
            "pip fetches the packages, and this Python has none: python3 -m ensurepip, or install "
            "the system's package python3-pip"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wheel = build_wheel(folder)
        failures = _fetch_all(options, wheel)
    except (BundleError, NotInstalled) as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"{str(folder)!r} cannot be written: {error.strerror}")
    if len(failures) < len(options.platforms) * len(options.pythons):
        write_stdout(_summary(folder))
    for failure in failures:
        _failed(failure)
    return 1 if failures else 0


def _failed(sentence: str) -> int:
    write_line(f"{Options.command}: {escape(sentence)}")
    return 1


def _fetch_all(options: Options, wheel: Path) -> list[str]:
    """Fetch for each platform and version; the sentences of what there is not."""
    failures = []
    for key in options.platforms:
        platform = PLATFORMS.get(key) or Platform(key, (key,))
        write_line(f"Fetching for {platform.name}, Python {', '.join(options.pythons)} …")
        for python in options.pythons:
            try:
                _fetch(options.folder, wheel, platform, python)
            except NoNetwork:
                raise
            except BundleError as error:
                failures.append(f"{platform.name}, Python {python}: {error}")
    return failures


def _fetch(folder: Path, wheel: Path, platform: Platform, python: str) -> None:
    """Have pip fetch the dependencies of `wheel`.

    :raises BundleError: if it cannot.
    """
    tags = (f"--platform={tag}" for tag in platform.tags)
    version = (f"--python-version={python}", "--implementation=cp")
    status, said = run_pip(
        ["download", *_FLAGS, *version, *tags, f"--dest={folder}", str(wheel.resolve())]
    )
    if not status:
        return
    if _INTERRUPTED in said:
        raise KeyboardInterrupt
    if _NO_NETWORK.search(said):
        raise NoNetwork(
            "the package index cannot be reached; run this where there is Internet, and take DIR "
            "along"
        )
    if missing := _NO_WHEEL.search(said):
        raise BundleError(f"there is no wheel of {missing[1]}")
    errors = [line for line in said.splitlines() if line.startswith("ERROR: ")] or ["pip failed"]
    raise BundleError(errors[-1].removeprefix("ERROR: "))


def run_pip(arguments: Sequence[str]) -> tuple[int, str]:
    """Run pip in this process, which does nothing else; its status, and what it has printed."""
    said = io.StringIO()
    status: object = 0
    before, sys.argv = sys.argv, ["pip", *arguments]
    try:
        with redirect_stdout(said), redirect_stderr(said):
            runpy.run_module("pip", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        status = ended.code
    finally:
        sys.argv = before
    return (status if isinstance(status, int) else int(status is not None)), said.getvalue()


def _summary(folder: Path) -> str:
    """A report of the files in `folder`, and of the next step."""
    wheels = [(path.name.split("-"), path.stat().st_size) for path in sorted(folder.glob("*.whl"))]
    files = Counter((name, version) for (name, version, *_), _ in wheels)
    sizes: Counter[tuple[str, str]] = Counter()
    for (name, version, *_), size in wheels:
        sizes[name, version] += size
    rows = [["PACKAGE", "VERSION", "FILES", "SIZE"]]
    rows += [[*key, str(count), _format_size(sizes[key])] for key, count in sorted(files.items())]
    return table(rows) + "\n".join(["", *_next_steps(folder, len(wheels), sizes.total()), ""])


def _next_steps(folder: Path, count: int, size: int) -> Iterator[str]:
    quoted = shlex.quote(str(folder))
    packages = f"{count} package{'' if count == 1 else 's'}"
    yield f"{escape(str(folder))} has {packages}, {_format_size(size)}."
    yield f"Serve them:       chatd server --web 8080 --dist {quoted}"
    yield 'Others find them on the page, under "Get chatd".'
    yield f"From a USB stick: pip install --no-index --find-links {quoted} chatd"


def _format_size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} kB"
