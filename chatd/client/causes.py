"""Why there is no connection, in words for the person. Twisted has its own, for programmers."""

from typing import Final

from twisted.internet import error
from twisted.python.failure import Failure

#: The first that fits counts. A connection that breaks does not say whether by a reset or because
#: nothing was acknowledged for too long.
_DESCRIPTIONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (error.ConnectionRefusedError, "no server listens there"),
    (error.TCPTimedOutError, "nothing answers there"),
    (error.NoRouteError, "this host has no route there"),
    (error.DNSLookupError, "nobody knows that name"),
    (error.ConnectionDone, "the server closed the connection"),
    (error.ConnectionLost, "the connection broke"),
)


def describe_failure(failure: Failure) -> str:
    """What `failure` of a connection, made or not, means to a person: one phrase."""
    why = failure.value
    for kind, words in _DESCRIPTIONS:
        if isinstance(why, kind):
            return words
    if isinstance(why, error.ConnectError):
        # Without an error of this host's own, an ICMP message ended the attempt.
        return str(why.args[0]) if why.osError else "a firewall or a router on the way refuses it"
    return failure.getErrorMessage().rstrip(".")
