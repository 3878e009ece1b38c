"""Requests to an etcd of several servers, over its JSON gateway.

etcd's documentation describes it under "gRPC gateway". It is the same in etcd 3.4, 3.5 and 3.6.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import h11
import msgspec
from twisted.internet import defer, error
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Factory
from typing_extensions import override

from chatd.chat import limits
from chatd.etcd import messages
from chatd.etcd.address import EtcdAddress, Server
from chatd.etcd.connecting import Connect, tls_reason
from chatd.etcd.http import HttpConnection
from chatd.etcd.messages import Answer, TokenExpired, UsersUnread
from chatd.log.shared_engine import LogUnreachable

_Answer = TypeVar("_Answer", bound=Answer)

#: Connections to one server that are kept open between requests.
_IDLE_CONNECTIONS: Final = 2


class EtcdClient:
    """Asks the servers of an etcd.

    :param clock: measures how long a server takes.
    :ivar address: the servers, and who asks.
    """

    def __init__(self, clock: IReactorTime, address: EtcdAddress, connect: Connect) -> None:
        self.address = address
        self._clock = clock
        self._connect = connect
        self._idle: dict[Server, list[HttpConnection]] = {each: [] for each in address.servers}
        self._open: set[HttpConnection] = set()
        self._underway: set[Deferred[Any]] = set()
        self._token = ""
        self._cluster_id = 0
        self._has_authenticated = False
        # The server that is asked first: the last one that has answered.
        self._first = 0
        self._is_closed = False

    def call(self, path: str, body: object, answer: type[_Answer]) -> Deferred[_Answer]:
        """Ask one server after the other, until one of them answers.

        What is asked for may be done twice: a server that has not answered may do it nevertheless.
        The Deferred fails with :exc:`LogUnreachable` if none answers, :exc:`LogUnusable` if etcd
        denies access, or :exc:`~chatd.etcd.messages.Compacted`.
        """
        return self._start(self._call(path, body, answer))

    def ask(
        self, server: Server, path: str, body: object, answer: type[_Answer]
    ) -> Deferred[_Answer]:
        """Like :meth:`call`, but ask only that server."""
        return self._start(self._ask(server, path, body, answer))

    def stream(
        self, server: Server, path: str, body: object, received: Callable[[bytes], None]
    ) -> Deferred[None]:
        """Ask a server whose answer does not end; `received` is called with its bytes.

        The Deferred fails when the answer ends, as those of :meth:`call` do, or with what
        `received` has raised.
        """
        return self._start(self._stream(server, path, body, received))

    def close(self) -> Deferred[None]:
        """End what is under way, and close all connections."""
        self._is_closed = True
        for request in tuple(self._underway):
            request.cancel()
        lost = [connection.lost for connection in self._open]
        for connection in tuple(self._open):
            connection.abort()
        return DeferredList(lost).addCallback(lambda _: None)

    def check_cluster(self, header: messages.Header) -> None:
        """Make sure that all answers are of one etcd.

        :raises LogUnreachable: if that one is of another.
        :raises ValueError: if it is not of an etcd.
        """
        if not header.cluster_id:
            raise ValueError("no cluster_id")
        if header.cluster_id != (self._cluster_id or header.cluster_id):
            raise LogUnreachable("belongs to another etcd than the others do")
        self._cluster_id = header.cluster_id

    def _start(self, asking: Any) -> Deferred[Any]:
        request: Deferred[Any] = Deferred.fromCoroutine(asking)
        self._underway.add(request)
        return request.addBoth(self._ended, request)

    def _ended(self, result: Any, request: Deferred[Any]) -> Any:
        self._underway.discard(request)
        return result

    async def _call(self, path: str, body: object, answer: type[_Answer]) -> _Answer:
        servers = self.address.servers
        problems = []
        # Other requests may go on to the next server in the meantime.
        for server in servers[self._first :] + servers[: self._first]:
            try:
                answered = await self._ask(server, path, body, answer)
            except LogUnreachable as problem:
                problems.append(str(problem))
            else:
                self._first = servers.index(server)
                return answered
        raise LogUnreachable("; ".join(dict.fromkeys(problems)))

    async def _ask(self, server: Server, path: str, body: object, answer: type[_Answer]) -> _Answer:
        data = msgspec.json.encode(body)
        try:
            return await self._ask_with_token(server, path, data, answer)
        except TokenExpired:
            self._token = ""
        try:
            return await self._ask_with_token(server, path, data, answer)
        except TokenExpired:
            raise LogUnreachable(f"etcd at {server} does not know its own token") from None

    async def _ask_with_token(
        self, server: Server, path: str, body: bytes, answer: type[_Answer]
    ) -> _Answer:
        await self._authenticate(server)
        return await self._exchange(server, path, body, answer)

    async def _authenticate(self, server: Server) -> None:
        if self.address.user and not self._token:
            names = {"name": self.address.user, "password": self.address.password}
            body = msgspec.json.encode(names)
            token = await self._exchange(server, "/v3/auth/authenticate", body, messages.Token)
            self._token = token.token
            self._has_authenticated = True

    async def _exchange(
        self, server: Server, path: str, body: bytes, answer: type[_Answer]
    ) -> _Answer:
        """Send a request and decode its answer, all of it in a limited time."""
        data = bytearray()

        def received(status: int, part: bytes) -> None:
            data.extend(part)
            if len(data) > limits.ETCD_ANSWER_BYTES:
                raise ValueError("a response that is too long")

        asking = Deferred.fromCoroutine(self._post(server, path, body, received))
        asking.addTimeout(limits.ETCD_REQUEST_SECONDS, self._clock)
        try:
            messages.check(await asking, data)
            decoded = messages.decode(data, answer)
            self.check_cluster(decoded.header)
        except Exception as failed:
            raise self._problem(server, failed) from None
        return decoded

    async def _stream(
        self, server: Server, path: str, body: object, received: Callable[[bytes], None]
    ) -> None:
        await self._authenticate(server)
        refusal = bytearray()

        def data_received(status: int, data: bytes) -> None:
            if status == 200:
                received(data)
            elif len(refusal) < limits.ETCD_ANSWER_BYTES:
                refusal.extend(data)

        try:
            posting = self._post(server, path, msgspec.json.encode(body), data_received)
            messages.check(await posting, refusal)
        except TokenExpired:
            self._token = ""
            raise LogUnreachable(f"etcd at {server} does not know the token any longer") from None
        except Exception as failed:
            raise self._problem(server, failed) from None
        raise LogUnreachable(f"etcd at {server} has ended its answer")

    async def _post(
        self, server: Server, path: str, body: bytes, received: Callable[[int, bytes], None]
    ) -> int:
        if self._is_closed:
            raise CancelledError
        idle = self._idle[server]
        while idle:
            connection = idle.pop()
            if connection.is_idle:
                break
        else:
            connection = await self._connect(server, _ConnectionFactory(server, self._opened))
        status: int = await connection.post(path, self._token, body, received)
        if connection.is_idle and len(idle) < _IDLE_CONNECTIONS:
            idle.append(connection)
        else:
            connection.abort()
        return status

    def _problem(self, server: Server, failed: Exception) -> Exception:
        """The exception for a request to `server` that has failed with `failed`."""
        if isinstance(failed, LogUnreachable) and not str(failed)[:1].isupper():
            return LogUnreachable(f"etcd at {server} {failed}")
        if isinstance(failed, UsersUnread) and self._has_authenticated:
            return LogUnreachable(f"etcd at {server} has not read its users yet")
        reason = _reason(failed)
        is_closed = isinstance(failed, error.ConnectionClosed)
        if is_closed and not (self.address.is_tls or self._cluster_id):
            reason += "; if it demands TLS, write etcds://"
        return LogUnreachable(f"etcd at {server} {reason}") if reason else failed

    def _opened(self, connection: HttpConnection) -> None:
        self._open.add(connection)
        connection.lost.addCallback(lambda _: self._open.discard(connection))


class _ConnectionFactory(Factory):
    noisy = False

    def __init__(self, server: Server, opened: Callable[[HttpConnection], None]) -> None:
        self._server = server
        self._opened = opened

    @override
    def buildProtocol(self, addr: object) -> HttpConnection:
        connection = HttpConnection(str(self._server))
        self._opened(connection)
        return connection


def _reason(failed: Exception) -> str:
    """Why a server cannot be used; empty if that is not what has failed."""
    if isinstance(failed, defer.TimeoutError | error.TimeoutError):
        return f"has not answered within {limits.ETCD_REQUEST_SECONDS} seconds"
    if isinstance(failed, error.ConnectionRefusedError):
        return "is not running: the connection was refused"
    if isinstance(failed, error.DNSLookupError):
        return "cannot be found: its name is unknown"
    if isinstance(failed, messages.Refusal):
        return f"refuses: {failed}"
    if isinstance(failed, ValueError | h11.ProtocolError):
        return f"does not answer as etcd does: {failed}"
    if isinstance(failed, error.ConnectionClosed):
        return "has closed the connection"
    if isinstance(failed, error.ConnectError | OSError):
        return f"cannot be reached: {failed}".rstrip(".")
    return tls_reason(failed)
