"""HTTP as RFC 9110 and 9112 have it: health checks, methods, targets, conditions."""

import pytest

from chatd.chat import limits
from tests.web.http_clients import HOST, WebHarness, request

ALLOW = "GET, HEAD, OPTIONS"

#: A request, and the status of its response.
REQUESTS = {
    "HAProxy's default check": (b"OPTIONS / HTTP/1.0\r\n\r\n", 204),
    "a check of HTTP/1.0": (b"GET /health HTTP/1.0\r\n\r\n", 200),
    "a check that reads no body": (b"HEAD / HTTP/1.0\r\n\r\n", 200),
    "HTTP/1.0 with Host": (request("/health", version="1.0"), 200),
    "HTTP/1.0 with a foreign Host": (request("/", host="example.org", version="1.0"), 421),
    "HTTP/1.0 with a foreign Origin": (
        b"GET / HTTP/1.0\r\nOrigin: http://evil.example\r\n\r\n",
        421,
    ),
    "HTTP/1.1 without Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "an empty Host": (request("/", host=""), 421),
    "a later minor version": (request("/health", version="1.9"), 200),
    "Host in capitals": (request("/health", host="LOCALHOST:54321"), 200),
    "OPTIONS for the server": (request("*", method="OPTIONS"), 204),
    "OPTIONS for a file": (request("/", method="OPTIONS"), 204),
    "OPTIONS for nothing": (request("/nothing", method="OPTIONS"), 404),
    "GET for the server": (request("*"), 404),
    "POST": (request("/", method="POST"), 405),
    "DELETE": (request("/api/users", method="DELETE"), 405),
    "TRACE": (request("/", method="TRACE"), 405),
    "CONNECT": (request("example.org:443", method="CONNECT"), 404),
    "a method that nobody knows": (request("/", method="FROBNICATE"), 501),
    "a method in small letters": (request("/", method="get"), 501),
    "an absolute target": (request(f"http://{HOST}/health"), 200),
    "an absolute target, whatever Host says": (request(f"http://{HOST}/health", host="x"), 200),
    "a foreign absolute target": (request("http://example.org/"), 421),
    "a query": (request("/health?"), 200),
    "an escaped slash": (request("/api%2fusers"), 404),
    "two slashes": (request("//health"), 404),
    "dot segments": (request("/static/../health"), 404),
    "a range, which may be ignored": (request("/", {"Range": "bytes=0-1"}), 200),
    "an upgrade that nobody knows": (
        request("/", {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"}),
        200,
    ),
    "an expectation": (request("/", {"Expect": "100-continue", "Content-Length": "5"}), 413),
    "a body": (request("/", {"Content-Length": "5"}), 413),
    "a body in chunks": (request("/", {"Transfer-Encoding": "chunked"}), 413),
    "no body": (request("/", {"Content-Length": "0"}), 200),
    "a very long target": (request("/" + "x" * limits.HTTP_HEAD_BYTES), 414),
    "very long headers": (request("/", {"X": "x" * limits.HTTP_HEAD_BYTES}), 431),
    "an empty line before it": (b"\r\n" + request("/health"), 200),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_gets_the_status_that_the_rfcs_ask_for(harness: WebHarness, name: str) -> None:
    data, status = REQUESTS[name]
    client = harness.connect_http()
    client.send(data)
    harness.clock.advance(0)
    [response] = client.responses(has_bodies=not data.startswith(b"HEAD"))
    assert response.status == status
    assert "date" in response.headers
    if status in (204, 405, 501):
        assert response.headers["allow"] == ALLOW
    if status == 204:
        assert "content-length" not in response.headers
        assert response.body == b""


@pytest.mark.parametrize("path", ["/", "/health", "/api/users", "/nothing"])
def test_head_has_the_headers_of_get_and_no_body(harness: WebHarness, path: str) -> None:
    client = harness.connect_http()
    client.send(request(path))
    [get] = client.responses()
    head = harness.connect_http()
    head.send(request(path, method="HEAD"))
    raw = bytes(head.transport.value())
    assert raw.endswith(b"\r\n\r\n")
    assert f"Content-Length: {len(get.body)}\r\n".encode().lower() in raw.lower()


@pytest.mark.parametrize("tags", ["*", "{}", "W/{}", '"x", {}', '"x" , W/{} ,"y"'])
def test_a_file_that_the_client_has_is_a_304(harness: WebHarness, tags: str) -> None:
    client = harness.connect_http()
    client.send(request("/"))
    [full] = client.responses()
    client.send(request("/", {"If-None-Match": tags.format(full.headers["etag"])}))
    harness.clock.advance(1)
    [response] = client.responses()
    assert response.status == 304
    assert response.body == b""
    for name in ("etag", "cache-control", "content-security-policy", "date"):
        assert response.headers[name] == full.headers[name]


def test_another_entity_is_sent_anew(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(request("/", {"If-None-Match": '"other"'}))
    [response] = client.responses()
    assert response.status == 200


@pytest.mark.parametrize(
    ("version", "connection", "is_closed"),
    [("1.1", "", False), ("1.1", "close", True), ("1.0", "", True)],
)
def test_the_connection_is_kept_or_closed_as_the_version_has_it(
    harness: WebHarness, version: str, connection: str, is_closed: bool
) -> None:
    client = harness.connect_http()
    client.send(
        request("/health", {"Connection": connection} if connection else {}, version=version)
    )
    harness.clock.advance(0)
    assert client.is_half_closed() == is_closed


def test_empty_lines_alone_are_no_request(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(b"\r\n\r\n")
    assert client.responses() == []
    client.send(request("/health"))
    [response] = client.responses()
    assert response.status == 200
