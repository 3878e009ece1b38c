"""HTTP as RFC 9110 and 9112 have it: health checks, methods, targets, conditions."""

import pytest

from chatd.chat import limits
from tests.web.http_clients import HOST, WebHarness, request

ALLOW = "GET, HEAD, OPTIONS"


def lines(*each: str, end: str = "\r\n") -> bytes:
    """A request with `Host`, and with lines as they are given."""
    return end.join([each[0], f"Host: {HOST}", *each[1:], "", ""]).encode("latin-1")


#: The checks of load balancers and container engines, as they send them, and their status.
HEALTH_CHECKS = {
    "HAProxy, as it comes": b"OPTIONS / HTTP/1.0\r\n\r\n",
    "HAProxy, option httpchk GET": b"GET /health HTTP/1.0\r\n\r\n",
    "HAProxy 2.2, http-check send": b"GET /health HTTP/1.1\r\nhost: %s\r\n\r\n" % HOST.encode(),
    "keepalived": (
        b"GET /health HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: %s\r\n\r\n" % HOST.encode()
    ),
    "Docker, wget --spider": (
        b"HEAD /health HTTP/1.1\r\nHost: localhost:54321\r\nUser-Agent: Wget/1.21\r\n"
        b"Accept: */*\r\nAccept-Encoding: identity\r\nConnection: Keep-Alive\r\n\r\n"
    ),
    "Docker, BusyBox wget": (
        b"GET /health HTTP/1.1\r\nHost: localhost:54321\r\nUser-Agent: Wget\r\n"
        b"Connection: close\r\n\r\n"
    ),
    "Kubernetes": (
        b"GET /health HTTP/1.1\r\nHost: %s\r\nUser-Agent: kube-probe/1.28\r\n"
        b"Accept: */*\r\nConnection: close\r\n\r\n" % HOST.encode()
    ),
    "ApacheBench -k": (
        b"GET /health HTTP/1.0\r\nConnection: Keep-Alive\r\nHost: %s\r\n\r\n" % HOST.encode()
    ),
    "printf and nc": b"GET /health HTTP/1.0\n\n",
}


@pytest.mark.parametrize("check", HEALTH_CHECKS.values(), ids=HEALTH_CHECKS)
def test_a_health_check_succeeds(harness: WebHarness, check: bytes) -> None:
    client = harness.connect_http()
    client.send(check)
    harness.clock.advance(0)
    [response] = client.responses(has_bodies=not check.startswith(b"HEAD"))
    assert response.status in (200, 204)
    assert client.is_half_closed() == (b"HTTP/1.0" in check or b"close" in check)
    assert not harness.chat.counters


