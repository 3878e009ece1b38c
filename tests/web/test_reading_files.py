"""Reading files over HTTP, as nothing that could do harm."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.chat import limits
from tests.web.files_harness import PNG, Member, names, serve
from tests.web.http_clients import WebHarness, request


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def harness(folder: Path) -> Iterator[WebHarness]:
    with serve(folder) as harness:
        yield harness


@pytest.fixture
def ice(harness: WebHarness) -> Member:
    return Member(harness, "ice")


def link(member: Member, content: bytes, name: str = "a.txt") -> str:
    location: str = member.send(content, f"{name}?room=%23lobby").headers["location"]
    return location


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<!doctype html><script>alert(1)</script>"),
        ("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("picture.png", b"<svg onload=alert(1)>"),
        ("bomb.zip", b"PK\3\4"),
        ("script.js", b"alert(1)"),
        ("paper.pdf", b"%PDF-1.7"),
    ],
)
def test_what_is_no_picture_is_only_ever_a_download(ice: Member, name: str, content: bytes) -> None:
    response = ice.http.get(link(ice, content, name))
    assert response.body == content
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith(f'attachment; filename="{name}"')
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert response.headers["cross-origin-resource-policy"] == "same-origin"
    assert response.headers["referrer-policy"] == "no-referrer"


def test_a_picture_is_shown_whatever_its_name_is(ice: Member) -> None:
    response = ice.http.get(link(ice, PNG, "page.html"))
    assert response.headers["content-type"] == "image/png"
    assert response.headers["content-disposition"].startswith("inline; ")
    assert response.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_a_name_is_told_in_full_and_to_old_programs(ice: Member) -> None:
    response = ice.http.get(link(ice, b"x", "L%C3%B6sung%20%22100%25%22%3B.pdf"))
    assert response.headers["content-disposition"] == (
        'attachment; filename="L_sung _100__;.pdf"; '
        "filename*=UTF-8''L%C3%B6sung%20_100%25_%3B.pdf"
    )


@pytest.mark.parametrize(
    "path", ["/files/", "/files/x", "/files/x/a.txt", "/files/../x", "/files/x@gym/a"]
)
def test_a_link_that_nobody_has_made_leads_nowhere(ice: Member, path: str) -> None:
    response = ice.http.get(path)
    assert (response.status, response.code) == (404, "no-such-file")


def test_the_file_of_a_message_that_was_removed_is_gone_and_its_link_says_so(
    ice: Member, folder: Path
) -> None:
    ice.harness.pass_time(1)  # who had the nickname at that moment is not known
    location = link(ice, b"file")
    assert len(names(folder)) == 2, "its content, and what is known of it"
    ice.chat.send("remove", {"room": "#lobby", "seq": 1})
    assert names(folder) == []
    response = ice.http.get(location)
    assert (response.status, response.code) == (410, "file-gone")
    assert "This file is gone" in response.json["error"]["message"]


def test_a_file_that_was_deleted_by_hand_is_gone(ice: Member, folder: Path) -> None:
    location = link(ice, b"file")
    for each in folder.glob("*.data"):
        each.unlink()
    assert [ice.http.get(location).status for _ in range(2)] == [410, 410]
    assert ice.http.get("/health").status == 200


def test_the_name_in_a_link_is_of_no_account(ice: Member) -> None:
    location = link(ice, b"file")
    file_id = location.split("/")[2]
    for path in (f"/files/{file_id}", f"/files/{file_id}/other.exe"):
        assert 'filename="a.txt"' in ice.http.get(path).headers["content-disposition"]


def test_head_says_how_large_a_file_is(ice: Member) -> None:
    response = ice.http.get(link(ice, b"file"), method="HEAD")
    assert (response.status, response.headers["content-length"]) == (200, "4")
    assert response.headers["accept-ranges"] == "bytes"


CONTENT = bytes(range(256)) * 3_000


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-", 100, len(CONTENT)),
        ("bytes=400000-400099", 400_000, 400_100),
        ("bytes=-5", len(CONTENT) - 5, len(CONTENT)),
        ("bytes=-9999999", 0, len(CONTENT)),
        ("bytes=5-99999999", 5, len(CONTENT)),
        ("Bytes=0-9", 0, 10),
    ],
)
def test_a_download_goes_on_where_it_was_broken_off(
    ice: Member, header: str, start: int, end: int
) -> None:
    location = link(ice, CONTENT)
    response = ice.http.get(location, {"Range": header})
    assert response.status == 206
    assert response.body == CONTENT[start:end]
    assert response.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"


@pytest.mark.parametrize(
    "header",
    ["bytes=", "bytes=a-b", "bytes=5-4", "bytes=0-1,3-4", "lines=0-1", "bytes=" + "9" * 99 + "-"],
)
def test_of_a_range_that_is_none_the_whole_file_is_sent(ice: Member, header: str) -> None:
    response = ice.http.get(link(ice, CONTENT), {"Range": header})
    assert (response.status, response.body) == (200, CONTENT)


@pytest.mark.parametrize("header", [f"bytes={len(CONTENT)}-", "bytes=-0"])
def test_a_part_that_the_file_does_not_have_is_refused(ice: Member, header: str) -> None:
    response = ice.http.get(link(ice, CONTENT), {"Range": header})
    assert (response.status, response.code) == (416, "range-not-satisfiable")
    assert response.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_a_part_of_another_version_is_not_asked_for(ice: Member) -> None:
    location = link(ice, b"0123456789")
    etag = ice.http.get(location).headers["etag"]
    for condition, body in (
        (etag, b"1234"),
        ('"other"', b"0123456789"),
        (f"W/{etag}", b"0123456789"),
    ):
        headers = {"Range": "bytes=1-4", "If-Range": condition}
        assert ice.http.get(location, headers).body == body


def test_a_browser_that_has_a_picture_is_not_sent_it_again(ice: Member) -> None:
    location = link(ice, PNG)
    etag = ice.http.get(location).headers["etag"]
    response = ice.http.get(location, {"If-None-Match": etag})
    assert (response.status, response.body) == (304, b"")


@pytest.mark.parametrize(("method", "status"), [("POST", 405), ("DELETE", 405), ("BREW", 501)])
def test_other_methods_are_refused(ice: Member, method: str, status: int) -> None:
    response = ice.http.get("/files/x/y", method=method)
    assert response.status == status
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, PUT"


def test_a_get_with_a_body_is_refused(ice: Member) -> None:
    ice.http.send(request("/files/x/y", {"Content-Length": "4"}) + b"body")
    [response] = ice.http.responses()
    assert (response.status, response.code) == (413, "body-too-large")


def test_a_slow_reader_has_a_file_read_piece_by_piece(ice: Member) -> None:
    location = link(ice, CONTENT)
    ice.http.producer.pauseProducing()
    ice.http.send(request(location))
    for _ in range(20):
        ice.harness.clock.advance(1)
    waiting = ice.http.connection._send_queue._pending_bytes
    assert 0 < waiting < limits.FILE_PIECE_BYTES + 1_000
    ice.http.producer.resumeProducing()
    [response] = ice.http.responses()
    assert response.body == CONTENT


def test_what_a_member_has_sent_can_be_found_by_the_file_s_name(ice: Member) -> None:
    link(ice, b"x", "worksheet.pdf")
    ice.chat.send("history", {"room": "#lobby"})
    [history] = ice.chat.heard_of("history")
    [message] = history["messages"]
    assert (message["text"], message["file"]["name"]) == ("worksheet.pdf", "worksheet.pdf")
