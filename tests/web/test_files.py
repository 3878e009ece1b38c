"""Files over HTTP: sending them in pieces, and reading them as nothing that could do harm."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail

from chatd.chat import limits
from chatd.web.settings import WebSettings
from tests.files.stores import make_store
from tests.server.harness import Client, Frame
from tests.web.http_clients import HOST, UPGRADE_HEADERS, WebHarness, message, request

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def harness(folder: Path) -> Iterator[WebHarness]:
    with serve(folder) as harness:
        yield harness


class FilesHarness(WebHarness):
    """A server that takes files."""

    def __init__(self, folder: Path, web: WebSettings | None = None, **settings: Any) -> None:
        super().__init__(web, **settings)
        self.chat.files = make_store(folder, self.chat.now)
        self.chat.fanout.on_message_removed = self.chat.files.remove

    def close(self) -> None:
        assert self.chat.files is not None
        super().close()
        assert not self.chat.files._incoming
        self.chat.files.close()


def serve(folder: Path, web: WebSettings | None = None, **settings: Any) -> FilesHarness:
    return FilesHarness(folder, web, **settings)


class Member:
    """A member with a session, which sends files beside its connection to the chat."""

    def __init__(self, harness: WebHarness, nickname: str, host: str = "10.35.11.112") -> None:
        self.harness = harness
        self.chat = harness.connect(host)
        self.chat.send("hello", {"nickname": nickname, "version": 1, "resume": {"session": ""}})
        [welcome] = self.chat.heard_of("welcome")
        self.token = welcome["session"]
        self.http = harness.connect_http(host)

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def head(self, target: str, size: int | None, headers: dict[str, str] | None = None) -> bytes:
        fields = self.authorization | (headers or {})
        if size is not None:
            fields["Content-Length"] = str(size)
        return request(f"/files/{target}", fields, method="PUT")

    def send(self, content: bytes, target: str = "a.txt?room=%23lobby") -> Any:
        """Send a file, and return the response."""
        self.http.send(self.head(target, len(content)) + content)
        [response] = self.http.responses()
        return response


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if each.name != "lock")


def heard_files(client: Client) -> list[Frame]:
    """The messages with files that a client has received."""
    return [
        frame["data"]
        for frame in client.heard()
        if frame["type"] in ("message", "private") and "file" in frame["data"]
    ]


# --- sending --------------------------------------------------------------------------------------


def test_a_file_is_a_message_to_everybody_in_the_room_and_to_its_sender(
    harness: WebHarness,
) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    response = ice.send(PNG, "../Sun%20set.png?room=%23lobby")
    assert response.status == 201
    sent = response.json
    assert sent == {
        "id": sent["id"],
        "name": "Sun set.png",
        "bytes": len(PNG),
        "media_type": "image/png",
        "room": "#lobby",
        "seq": 1,
        "time": sent["time"],
    }
    assert response.headers["location"] == f"/files/{sent['id']}/Sun%20set.png"
    file = {each: sent[each] for each in ("id", "name", "bytes", "media_type")}
    for member in (ice, moon):
        assert heard_files(member.chat) == [
            {
                "room": "#lobby",
                "seq": 1,
                "time": sent["time"],
                "source": "ice",
                "text": "Sun set.png",
                "file": file,
            }
        ]
    read = moon.http.get(response.headers["location"])
    assert (read.status, read.body) == (200, PNG)


def test_a_private_file_is_for_its_recipients_and_its_sender(harness: WebHarness) -> None:
    ice, moon, sun = (Member(harness, each) for each in ("ice", "moon", "sun"))
    response = ice.send(b"only for you", "a.txt?to=moon,nobody")
    assert response.status == 201
    assert response.json["room"] is None
    assert response.json["missed"] == [{"nickname": "nobody", "reason": "unknown"}]
    [heard] = heard_files(moon.chat)
    assert (heard["source"], heard["to"], heard["seq"]) == ("ice", ["moon"], 1)
    assert [each["to"] for each in heard_files(ice.chat)] == [["moon"]]
    assert heard_files(sun.chat) == []


def test_a_file_to_oneself_is_heard_once(harness: WebHarness) -> None:
    ice = Member(harness, "ice")
    assert ice.send(b"note", "a.txt?to=ice").status == 201
    assert len(heard_files(ice.chat)) == 1


def test_a_file_arrives_in_any_pieces(harness: WebHarness) -> None:
    ice = Member(harness, "ice")
    content = bytes(range(256)) * 2_000
    ice.http.send(ice.head("a.txt?room=%23lobby", len(content)))
    for start in range(0, len(content), 70_001):
        ice.http.send(content[start : start + 70_001])
    [response] = ice.http.responses()
    assert ice.http.get(response.headers["location"]).body == content


def test_requests_go_on_behind_a_file(harness: WebHarness) -> None:
    ice = Member(harness, "ice")
    ice.http.send(
        ice.head("a.txt?room=%23lobby", 4)
        + b"file"
        + ice.head("b.txt?room=%23lobby", 5)
        + b"other\r\n"
        + request("/health")
    )
    one, other, health = ice.http.responses()
    assert (one.json["name"], other.json["name"]) == ("a.txt", "b.txt")
    assert health.json["status"] == "ok"


def test_a_client_that_waits_is_told_to_continue(harness: WebHarness) -> None:
    ice = Member(harness, "ice")
    expect = {"Expect": "100-continue"}
    ice.http.send(ice.head("a.txt?room=%23lobby", 4, expect))
    ice.http.wait_until_read()
    assert ice.http.transport.value() == b"HTTP/1.1 100 \r\n\r\n"
    ice.http.transport.clear()
    ice.http.send(b"file")
    assert [each.status for each in ice.http.responses()] == [201]


def test_a_client_that_waits_is_refused_before_it_sends_anything(harness: WebHarness) -> None:
    ice = Member(harness, "ice")
    expect = {"Expect": "100-continue"}
    ice.http.send(ice.head("a.txt?room=%23dev", 4, expect))
    [response] = ice.http.responses()
    assert (response.status, response.code) == (404, "no-such-room")


@pytest.mark.parametrize(
    ("target", "size", "status", "code"),
    [
        ("a.txt?room=%23lobby", limits.FILE_BYTES + 1, 413, "file-too-large"),
        ("a.txt?room=%23lobby", 10**19, 413, "file-too-large"),
        ("a.txt?room=%23lobby", 0, 400, "empty-file"),
        ("a.txt?room=%23lobby", None, 411, "length-required"),
        ("a.txt", 4, 400, "bad-query"),
        ("a.txt?room=%23lobby&to=ice", 4, 400, "bad-query"),
        ("a.txt?rooms=%23lobby", 4, 400, "bad-query"),
        ("a.txt?room=lobby", 4, 400, "bad-room-name"),
        ("a.txt?room=%23dev", 4, 404, "no-such-room"),
        ("a.txt?room=%23elsewhere", 4, 403, "not-in-room"),
        ("a.txt?to=nobody", 4, 404, "not-reached"),
        ("a.txt?to=", 4, 404, "not-reached"),
        (f"a.txt?to={','.join(map(str, range(99)))}", 4, 400, "bad-recipients"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_its_body_is_read(
    harness: WebHarness, folder: Path, target: str, size: int | None, status: int, code: str
) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    moon.chat.send("join", {"room": "#elsewhere"})
    ice.http.send(ice.head(target, size))
    [response] = ice.http.responses()
    assert (response.status, response.code) == (status, code)
    assert heard_files(moon.chat) == []
    assert not folder.exists() or names(folder) == []


def test_a_body_in_chunks_is_refused(harness: WebHarness) -> None:
    ice = Member(harness, "ice")
    chunked = {"Transfer-Encoding": "chunked"}
    ice.http.send(ice.head("a.txt?room=%23lobby", None, chunked) + b"4\r\nfile\r\n0\r\n\r\n")
    [response] = ice.http.responses()
    assert (response.status, response.code) == (411, "length-required")
    assert ice.http.is_half_closed()


def test_a_client_that_sends_a_refused_file_all_the_same_is_read_to_its_end(
    harness: WebHarness,
) -> None:
    """Otherwise its connection would be reset, and it might not see the response."""
    ice = Member(harness, "ice")
    ice.http.send(ice.head("a.txt?room=%23dev", 10_000_000))
    [response] = ice.http.responses()
    assert response.status == 404
    assert response.headers["connection"] == "close"
    for _ in range(10):
        harness.clock.advance(limits.SHUTDOWN_SECONDS * 0.9)
        ice.http.connection.dataReceived(b"x" * 1_000_000)
    assert not ice.http.is_cut_off()
    harness.clock.advance(limits.SHUTDOWN_SECONDS + 1)
    harness.clock.advance(0)
    assert ice.http.is_cut_off()


def test_only_the_body_that_was_announced_gets_that_time(harness: WebHarness) -> None:
    ice = Member(harness, "ice")
    ice.http.send(ice.head("a.txt?room=%23dev", 10))
    ice.http.responses()
    for _ in range(3):
        harness.clock.advance(limits.SHUTDOWN_SECONDS * 0.9)
        ice.http.connection.dataReceived(b"x" * 10)
    assert ice.http.is_cut_off()


# --- who may send ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cookie": "session=token 1"},
        {"Authorization": "Basic dG9rZW46MQ=="},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer token 2"},
        {"Authorization": "Bearer " + "x" * 10_000},
        {"Authorization": "Bearer \xff"},
    ],
)
def test_nobody_sends_without_the_token_of_a_session(
    harness: WebHarness, headers: dict[str, str]
) -> None:
    Member(harness, "ice")
    client = harness.connect_http()
    client.send(request("/files/a?room=%23lobby", headers | {"Content-Length": "4"}, method="PUT"))
    [response] = client.responses()
    assert (response.status, response.code) == (401, "not-entered")
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_watcher_and_a_member_that_has_left_send_nothing(harness: WebHarness) -> None:
    ice = Member(harness, "ice")
    ice.chat.send("quit")
    assert ice.send(b"file").code == "not-entered"


def test_a_member_whose_connection_is_lost_sends_when_it_is_back(harness: WebHarness) -> None:
    ice = Member(harness, "ice")
    ice.chat.hang_up()
    assert ice.send(b"file").code == "not-entered"
    again = harness.connect()
    again.send("hello", {"nickname": "ice", "version": 1, "resume": {"session": ice.token}})
    ice.http = harness.connect_http()
    assert ice.send(b"file").status == 201
    assert len(heard_files(again)) == 1


def test_a_token_of_another_encryption_is_no_token(harness: WebHarness) -> None:
    """A token that was given over TLS is of no use over plain HTTP."""
    ice = Member(harness, "ice")
    ice.http.connection._scheme = "https"
    assert ice.send(b"file").code == "not-entered"


def test_a_foreign_page_sends_nothing(harness: WebHarness) -> None:
    ice = Member(harness, "ice")
    origin = {"Origin": "http://evil.example"}
    ice.http.send(ice.head("a.txt?room=%23lobby", 4, origin))
    [response] = ice.http.responses()
    assert (response.status, response.code) == (403, "foreign-origin")


def test_a_server_without_files_says_so(harness: WebHarness) -> None:
    ice = Member(harness, "ice")
    files, harness.chat.files = harness.chat.files, None
    response = ice.send(b"file")
    assert (response.status, response.code) == (404, "no-files")
    assert harness.connect_http().get("/files/x/y").code == "no-such-file"
    harness.chat.files = files


# --- bodies that go wrong -------------------------------------------------------------------------


def start(member: Member, size: int = 1_000, sent: bytes = b"the beginning") -> None:
    member.http.send(member.head("a.txt?room=%23lobby", size) + sent)
    member.http.wait_until_read()


def test_a_client_that_is_gone_in_the_middle_leaves_nothing(
    harness: WebHarness, folder: Path
) -> None:
    ice = Member(harness, "ice")
    start(ice)
    assert names(folder) == [f"{1:022}.part"]
    ice.http.hang_up()
    assert names(folder) == []
    assert heard_files(ice.chat) == []


def test_a_body_that_ends_early_is_refused(harness: WebHarness, folder: Path) -> None:
    ice = Member(harness, "ice")
    start(ice)
    ice.http.half_close()
    [response] = ice.http.responses()
    assert (response.status, response.code) == (400, "upload-incomplete")
    assert names(folder) == []


def test_what_is_longer_than_announced_is_no_part_of_the_file(harness: WebHarness) -> None:
    ice = Member(harness, "ice")
    ice.http.send(ice.head("a.txt?room=%23lobby", 4) + b"file and more\r\n\r\n")
    sent, more = ice.http.responses()
    assert sent.json["bytes"] == 4
    assert (more.status, more.code) == (400, "bad-request")
    assert harness.connect_http().get(sent.headers["location"]).body == b"file"


def test_a_member_that_leaves_in_the_middle_has_sent_nothing(
    harness: WebHarness, folder: Path
) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    start(ice)
    ice.chat.send("quit")
    ice.http.send(b"more")
    [response] = ice.http.responses()
    assert (response.status, response.code) == (401, "not-entered")
    assert ice.http.is_half_closed()
    assert names(folder) == []
    assert heard_files(moon.chat) == []


def test_a_member_that_leaves_the_room_in_the_middle_has_sent_nothing(
    harness: WebHarness, folder: Path
) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    for member in (moon, ice):
        member.chat.send("join", {"room": "#dev"})
    ice.http.send(ice.head("a.txt?room=%23dev", 8) + b"half")
    ice.chat.send("leave", {"room": "#dev"})
    ice.http.send(b"half")
    [response] = ice.http.responses()
    assert (response.status, response.code) == (403, "not-in-room")
    assert names(folder) == []
    assert heard_files(moon.chat) == []
    assert ice.http.get("/health").status == 200  # the body was read: the connection goes on


def test_a_client_that_falls_silent_is_given_up(harness: WebHarness, folder: Path) -> None:
    ice = Member(harness, "ice")
    start(ice)
    harness.clock.advance(limits.UPLOAD_SILENT_SECONDS - 1)
    ice.http.send(b"more")
    harness.clock.advance(limits.UPLOAD_SILENT_SECONDS - 1)
    assert ice.http.transport.value() == b""
    harness.clock.advance(1)
    harness.clock.advance(0)
    [response] = ice.http.responses()
    assert (response.status, response.code) == (408, "upload-too-slow")
    assert names(folder) == []


def test_a_client_that_trickles_is_given_up(harness: WebHarness, folder: Path) -> None:
    ice = Member(harness, "ice")
    start(ice, 1_000_000)
    for _ in range(limits.UPLOAD_SECONDS // 10):
        harness.clock.advance(10)
        ice.http.connection.dataReceived(b"x")
        harness.clock.advance(0)
    harness.clock.advance(10)
    harness.clock.advance(0)
    assert [each.code for each in ice.http.responses()] == ["upload-too-slow"]
    assert names(folder) == []


def test_a_disk_that_is_slow_slows_down_the_client(harness: WebHarness, folder: Path) -> None:
    ice = Member(harness, "ice")
    waiting: list[tuple[Any, Deferred[Any]]] = []

    def slow(call: Any) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        waiting.append((call, done))
        return done

    def finish() -> None:
        call, done = waiting.pop(0)
        done.callback(call())

    files: Any = harness.chat.files
    start(ice, 10_000_000)
    quick, files.in_thread = files.in_thread, slow
    sent = 0
    while ice.http.is_read():
        ice.http.connection.dataReceived(b"x" * 60_000)
        harness.clock.advance(0)
        sent += 60_000
    assert sent <= 2 * limits.FILE_PIECE_BYTES + 120_000
    for _ in range(5 * limits.UPLOAD_SILENT_SECONDS):
        harness.clock.advance(1)  # it is the disk that is late, and not the client
    assert not ice.http.is_dropped()
    finish()
    harness.clock.advance(0)
    assert ice.http.is_read()
    files.in_thread = quick
    while waiting:
        finish()


def test_a_disk_that_is_full_in_the_middle_says_so(harness: WebHarness, folder: Path) -> None:
    ice = Member(harness, "ice")
    start(ice)
    files: Any = harness.chat.files
    quick = files.in_thread
    files.in_thread = lambda call: fail(OSError(errno.ENOSPC, "No space left on device"))
    ice.http.send(b"more")
    files.in_thread = quick
    [response] = ice.http.responses()
    assert (response.status, response.code) == (507, "disk-full")
    assert "disk is full" in response.json["error"]["message"]
    assert ice.http.is_half_closed()
    ice.chat.say("the chat goes on", 1)
    assert [each["id"] for each in ice.chat.heard()] == [1]
    ice.http = harness.connect_http()
    assert ice.send(b"file").status == 201


# --- the page ------------------------------------------------------------------------------------


def test_a_page_is_told_where_files_are_by_the_name_that_it_came_by(folder: Path) -> None:
    with serve(folder, WebSettings(names=frozenset({"chat.example:"}))) as harness:
        host = f"chat.example:{HOST.rpartition(':')[2]}"
        client = harness.connect_http()
        upgrade = UPGRADE_HEADERS | {"Origin": f"http://{host}"}
        client.send(request("/socket", upgrade, host=host))
        client.transport.clear()
        payload = b'{"type":"watch"}'
        client.send(message(payload))
        assert f'"files":"http://{host}/files/"'.encode() in client.transport.value()


def test_a_page_that_watches_is_told_where_files_are(harness: WebHarness) -> None:
    browser = harness.open_websocket()
    browser.send("watch")
    [watching] = browser.heard_of("watching")
    assert watching["files"] == f"http://{HOST}/files/"


# --- reading --------------------------------------------------------------------------------------


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
