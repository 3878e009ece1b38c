"""The machine, as the operating system describes it: cores, memory, listening ports, model."""

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
#: Open files that a process needs besides its connections.
OTHER_FILES: Final = 100


class MachineError(Exception):
    """This machine cannot run the measurements; the text says why."""


class Cores(msgspec.Struct, frozen=True):
    """Which core runs the server, and which one the load generator and this program."""

    server: int
    load: int


def cores() -> Cores:
    """Two of the cores that this process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise MachineError("two cores are needed: one for the server, one for the load")
    return Cores(server=allowed[-1], load=allowed[0])


def raise_file_limit() -> int:
    """Raise the limit of open files as far as allowed; return how many members fit in it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard - OTHER_FILES


def resident_bytes(pid: int) -> int:
    """The resident memory of a process."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * KIB
    raise MachineError(f"/proc/{pid}/smaps_rollup has no Rss")


def process_seconds(pid: int) -> float:
    """The CPU time of a process and its threads, as usage.c reads it."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def is_listening(address: str, port: int) -> bool:
    """Whether a socket listens there, found out without connecting to it."""
    local = f"{int.from_bytes(socket.inet_aton(address), 'little'):08X}:{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()
    return any(line.split()[1] == local and line.split()[3] == LISTENING for line in lines[1:])


def free_port(address: str, kind: socket.SocketKind) -> int:
    """A port that is free at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def description() -> dict[str, str]:
    """The hardware and software that the results depend on."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **{name: _version_of(name) for name in ("chatd", "Twisted", "msgspec")},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
