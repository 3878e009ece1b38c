"""Routing: which handler has which path, and the checks of ``Host`` and ``Origin`` before it.

A browser lets any page send requests to any address, also to one that only the browser's network
reaches. Two header fields, which a page cannot forge, keep such pages out:

- ``Origin`` names the page that sends the request. A page of another server gets 403.
- ``Host`` names the server that the browser asked for. In DNS rebinding the name of a foreign
  page's server suddenly resolves to this server's address. The browser then takes the two for one
  origin, sends its requests without ``Origin``, and lets the page read the responses. But ``Host``
  still has the foreign name, and gets 421.

Both are checked for every path, before anything else about the request.
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

_log: Final = Logger()

# --- Host and Origin ----------------------------------------------------------------------------

#: The port that a browser leaves out, by the scheme of the page.
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_PORT: Final = re.compile(":[0-9]+$")


def allowed_hosts(address: str, port: int, names: Collection[str]) -> frozenset[str]:
    """The values of ``Host`` that mean this server, for a connection to `address` and `port`.

    These are the address and the `names`, each with the port. On ports 80 and 443 the port may be
    left out. Other names, such as one in the local DNS, are refused: the server cannot tell them
    from a rebound one.
    """
    hosts = frozenset({f"[{address}]" if ":" in address else address, *names})
    with_port = frozenset(f"{host}:{port}" for host in hosts)
    return with_port | hosts if port in _DEFAULT_PORTS.values() else with_port


def check_host_and_origin(request: Request, allowed: Collection[str]) -> str:
    """The request's ``Host``, in lower case, if it is one of those `allowed`.

    A request without ``Origin`` passes. It comes from a program, from this server's own page, or
    from a foreign page that cannot read the response (an image, say). Browsers send ``Origin`` with
    every request for a WebSocket.

    :raises HTTPError: if the request is for another host, or from a page of another host.
    """
    hosts = [host.lower() for host in request.values("host")]
    if not hosts and request.version == "1.0" and not request.values("origin"):
        # HTTP/1.0 has no Host, and a load balancer's health check may speak it. A browser does not.
        return ""
    if len(hosts) != 1 or hosts[0] not in allowed:
        raise HTTPError("foreign-host", "Host not allowed.")
    for origin in request.values("origin"):
        scheme, _, host = origin.lower().partition("://")
        port = "" if _PORT.search(host) else f":{_DEFAULT_PORTS.get(scheme)}"
        if scheme not in _DEFAULT_PORTS or f"{host}{port}" not in allowed:
            raise HTTPError("foreign-origin", "Origin not allowed.")
    return hosts[0]


# --- routing ------------------------------------------------------------------------------------

#: Makes the response to a request.
Handler = Callable[[Request, Chat], Response | Upgrade]

_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_ALLOW: Final[Headers] = (("Allow", ", ".join(_METHODS)),)
#: Methods that exist and are not for this server (RFC 9110, section 9; RFC 5789).
_OTHER_METHODS: Final = frozenset({"POST", "PUT", "DELETE", "CONNECT", "TRACE", "PATCH"})

#: The handlers by path; :func:`make_router` adds the page's files.
ROUTES: Final[dict[str, Handler]] = {
    "/api/users": api.users,
    "/api/rooms": api.rooms,
    "/api/messages": api.messages,
    "/health": api.health,
    "/socket": websocket.upgrade,
}


@dataclass(frozen=True, slots=True)
class Router:
    """Dispatches requests to the handlers of one chat's page and API.

    :ivar routes: handlers by path. Only whole paths match, so no path can leave a folder.
    """

    chat: Chat
    routes: Mapping[str, Handler]

    def handle(self, request: Request, hosts: Collection[str]) -> Response | Upgrade:
        """The response to `request`, which must be for one of `hosts`. Never raises."""
        host = ""
        try:
            host = check_host_and_origin(request, hosts)
            response = self._find_handler(request)(request, self.chat)
        except HTTPError as error:
            return self.reject(error, host)
        except Refusal as refusal:
            return self.reject(HTTPError(refusal.code, str(refusal)), host)
        except Exception:
            # A bug must fail one request, not the server.
            _log.failure("a request could not be answered")
            failed = HTTPError("server-failed", "Internal server error; see the server's log.")
            return self.reject(failed, host)
        return response if isinstance(response, Upgrade) else _add_security_headers(response, host)

    def reject(self, error: HTTPError, host: str = "") -> Response:
        """The response for `error`, which is counted.

        :param host: the server's name in the request, if it was checked.
        """
        self.chat.counters[error.code] += 1
        return _add_security_headers(
            messages.error_response(error.code, str(error), error.headers), host
        )

    def _find_handler(self, request: Request) -> Handler:
        if request.method not in _METHODS and request.method not in _OTHER_METHODS:
            raise HTTPError("not-implemented", "The server does not know this method.", _ALLOW)
        is_options = request.method == "OPTIONS"
        handler = self.routes.get(request.path)
        if handler is None and not (is_options and request.path == "*"):
            raise HTTPError("not-found", "Nothing is at this path.")
        if request.method not in _METHODS:
            raise HTTPError("method-not-allowed", "Only GET and HEAD are allowed.", _ALLOW)
        if request.has_body:
            raise HTTPError("body-too-large", "The request must not have a body.")
        return _options if is_options or handler is None else handler


def make_router(chat: Chat) -> Router:
    """The router of `chat`: :data:`ROUTES` and the page's files."""
    return Router(
        chat, {path: _file_handler(file) for path, file in static_files.load().items()} | ROUTES
    )


def _options(request: Request, chat: Chat) -> Response:
    """What is allowed here (RFC 9110, section 9.3.7), or at the server as a whole for ``*``."""
    return Response(204, _ALLOW)


def _file_handler(file: static_files.StaticFile) -> Handler:
    return lambda request, chat: file.response(request)


def _add_security_headers(response: Response, host: str) -> Response:
    return replace(response, headers=response.headers + messages.security_headers(host))
