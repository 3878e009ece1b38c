"""Sending files: ``GET /files/ID/NAME``.

Whoever has the link gets the file, and nobody can guess it. Nothing in a file can do harm in the
page's origin: only pictures are shown, by their content; all else is a download, of no kind that a
browser would run; and a policy allows it nothing.
"""

from typing import Final
from urllib.parse import quote, unquote

from twisted.internet.defer import Deferred

from chatd.chat.events import File
from chatd.chat.file_errors import NoSuchFile
from chatd.files.media_types import PICTURES
from chatd.files.store import FileStore
from chatd.server.chat import Chat
from chatd.web.messages import FileBody, Headers, HTTPError, Request, Response, query_parameters
from chatd.web.uploads import PREFIX

#: The methods at these paths.
METHODS: Final = ("GET", "HEAD", "OPTIONS", "PUT")

#: For the page of another node, whose browser asks first (CORS).
_PREFLIGHT: Final[Headers] = (
    ("Access-Control-Allow-Methods", "GET, HEAD, PUT"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, Range"),
    ("Access-Control-Max-Age", "600"),
)

_SAFE_CHARACTERS: Final = "!#$&+-.^_`|~"  # RFC 8187, section 3.2.1


def respond(request: Request, chat: Chat) -> Response | Deferred[Response]:
    """The file whose id is in the path of `request`, which begins with :data:`PREFIX`.

    The Deferred fails with a :class:`Refusal` if it is not there.
    """
    if request.method == "OPTIONS":
        return Response(204, (("Allow", ", ".join(METHODS)), *_PREFLIGHT))
    query_parameters(request.query, ())
    file_id = unquote(request.path.removeprefix(PREFIX).partition("/")[0])
    token, _, node = file_id.partition("@")
    if node != chat.settings.node and node:
        return _redirect(request, chat, node)
    if chat.files is None:
        raise NoSuchFile
    files = chat.files
    return files.get(token).addCallback(lambda file: _response(files, file))


def _response(files: FileStore, file: File) -> Response:
    headers = (
        ("Content-Type", file.media_type),
        ("Content-Disposition", _disposition(file)),
        ("Content-Security-Policy", "sandbox; default-src 'none'"),
        # A file never changes, but may be removed.
        ("Cache-Control", "private, no-cache"),
        ("ETag", f'"{file.id}"'),
    )
    body = FileBody(lambda: files.open_content(file.id), file.bytes, file.bytes)
    return Response(200, headers, b"", body)


def _disposition(file: File) -> str:
    """How a browser takes the file, and its name (RFC 6266)."""
    kind = "inline" if file.media_type in PICTURES else "attachment"
    plain = "".join(
        each if each.isascii() and each.isprintable() and each not in '"\\%' else "_"
        for each in file.name
    )
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, _SAFE_CHARACTERS)}"


def _redirect(request: Request, chat: Chat, node: str) -> Response:
    """The response that names the page of the node that has the file.

    :raises HTTPError: if the node is away.
    :raises NoSuchFile: if there is no cluster.
    """
    if not chat.settings.node:
        raise NoSuchFile
    origins = [
        origin for each in chat.hub.nodes.known if each.name == node for origin in each.origins
    ]
    if not origins:
        raise HTTPError(
            "node-away", f"The file is on the server {node}, which is away; try again later."
        )
    origin = next((each for each in origins if each.startswith(f"{request.scheme}:")), origins[0])
    headers = (("Location", f"{origin}{request.path}"), ("Cache-Control", "no-store"))
    return Response(307, headers)
