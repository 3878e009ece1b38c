"""The packages that the page offers (``--dist``), and the invitation."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.chat import limits
from chatd.web.invitation import Invitation
from chatd.web.settings import WebSettings
from tests.web.http_clients import HOST, HTTPClient, WebHarness, parse_responses, request

WHEEL = "chatd-1.0+local-py3-none-any.whl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with packages, and with what must not be served."""
    dist = tmp_path / "dist"
    (dist / "deep").mkdir(parents=True)
    (dist / WHEEL).write_bytes(bytes(range(256)) * 2_000)
    (dist / "twisted-1.0.tar.gz").write_bytes(b"twisted")
    (dist / "empty-1.0.tar.gz").write_bytes(b"")
    (dist / "notes.txt").write_text("secret")
    (dist / ".hidden.whl").write_text("secret")
    (dist / "deep" / "inner-1.0.whl").write_text("secret")
    (dist / "folder.whl").mkdir()
    (tmp_path / "outside.whl").write_text("secret")
    (dist / "link.whl").symlink_to(tmp_path / "outside.whl")
    os.mkfifo(dist / "pipe.whl")
    return dist


@pytest.fixture
def client(folder: Path) -> Iterator[HTTPClient]:
    with WebHarness(WebSettings(dist=folder)) as harness:
        yield harness.connect_http()


def read_all(client: HTTPClient) -> bytes:
    """What the server sends, until it waits for the next request."""
    client.wait_until_read()
    data: bytes = client.transport.value()
    client.transport.clear()
    return data


def request_and_stop_reading(client: HTTPClient) -> None:
    """Request the large package, and read nothing."""
    client.producer.pauseProducing()
    client.send(request(f"/dist/{WHEEL}"))


@pytest.mark.parametrize("path", ["/dist/", "/dist"])
def test_the_index_has_a_link_for_each_package(client: HTTPClient, path: str) -> None:
    response = client.get(path)
    assert response.status == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    links = [each.split('"')[1] for each in response.body.decode().splitlines() if "href=" in each]
    assert links == [
        "/dist/chatd-1.0%2Blocal-py3-none-any.whl",
        "/dist/empty-1.0.tar.gz",
        "/dist/twisted-1.0.tar.gz",
    ]


@pytest.mark.parametrize("name", [WHEEL, WHEEL.replace("+", "%2B"), WHEEL.replace("+", "%2b")])
def test_a_package_arrives_whole(client: HTTPClient, folder: Path, name: str) -> None:
    client.send(request(f"/dist/{name}") + request("/health"))
    package, health = parse_responses(read_all(client))
    assert package.body == (folder / WHEEL).read_bytes()
    assert package.headers["content-type"] == "application/octet-stream"
    assert package.headers["x-content-type-options"] == "nosniff"
    assert health.json["status"] == "ok"


def test_an_empty_package_is_an_empty_response(client: HTTPClient) -> None:
    assert client.get("/dist/empty-1.0.tar.gz").body == b""


def test_head_gets_the_length_and_no_file(client: HTTPClient) -> None:
    response = client.get(f"/dist/{WHEEL}", method="HEAD")
    assert (response.status, response.body) == (200, b"")
    assert response.headers["content-length"] == str(256 * 2_000)
    known = {"If-None-Match": response.headers["etag"]}
    assert client.get(f"/dist/{WHEEL}", known).status == 304
    assert client.get(f"/dist/{WHEEL}", method="OPTIONS").status == 204
    assert client.get(f"/dist/{WHEEL}", method="POST").status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/dist/notes.txt",
        "/dist/.hidden.whl",
        "/dist/deep/inner-1.0.whl",
        "/dist/deep%2finner-1.0.whl",
        "/dist/folder.whl",
        "/dist/link.whl",
        "/dist/pipe.whl",
        "/dist/../outside.whl",
        "/dist/..%2foutside.whl",
        "/dist/%2e%2e%2foutside.whl",
        "/dist/..%5coutside.whl",
        "/dist//etc/passwd",
        f"/dist/{WHEEL}%00",
        f"/dist/{WHEEL}/",
        f"/dist/./{WHEEL}",
        f"/dist/{WHEEL}%0a",
        "/dist/%ff.whl",
        "/dist/" + "x" * 300 + ".whl",
        "/distant",
        f"/DIST/{WHEEL}",
    ],
)
def test_nothing_else_is_served(client: HTTPClient, path: str) -> None:
    response = client.get(path)
    assert (response.status, response.code) == (404, "not-found")
    assert b"secret" not in response.body
    assert client.get(path, method="HEAD").status == 404


def test_without_the_option_there_are_no_packages(harness: WebHarness) -> None:
    for path in ("/dist", "/dist/", f"/dist/{WHEEL}"):
        assert harness.connect_http().get(path).code == "not-found"


