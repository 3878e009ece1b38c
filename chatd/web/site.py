"""What is where: a table of paths, and the one way from a request to what it gets."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from twisted.logger import Logger

from chatd.chat.refusals import Refusal
from chatd.server.factory import ChatFactory
from chatd.web import answers, api, files, guard, handshake
from chatd.web.answers import Headers, HTTPError, Response
from chatd.web.handshake import Upgrade
from chatd.web.requests import Request

_log: Final = Logger()

#: What gives a path its answers.
Handler = Callable[[Request, ChatFactory], Response | Upgrade]

_METHODS: Final = ("GET", "HEAD")
_ALLOW: Final[Headers] = (("Allow", ", ".join(_METHODS)),)

#: What is there besides the files of the page.
ROUTES: Final[dict[str, Handler]] = {
    "/api/users": api.users,
    "/api/rooms": api.rooms,
    "/api/messages": api.messages,
    "/health": api.health,
    "/socket": handshake.upgrade,
}


@dataclass(frozen=True, slots=True)
class Router:
    """A chat's page: what is at each path."""

    chat: ChatFactory
    routes: Mapping[str, Handler]

    def handle(self, request: Request, hosts: Collection[str]) -> Response | Upgrade:
        """What `request` gets, of a server that is called one of `hosts`; it never raises."""
        host = ""
        try:
            host = guard.check_host_and_origin(request, hosts)
            found = self._route(request)(request, self.chat)
        except HTTPError as rejected:
            return self.reject(rejected, host)
        except Refusal as refusal:
            return self.reject(HTTPError(refusal.code, str(refusal)), host)
        except Exception:
            # A mistake of ours is one request's trouble, and nobody else's.
            _log.failure("a request could not be answered")
            return self.reject(HTTPError("server-failed", "The server failed to answer."), host)
        return found if isinstance(found, Upgrade) else _add_security_headers(found, host)

    def reject(self, rejected: HTTPError, host: str = "") -> Response:
        """Say why a request is not done, and count it."""
        self.chat.counters[rejected.code] += 1
        return _add_security_headers(
            answers.error_response(rejected.code, str(rejected), rejected.headers), host
        )

    def _route(self, request: Request) -> Handler:
        resource = self.routes.get(request.path)
        if resource is None:
            raise HTTPError("not-found", "There is nothing here.")
        if request.method not in _METHODS:
            raise HTTPError("method-not-allowed", "There is only GET and HEAD here.", _ALLOW)
        if request.has_body:
            raise HTTPError("body-too-large", "A request may not have a body here.")
        return resource


def make_router(chat: ChatFactory) -> Router:
    """The page of `chat`."""
    return Router(chat, {path: _file_handler(file) for path, file in files.load().items()} | ROUTES)


def _file_handler(file: files.StaticFile) -> Handler:
    return lambda request, chat: file.response(request)


def _add_security_headers(answer: Response, host: str) -> Response:
    return replace(answer, headers=answer.headers + answers.security_headers(host))
