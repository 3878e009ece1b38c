"""How many files the process may have open: each connection is one."""

from contextlib import suppress
from typing import Final

from twisted.logger import Logger

from chatd.chat import limits

#: Files beside the members' connections: those that are turned away, that come by the page and take
#: no slot, or that have ended and are still sent their last words; ports, the log, the reactor's.
_EXTRA_FILES: Final = (
    256
    + limits.REJECTED_CONNECTIONS
    + limits.HTTP_CONNECTIONS
    + limits.UNREGISTERED_CONNECTIONS
    + limits.WATCHERS
)

_log: Final = Logger()


def raise_open_file_limit(slots: int) -> None:
    """Have this process allowed a connection for each of `slots`, and what else a server opens.

    Where the hard limit is lower, the log says so: out of files, a server serves whom it has, and
    closes other connections at once.
    """
    try:
        import resource
    except ImportError:  # no POSIX, no such limit
        return

    def is_enough(limit: int) -> bool:
        return limit == resource.RLIM_INFINITY or limit >= wanted

    wanted = slots + _EXTRA_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not is_enough(soft):
        more = wanted if is_enough(hard) else hard
        with suppress(ValueError, OSError):  # the system has another limit, which is lower
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not is_enough(soft):
        _log.warn(
            "{slots} slots need {wanted} open files, and this process may have {allowed}: give it "
            "a higher limit (ulimit -n), or fewer --slots",
            slots=slots,
            wanted=wanted,
            allowed=soft,
        )
