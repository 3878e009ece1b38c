"""A page that takes files and gives them out, and breaks off when the test wants it to."""

import json
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.protocols.policies import WrappingFactory
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from chatd.client.files.file_server import FileServer
from chatd.client.files.transfers import Transfers
from tests.fakes import FakeUI

reactor: Any = global_reactor
TOKEN = "a token"  # noqa: S105  # it opens nothing


class Page(Resource):
    """The page, on a port of loopback.

    :ivar uploads: each path with its query, the ``Authorization`` and the body.
    :ivar ranges: the ``Range`` of each request for a file.
    :ivar authorizations: what requests for a file had in that header.
    :ivar content: of every file.
    :ivar refusal: the code and sentence in reply to everything; None to take it.
    :ivar breaks: after how many bytes of a file each connection is lost; the rest are complete.
    :ivar moved_to: where every file is instead.
    """

    isLeaf = True

    def __init__(self, wrap: Callable[[Any], Any] = lambda factory: factory) -> None:
        super().__init__()
        self.uploads: list[tuple[str, str, bytes]] = []
        self.ranges: list[str] = []
        self.authorizations: list[str | None] = []
        self.content = bytes(range(256)) * 1_000
        self.refusal: tuple[int, str] | None = None
        self.breaks: list[int] = []
        self.moved_to = ""
        self.never_replies = False
        self.replied: Deferred[None] = Deferred()
        self._connections = WrappingFactory(Site(self))
        self._port = reactor.listenTCP(0, wrap(self._connections), interface="127.0.0.1")

    @property
    def port(self) -> int:
        return int(self._port.getHost().port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/files/"

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._port.connected:
            await self._port.stopListening()
        for connection in list(self._connections.protocols):
            connection.transport.abortConnection()
        while self._connections.protocols:
            await deferLater(reactor, 0)

    def render_PUT(self, request: Any) -> Any:
        authorization = request.getHeader("authorization") or ""
        self.uploads.append((request.uri.decode(), authorization, request.content.read()))
        if self.never_replies:
            return NOT_DONE_YET
        if self.refusal:
            return self._refuse(request)
        request.setResponseCode(201)
        return b"{}"

    def render_GET(self, request: Any) -> Any:
        self.authorizations.append(request.getHeader("authorization"))
        self.ranges.append(request.getHeader("range") or "")
        if self.moved_to:
            request.setResponseCode(307)
            request.setHeader("location", f"{self.moved_to}{request.uri.decode()}")
            return b""
        if self.refusal:
            return self._refuse(request)
        start = 0
        if self.ranges[-1]:
            start = int(self.ranges[-1].removeprefix("bytes=").rstrip("-"))
            total = len(self.content)
            request.setResponseCode(206)
            request.setHeader("content-range", f"bytes {start}-{total - 1}/{total}")
        body = self.content[start:]
        request.setHeader("content-length", str(len(body)))
        if self.breaks:
            request.write(body[: self.breaks.pop(0)])
            request.transport.loseConnection()
            return NOT_DONE_YET
        return body

    def _refuse(self, request: Any) -> bytes:
        code, message = self.refusal or (500, "")
        request.setResponseCode(code)
        return json.dumps({"error": {"code": "refused", "message": message}}).encode()


class Client:
    """The transfers of a client that is connected to the page.

    :ivar ends: what the user was told at the end of each.
    """

    def __init__(self, page: Page, **server: Any) -> None:
        self.ui = FakeUI()
        self.server: FileServer | None = FileServer(
            **{"url": page.url, "host": "127.0.0.1", "fingerprint": "", "token": TOKEN, **server}
        )
        self.transfers = Transfers(reactor, self.ui, lambda: self.server)
        self.ends: list[str] = []
        self._waiting: list[Deferred[None]] = []

    def on_end(self, done: str, problem: str) -> None:
        self.ends.append(done or problem)
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)

    def ended(self) -> Deferred[None]:
        """Fires at the end of the next one."""
        ended: Deferred[None] = Deferred()
        self._waiting.append(ended)
        return ended
