"""The page's files: read once at the start, and served from a table of whole paths.

No part of a request's path ever becomes a file name, so none can lead out of the folder.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePath
from typing import Final

from chatd.web.messages import Headers, Request, Response

#: The media types by suffix; files with other suffixes are not served.
_MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}

_ETAG_CHARACTERS: Final = 32


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of the page, with its response headers.

    :ivar etag: with its quotes; a hash, so that it changes with the content.
    """

    content: bytes
    etag: str
    headers: Headers

    def response(self, request: Request) -> Response:
        """The file, or 304 if the client has it (``If-None-Match``, RFC 9110, section 13.1.2)."""
        client_etags = {etag.removeprefix("W/") for etag in request.items("if-none-match")}
        if client_etags & {self.etag, "*"}:
            return Response(304, self.headers)
        return Response(200, self.headers, self.content)


def load() -> dict[str, StaticFile]:
    """The page's files by URL path: ``/`` for the page itself, ``/static/NAME`` for the others."""
    return dict(_read(files("chatd.web").joinpath("static")))


def _read(folder: Traversable) -> Iterator[tuple[str, StaticFile]]:
    for file in folder.iterdir():
        media_type = _MEDIA_TYPES.get(PurePath(file.name).suffix)
        if media_type is not None:
            path = "/" if file.name == "index.html" else f"/static/{file.name}"
            yield path, _make_file(media_type, file.read_bytes())


def _make_file(media_type: str, content: bytes) -> StaticFile:
    etag = f'"{sha256(content).hexdigest()[:_ETAG_CHARACTERS]}"'
    # no-cache: the browser asks each time, with the ETag, so a new version is seen at once.
    headers = (("Content-Type", media_type), ("Cache-Control", "no-cache"), ("ETag", etag))
    return StaticFile(content, etag, headers)
