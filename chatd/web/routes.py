"""Routing: which handler answers which path and method.

Each request is checked first: see :mod:`chatd.web.hosts`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat.errors import Refusal
from chatd.server.chat import Chat
from chatd.web import (
    api,
    files,
    invitation,
    messages,
    packages,
    preconditions,
    ranges,
    refused_host,
    static_files,
    uploads,
    websocket,
)
from chatd.web.hosts import CheckedHost, NodeOrigins, check_host_and_origin
from chatd.web.messages import Headers, HTTPError, Request, Response
from chatd.web.settings import WebSettings
from chatd.web.uploads import Upload
from chatd.web.websocket import Upgrade

_log: Final = Logger()

#: Makes the response to a request.
Handler = Callable[[Request, Chat], Response | Upgrade | Deferred[Any]]

#: What a request leads to.
Answer = Response | Upgrade | Upload

_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_UNCHECKED: Final = CheckedHost()
_ALLOW: Final[Headers] = (("Allow", ", ".join(_METHODS)),)
#: Methods that exist and that no path here allows (RFC 9110, section 9; RFC 5789).
_OTHER_METHODS: Final = frozenset({"POST", "PUT", "DELETE", "CONNECT", "TRACE", "PATCH"})

#: The handlers by path; :func:`make_router` adds those that its settings change, and the
#: page's files.
ROUTES: Final[dict[str, Handler]] = {
    "/api/users": api.users,
    "/api/rooms": api.rooms,
    "/api/messages": api.messages,
    "/api/search": api.search,
    "/health": api.health,
}


@dataclass(frozen=True, slots=True)
class Router:
    """Dispatches requests to the handlers of one chat's page and API.

    :ivar routes: handlers by path. Only whole paths match, so no path can leave a folder.
    :ivar packages: the handler of ``/dist`` and of all paths below it, if there is one.
    """

    chat: Chat
    routes: Mapping[str, Handler]
    packages: Handler | None = None
    origins: NodeOrigins = field(default_factory=NodeOrigins)

    def handle(
        self, request: Request, hosts: Collection[str], address: str = ""
    ) -> Response | Upgrade | Deferred[Response | Upload]:
        """The response to `request`, which must be for one of `hosts`.

        It never raises, and no Deferred fails, that of an upload included.

        :param address: ``ADDRESS:PORT`` that the connection reached.
        """
        host = _UNCHECKED
        try:
            _refuse_tunnel(request)
            nodes = self.origins.of(self.chat.hub.nodes.known)
            host = check_host_and_origin(request, hosts, nodes)
            response = self._find_handler(request)(request, self.chat)
            if isinstance(response, Deferred):
                return self._finish_later(request, response, host)
            if isinstance(response, Upgrade):
                return response
            return self._finish(request, response, host)
        except HTTPError as error:
            if not refused_host.wants_page(request, error):
                return self.fail(error, host)
            self.chat.counters[error.code] += 1
            page = refused_host.page(request, address, error)
            return self._add_security_headers(page, host)
        except Exception as error:
            return self.fail(error, host)

    def _finish_later(
        self, request: Request, response: Deferred[Any], host: CheckedHost
    ) -> Deferred[Any]:
        def finish(later: Response | Upload) -> Response | Upload:
            if isinstance(later, Upload):
                self._finish_later(request, later.response, host)
                return later
            return self._finish(request, later, host)

        return response.addCallback(finish).addErrback(self._fail_later, host)

    def _finish(self, request: Request, response: Response, host: CheckedHost) -> Response:
        response = ranges.apply(request, preconditions.apply(request, response))
        return self._add_security_headers(response, host)

    def _add_security_headers(self, response: Response, host: CheckedHost) -> Response:
        own = {name for name, _ in response.headers}
        added = messages.security_headers(
            host.host, host.nodes, host.node_origin, response.inline_script
        )
        headers = (*response.headers, *(each for each in added if each[0] not in own))
        return replace(response, headers=headers)

    def fail(self, error: BaseException | None, host: CheckedHost = _UNCHECKED) -> Response:
        """The response for `error`, which is counted.

        :param host: the request's, if it was checked.
        """
        match error:
            case HTTPError():
                return self._reject(error, host)
            case Refusal():
                return self._reject(HTTPError(error.code, str(error)), host)
            case _:
                # A bug must fail one request, not the server.
                _log.failure("a request could not be answered", Failure(error))
                failed = HTTPError("server-failed", "Internal server error; see the server's log.")
                return self._reject(failed, host)

    def _fail_later(self, failure: Failure, host: CheckedHost) -> Response:
        return self.fail(failure.value, host)

    def _reject(self, error: HTTPError, host: CheckedHost) -> Response:
        self.chat.counters[error.code] += 1
        return self._add_security_headers(
            messages.error_response(error.code, str(error), error.headers), host
        )

    def _find_handler(self, request: Request) -> Handler:
        if request.path.startswith(uploads.PREFIX):
            return _file_handler(request)
        if request.method not in _METHODS:
            raise _method_error(request.method)
        handler = self.routes.get(request.path)
        if f"{request.path}/".startswith(packages.PREFIX):
            handler = self.packages
        if handler is None and not _is_for_the_server(request):
            if not request.path.startswith("/"):
                raise HTTPError("bad-request", "The request target is no path.")
            raise HTTPError("not-found", "Nothing is at this path.")
        _refuse_body(request)
        return _options if handler is None or request.method == "OPTIONS" else handler


def make_router(chat: Chat, settings: WebSettings) -> Router:
    """The router of `chat`: :data:`ROUTES`, the page's files, and what the `settings` add."""
    page = {path: _page_handler(file) for path, file in static_files.load().items()}
    folder = settings.dist

    def invite(request: Request, chat: Chat) -> Response:
        return invitation.respond(request, chat, settings.invitation(), folder is not None)

    def open_socket(request: Request, chat: Chat) -> Upgrade:
        return websocket.upgrade(request, chat, has_irc=settings.has_irc)

    return Router(
        chat,
        page | ROUTES | {"/api/invite": invite, "/socket": open_socket},
        None
        if folder is None
        else lambda request, chat: packages.respond(request, folder, chat.in_thread),
    )