#: A request, and the status of its response.
REQUESTS = {
    "HTTP/1.0 with Host": (request("/health", version="1.0"), 200),
    "HTTP/1.0 with a foreign Host": (request("/", host="example.org", version="1.0"), 421),
    "HTTP/1.0 with a foreign Origin": (
        b"GET / HTTP/1.0\r\nOrigin: http://evil.example\r\n\r\n",
        403,
    ),
    "HTTP/1.1 without Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "an empty Host": (request("/", host=""), 421),
    "a later minor version": (request("/health", version="1.9"), 200),
    "Host in capitals": (request("/health", host="LOCALHOST:54321"), 200),
    "OPTIONS for the server": (request("*", method="OPTIONS"), 204),
    "OPTIONS for a file": (request("/", method="OPTIONS"), 204),
    "OPTIONS for the server in absolute form": (request(f"http://{HOST}", method="OPTIONS"), 204),
    "OPTIONS with a body": (request("/", {"Content-Length": "5"}, method="OPTIONS"), 413),
    "OPTIONS for nothing": (request("/nothing", method="OPTIONS"), 404),
    "GET for the server": (request("*"), 400),
    "a target without a slash": (request("health"), 400),
    "an asterisk with a query": (request("*?x", method="OPTIONS"), 400),
    "POST for nothing": (request("/nothing", method="POST"), 405),
    "POST": (request("/", method="POST"), 405),
    "DELETE": (request("/api/users", method="DELETE"), 405),
    "TRACE": (request("/", method="TRACE"), 405),
    "CONNECT": (request("example.org:443", method="CONNECT", host="example.org:443"), 405),
    "CONNECT to this server": (request(HOST, method="CONNECT"), 405),
    "CONNECT of HTTP/1.0": (
        request("example.org:443", method="CONNECT", host=None, version="1.0"),
        405,
    ),
    "a method that nobody knows": (request("/", method="FROBNICATE"), 501),
    "a method in small letters": (request("/", method="get"), 501),
    "an absolute target": (request(f"http://{HOST}/health"), 200),
    "an absolute target, whatever Host says": (request(f"http://{HOST}/health", host="x"), 200),
    "an absolute target of HTTP/1.0": (
        request(f"http://{HOST}/health", host=None, version="1.0"),
        200,
    ),
    "an absolute target in capitals": (request("HTTP://LOCALHOST.:54321/health"), 200),
    "an absolute target without a path": (request(f"http://{HOST}?"), 200),
    "an absolute target without Host": (request(f"http://{HOST}/health", host=None), 400),
    "an absolute target with a user": (request(f"http://me@{HOST}/health"), 400),
    "a foreign absolute target": (request("http://example.org/"), 421),
    "a query": (request("/health?"), 200),
    "an escaped slash": (request("/api%2fusers"), 404),
    "two slashes": (request("//health"), 404),
    "dot segments": (request("/static/../health"), 404),
    "a range, which may be ignored": (request("/", {"Range": "bytes=0-1"}), 200),
    "several ranges": (request("/", {"Range": "bytes=0-1,5-", "If-Range": '"x"'}), 200),
    "a range behind the end": (request("/", {"Range": "bytes=9999999-"}), 200),
    "a range of unknown units": (request("/", {"Range": "lines=1-2"}), 200),
    "no encoding that would suit": (request("/", {"Accept-Encoding": "identity;q=0, *;q=0"}), 200),
    "no type that would suit": (request("/health", {"Accept": "text/html"}), 200),
    "a date, which the files do not have": (
        request("/", {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}),
        200,
    ),
    "another version of a file": (request("/", {"If-Match": '"x", W/"y"'}), 412),
    "any version of a file": (request("/", {"If-Match": "*"}), 200),
    "another version of what has none": (request("/health", {"If-Match": '"x"'}), 412),
    "OPTIONS, which has no condition": (request("/", {"If-Match": '"x"'}, method="OPTIONS"), 204),
    "an upgrade that nobody knows": (
        request("/", {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"}),
        200,
    ),
    "a folded header": (lines("GET /health HTTP/1.1", "X: one", "  two", "\tthree"), 200),
    "a folded Host": (b"GET /health HTTP/1.1\r\nHost:\r\n %s\r\n\r\n" % HOST.encode(), 200),
    "a fold in Host": (b"GET /health HTTP/1.1\r\nHost: 192.168.1.1\r\n :54321\r\n\r\n", 400),
    "a fold before the first header": (
        b"GET /health HTTP/1.1\r\n X: y\r\nHost: %s\r\n\r\n" % HOST.encode(),
        400,
    ),
    "lines that end with LF": (lines("GET /health HTTP/1.1", "X: y", end="\n"), 200),
    "a CR in a header": (lines("GET /health HTTP/1.1", "X: a\rb"), 400),
    "a Latin-1 header": (lines("GET /health HTTP/1.1", "X: \xe9"), 200),
    "an empty header": (lines("GET /health HTTP/1.1", "X:"), 200),
    "a header without a name": (lines("GET /health HTTP/1.1", ": x"), 400),
    "a space behind a name": (lines("GET /health HTTP/1.1", "X : y"), 400),
    "a second Host of HTTP/1.0": (lines("GET /health HTTP/1.0", f"Host: {HOST}"), 400),
    "spaces in the request line": (lines("GET  /health HTTP/1.1"), 400),
    "a space behind the version": (lines("GET /health HTTP/1.1 "), 400),
    "the version in small letters": (lines("GET /health http/1.1"), 400),
    "an expectation without a body": (request("/health", {"Expect": "100-continue"}), 200),
    "an expectation of HTTP/1.0": (
        request("/", {"Expect": "100-continue", "Content-Length": "5"}, version="1.0"),
        413,
    ),
    "an expectation": (request("/", {"Expect": "100-continue", "Content-Length": "5"}), 413),
    "a body": (request("/", {"Content-Length": "5"}), 413),
    "a body in chunks": (request("/", {"Transfer-Encoding": "chunked"}), 413),
    "a body of HTTP/1.0 in chunks": (
        request("/", {"Transfer-Encoding": "chunked"}, version="1.0"),
        413,
    ),
    "a body with two lengths that agree": (request("/", {"Content-Length": "5, 5"}), 413),
    "a body with both": (
        request("/", {"Content-Length": "0", "Transfer-Encoding": "chunked"}),
        413,
    ),
    "HEAD with a body": (request("/health", {"Content-Length": "5"}, method="HEAD"), 413),
    "two lengths": (lines("GET / HTTP/1.1", "Content-Length: 0", "Content-Length: 5"), 400),
    "a length with a sign": (request("/", {"Content-Length": "+0"}), 400),
    "an empty length": (request("/", {"Content-Length": ""}), 400),
    "chunks of gzip": (request("/", {"Transfer-Encoding": "gzip, chunked"}), 400),
    "chunks in chunks": (request("/", {"Transfer-Encoding": "chunked, chunked"}), 400),
    "chunks inside of gzip": (request("/", {"Transfer-Encoding": "chunked, gzip"}), 400),
    "no body": (request("/", {"Content-Length": "0"}), 200),
    "no body, said twice": (request("/", {"Content-Length": "0, 0"}), 200),
    "no body, in two digits": (request("/", {"Content-Length": "00"}), 200),
    "a very long target": (request("/" + "x" * limits.HTTP_HEAD_BYTES), 414),
    "a very long method": (request("/", method="G" * limits.HTTP_HEAD_BYTES), 414),
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
    if status == 405:
        assert ALLOW.replace(", OPTIONS", " and OPTIONS") in response.json["error"]["message"]
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


@pytest.mark.parametrize("tags", ['"other"', 'W/"other", "x"', "", ",", "{}x", '"W/{}"', "w/{}"])
def test_another_entity_is_sent_anew(harness: WebHarness, tags: str) -> None:
    etag = harness.connect_http().get("/").headers["etag"]
    response = harness.connect_http().get("/", {"If-None-Match": tags.format(etag)})
    assert response.status == 200


@pytest.mark.parametrize(
    ("tags", "status"), [("{}", 200), ('"x", {}', 200), ("W/{}", 412), ("*", 200), ('"x"', 412)]
)
def test_if_match_compares_strongly_and_comes_first(
    harness: WebHarness, tags: str, status: int
) -> None:
    etag = harness.connect_http().get("/").headers["etag"]
    headers = {"If-Match": tags.format(etag)}
    assert harness.connect_http().get("/", headers).status == status
    headers["If-None-Match"] = etag
    status = 304 if status == 200 else status
    assert harness.connect_http().get("/", headers).status == status


@pytest.mark.parametrize(
    ("version", "connection", "is_closed"),
    [
        ("1.1", "", False),
        ("1.1", "keep-alive", False),
        ("1.1", "close", True),
        ("1.1", "Keep-Alive, CLOSE", True),
        ("1.0", "", True),
        ("1.0", "keep-alive", True),
    ],
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
    [response] = client.responses()
    assert ("close" in response.headers.get("connection", "")) == is_closed


@pytest.mark.parametrize("between", [b"", b"\r\n", b"\n", b"\r\n\r\n"])
@pytest.mark.parametrize("piece", [1, 10_000])
def test_empty_lines_between_requests_are_ignored(
    harness: WebHarness, between: bytes, piece: int
) -> None:
    client = harness.connect_http()
    data = (request("/health") + between) * 3
    for start in range(0, len(data), piece):
        client.send(data[start : start + piece])
    assert [response.status for response in client.responses()] == [200] * 3
    assert not client.is_dropped()
    client.connection.dataReceived(request("/health") + between)
    client.half_close()
    assert [response.status for response in client.responses()] == [200]
    harness.clock.advance(1)
    assert client.is_half_closed()


def test_empty_lines_wait_for_their_turn_like_any_request(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.connection.dataReceived(b"\r\n" * 10_000)
    assert not client.is_read()
    harness.clock.advance(0)
    assert client.is_read()


def test_empty_lines_alone_are_no_request(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(b"\r\n\r\n")
    assert client.responses() == []
    client.send(request("/health"))
    [response] = client.responses()
    assert response.status == 200
