"""``--files``: where files are kept, and where their links lead."""

from ipaddress import IPv4Address, ip_interface
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import maybeDeferred

from chatd.file_lock import FileLock
from chatd.files.directory import LOCK
from chatd.taps import files
from chatd.taps.files import FolderUnusable, check_named_folder, files_url
from chatd.taps.host import Options as HostOptions
from chatd.taps.launch import Options as LaunchOptions
from chatd.taps.server import Options, ServerOptions, make_server
from tests.files.stores import result_of

reactor: Any = global_reactor


def parsed(options: ServerOptions, *words: str) -> Any:
    options.parseOptions(["--ifaddrs", "127.0.0.1/8", *words])
    return options


def server(*words: str) -> Any:
    return make_server(parsed(Options(), *words), reactor)


def folder(chat: Any) -> Path:
    path: Path = chat.files.directory.path
    return path


def test_files_are_beside_the_chat_s_file(tmp_path: Path) -> None:
    store = tmp_path / "class 7.sqlite"
    made = server("--web", "8080", "--store", str(store))
    assert folder(made.chat) == tmp_path / "class 7.files"


def test_files_are_in_the_folder_that_is_named(tmp_path: Path) -> None:
    made = server("--web", "8080", "--files", str(tmp_path / "shared"))
    assert folder(made.chat) == tmp_path / "shared"


def test_files_are_in_a_temporary_folder_where_nothing_is_kept() -> None:
    assert server("--web", "8080", "--store", "none").chat.files.directory._is_temporary


@pytest.mark.parametrize("words", [(), ("--web", "8080", "--files", "off"), ("--files", "off")])
def test_without_a_page_or_where_it_is_off_no_files_are_taken(words: tuple[str, ...]) -> None:
    chat = server(*words).chat
    assert chat.files is None
    assert chat.files_url("127.0.0.1", False) == ""


def test_a_folder_without_a_page_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="--files: needs the page"):
        parsed(Options(), "--files", str(tmp_path))


def test_no_folder_is_not_the_present_one() -> None:
    with pytest.raises(SystemExit, match="--files: names no folder"):
        parsed(Options(), "--web", "8080", "--files", "")


@pytest.mark.parametrize("options", [HostOptions, LaunchOptions])
def test_whoever_hosts_a_chat_takes_files(options: type[ServerOptions], tmp_path: Path) -> None:
    made = make_server(parsed(options(), "--files", str(tmp_path)), reactor)
    assert made.chat.files is not None


def test_a_folder_that_another_server_has_is_refused_at_the_start(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / LOCK)
    with pytest.raises(FolderUnusable, match="Another server has its files in"):
        check_named_folder({"files": str(tmp_path)})
    lock.release()
    check_named_folder({"files": str(tmp_path)})


def test_a_folder_that_cannot_be_made_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderUnusable, match="cannot be used: Not a directory"):
        check_named_folder({"files": str(tmp_path / "file" / "folder")})


def test_the_help_has_the_limits() -> None:
    text = " ".join(str(Options()).split())
    assert "20 MB each and 500 MB together" in text
    assert "100 MB of one member, 200 MB of one address" in text


class FakeServer:
    """A server whose ports listen there."""

    def __init__(self, **ports: list[tuple[str, int]]) -> None:
        self._ports = ports

    def addresses(self, name: str) -> list[tuple[str, int]]:
        return self._ports.get(name.replace("-", "_"), [])


EVERYWHERE = "0.0.0.0"  # noqa: S104  # nothing listens there
LAN = ("10.0.0.1", 8080)
LAN_TLS = ("10.0.0.1", 8443)


@pytest.mark.parametrize(
    ("ports", "address", "is_encrypted", "url"),
    [
        ({"web": [LAN]}, "10.0.0.1", False, "http://10.0.0.1:8080/files/"),
        ({"web": [(EVERYWHERE, 80)]}, "10.0.0.1", False, "http://10.0.0.1:80/files/"),
        ({"web": [("::", 80)]}, "fe80::1", False, "http://[fe80::1]:80/files/"),
        ({"web": [LAN], "web_tls": [LAN_TLS]}, "10.0.0.1", True, "https://10.0.0.1:8443/files/"),
        ({"web": [LAN], "web_tls": [LAN_TLS]}, "10.0.0.1", False, "http://10.0.0.1:8080/files/"),
        ({"web_tls": [LAN_TLS]}, "10.0.0.1", False, "https://10.0.0.1:8443/files/"),
        ({"web": [LAN]}, "10.0.0.1", True, "http://10.0.0.1:8080/files/"),
        ({"web": [("127.0.0.1", 8080)]}, "10.0.0.1", False, ""),
        ({"web": [LAN]}, "127.0.0.1", False, "http://10.0.0.1:8080/files/"),
        ({"web": [LAN]}, "", False, ""),
        ({}, "10.0.0.1", False, ""),
    ],
)
def test_a_link_has_the_address_that_its_reader_uses(
    ports: Any, address: str, is_encrypted: bool, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "chatd.taps.web_address.read_host_addresses", lambda: [ip_interface("10.0.0.1/24")]
    )
    monkeypatch.setattr(
        "chatd.taps.web_address.most_reachable", lambda _: [IPv4Address("10.0.0.1")]
    )
    fake: Any = FakeServer(**ports)
    options = parsed(Options(), "--web", "8080")
    assert files_url(fake, options, address, is_encrypted=is_encrypted) == url


def test_behind_a_proxy_a_link_has_the_name_of_the_proxy() -> None:
    fake: Any = FakeServer(web=[("127.0.0.1", 8080)])
    options = parsed(
        *(Options(), "--web", "8080", "--web-proxy", "127.0.0.1", "--web-name", "chat.example")
    )
    url = files_url(fake, options, "10.0.0.1", is_encrypted=False)
    assert url == "https://chat.example/files/"


def test_the_store_is_open_while_the_server_runs(tmp_path: Path) -> None:
    made = server("--web", "8080", "--files", str(tmp_path / "files"))
    [service] = [each for each in made if isinstance(each, files.FilesService)]
    made.chat.files.in_thread = maybeDeferred
    service.startService()
    assert (tmp_path / "files" / LOCK).exists()
    with pytest.raises(FolderUnusable):
        check_named_folder({"files": str(tmp_path / "files")})
    result_of(service.stopService())
    check_named_folder({"files": str(tmp_path / "files")})
