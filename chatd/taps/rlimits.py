"""The limit of open files (RLIMIT_NOFILE): each connection needs one."""

from contextlib import suppress
from typing import Final

from twisted.logger import Logger
from twisted.python import usage

from chatd.chat import limits

#: Files besides one for each slot: 256 for ports, the log, the reactor and connections that are
#: closing, and the connections that have no slot.
_EXTRA_FILES: Final = (
    256
    + limits.REJECTED_CONNECTIONS
    + limits.HTTP_CONNECTIONS
    + limits.UNREGISTERED_CONNECTIONS
    + limits.WATCHERS
)

_log: Final = Logger()


#: What a program needs before it has a connection: its libraries, reactor, ports and log.
_MIN_FILES: Final = 32


def check_open_file_limit() -> None:
    """Raise the soft limit of open files to what any program needs at all.

    :raises UsageError: if the hard limit is lower. The program would fail in the midst of something
        else.
    """
    allowed = _raise_limit(_MIN_FILES)
    if allowed is not None:
        raise usage.UsageError(
            f"this process may have only {allowed} open files, and needs {_MIN_FILES}: raise the "
            "limit (ulimit -n)"
        )


def raise_open_file_limit(slots: int) -> None:
    """Raise the soft limit of open files to what a server with `slots` needs.

    If the hard limit is lower, a warning is logged. A server that runs out of files keeps serving
    its members, and closes new connections at once.
    """
    needed = slots + _EXTRA_FILES
    allowed = _raise_limit(needed)
    if allowed is not None:
        _log.warn(
            "{slots} slots need {needed} open files, but this process may have only {allowed}: "
            "raise the limit (ulimit -n), or lower --slots",
            slots=slots,
            needed=needed,
            allowed=allowed,
        )


def _raise_limit(needed: int) -> int | None:
    """Raise the soft limit to `needed`; if that is not possible, return what it is now."""
    try:
        import resource
    except ImportError:  # only POSIX has this limit
        return None

    def is_enough(limit: int) -> bool:
        return limit == resource.RLIM_INFINITY or limit >= needed

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not is_enough(soft):
        new_soft = needed if is_enough(hard) else hard
        with suppress(ValueError, OSError):  # the system may have another limit, which is lower
            resource.setrlimit(resource.RLIMIT_NOFILE, (new_soft, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if is_enough(soft) else soft
