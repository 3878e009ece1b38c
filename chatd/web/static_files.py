"""The files of the page: read once, and looked up in a table, so that no path leads elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePath
from typing import Final

from chatd.web.messages import Headers, Request, Response

#: What is served; other files are not.
_TYPES: Final = {
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
    """A file, and what is said about it; `tag` changes with its content."""

    content: bytes
    etag: str
    headers: Headers

    def response(self, request: Request) -> Response:
        """The file, unless who asks has it already."""
        known = {tag.removeprefix("W/") for tag in request.items("if-none-match")}
        if known & {self.etag, "*"}:
            return Response(304, self.headers)
        return Response(200, self.headers, self.content)


def load() -> dict[str, StaticFile]:
    """Each file of the page, by the path it is asked for with."""
    return dict(_read(files("chatd.web").joinpath("static")))


def _read(folder: Traversable) -> Iterator[tuple[str, StaticFile]]:
    for found in folder.iterdir():
        kind = _TYPES.get(PurePath(found.name).suffix)
        if kind is not None:
            path = "/" if found.name == "index.html" else f"/static/{found.name}"
            yield path, _file(kind, found.read_bytes())


def _file(kind: str, content: bytes) -> StaticFile:
    tag = f'"{sha256(content).hexdigest()[:_ETAG_CHARACTERS]}"'
    return StaticFile(
        content, tag, (("Content-Type", kind), ("Cache-Control", "no-cache"), ("ETag", tag))
    )
