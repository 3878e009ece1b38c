"""Files of a chat that several machines are: each stays where it was sent."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatd.chat.server_events import Node
from tests.files.stores import keep, make_store
from tests.web.http_clients import HOST, WebHarness

OWN = Node("library", (), (f"http://{HOST}",))
GYM = Node("gym", (), ("https://192.168.1.2:8443", "http://192.168.1.2:8080"))
ORIGIN = GYM.origins[1]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[WebHarness]:
    """The node ``library`` of a cluster in which ``gym`` is, too."""
    with WebHarness() as harness:
        chat = harness.chat
        chat.files = make_store(tmp_path / "files", chat.now)
        for each in (OWN, GYM):
            chat.hub.nodes.begin(each, 9, 0)
        lone, chat.settings = chat.settings, replace(chat.settings, node="library")
        yield harness
        chat.settings = lone
        chat.files.close()


def test_a_node_sends_its_own_files(node: WebHarness) -> None:
    assert node.chat.files is not None
    file = keep(node.chat.files, b"file")
    for path in (f"/files/{file.id}@library/a.txt", f"/files/{file.id}%40library/a.txt"):
        assert node.connect_http().get(path).body == b"file"


def test_a_node_names_the_page_of_the_node_that_has_a_file(node: WebHarness) -> None:
    for method in ("GET", "HEAD"):
        response = node.connect_http().get("/files/abc@gym/a%20b.txt", method=method)
        assert response.status == 307
        assert response.headers["location"] == f"{ORIGIN}/files/abc@gym/a%20b.txt"
        assert response.headers["cache-control"] == "no-store"


def test_a_file_of_a_node_that_is_away_says_so(node: WebHarness) -> None:
    response = node.connect_http().get("/files/abc@canteen/a.txt")
    assert (response.status, response.code) == (503, "node-away")
    assert "on the server canteen, which is away" in response.json["error"]["message"]


def test_a_file_that_was_lost_with_its_node_says_so(node: WebHarness) -> None:
    response = node.connect_http().get("/files/abc@library/a.txt")
    assert (response.status, response.code) == (404, "no-such-file")


def test_the_page_of_another_node_may_send_and_read_files(node: WebHarness) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization",
    }
    response = node.connect_http().get("/files/a.txt", asked, method="OPTIONS")
    assert response.status == 204
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["access-control-allow-methods"] == "GET, HEAD, PUT"
    assert "Authorization" in response.headers["access-control-allow-headers"]
    assert node.chat.files is not None
    file = keep(node.chat.files, b"file")
    read = node.connect_http().get(f"/files/{file.id}@library/a.txt", {"Origin": ORIGIN})
    assert read.headers["access-control-allow-origin"] == ORIGIN


def test_a_page_shows_pictures_of_all_nodes(node: WebHarness) -> None:
    policy = node.connect_http().get("/").headers["content-security-policy"]
    [images] = [part for part in policy.split("; ") if part.startswith("img-src ")]
    assert images == (f"img-src 'self' data: blob: http://{HOST} https://192.168.1.2:8443 {ORIGIN}")


def test_any_other_page_is_not_answered(node: WebHarness) -> None:
    origin = {"Origin": "http://evil.example"}
    response = node.connect_http().get("/files/a.txt", origin, method="OPTIONS")
    assert (response.status, response.code) == (403, "foreign-origin")
    assert "access-control-allow-origin" not in response.headers
