"""Whatever is no request, or too much of one: one error, and the end."""

from typing import Any

import pytest

from chatd.chat import limits
from tests.web.visitors import HOST, UPGRADE, PageHall, request

BAD_REQUESTS = {
    "no HTTP": b"hello everyone\r\n\r\n",
    "a frame of the chat": b'{"type": "hello"}\r\n\r\n',
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an empty line": b"\r\n",
    "no version": f"GET /\r\nHost: {HOST}\r\n\r\n".encode(),
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": f"GET / HTTP/1.1\r\nHost: {HOST}\r\nHost: {HOST}\r\n\r\n".encode(),
    "a NUL in the path": f"GET /\0 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(),
    "a space in the path": f"GET /a b HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(),
    "raw UTF-8 in the path": f"GET /é HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(),
    "a NUL in a header": request("/", {"X": "a\0b"}),
    "a header without a colon": f"GET / HTTP/1.1\r\nHost: {HOST}\r\nX\r\n\r\n".encode(),
    "a space before the colon": f"GET / HTTP/1.1\r\nHost : {HOST}\r\n\r\n".encode(),
    "two lengths": request("/", {"Content-Length": "1, 2"}),
    "a length below zero": request("/", {"Content-Length": "-1"}),
    "a huge length": request("/", {"Content-Length": "9" * 5_000}),
    "an unknown encoding": request("/", {"Transfer-Encoding": "gzip"}),
}


@pytest.mark.parametrize("bad", BAD_REQUESTS.values(), ids=BAD_REQUESTS)
def test_what_is_no_request_gets_one_error_and_the_end(hall: PageHall, bad: bytes) -> None:
    visitor = hall.visit()
    visitor.send(bad)
    [reply] = visitor.replies()
    assert (reply.status, reply.code) == (400, "bad-request")
    assert reply.headers["connection"] == "close"
    assert visitor.is_ended()
    assert hall.chat.counters == {"bad-request": 1}
    visitor.send(request("/health"))
    assert visitor.replies() == []


@pytest.mark.parametrize(
    "other",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        request("/health", version="2.0"),
        request("/socket", UPGRADE, version="2.0"),
        request("/", host=None, version="0.9"),
    ],
)
def test_what_is_another_http_gets_one_error_and_the_end(hall: PageHall, other: bytes) -> None:
    visitor = hall.visit()
    visitor.send(other)
    [reply] = visitor.replies()
    assert (reply.status, reply.code) == (505, "http-version")
    assert visitor.is_ended()
    assert not hall.chat.sessions


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (request("/health", method="HEAD", version="2.0"), 505),
        (request("/health", {"X": "x" * limits.HTTP_HEAD_BYTES}, method="HEAD"), 431),
    ],
)
def test_head_gets_the_head_of_the_error_and_the_end(
    hall: PageHall, asked: bytes, status: int
) -> None:
    visitor = hall.visit()
    visitor.send(asked)
    assert [reply.status for reply in visitor.replies(has_bodies=False)] == [status]
    assert visitor.is_ended()


def test_a_later_http_1_is_answered_as_http_1_1(hall: PageHall) -> None:
    assert hall.visit().get("/health", version="1.9").status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"Content-Length": "5"},
        {"Content-Length": "5", "Expect": "100-continue"},
        {"Transfer-Encoding": "chunked"},
    ],
)
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"path": "/"}, "body-too-large"),
        ({"path": "/socket", "headers": UPGRADE}, "body-too-large"),
        ({"path": "/", "method": "POST"}, "method-not-allowed"),
        ({"path": "/nothing"}, "not-found"),
        ({"path": "/", "host": "evil.example"}, "foreign-host"),
    ],
)
def test_a_body_is_not_read(
    hall: PageHall, asked: dict[str, Any], code: str, body: dict[str, str]
) -> None:
    visitor = hall.visit()
    reply = visitor.get(**asked | {"headers": asked.get("headers", {}) | body})
    assert (reply.code, reply.headers["connection"]) == (code, "close")
    assert visitor.is_ended()
    visitor.send(b"hello" * 1_000)
    assert visitor.replies() == []


def test_an_empty_body_is_none(hall: PageHall) -> None:
    assert hall.visit().get("/health", {"Content-Length": "0"}).status == 200


def padded(size: int) -> bytes:
    """A request with a head of so many bytes."""
    return request("/health", {"X": "x" * (size - len(request("/health", {"X": ""})))})


@pytest.mark.parametrize("piece", [1_000, 1_000_000])
def test_a_head_has_a_limit(hall: PageHall, piece: int) -> None:
    for size, status in ((limits.HTTP_HEAD_BYTES, 200), (limits.HTTP_HEAD_BYTES + 1, 431)):
        visitor = hall.visit()
        data = padded(size)
        assert len(data) == size
        for start in range(0, size, piece):
            visitor.send(data[start : start + piece])
        assert [reply.status for reply in visitor.replies()] == [status]
        assert visitor.is_ended() is (status == 431)
    assert hall.chat.counters == {"head-too-large": 1}


def test_a_head_without_end_is_not_kept(hall: PageHall) -> None:
    visitor = hall.visit()
    visitor.send(b"GET /" + b"x" * limits.HTTP_HEAD_BYTES)
    assert [reply.code for reply in visitor.replies()] == ["head-too-large"]
