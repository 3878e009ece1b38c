"""What a request asks for: its method, its path, its query and its headers."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

import h11
import msgspec

#: A target that names the server as well, which then counts more than ``Host`` (RFC 9112, 3.2.2).
_ABSOLUTE: Final = re.compile("https?://([^/?#]*)/?(.*)", re.IGNORECASE)

#: A percent sign that two hexadecimal digits do not follow.
_BROKEN_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")

#: More digits than any number of a message has.
_WHOLE_NUMBER: Final = re.compile("[0-9]{1,16}")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, but for its body.

    :ivar path: as it was sent: nothing that is served has a name that needs a percent sign.
    :ivar peer: who asks, ``ADDRESS:PORT``.
    :ivar headers: names in lower case, and values.
    """

    method: str
    path: str
    query: str
    peer: str
    headers: tuple[tuple[str, str], ...]

    @property
    def has_body(self) -> bool:
        """Whether a body follows, or may do so."""
        lengths = self.values("content-length")
        return bool(self.values("transfer-encoding")) or lengths not in ([], ["0"])

    def values(self, name: str) -> list[str]:
        """The value of each header of that name (in lower case), in order."""
        return [value for key, value in self.headers if key == name]

    def items(self, name: str) -> list[str]:
        """What the headers of that name list, between commas."""
        return [item.strip() for value in self.values(name) for item in value.split(",")]


def parse_request(head: h11.Request, peer: str) -> Request:
    """The request that begins with `head`, from `peer`."""
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in head.headers
        if (name, head.http_version) != (b"upgrade", b"1.0")  # which RFC 9110 wants ignored
    )
    target = head.target.decode("ascii")
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is not None:
        host, target = absolute[1], f"/{absolute[2]}"
        headers = (*(each for each in headers if each[0] != "host"), ("host", host))
    path, _, query = target.partition("?")
    return Request(head.method.decode("ascii"), path, query, peer, headers)


def query_parameters(query: str, known: Collection[str]) -> dict[str, str]:
    """The values in `query`, by their names.

    :raises Rejected: it cannot be read, or names something twice, or what is not `known`.
    """
    pairs = _pairs(query, len(known)) if query else []
    values = dict(pairs)
    if len(values) != len(pairs) or not values.keys() <= set(known):
        raise HTTPError("bad-query", f"A query may have {', '.join(known)}, each once.")
    return values


def parse_integer(name: str, value: str, minimum: int, maximum: int) -> int:
    """The number that is the `value` of the parameter `name`.

    :raises Rejected: it is none, or not one from `least` to `most`.
    """
    if _WHOLE_NUMBER.fullmatch(value) and minimum <= int(value) <= maximum:
        return int(value)
    raise HTTPError("bad-query", f"{name} must be a whole number from {minimum} to {maximum}.")


def _pairs(query: str, most: int) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(
            query,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=most,
        )
    except ValueError:
        pairs = []
    if not pairs or _BROKEN_ESCAPE.search(query):
        raise HTTPError("bad-query", "This query cannot be read.")
    return pairs


_encoder: Final = msgspec.json.Encoder()

#: The status of each error, by its code; docs/reference/web.rst explains each.
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
