"""The page's files: read once at the start, and served from a table of whole paths.

No part of a request's path ever becomes a file name, so none can lead out of the folder.
"""

from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePath
from typing import Final

from chatd.web.messages import Response

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


def load() -> dict[str, Response]:
    """The page's files as responses, by URL path.

    The page itself is at ``/``, the others are at ``/static/NAME``.
    """
    return dict(_read(files("chatd.web").joinpath("static")))


def _read(folder: Traversable) -> Iterator[tuple[str, Response]]:
    for file in folder.iterdir():
        media_type = _MEDIA_TYPES.get(PurePath(file.name).suffix)
        if media_type is not None:
            path = "/" if file.name == "index.html" else f"/static/{file.name}"
            yield path, _make_response(media_type, file.read_bytes())


def _make_response(media_type: str, content: bytes) -> Response:
    etag = f'"{sha256(content).hexdigest()[:_ETAG_CHARACTERS]}"'
    # no-cache: the browser asks each time, with the ETag, so a new version is seen at once.
    headers = (("Content-Type", media_type), ("Cache-Control", "no-cache"), ("ETag", etag))
    return Response(200, headers, content)
