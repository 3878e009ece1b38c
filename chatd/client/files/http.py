"""Requests to the server's page: with Twisted's client, and over TLS with the server's key alone.

Importing this takes a moment, so it is done when the first file is sent or saved.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, wrapClientTLS
from twisted.internet.error import (
    ConnectError,
    ConnectionDone,
    ConnectionLost,
)
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent, ResponseDone
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IBodyProducer, IResponse
from typing_extensions import override
from zope.interface import implementer

from chatd.chat import limits
from chatd.client.files.problem import FileProblem, LinkLost
from chatd.client.protocol import describe_failure

#: Of a response that says what is wrong, no more is read.
_MAX_ERROR_BYTES: Final = 16_384


@implementer(IAgentEndpointFactory)
class _Endpoints:
    """Connects to the addresses in URLs; over TLS, to a server with one key alone."""

    def __init__(self, reactor: Any, fingerprint: str) -> None:
        self._reactor = reactor
        self._fingerprint = fingerprint

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        """Of the interface of Twisted."""
        host = uri.host.decode("ascii")
        endpoint = TCP4ClientEndpoint(self._reactor, host, uri.port, timeout=limits.CONNECT_SECONDS)
        if uri.scheme == b"https":
            from chatd.tls.contexts import PinnedKey

            return wrapClientTLS(PinnedKey(self._fingerprint), endpoint)
        return endpoint


def request(
    reactor: Any,
    method: str,
    url: str,
    fingerprint: str,
    headers: dict[str, str],
    body: IBodyProducer | None = None,
) -> Deferred[IResponse]:
    """Make a request; cancelling the Deferred ends it.

    :param fingerprint: of the key that the server must have where `url` is that of TLS.
    :raises FileProblem: the Deferred fails with it.
    """
    agent = Agent.usingEndpointFactory(reactor, _Endpoints(reactor, fingerprint))
    fields = Headers({name: [value] for name, value in headers.items()})
    made: Deferred[IResponse] = agent.request(method.encode(), url.encode(), fields, body)
    return made.addErrback(as_problem)


def as_problem(failure: Failure) -> Any:
    """Raise what has failed as a :class:`FileProblem`."""
    error = failure.value
    if isinstance(error, FileProblem):
        raise error
    reasons = getattr(error, "reasons", None)  # of Twisted's errors about requests
    cause = reasons[0] if reasons else failure
    if cause.check(CancelledError):
        raise CancelledError from None
    if cause.check(ConnectionDone, ConnectionLost):
        raise LinkLost("the connection was lost") from None
    package = cause.type.__module__.partition(".")[0] if cause.type else ""
    if package == "OpenSSL":
        raise FileProblem("the page does not have the server's key") from None
    if not cause.check(ConnectError):
        raise FileProblem("what answered there is no page of chatd") from None
    raise LinkLost(describe_failure(cause)) from None


class _Body(Protocol):
    """Receives the body of a response.

    :param on_data: called with each piece. If it raises a :class:`FileProblem`, the body is given
        up, and `done` fails with it.
    """

    def __init__(self, on_data: Callable[[bytes], None]) -> None:
        self._on_data = on_data
        self._problem: FileProblem | None = None
        self.done: Deferred[None] = Deferred(lambda _: self._abort())

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.loseConnection()

    @override
    def dataReceived(self, data: bytes) -> None:
        if self._problem is None:
            try:
                self._on_data(data)
            except FileProblem as problem:
                self._problem = problem
                self._abort()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        done = self.done
        if done.called:
            return
        if self._problem is not None:
            done.errback(self._problem)
        elif reason.check(ResponseDone):
            done.callback(None)
        else:
            done.errback(LinkLost("the connection was lost"))


def read_body(response: IResponse, on_data: Callable[[bytes], None]) -> Deferred[None]:
    """Read the body of a response; cancelling the Deferred ends it.

    :param on_data: called with each piece; may raise a :class:`FileProblem`.
    """
    body = _Body(on_data)
    response.deliverBody(body)
    return body.done


async def read_refusal(response: IResponse) -> str:
    """The sentence in a response that refuses a request."""
    data = bytearray()

    def add(piece: bytes) -> None:
        if len(data) + len(piece) > _MAX_ERROR_BYTES:
            raise FileProblem("")
        data.extend(piece)

    try:
        await read_body(response, add)
        return str(json.loads(data)["error"]["message"])
    except (FileProblem, ValueError, LookupError, TypeError, RecursionError):
        return f"the page answered with status {response.code}"
