"""Why there is no connection: one phrase, in words for a person."""

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
            "no server listens there",
        ),
        (error.getConnectError((ETIMEDOUT, strerror(ETIMEDOUT))), "nothing answers there"),
        (
            error.getConnectError((ENETUNREACH, strerror(ENETUNREACH))),
            "this host has no route there",
        ),
        (error.getConnectError((EACCES, strerror(EACCES))), "Permission denied"),
        # What Twisted makes of an ICMP message.
        (
            error.ConnectError(string=Failure(error.ConnectionDone())),
            "a firewall or a router on the way refuses it",
        ),
        (error.DNSLookupError("party.invalid"), "nobody knows that name"),
        (error.ConnectionDone(), "the server closed the connection"),
        (error.ConnectionLost(), "the connection broke"),
        (RuntimeError("Something else."), "Something else"),
    ],
)
def test_a_failed_or_lost_connection_is_told_in_a_persons_words(why: Exception, words: str) -> None:
    assert describe_failure(Failure(why)) == words
