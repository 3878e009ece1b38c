"""Looking up host names without making the end of the program wait.

Twisted looks them up in its thread pool, and waits for that when it stops. With a DNS server that
does not answer one look-up takes 10 s and more, and cannot be interrupted.
"""

import socket
from collections.abc import Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IReactorPluggableResolver, IResolverSimple
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.threads import call_in_thread


@implementer(IResolverSimple)
class Resolver:
    """Looks up IPv4 addresses on threads that the process does not wait for."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:
        """The address of `name`; fails with :class:`DNSLookupError`.

        :param timeout: is ignored: whoever needs no answer any more cancels the Deferred.
        """
        look_up = partial(socket.gethostbyname, name)
        found = maybeDeferred(call_in_thread, self._reactor, look_up)
        return found.addErrback(_look_up_failed, name)


def _look_up_failed(failure: Failure, name: str) -> Failure:
    # UnicodeError: a label is too long, or empty; RuntimeError: no thread can be started.
    failure.trap(OSError, UnicodeError, RuntimeError)
    return Failure(DNSLookupError(f"the address of {name} was not found: {failure.value}"))


def install_resolver(reactor: Any) -> None:
    """Have `reactor` look up names with a :class:`Resolver`."""
    if IReactorPluggableResolver.providedBy(reactor):
        reactor.installResolver(Resolver(reactor))