def test_a_folder_that_is_gone_is_not_found(client: HTTPClient, folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    assert client.get("/dist/").code == "not-found"
    assert client.get(f"/dist/{WHEEL}").code == "not-found"


def test_a_file_that_cannot_be_opened_is_an_error_and_the_next_request_is_answered(
    client: HTTPClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> int:
        raise PermissionError

    monkeypatch.setattr("chatd.web.packages._open", refuse)
    assert client.get(f"/dist/{WHEEL}").code == "not-found"
    assert client.get("/health").status == 200


def test_a_slow_reader_has_a_file_read_piece_by_piece(client: HTTPClient, folder: Path) -> None:
    request_and_stop_reading(client)
    for _ in range(20):
        client.harness.clock.advance(1)
    assert client.connection._send_queue._pending_bytes < limits.FILE_PIECE_BYTES + 1_000
    client.producer.resumeProducing()
    client.harness.clock.advance(0)
    assert read_all(client).endswith((folder / WHEEL).read_bytes()[-100:])


def test_a_reader_that_has_stopped_is_cut_off_and_the_file_is_closed(client: HTTPClient) -> None:
    request_and_stop_reading(client)
    client.harness.clock.advance(limits.DEAD_PEER_SECONDS + 1)
    assert client.is_cut_off()
    sender = client.connection._file
    client.hang_up()
    assert sender is not None
    assert sender._descriptor is None


def test_a_file_that_has_become_shorter_ends_the_connection(
    client: HTTPClient, folder: Path
) -> None:
    request_and_stop_reading(client)
    os.truncate(folder / WHEEL, limits.FILE_PIECE_BYTES + 1_000)
    client.producer.resumeProducing()
    client.harness.clock.advance(0)
    assert client.is_cut_off()


INVITATION = Invitation(
    ("http://10.35.11.111:8080/", "http://127.0.0.1:8080/"),
    ("chatd client --server class", "chatd client 10.35.11.111"),
    ("nc 10.35.11.111 7778",),
    irc=("irc://10.35.11.111:6667/lobby",),
)


def test_the_invitation_begins_with_the_address_that_works(folder: Path) -> None:
    settings = WebSettings(dist=folder, invitation=lambda: INVITATION)
    with WebHarness(settings) as harness:
        answer = harness.connect_http().get("/api/invite").json
    assert [page["url"] for page in answer["pages"]] == [
        f"http://{HOST}/",
        "http://10.35.11.111:8080/",
    ]
    assert all(page["qr"].startswith("<svg ") for page in answer["pages"])
    assert answer["clients"] == list(INVITATION.clients)
    assert answer["plain"] == list(INVITATION.plain)
    assert answer["irc"] == list(INVITATION.irc)
    assert answer["pip"][1] == (
        "pip install --no-index --find-links http://10.35.11.111:8080/dist/ "
        "--trusted-host 10.35.11.111 chatd"
    )


def test_an_invitation_says_which_addresses_are_encrypted_and_why_there_are_others(
    folder: Path,
) -> None:
    pages = ("http://10.35.11.111:8080/", "https://10.35.11.111:8443/", "https://chat.example/")
    settings = WebSettings(dist=folder, invitation=lambda: Invitation(pages, warned_port=8443))
    with WebHarness(settings) as harness:
        answer = harness.connect_http().get("/api/invite").json
    assert [page["note"] for page in answer["pages"][1:]] == [
        "Not encrypted: for devices that refuse the other address.",
        "Encrypted. The browser warns first, because the key is this server's own.",
        "Encrypted.",
    ]
    # pip refuses a key that it cannot know, unless it is told to trust it.
    assert "--trusted-host 10.35.11.111" in answer["pip"][2]
    assert "--trusted-host" not in answer["pip"][3]


def test_addresses_of_loopback_are_given_only_where_there_is_no_other() -> None:
    settings = WebSettings(invitation=lambda: Invitation(("http://127.0.0.1:54321/",)))
    with WebHarness(settings) as harness:
        answer = harness.connect_http().get("/api/invite", host="localhost:54321").json
    pages = [("http://localhost:54321/", ""), ("http://127.0.0.1:54321/", "")]
    assert [(page["url"], page["qr"]) for page in answer["pages"]] == pages
    assert answer["pip"] == []


def test_the_invitation_of_a_page_behind_a_proxy_has_the_proxys_address() -> None:
    settings = WebSettings(
        frozenset({"chat.example:"}), frozenset({"10.35.11.1"}), None, lambda: INVITATION
    )
    fields = {"X-Forwarded-Host": "chat.example", "X-Forwarded-Proto": "https"}
    with WebHarness(settings) as harness:
        answer = harness.connect_http("10.35.11.1").get("/api/invite", fields).json
    assert answer["pages"][0]["url"] == "https://chat.example/"
