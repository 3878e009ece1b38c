"""Saves one file of the server, and goes on where it was after a lost connection."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import ensureDeferred
from twisted.internet.task import deferLater
from twisted.web.iweb import IResponse

from chatd.chat import limits
from chatd.chat.events import File
from chatd.client.files import http
from chatd.client.files.file_server import FileServer
from chatd.client.files.local_files import SavedFile
from chatd.client.files.problem import FileProblem, LinkLost
from chatd.client.files.silence import SilenceTimeout

_OK: Final = 200
_PARTIAL: Final = 206
_MOVED: Final = frozenset({302, 303, 307, 308})
#: From the page of one node to that of another: once.
_MAX_MOVES: Final = 1

_CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15})", re.ASCII)


class Download:
    """One file that is being saved.

    :param server: returns where the files are; None while the client is not connected.
    :param file: as the server has announced it: no more than so many bytes are taken.
    :param on_progress: called whenever more of it was written.
    """

    def __init__(
        self,
        reactor: Any,
        server: Callable[[], FileServer | None],
        file: File,
        saved: SavedFile,
        on_progress: Callable[[], None],
    ) -> None:
        self._reactor = reactor
        self._server = server
        self._file = file
        self._saved = saved
        self._on_progress = on_progress
        self._silence = SilenceTimeout(reactor)

    async def save(self) -> Path:
        """Save the file, and return its path.

        :raises FileProblem: if it was not saved; then nothing of it is left.
        """
        try:
            await self._receive()
        except BaseException:  # cancelled, for example
            self._saved.discard()
            raise
        return self._saved.finish()

    async def _receive(self) -> None:
        """Try until the file is complete; after each lost connection again where it was."""
        attempts = 0
        while self._saved.size < self._file.bytes:
            before = self._saved.size
            try:
                await self._silence.watch(ensureDeferred(self._attempt()))
            except LinkLost:
                attempts = attempts + 1 if self._saved.size == before else 1
                if attempts >= limits.FILE_REQUESTS:
                    raise
                await deferLater(self._reactor, limits.RETRY_SECONDS)

    async def _attempt(self) -> None:
        server = self._server()
        if server is None:
            raise LinkLost("there is no connection to the server")
        url = server.file_url(self._file)
        for _ in range(_MAX_MOVES + 1):
            response = await self._ask(server, url)
            if response.code not in _MOVED:
                break
            url = server.moved_url(_header(response, b"location"))
        if response.code not in (_OK, _PARTIAL):
            raise FileProblem(await http.read_refusal(response))
        self._begin(response)
        await http.read_body(response, self._write)
        if self._saved.size < self._file.bytes:
            raise LinkLost("the server sent less than it had announced")

    async def _ask(self, server: FileServer, url: str) -> IResponse:
        # The link itself opens the file: the token is not sent along.
        headers = {"Range": f"bytes={self._saved.size}-"} if self._saved.size else {}
        return await http.request(self._reactor, "GET", url, server.fingerprint, headers)

    def _begin(self, response: IResponse) -> None:
        """Check where in the file the body begins.

        :raises FileProblem: if that is not known.
        """
        if response.code == _OK:
            self._saved.restart()
            return
        found = _CONTENT_RANGE.fullmatch(_header(response, b"content-range"))
        if found is None or (int(found[1]), int(found[2])) != (self._saved.size, self._file.bytes):
            raise FileProblem("the server sent another part of it than was asked for")

    def _write(self, data: bytes) -> None:
        if self._saved.size + len(data) > self._file.bytes:
            raise FileProblem("the server sent more than it had announced")
        self._saved.write(data)
        self._silence.restart()
        self._on_progress()


def _header(response: IResponse, name: bytes) -> str:
    [value, *_] = response.headers.getRawHeaders(name) or [b""]
    return str(value, "ascii", "replace")
