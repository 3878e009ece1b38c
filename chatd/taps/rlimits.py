"""The limit of open files (RLIMIT_NOFILE): each connection needs one."""

from contextlib import suppress
from typing import Final

from twisted.logger import Logger

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


def raise_open_file_limit(slots: int) -> None:
    """Raise the soft limit of open files to what a server with `slots` needs.

    If the hard limit is lower, a warning is logged. A server that runs out of files keeps serving
    its members, and closes new connections at once.
    """
    try:
        import resource
    except ImportError:  # only POSIX has this limit
        return

    def is_enough(limit: int) -> bool:
        return limit == resource.RLIM_INFINITY or limit >= needed

    needed = slots + _EXTRA_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not is_enough(soft):
        new_soft = needed if is_enough(hard) else hard
        with suppress(ValueError, OSError):  # the system may have another limit, which is lower
            resource.setrlimit(resource.RLIMIT_NOFILE, (new_soft, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not is_enough(soft):
        _log.warn(
            "{slots} slots need {needed} open files, but this process may have only {allowed}: "
            "raise the limit (ulimit -n), or lower --slots",
            slots=slots,
            needed=needed,
            allowed=soft,
        )
