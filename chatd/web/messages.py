"""HTTP messages (RFC 9110): requests as the handlers see them, responses, and errors in JSON.

:class:`Request` comes from h11's event of the request's head, :class:`Response` goes back to
:mod:`chatd.web.http`. Neither knows the connection.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

import h11
import msgspec
from twisted.internet.defer import Deferred

from chatd.chat import limits

#: Names and values of header fields, in order.
Headers = tuple[tuple[str, str], ...]

#: The status of each error code; docs/reference/web.rst explains the codes.
STATUS: Final = {
    "bad-request": 400,
    "bad-query": 400,
    "bad-room-name": 400,
    "bad-search": 400,
    "bad-recipients": 400,
    "empty-file": 400,
    "upload-incomplete": 400,
    "not-entered": 401,
    "foreign-origin": 403,
    "not-in-room": 403,
    "muted": 403,
    "read-only": 403,
    "not-found": 404,
    "no-such-room": 404,
    "no-such-file": 404,
    "no-files": 404,
    "not-reached": 404,
    "method-not-allowed": 405,
    "too-late": 408,
    "upload-too-slow": 408,
    "file-gone": 410,
    "length-required": 411,
    "precondition-failed": 412,
    "body-too-large": 413,
    "file-too-large": 413,
    "uri-too-long": 414,
    "range-not-satisfiable": 416,
    "foreign-host": 421,
    "upgrade-required": 426,
    "too-many-from-address": 429,
    "too-many-uploads": 429,
    "slow": 429,
    "head-too-large": 431,
    "server-failed": 500,
    "not-implemented": 501,
    "too-many-connections": 503,
    "cut-off": 503,
    "search-failed": 503,
    "files-failed": 503,
    "node-away": 503,
    "http-version": 505,
    "disk-full": 507,
}

#: What the connection itself rejects.
_CONNECTION_ERRORS: Final = {
    "bad-request": "Malformed HTTP request.",
    "head-too-large": (
        f"The request line and headers have more than {limits.HTTP_HEAD_BYTES:,} bytes."
    ),
    "uri-too-long": f"The request line has more than {limits.HTTP_HEAD_BYTES:,} bytes.",
    "http-version": "HTTP version not supported; use HTTP/1.1.",
    "too-many-from-address": "Too many connections come from your address; try again later.",
    "upload-incomplete": "The file ended before its Content-Length.",
    "upload-too-slow": (
        f"The file did not arrive: no byte of it within {limits.UPLOAD_SILENT_SECONDS} s, or not "
        f"all within {limits.UPLOAD_SECONDS} s."
    ),
    "too-late": f"The request was not complete within {limits.FIRST_LINE_TIMEOUT_SECONDS} s.",
}

# --- requests -----------------------------------------------------------------------------------

#: A request target in absolute form, which replaces ``Host`` (RFC 9112, section 3.2.2).
_ABSOLUTE_FORM: Final = re.compile("https?://([^/?#]*)/?(.*)", re.IGNORECASE)

#: A percent sign without two hexadecimal digits after it.
_BROKEN_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")

#: Bounded, because ``int`` is slow with many digits; 16 are enough for the largest ``seq``.
_INTEGER: Final = re.compile("[0-9]{1,16}")


@dataclass(frozen=True, slots=True)
class Request:
    """A request without its body.

    :ivar path: as it was sent, not decoded: no path that is served needs a percent sign.
    :ivar peer: the client, ``ADDRESS:PORT``.
    :ivar headers: with names in lower case.
    :ivar version: of HTTP, ``1.0`` or ``1.1``, for example.
    :ivar scheme: of the page's address, ``http`` or ``https``.
    :ivar is_encrypted: whether the connection itself is under TLS, also if it is a proxy's.
    :ivar is_forwarded: whether a reverse proxy that is believed has sent it; see
        :mod:`chatd.web.proxies`.
    :ivar is_scheme_certain: whether that proxy has told the scheme.
    """

    method: str
    path: str
    query: str
    peer: str
    headers: Headers
    version: str = "1.1"
    scheme: str = "http"
    is_encrypted: bool = False
    is_forwarded: bool = False
    is_scheme_certain: bool = False

    @property
    def body_size(self) -> int | None:
        """How many bytes the body has; None if the request does not say so."""
        lengths = self.values("content-length")  # h11 lets only digits pass, and no two
        if self.values("transfer-encoding") or not lengths:
            return None
        return int(lengths[0])

    @property
    def has_body(self) -> bool:
        """Whether a body follows, or may follow."""
        lengths = self.values("content-length")  # h11 lets only digits pass
        return bool(self.values("transfer-encoding")) or any(int(each) for each in lengths)

    def values(self, name: str) -> list[str]:
        """The values of all header fields called `name` (lower case), in order."""
        return [value for key, value in self.headers if key == name]

    def items(self, name: str) -> list[str]:
        """The elements of a header field that is a comma-separated list (RFC 9110, 5.6.1)."""
        return [item.strip() for value in self.values(name) for item in value.split(",")]


def parse_request(head: h11.Request, peer: str, scheme: str = "http") -> Request:
    """The request with this `head`, from `peer` (``ADDRESS:PORT``), on a port for `scheme`."""
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in head.headers
        # RFC 9110, section 7.8: a server must ignore Upgrade in a request of HTTP/1.0.
        if (name, head.http_version) != (b"upgrade", b"1.0")
    )
    target = head.target.decode("ascii")
    absolute = _ABSOLUTE_FORM.fullmatch(target)
    if absolute is not None:
        host, target = absolute[1], f"/{absolute[2]}"
        headers = (*(field for field in headers if field[0] != "host"), ("host", host))
    path, _, query = target.partition("?")
    method, version = head.method.decode("ascii"), head.http_version.decode("ascii")
    return Request(
        method, path, query, peer, headers, version, scheme, is_encrypted=scheme == "https"
    )


def query_parameters(query: str, known: Collection[str]) -> dict[str, str]:
    """The parameters in `query`, decoded: values by name.

    :raises HTTPError: if the query is malformed, repeats a name, or has one that is not `known`.
    """
    pairs = _parse_query(query, len(known)) if query else []
    values = dict(pairs)
    if len(values) != len(pairs) or not values.keys() <= set(known):
        raise HTTPError(
            "bad-query", f"The query may have only {', '.join(known)}, each at most once."
        )
    return values


def parse_integer(name: str, value: str, minimum: int, maximum: int) -> int:
    """The integer in `value`, which is the query parameter `name`.

    :raises HTTPError: if it is not an integer from `minimum` to `maximum`.
    """
    if _INTEGER.fullmatch(value) and minimum <= int(value) <= maximum:
        return int(value)
    raise HTTPError("bad-query", f"{name} must be a whole number from {minimum} to {maximum}.")


def _parse_query(query: str, max_parameters: int) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(
            query,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=max_parameters,
        )
    except ValueError:
        pairs = []
    if not pairs or _BROKEN_ESCAPE.search(query):
        raise HTTPError("bad-query", "The query is malformed, or has too many parameters.")
    return pairs


# --- responses ----------------------------------------------------------------------------------

_encoder: Final = msgspec.json.Encoder()

#: In every response: no guessing of media types, no referrer, and no use by other origins' pages.
_COMMON_HEADERS: Final[Headers] = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)

#: What the page may load and do: nothing but its own files, and the API and the WebSocket of this
#: server and of the other nodes of its cluster.
#: The one inline script is allowed by its hash, and there are no inline styles, so markup that got
#: into the page could not run code; and no other page can frame it (``frame-ancestors``).
_CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'{script}; style-src 'self'; "
    "img-src 'self' data: blob:{nodes}; "
    "connect-src 'self'{sources}; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class FileBody:
    """A file that is sent piece by piece.

    :ivar open: opens it; the Deferred fires with the file descriptor, or fails with OSError or a
        :class:`~chatd.chat.errors.Refusal`.
    :ivar size: in bytes; exactly so many are sent.
    :ivar end: the place in the file behind the last of them.
    """

    open: Callable[[], Deferred[int]]
    size: int
    end: int


@dataclass(frozen=True, slots=True)
class Response:
    """A response; the connection leaves out the body if the method was HEAD.

    :ivar file: what is sent instead of `body`.
    :ivar inline_script: the hash of the one script that the body may contain, as
        ``Content-Security-Policy`` has it (``sha256-…``); empty for none.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    file: FileBody | None = None
    inline_script: str = ""

    @property
    def length(self) -> int:
        """How many bytes the body has."""
        return len(self.body) if self.file is None else self.file.size


