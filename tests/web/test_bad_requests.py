"""Malformed and oversized requests: each gets one error, and the connection is closed."""

from typing import Any

import pytest

from chatd.chat import limits
from tests.web.http_clients import HOST, UPGRADE_HEADERS, WebHarness, request

BAD_REQUESTS = {
    "no HTTP": b"hello everyone\r\n\r\n",
    "a frame of the chat": b'{"type": "hello"}\r\n\r\n',
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
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
def test_a_malformed_request_gets_one_error_and_is_closed(harness: WebHarness, bad: bytes) -> None:
    client = harness.connect_http()
    client.send(bad)
    [response] = client.responses()
    assert (response.status, response.code) == (400, "bad-request")
    assert response.headers["connection"] == "close"
    assert client.is_half_closed()
    assert harness.chat.counters == {"bad-request": 1}
    client.send(request("/health"))
    assert client.responses() == []


@pytest.mark.parametrize(
    "other",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        request("/health", version="2.0"),
        request("/socket", UPGRADE_HEADERS, version="2.0"),
        request("/", host=None, version="0.9"),
    ],
)
def test_another_http_version_gets_one_error_and_is_closed(
    harness: WebHarness, other: bytes
) -> None:
    client = harness.connect_http()
    client.send(other)
    [response] = client.responses()
    assert (response.status, response.code) == (505, "http-version")
    assert client.is_half_closed()
    assert not harness.chat.sessions


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request("/health", method="HEAD", version="2.0"), 505),
        (request("/health", {"X": "x" * limits.HTTP_HEAD_BYTES}, method="HEAD"), 431),
    ],
)
def test_head_gets_an_error_without_its_body_and_is_closed(
    harness: WebHarness, data: bytes, status: int
) -> None:
    client = harness.connect_http()
    client.send(data)
    assert [response.status for response in client.responses(has_bodies=False)] == [status]
    assert client.is_half_closed()


def test_a_later_minor_version_is_answered_as_http_1_1(harness: WebHarness) -> None:
    assert harness.connect_http().get("/health", version="1.9").status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"Content-Length": "5"},
        {"Content-Length": "5", "Expect": "100-continue"},
        {"Transfer-Encoding": "chunked"},
    ],
)
@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"path": "/"}, "body-too-large"),
        ({"path": "/socket", "headers": UPGRADE_HEADERS}, "body-too-large"),
        ({"path": "/", "method": "POST"}, "method-not-allowed"),
        ({"path": "/nothing"}, "not-found"),
        ({"path": "/", "host": "evil.example"}, "foreign-host"),
    ],
)
def test_a_body_is_not_read(
    harness: WebHarness, options: dict[str, Any], code: str, body: dict[str, str]
) -> None:
    client = harness.connect_http()
    response = client.get(**options | {"headers": options.get("headers", {}) | body})
    assert (response.code, response.headers["connection"]) == (code, "close")
    assert client.is_half_closed()
    client.send(b"hello" * 1_000)
    assert client.responses() == []


def test_content_length_0_is_no_body(harness: WebHarness) -> None:
    assert harness.connect_http().get("/health", {"Content-Length": "0"}).status == 200


def padded(size: int) -> bytes:
    """A request with a head of so many bytes."""
    return request("/health", {"X": "x" * (size - len(request("/health", {"X": ""})))})


@pytest.mark.parametrize("piece", [1_000, 1_000_000])
def test_the_head_has_a_limit(harness: WebHarness, piece: int) -> None:
    for size, status in ((limits.HTTP_HEAD_BYTES, 200), (limits.HTTP_HEAD_BYTES + 1, 431)):
        client = harness.connect_http()
        data = padded(size)
        assert len(data) == size
        for start in range(0, size, piece):
            client.send(data[start : start + piece])
        assert [response.status for response in client.responses()] == [status]
        assert client.is_half_closed() is (status == 431)
    assert harness.chat.counters == {"head-too-large": 1}


def test_an_endless_head_is_rejected_at_the_limit(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(b"GET /" + b"x" * limits.HTTP_HEAD_BYTES)
    assert [response.code for response in client.responses()] == ["uri-too-long"]