def _file_handler(request: Request) -> Handler:
    """The handler of a path of files."""
    if request.method == "PUT":
        return uploads.receive
    if request.method not in files.METHODS:
        raise _method_error(request.method, files.METHODS)
    _refuse_body(request)
    return files.respond


def _refuse_body(request: Request) -> None:
    if request.has_body:
        raise HTTPError("body-too-large", "The request must not have a body.")


def _is_for_the_server(request: Request) -> bool:
    """Whether the request is for the server as a whole: ``OPTIONS *``."""
    return (request.method, request.path, request.query) == ("OPTIONS", "*", "")


def _refuse_tunnel(request: Request) -> None:
    """Refuse CONNECT (RFC 9110, section 9.3.6) before its ``Host``, which is not this server."""
    if request.method == "CONNECT":
        raise _method_error(request.method)


def _method_error(method: str, allowed: Sequence[str] = _METHODS) -> HTTPError:
    allow = (("Allow", ", ".join(allowed)),)
    if method in _OTHER_METHODS:
        text = f"Only {', '.join(allowed[:-1])} and {allowed[-1]} are allowed."
        return HTTPError("method-not-allowed", text, allow)
    return HTTPError("not-implemented", "The server does not know this method.", allow)


def _options(request: Request, chat: Chat) -> Response:
    """The response to ``OPTIONS`` lists the allowed methods (RFC 9110, section 9.3.7)."""
    return Response(204, _ALLOW)


def _page_handler(file: Response) -> Handler:
    return lambda request, chat: file