class HTTPError(Exception):
    """The server rejects a request. Its text is a sentence for people.

    :ivar code: the stable code for programs, a key of :data:`STATUS`.
    :ivar headers: additional headers of the response.
    """

    def __init__(self, code: str, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.code = code
        self.headers = headers


def connection_error(code: str) -> HTTPError:
    """The error with that `code` for what the connection itself rejects."""
    return HTTPError(code, _CONNECTION_ERRORS[code])


def json_response(value: object, status: int = 200, headers: Headers = ()) -> Response:
    """A response with `value` in JSON, which caches do not store."""
    json_headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return Response(status, (*json_headers, *headers), _encoder.encode(value))


def error_response(code: str, message: str, headers: Headers = ()) -> Response:
    """The response for an error: a code for programs, a sentence for people."""
    error = {"error": {"code": code, "message": message}}
    # A refusal of the hub that is not in the table is no fault of the server.
    return json_response(error, STATUS.get(code, 403), headers)


def security_headers(
    host: str, nodes: Collection[str] = (), node_origin: str = "", inline_script: str = ""
) -> Headers:
    """The headers that keep other pages, and foreign scripts, out.

    :param host: the server's name in the request, once it is checked; empty before. It is in the
        policy because some browsers do not count a WebSocket as ``'self'``.
    :param nodes: the origins of all nodes of the cluster, to which the page may connect.
    :param node_origin: the origin of a page of another node, which may read this response.
    :param inline_script: see :class:`Response`.
    """
    script = f" '{inline_script}'" if inline_script else ""
    sources = f" ws://{host} wss://{host}" if host else ""
    origins = [f" {origin}" for origin in nodes] if host else []
    sources += "".join(f"{origin} ws{origin.removeprefix(' http')}" for origin in origins)
    headers = (
        *_COMMON_HEADERS,
        (
            "Content-Security-Policy",
            _CONTENT_SECURITY_POLICY.format(script=script, sources=sources, nodes="".join(origins)),
        ),
    )
    if not node_origin:
        return headers
    return (
        *headers,
        ("Access-Control-Allow-Origin", node_origin),
        # The page sets its clock by it.
        ("Access-Control-Expose-Headers", "Date"),
        ("Vary", "Origin"),
    )
