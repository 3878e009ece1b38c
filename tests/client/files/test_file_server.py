"""Where the session's token may go, and where a file may come from."""

from dataclasses import replace

import pytest

from chatd.chat.events import File
from chatd.client.files.file_server import FileServer, origins_of
from chatd.client.files.problem import FileProblem

PLAIN = FileServer("http://10.0.0.1:8080/files/", "10.0.0.1", "", "a token")
TLS = FileServer("https://10.0.0.1:8443/files/", "10.0.0.1", "f" * 64, "a token")
SHEET = File("k3@gym", "work sheet.pdf", 7, "application/octet-stream")


@pytest.mark.parametrize("server", [PLAIN, TLS])
def test_the_token_goes_to_the_servers_own_page(server: FileServer) -> None:
    assert server.upload_url("a b.pdf", "#dev") == f"{server.url}a%20b.pdf?room=%23dev"
    assert server.upload_url("ü?.pdf", "@ice,moon") == f"{server.url}%C3%BC%3F.pdf?to=ice,moon"


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.2:8080/files/",
        "http://10.0.0.1.example.org/files/",
        "http://10.0.0.1:8080@10.0.0.2/files/",
        "http://evil.example.org/files/",
    ],
)
def test_it_goes_to_no_other_host(url: str) -> None:
    with pytest.raises(FileProblem, match="not the one that you are connected to"):
        replace(PLAIN, url=url).upload_url("sheet.pdf", "#dev")


def test_over_tls_it_goes_to_no_plain_page_and_without_a_key_to_no_page_of_tls() -> None:
    with pytest.raises(
        FileProblem,
        match="its host can add --web-tls PORT",
    ):
        replace(TLS, url=PLAIN.url).upload_url("sheet.pdf", "#dev")
    with pytest.raises(FileProblem, match="is not that of its page"):
        replace(PLAIN, url=TLS.url).upload_url("sheet.pdf", "#dev")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://10.0.0.1/files/",
        "http://",
        "http://10.0.0.1:99999/files/",
        "http://[/files/",
        "http://10.0.0.1:8080/fi les/",
        "http://10.0.0.1:8080/files/\r\nX: y/",
        "http://10.0.0.1:8080/\u202e/",
    ],
)
def test_what_is_no_url_of_a_page_is_refused(url: str) -> None:
    with pytest.raises(FileProblem, match="address for files"):
        replace(PLAIN, url=url).upload_url("sheet.pdf", "#dev")
    with pytest.raises(FileProblem, match="address for files"):
        replace(PLAIN, url=url).file_url(SHEET)


def test_a_server_without_a_page_takes_no_files() -> None:
    with pytest.raises(FileProblem, match="this server takes no files: it has no page"):
        replace(PLAIN, url="").upload_url("sheet.pdf", "#dev")


def test_a_false_id_or_name_does_not_lead_to_another_path() -> None:
    assert PLAIN.file_url(SHEET) == f"{PLAIN.url}k3%40gym/work%20sheet.pdf"
    assert PLAIN.file_url(replace_file("../x", "a/../b?c#d")) == (
        f"{PLAIN.url}..%2Fx/a%2F..%2Fb%3Fc%23d"
    )


def replace_file(file_id: str, name: str) -> File:
    return File(file_id, name, 7, "image/png")


def test_a_file_may_come_from_another_node_and_from_nowhere_else() -> None:
    server = replace(PLAIN, origins=origins_of(["http://10.0.0.2:8080", "nonsense", "http://["]))
    moved = "http://10.0.0.2:8080/files/k3@gym/sheet.pdf"
    assert server.moved_url(moved) == moved
    for url in ("http://10.0.0.3:8080/files/k3", "http://10.0.0.2:22/x"):
        with pytest.raises(FileProblem, match="none of its nodes"):
            server.moved_url(url)
    with pytest.raises(FileProblem, match="not that of its page"):
        server.moved_url("https://10.0.0.2:8080/files/k3")
    with pytest.raises(FileProblem, match="address for files"):
        server.moved_url("/etc/passwd")


def test_the_token_is_not_in_what_is_logged() -> None:
    assert "a token" not in repr(PLAIN)
