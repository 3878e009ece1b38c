"""What is where: a table of paths, and the one way from a request to what it gets."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from twisted.logger import Logger

from chatd.chat.refusals import Refusal
from chatd.server.factory import ChatFactory
from chatd.web import answers, api, files, guard, handshake
from chatd.web.answers import Answer, Headers, Rejected
from chatd.web.handshake import Upgrade
from chatd.web.requests import Request

_log: Final = Logger()

#: What gives a path its answers.
Resource = Callable[[Request, ChatFactory], Answer | Upgrade]

_METHODS: Final = ("GET", "HEAD")
_ALLOW: Final[Headers] = (("Allow", ", ".join(_METHODS)),)

#: What is there besides the files of the page.
RESOURCES: Final[dict[str, Resource]] = {
    "/api/users": api.users,
    "/api/rooms": api.rooms,
    "/api/messages": api.messages,
    "/health": api.health,
    "/socket": handshake.upgrade,
}


@dataclass(frozen=True, slots=True)
class Site:
    """A chat's page: what is at each path."""

    chat: ChatFactory
    resources: Mapping[str, Resource]

    def respond(self, request: Request, hosts: Collection[str]) -> Answer | Upgrade:
        """What `request` gets, of a server that is called one of `hosts`; it never raises."""
        host = ""
        try:
            host = guard.check(request, hosts)
            found = self._resource(request)(request, self.chat)
        except Rejected as rejected:
            return self.reject(rejected, host)
        except Refusal as refusal:
            return self.reject(Rejected(refusal.code, str(refusal)), host)
        except Exception:
            # A mistake of ours is one request's trouble, and nobody else's.
            _log.failure("a request could not be answered")
            return self.reject(Rejected("server-failed", "The server failed to answer."), host)
        return found if isinstance(found, Upgrade) else _secured(found, host)

    def reject(self, rejected: Rejected, host: str = "") -> Answer:
        """Say why a request is not done, and count it."""
        self.chat.counters[rejected.code] += 1
        return _secured(answers.error(rejected.code, str(rejected), rejected.headers), host)

    def _resource(self, request: Request) -> Resource:
        resource = self.resources.get(request.path)
        if resource is None:
            raise Rejected("not-found", "There is nothing here.")
        if request.method not in _METHODS:
            raise Rejected("method-not-allowed", "There is only GET and HEAD here.", _ALLOW)
        if request.has_body:
            raise Rejected("body-too-large", "A request may not have a body here.")
        return resource


def site(chat: ChatFactory) -> Site:
    """The page of `chat`."""
    return Site(chat, {path: _file(file) for path, file in files.read_all().items()} | RESOURCES)


def _file(file: files.File) -> Resource:
    return lambda request, chat: file.answer(request)


def _secured(answer: Answer, host: str) -> Answer:
    return replace(answer, headers=answer.headers + answers.security_headers(host))
