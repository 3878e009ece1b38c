"""Sending files over HTTP, in pieces that may stop at any of them."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail

from chatd.chat import limits
from chatd.web.settings import WebSettings
from tests.web.files_harness import PNG, Member, heard_files, names, serve
from tests.web.http_clients import HOST, UPGRADE_HEADERS, WebHarness, message, request


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def harness(folder: Path) -> Iterator[WebHarness]:
    with serve(folder) as harness:
        yield harness


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
