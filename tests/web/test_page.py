"""The page and its files: what is served, and what is not."""

import pytest

from tests.web.visitors import PageHall, request


def test_the_page_is_served_at_the_root(hall: PageHall) -> None:
    reply = hall.visit().get("/")
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.body.lower().startswith(b"<!doctype html>")


def test_a_browser_that_has_the_page_need_not_load_it_again(hall: PageHall) -> None:
    visitor = hall.visit()
    first = visitor.get("/")
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    for known in (tag, f'W/{tag}, "other"', f'"other",{tag}', "*"):
        again = visitor.get("/", {"If-None-Match": known})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
        assert "content-length" not in again.headers
    assert visitor.get("/", {"If-None-Match": '"other"'}).body == first.body


def test_each_file_of_the_page_says_what_it_is(hall: PageHall) -> None:
    served = [path for path in hall.page.router.routes if path.startswith("/static/")]
    assert served
    types = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
    for path in served:
        reply = hall.visit().get(path)
        assert (reply.status, bool(reply.body)) == (200, True)
        suffix = path.rpartition(".")[2]
        assert reply.headers["content-type"] == types.get(suffix, reply.headers["content-type"])


def test_every_answer_keeps_other_pages_and_scripts_out(hall: PageHall) -> None:
    visitor = hall.visit()
    for path in ("/", "/api/users", "/nothing"):
        headers = visitor.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
        assert " ws://192.168.1.1:54321 " in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


def test_head_gets_all_but_the_body(hall: PageHall) -> None:
    visitor = hall.visit()
    for path in ("/", "/api/users", "/health", "/nothing"):
        full, head = visitor.get(path), visitor.get(path, method="HEAD")
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
        "ftp://192.168.1.1:54321/",
        "*",
        "?",
    ],
)
def test_no_path_leads_anywhere_else(hall: PageHall, path: str) -> None:
    reply = hall.visit().get(path)
    assert (reply.status, reply.code) == (404, "not-found")
    assert hall.chat.counters == {"not-found": 1}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "get", "X"])
def test_nothing_can_be_done_but_to_look(hall: PageHall, method: str) -> None:
    for path in ("/", "/api/users", "/health", "/socket"):
        reply = hall.visit().get(path, method=method)
        assert (reply.status, reply.code) == (405, "method-not-allowed")
        assert reply.headers["allow"] == "GET, HEAD"


def test_a_mistake_of_ours_is_one_requests_trouble(
    hall: PageHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = hall.visit()
    found = {"status": 500, "code": "server-failed"}
    monkeypatch.setattr(hall.page.router.chat, "hub", None)
    monkeypatch.setattr("chatd.web.routes._log.failure", lambda text: None)
    visitor.send(request("/api/users"))
    monkeypatch.undo()
    [reply] = visitor.replies()
    assert {"status": reply.status, "code": reply.code} == found
    assert visitor.get("/api/users").status == 200
