"""The files of the page: read once, and looked up in a table, so that no path leads elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePath
from typing import Final

from chatd.web.answers import Answer, Headers
from chatd.web.requests import Request

#: What is served; other files are not.
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}

_TAG_CHARACTERS: Final = 32


@dataclass(frozen=True, slots=True)
class File:
    """A file, and what is said about it; `tag` changes with its content."""

    content: bytes
    tag: str
    headers: Headers

    def answer(self, request: Request) -> Answer:
        """The file, unless who asks has it already."""
        known = {tag.removeprefix("W/") for tag in request.items("if-none-match")}
        if known & {self.tag, "*"}:
            return Answer(304, self.headers)
        return Answer(200, self.headers, self.content)


def read_all() -> dict[str, File]:
    """Each file of the page, by the path it is asked for with."""
    return dict(_read(files("chatd.web").joinpath("static")))


def _read(folder: Traversable) -> Iterator[tuple[str, File]]:
    for found in folder.iterdir():
        kind = _TYPES.get(PurePath(found.name).suffix)
        if kind is not None:
            path = "/" if found.name == "index.html" else f"/static/{found.name}"
            yield path, _file(kind, found.read_bytes())


def _file(kind: str, content: bytes) -> File:
    tag = f'"{sha256(content).hexdigest()[:_TAG_CHARACTERS]}"'
    return File(
        content, tag, (("Content-Type", kind), ("Cache-Control", "no-cache"), ("ETag", tag))
    )
