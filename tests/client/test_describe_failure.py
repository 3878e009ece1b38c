"""The reason why there is no connection, as a phrase for the user."""

from errno import EACCES, ECONNREFUSED, ENETUNREACH, ETIMEDOUT
from os import strerror

import pytest
from twisted.internet import error
from twisted.python.failure import Failure

from chatd.client.protocol import describe_failure


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (
            error.getConnectError((ECONNREFUSED, strerror(ECONNREFUSED))),
            "connection refused, no server listens there",
        ),
        (error.getConnectError((ETIMEDOUT, strerror(ETIMEDOUT))), "connection timed out"),
        (
            error.getConnectError((ENETUNREACH, strerror(ENETUNREACH))),
            "no route to this address",
        ),
        (error.getConnectError((EACCES, strerror(EACCES))), "Permission denied"),
        # What Twisted makes of an ICMP message.
        (
            error.ConnectError(string=Failure(error.ConnectionDone())),
            "rejected by a firewall or a router",
        ),
        (error.DNSLookupError("party.invalid"), "unknown host name"),
        (error.ConnectionDone(), "the server closed the connection"),
        (error.ConnectionLost(), "connection lost"),
        (RuntimeError("Something else."), "Something else"),
    ],
)
def test_a_failed_or_lost_connection_is_described_in_one_phrase(why: Exception, words: str) -> None:
    assert describe_failure(Failure(why)) == words
