"""The page's files: read once at the start, and served from a table of whole paths.

No part of a request's path ever becomes a file name, so none can lead out of the folder.
"""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
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

_PAGE: Final = "index.html"
#: The script that reloads the page if other files were not loaded. It is sent in the page, where
#: it replaces its element. It is before the style sheets: scripts after these wait for them.
_INLINE_SCRIPT: Final = "support.js"
_INLINE_ELEMENT: Final = b'<script src="/static/support.js"></script>'


def load() -> dict[str, Response]:
    """The page's files as responses, by URL path.

    The page itself is at ``/``, the others are at ``/static/NAME``.
    """
    return dict(_read(files("chatd.web").joinpath("static")))


def _read(folder: Traversable) -> Iterator[tuple[str, Response]]:
    for file in folder.iterdir():
        media_type = _MEDIA_TYPES.get(PurePath(file.name).suffix)
        if file.name == _PAGE:
            yield "/", _make_page(file.read_bytes(), folder.joinpath(_INLINE_SCRIPT).read_bytes())
        elif media_type is not None and file.name != _INLINE_SCRIPT:
            yield f"/static/{file.name}", _make_response(media_type, file.read_bytes())


def _make_page(html: bytes, script: bytes) -> Response:
    """The page, in which the `script` replaces its element."""
    page = html.replace(_INLINE_ELEMENT, b"<script>" + script + b"</script>")
    digest = b64encode(sha256(script).digest()).decode()
    return replace(_make_response(_MEDIA_TYPES[".html"], page), inline_script=f"sha256-{digest}")


def _make_response(media_type: str, content: bytes) -> Response:
    etag = f'"{sha256(content).hexdigest()[:_ETAG_CHARACTERS]}"'
    # no-cache: the browser asks each time, with the ETag, so a new version is seen at once.
    headers = (("Content-Type", media_type), ("Cache-Control", "no-cache"), ("ETag", etag))
    return Response(200, headers, content)
