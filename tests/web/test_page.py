"""The page's files, and the security headers of every response."""

import json
import re
import struct
from base64 import b64encode
from hashlib import sha256

import pytest

from tests.web.http_clients import HTTPClient, WebHarness, request


def test_the_page_is_served_at_the_root(harness: WebHarness) -> None:
    response = harness.connect_http().get("/")
    assert response.status == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.body.lower().startswith(b"<!doctype html>")


def test_a_browser_with_the_current_page_gets_304(harness: WebHarness) -> None:
    client = harness.connect_http()
    first = client.get("/")
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    for known in (tag, f'W/{tag}, "other"', f'"other",{tag}', "*"):
        again = client.get("/", {"If-None-Match": known})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
        assert "content-length" not in again.headers
    assert client.get("/", {"If-None-Match": '"other"'}).body == first.body


def test_each_file_has_its_media_type(harness: WebHarness) -> None:
    served = [path for path in harness.http_factory.router.routes if path.startswith("/static/")]
    assert served
    types = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
    client = harness.connect_http()
    for path in served:
        response = client.get(path)
        assert (response.status, bool(response.body)) == (200, True)
        suffix = path.rpartition(".")[2]
        assert response.headers["content-type"] == types.get(
            suffix, response.headers["content-type"]
        )


def test_the_page_can_be_installed(harness: WebHarness) -> None:
    client = harness.connect_http()
    page = client.get("/").body.decode()
    manifest = json.loads(client.get("/static/manifest.webmanifest").body)
    assert {"name", "short_name", "start_url", "display"} <= manifest.keys()
    links = re.findall(
        r'<link [^>]*rel="(?:icon|apple-touch-icon|manifest)"[^>]*href="([^"]+)"', page
    )
    links += re.findall(r'<link [^>]*href="([^"]+)"[^>]*rel="(?:icon|manifest)"', page)
    icons = {each["src"]: each for each in manifest["icons"]}
    assert "/static/manifest.webmanifest" in links
    assert "/static/apple-touch-icon.png" in links
    assert {(each["sizes"], each["purpose"]) for each in icons.values()} >= {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for path in [*links, *icons]:
        response = client.get(path)
        assert response.status == 200, path
        if path.endswith(".png"):
            assert response.headers["content-type"] == "image/png"
            assert response.body.startswith(b"\x89PNG")
            width, height = struct.unpack(">II", response.body[16:24])
            assert icons.get(path, {}).get("sizes", "180x180") == f"{width}x{height}"


def inline_script_hash(client: HTTPClient) -> str:
    """The hash of the only script that is in the page itself, as browsers compute it."""
    [script] = re.findall(rb"<script>(.*?)</script>", client.get("/").body, re.DOTALL)
    return b64encode(sha256(script).digest()).decode()


def test_every_response_has_the_security_headers(harness: WebHarness) -> None:
    client = harness.connect_http()
    etag = client.get("/").headers["etag"]
    own, with_hash = "'self'", f"'self' 'sha256-{inline_script_hash(client)}'"
    for path, fields, status, scripts in (
        ("/", {}, 200, with_hash),
        ("/", {"If-None-Match": etag}, 304, with_hash),
        ("/static/main.js", {}, 200, own),
        ("/api/users", {}, 200, own),
        ("/nothing", {}, 404, own),
    ):
        response = client.get(path, fields)
        assert response.status == status
        headers = response.headers
        policy = headers["content-security-policy"]
        assert policy.startswith(f"default-src 'none'; script-src {scripts}; style-src 'self'; ")
        assert " ws://192.168.1.1:54321 " in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


def test_head_gets_everything_but_the_body(harness: WebHarness) -> None:
    client = harness.connect_http()
    for path in ("/", "/api/users", "/health", "/nothing"):
        full, head = client.get(path), client.get(path, method="HEAD")
        assert (head.status, head.headers) == (full.status, full.headers)
        assert int(head.headers["content-length"]) == len(full.body) > 0


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/static/",
        "/static/nothing.js",
        "/static/../factory.py",
        "/static/..%2ffactory.py",
        "/static/%2e%2e/factory.py",
        "/static/....//factory.py",
        "/static//etc/passwd",
        "/static/..\\factory.py",
        "/../../../../etc/passwd",
        "/static/index.html%00.js",
        "//",
        "/./",
        "/%61pi/users",
        "/API/users",
        "/api/users/",
        "http://192.168.1.1:54321//",
        "http://192.168.1.1:54321/../etc/passwd",
    ],
)
def test_no_other_path_exists(harness: WebHarness, path: str) -> None:
    response = harness.connect_http().get(path)
    assert (response.status, response.code) == (404, "not-found")
    assert harness.chat.counters == {"not-found": 1}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "CONNECT", "PATCH", "TRACE"])
def test_other_methods_are_not_allowed(harness: WebHarness, method: str) -> None:
    for path in ("/", "/api/users", "/health", "/socket"):
        response = harness.connect_http().get(path, method=method)
        assert (response.status, response.code) == (405, "method-not-allowed")
        assert response.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_bug_fails_one_request_only(harness: WebHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    client = harness.connect_http()
    found = {"status": 500, "code": "server-failed"}
    monkeypatch.setattr(harness.http_factory.router.chat, "hub", None)
    monkeypatch.setattr("chatd.web.routes._log.failure", lambda *arguments: None)
    client.send(request("/api/users"))
    monkeypatch.undo()
    [response] = client.responses()
    assert {"status": response.status, "code": response.code} == found
    assert client.get("/api/users").status == 200
