"""Whom a request may be for, and from which page: what keeps other people's pages out.

A browser lets any page send requests to any address. A page whose name is then said to be *here*
(DNS rebinding) may even read the answers; but it can change neither what the browser calls this
server (``Host``), nor where that says the page is from (``Origin``).
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from twisted.logger import Logger

from chatd.chat.errors import Refusal
from chatd.server.chat import Chat
from chatd.web import api, messages, static_files, websocket
from chatd.web.messages import Headers, HTTPError, Request, Response
from chatd.web.websocket import Upgrade

#: The port that a browser leaves out, by the scheme of the page.
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_PORT: Final = re.compile(":[0-9]+$")


def allowed_hosts(address: str, port: int, names: Collection[str]) -> frozenset[str]:
    """What a browser may call a server that it has reached at this address and port."""
    known = frozenset({f"[{address}]" if ":" in address else address, *names})
    with_port = frozenset(f"{host}:{port}" for host in known)
    return with_port | known if port in _DEFAULT_PORTS.values() else with_port


def check_host_and_origin(request: Request, allowed: Collection[str]) -> str:
    """The host that `request` is for, which is one of those `allowed`.

    :raises Rejected: it is for another one, or comes from a page of another one.
    """
    named = [host.lower() for host in request.values("host")]
    if len(named) != 1 or named[0] not in allowed:
        raise HTTPError("foreign-host", "This server is not called that.")
    for origin in request.values("origin"):
        scheme, _, host = origin.lower().partition("://")
        port = "" if _PORT.search(host) else f":{_DEFAULT_PORTS.get(scheme)}"
        if scheme not in _DEFAULT_PORTS or f"{host}{port}" not in allowed:
            raise HTTPError("foreign-origin", "Pages from elsewhere may not use this server.")
    return named[0]


_log: Final = Logger()

#: What gives a path its answers.
Handler = Callable[[Request, Chat], Response | Upgrade]

_METHODS: Final = ("GET", "HEAD")
_ALLOW: Final[Headers] = (("Allow", ", ".join(_METHODS)),)

#: What is there besides the files of the page.
ROUTES: Final[dict[str, Handler]] = {
    "/api/users": api.users,
    "/api/rooms": api.rooms,
    "/api/messages": api.messages,
    "/health": api.health,
    "/socket": websocket.upgrade,
}


@dataclass(frozen=True, slots=True)
class Router:
    """A chat's page: what is at each path."""

    chat: Chat
    routes: Mapping[str, Handler]

    def handle(self, request: Request, hosts: Collection[str]) -> Response | Upgrade:
        """What `request` gets, of a server that is called one of `hosts`; it never raises."""
        host = ""
        try:
            host = check_host_and_origin(request, hosts)
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
            messages.error_response(rejected.code, str(rejected), rejected.headers), host
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


def make_router(chat: Chat) -> Router:
    """The page of `chat`."""
    return Router(
        chat, {path: _file_handler(file) for path, file in static_files.load().items()} | ROUTES
    )


def _file_handler(file: static_files.StaticFile) -> Handler:
    return lambda request, chat: file.response(request)


def _add_security_headers(answer: Response, host: str) -> Response:
    return replace(answer, headers=answer.headers + messages.security_headers(host))
