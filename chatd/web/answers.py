"""What goes back to who asked: a status, headers, a body; errors are JSON."""

from dataclasses import dataclass
from typing import Final

import msgspec

_encoder: Final = msgspec.json.Encoder()

#: The status of each error, by its code; docs/web.rst explains each.
STATUS: Final = {
    "bad-request": 400,
    "bad-query": 400,
    "bad-room-name": 400,
    "foreign-origin": 403,
    "not-found": 404,
    "no-such-room": 404,
    "method-not-allowed": 405,
    "too-late": 408,
    "body-too-large": 413,
    "foreign-host": 421,
    "upgrade-required": 426,
    "head-too-large": 431,
    "server-failed": 500,
    "too-many-connections": 503,
    "http-version": 505,
}

Headers = tuple[tuple[str, str], ...]

#: What every answer says: it is what it says it is, and belongs to no other page.
_COMMON_HEADERS: Final[Headers] = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)

#: Everything that the page may load or do; it has no script but its files, and is in no frame.
_CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'{sockets}; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; a HEAD request gets all of it but the body."""

    status: int
    headers: Headers = ()
    body: bytes = b""


class HTTPError(Exception):
    """A request that is not done.

    :ivar code: the stable name of the reason, a key of :data:`STATUS`.
    :ivar headers: what the answer has to say besides.
    """

    def __init__(self, code: str, sentence: str, headers: Headers = ()) -> None:
        super().__init__(sentence)
        self.code = code
        self.headers = headers


def json_response(value: object) -> Response:
    """What is true now, and to be asked for again."""
    return _encode_json(200, value)


def error_response(code: str, sentence: str, headers: Headers = ()) -> Response:
    """Why a request is not done: a code for programs, a sentence for people."""
    return _encode_json(STATUS[code], {"error": {"code": code, "message": sentence}}, headers)


def security_headers(host: str) -> Headers:
    """What every answer says about itself.

    :param host: what the page calls this server; empty if that is not known to be true. Some
        browsers do not count a WebSocket as ``'self'``.
    """
    sockets = f" ws://{host} wss://{host}" if host else ""
    return (
        *_COMMON_HEADERS,
        ("Content-Security-Policy", _CONTENT_SECURITY_POLICY.format(sockets=sockets)),
    )


def _encode_json(status: int, value: object, headers: Headers = ()) -> Response:
    kind = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return Response(status, (*kind, *headers), _encoder.encode(value))
