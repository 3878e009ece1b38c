"""Files between real programs: over restarts, broken transfers, and disks with faults."""

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Thread
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from chatd.chat import limits
from tests.e2e.programs import CHATD, Program, programs
from tests.ports import HOST, IFADDRS, free_port, free_udp_port
from tests.small_disk import mounted_disk
from tests.timeouts import TIMEOUT_SECONDS


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    with programs() as start_one:
        yield start_one


@pytest.fixture
def ports() -> SimpleNamespace:
    return SimpleNamespace(tcp=free_port(), web=free_port(), plain=free_port(), udp=free_udp_port())


@pytest.fixture
def serve(start: Callable[..., Program], ports: SimpleNamespace) -> Callable[..., Program]:
    """Starts a server, and waits until it is there."""

    def begin(*words: str) -> Program:
        command = [
            *(*CHATD, "server", "--id", "class", *IFADDRS, "--port", str(ports.tcp)),
            *("--discovery-port", str(ports.udp), "--web", str(ports.web), *words),
        ]
        started = start(command)
        started.expect_stderr("class answers discovery")
        return started

    return begin


class Member:
    """A member with a session."""

    def __init__(self, ports: SimpleNamespace, nickname: str) -> None:
        self._web = ports.web
        self._socket = socket.create_connection((HOST, ports.tcp), TIMEOUT_SECONDS)
        self._frames = self._socket.makefile("rb")
        resume = {"session": ""}
        self.send("hello", {"nickname": nickname, "version": 1, "resume": resume})
        self.welcome = self.next("welcome")

    def send(self, kind: str, data: dict[str, Any]) -> None:
        """Send a frame."""
        self._socket.sendall(json.dumps({"type": kind, "data": data}).encode() + b"\n")

    def next(self, kind: str) -> Any:
        """The data of the next frame of that type."""
        for line in self._frames:
            frame = json.loads(line)
            if frame["type"] == kind:
                return frame["data"]
        raise AssertionError("the connection is closed")

    def close(self) -> None:
        """Lose the connection."""
        self._socket.close()

    def upload(
        self, content: bytes, target: str = "a.bin?room=%23lobby"
    ) -> tuple[int, dict[str, Any]]:
        """Send a file; the status and the response."""
        with closing(HTTPConnection(HOST, self._web, timeout=TIMEOUT_SECONDS)) as connection:
            headers = {"Authorization": f"Bearer {self.welcome['session']}"}
            connection.request("PUT", f"/files/{target}", content, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def begin(self, size: int, sent: bytes) -> socket.socket:
        """Begin to send a file."""
        connection = socket.create_connection((HOST, self._web), TIMEOUT_SECONDS)
        head = (
            f"PUT /files/a.bin?room=%23lobby HTTP/1.1\r\nHost: {HOST}:{self._web}\r\n"
            f"Authorization: Bearer {self.welcome['session']}\r\nContent-Length: {size}\r\n\r\n"
        )
        connection.sendall(head.encode() + sent)
        return connection


def read(ports: SimpleNamespace, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    """Read a file."""
    with closing(HTTPConnection(HOST, ports.web, timeout=TIMEOUT_SECONDS)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response, response.read()


def path_of(file: dict[str, Any]) -> str:
    return f"/files/{file['id']}/{file['name']}"


@pytest.mark.smoke
def test_a_file_reaches_everybody_and_survives_the_death_of_the_server(
    serve: Callable[..., Program], ports: SimpleNamespace
) -> None:
    server = serve("--plain", str(ports.plain))
    content = os.urandom(3_000_000)
    with closing(Member(ports, "ice")) as ice, closing(Member(ports, "moon")) as moon:
        nc = socket.create_connection((HOST, ports.plain), TIMEOUT_SECONDS)
        lines = nc.makefile("rb")
        nc.sendall(b"sun\n")
        moon.next("entered")
        assert ice.welcome["files"] == f"http://{HOST}:{ports.web}/files/"
        status, sent = ice.upload(content, "work%20sheet.pdf?room=%23lobby")
        assert status == 201
        for member in (ice, moon):
            file = member.next("message")["file"]
            assert (file["id"], file["name"], file["bytes"]) == (
                sent["id"],
                "work sheet.pdf",
                len(content),
            )
        link = f"http://{HOST}:{ports.web}/files/{sent['id']}/work%20sheet.pdf"
        assert f"ice: work sheet.pdf (3.0 MB): {link}\n".encode() in iter(lines.readline, b"")
        nc.close()
    path = f"/files/{sent['id']}/work%20sheet.pdf"
    assert read(ports, path)[1] == content
    server.send_signal(signal.SIGKILL)
    server.wait()
    serve()
    response, part = read(ports, path, Range="bytes=1000000-")
    assert (response.status, part) == (206, content[1_000_000:])


def test_many_files_at_once_arrive_as_they_were_sent(
    serve: Callable[..., Program], ports: SimpleNamespace
) -> None:
    serve("--flood", "0")
    contents = [os.urandom(2_000_000 + number) for number in range(12)]
    members = [Member(ports, f"member-{number}") for number in range(4)]
    sent: dict[int, dict[str, Any]] = {}
    received: dict[int, bytes] = {}

    def send(number: int) -> None:
        status, sent[number] = members[number % 4].upload(contents[number])
        assert status == 201, sent[number]
        received[number] = read(ports, path_of(sent[number]))[1]

    threads = [Thread(target=send, args=(number,)) for number in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(TIMEOUT_SECONDS)
    assert len({each["id"] for each in sent.values()}) == 12
    assert [sha256(received[number]).digest() for number in range(12)] == [
        sha256(each).digest() for each in contents
    ]
    for member in members:
        member.close()


def parts(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if each.name != "lock"]


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for what the server does on the disk, of which it tells nobody."""
    end = monotonic() + TIMEOUT_SECONDS
    while not happened():
        assert monotonic() < end


def test_a_client_that_dies_in_the_middle_leaves_nothing(
    serve: Callable[..., Program], ports: SimpleNamespace, tmp_path: Path
) -> None:
    serve("--files", str(tmp_path / "files"))
    with closing(Member(ports, "ice")) as ice:
        begun = ice.begin(10_000_000, b"x" * 3_000_000)
        wait_until(lambda: bool(list((tmp_path / "files").glob("*.part"))))
        begun.close()
        wait_until(lambda: not parts(tmp_path / "files"))
        assert ice.upload(b"another")[0] == 201


def test_a_member_that_leaves_in_the_middle_is_told_so_and_nothing_is_kept(
    serve: Callable[..., Program], ports: SimpleNamespace, tmp_path: Path
) -> None:
    serve("--files", str(tmp_path / "files"))
    with closing(Member(ports, "ice")) as ice:
        begun = ice.begin(10_000_000, b"x" * 1_000_000)
        ice.send("quit", {})
        ice.next("goodbye")
        begun.sendall(b"x" * 9_000_000)
        response = HTTPResponse(begun)
        response.begin()
        assert response.status == 401
        assert json.loads(response.read())["error"]["code"] == "not-entered"
        response.close()
        begun.close()
    wait_until(lambda: not parts(tmp_path / "files"))


@pytest.mark.parametrize("is_waiting", [True, False])
def test_a_file_that_is_too_large_is_refused_and_its_sender_sees_why(
    serve: Callable[..., Program], ports: SimpleNamespace, is_waiting: bool
) -> None:
    serve()
    with closing(Member(ports, "ice")) as ice:
        if is_waiting:
            begun = ice.begin(limits.FILE_BYTES + 1, b"")
            response = HTTPResponse(begun)
            response.begin()
            assert response.status == 413
            response.close()
            begun.close()
        else:
            status, answer = ice.upload(b"x" * (limits.FILE_BYTES + 1))
            assert (status, answer["error"]["code"]) == (413, "file-too-large")


def test_a_small_disk_that_fills_up_says_so_and_the_chat_goes_on(
    serve: Callable[..., Program], ports: SimpleNamespace, tmp_path: Path
) -> None:
    size = limits.FREE_DISK_BYTES + 2 * limits.FILE_BYTES
    with mounted_disk(tmp_path / "disk", str(size)) as disk:
        server = serve("--files", str(disk / "files"))
        with closing(Member(ports, "ice")) as ice:
            big = b"x" * (limits.FILE_BYTES - 1_000_000)
            assert [ice.upload(big)[0] for _ in range(3)] == [201, 201, 507]
            assert "disk is full" in ice.upload(big)[1]["error"]["message"]
            ice.send("message", {"text": "the chat goes on"})
            assert ice.upload(b"small")[0] == 201
        server.send_signal(signal.SIGTERM)
        server.wait()
        [line] = [each for each in server.stderr if "files cannot be kept" in each]
        assert "the disk is full" in line


def test_two_servers_do_not_use_one_folder(
    serve: Callable[..., Program], start: Callable[..., Program], tmp_path: Path
) -> None:
    serve("--files", str(tmp_path / "files"))
    command = [*CHATD, "server", *IFADDRS, "--port", str(free_port()), "--id", "other"]
    second = start(
        [
            *(*command, "--discovery-port", str(free_udp_port()), "--web", str(free_port())),
            *("--files", str(tmp_path / "files")),
        ]
    )
    assert second.wait() == 1
    assert second.stderr[-1] == (
        f"chatd server: --files: Another server has its files in {tmp_path / 'files'}; "
        "name another folder."
    )


def test_where_nothing_is_kept_no_file_is_left_behind(
    serve: Callable[..., Program],
    ports: SimpleNamespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    server = serve("--store", "none")
    with closing(Member(ports, "ice")) as ice:
        assert ice.upload(b"for now")[0] == 201
    assert list(tmp_path.glob("chatd-files-*/*.data"))
    server.send_signal(signal.SIGTERM)
    assert server.wait() == 0
    assert not list(tmp_path.iterdir())
