"""What the operating system knows: cores, memory, who listens, and what the machine is."""

import os
import platform
import resource
import socket
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

KIB: Final = 1_024
#: The state of a listening socket in /proc/net/tcp.
LISTENING: Final = "0A"
#: What a process needs beside its connections.
OTHER_FILES: Final = 100


class CannotMeasureError(Exception):
    """This machine lacks something; the text says what."""


class Cores(msgspec.Struct, frozen=True):
    """Where things run."""

    server: int
    load: int


def cores() -> Cores:
    """One core for the server, another one for the load generator and this program."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise CannotMeasureError("two cores are needed: one for the server, one for the load")
    return Cores(server=allowed[-1], load=allowed[0])


def raise_file_limit() -> int:
    """Allow as many open files as this user may have, and return how many members that makes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard - OTHER_FILES


def resident_bytes(pid: int) -> int:
    """The memory of a process that is in RAM."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * KIB
    raise CannotMeasureError(f"/proc/{pid}/smaps_rollup names no Rss")


def process_seconds(pid: int) -> float:
    """The CPU time of a process and its threads (usage.c does the same, closer to the load)."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def listens(address: str, port: int) -> bool:
    """Whether somebody listens there; nothing is connected to find out."""
    place = f"{int.from_bytes(socket.inet_aton(address), 'little'):08X}:{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()
    return any(line.split()[1] == place and line.split()[3] == LISTENING for line in lines[1:])


def free_port(address: str, kind: socket.SocketKind) -> int:
    """A port that nobody has at this moment."""
    with socket.socket(socket.AF_INET, kind) as trial:
        trial.bind((address, 0))
        port: int = trial.getsockname()[1]
        return port


def machine() -> dict[str, str]:
    """What this was measured on."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **{name: _package(name) for name in ("chatd", "Twisted", "msgspec")},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
