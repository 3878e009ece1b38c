"""A teacher's lesson: keeping order and sending files, over terminal, page, nc, JIM and chatd.

The teacher is at the terminal of ``chatd host``; ana has the page, ben nc, cem a JIM messenger, and
27 others chatd's own client.
"""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import pytest

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.test_files import choose, png
from tests.e2e.native_peer import Peer, enter
from tests.e2e.programs import CHATD
from tests.e2e.pty_terminal import Terminal, terminals
from tests.ports import HOST, IFADDRS, free_port, free_udp_port
from tests.timeouts import TIMEOUT_SECONDS

#: Besides ana, ben and cem.
OTHERS: Final = 27


class LineClient:
    """nc: what is typed, and the lines that come."""

    def __init__(self, port: int) -> None:
        self._connection = socket.create_connection((HOST, port), TIMEOUT_SECONDS)
        self._stream = self._connection.makefile("rb")
        self.lines: list[str] = []

    def send(self, line: str) -> None:
        self._connection.sendall(line.encode() + b"\n")

    def expect(self, text: str) -> str:
        """Wait for a line with `text`."""
        for line in self._stream:
            self.lines.append(line.decode().rstrip("\n"))
            if text in self.lines[-1]:
                return self.lines[-1]
        raise AssertionError(f"the connection ended without {text!r}: {self.lines}")

    def expect_end(self) -> None:
        """Wait until the server closes the connection."""
        self.lines += [line.decode().rstrip("\n") for line in self._stream]

    def close(self) -> None:
        self._stream.close()
        self._connection.close()


class JimClient:
    """A JIM messenger: objects without anything between them."""

    def __init__(self, port: int) -> None:
        self._connection = socket.create_connection((HOST, port), TIMEOUT_SECONDS)
        self._text = ""

    def ask(self, action: str, **fields: object) -> None:
        self._connection.sendall(json.dumps({"action": action, **fields}).encode())

    def expect(self, text: str) -> dict[str, Any]:
        """Wait for an object with `text` in one of its values."""
        while True:
            found = self._receive()
            if any(text in str(value) for value in found.values()):
                return found

    def expect_response(self, code: int) -> None:
        """Wait for the response to a request."""
        while (response := self._receive().get("response", 100)) < 200:
            pass
        assert response == code

    def _receive(self) -> dict[str, Any]:
        found: dict[str, Any]
        while True:
            try:
                found, end = json.JSONDecoder().raw_decode(self._text)
            except ValueError:
                data = self._connection.recv(1_024).decode()
                assert data, f"the connection ended: {self._text}"
                self._text += data
            else:
                self._text = self._text[end:].lstrip()
                return found

    def close(self) -> None:
        self._connection.close()


class Lesson:
    """The chat of a class; its teacher is there."""

    def __init__(self, directory: Path, stack: ExitStack, open_url: OpenPage) -> None:
        self.ports = {name: free_port() for name in ("port", "plain", "jim", "web")}
        words = [word for name, port in self.ports.items() for word in (f"--{name}", str(port))]
        start = stack.enter_context(terminals())
        self.teacher: Terminal = start(
            [*CHATD, "host", "class", *IFADDRS, *words, "--discovery-port", str(free_udp_port())],
            {"XDG_STATE_HOME": str(directory / "state"), "LOGNAME": "teacher"},
            rows=60,
        )
        self.teacher.expect("/qr shows this again.")
        self._stack, self._open_url = stack, open_url

    def page(self, nickname: str) -> ChatPage:
        page = self._open_url(f"http://{HOST}:{self.ports['web']}/")
        page.wait_for_state("watching")
        page.join(nickname)
        return page

    def nc(self) -> LineClient:
        client = LineClient(self.ports["plain"])
        self._stack.callback(client.close)
        return client

    def jim(self, nickname: str) -> JimClient:
        client = JimClient(self.ports["jim"])
        self._stack.callback(client.close)
        client.ask("presence", user={"account_name": nickname})
        client.expect_response(200)
        client.ask("join", room="#lobby")
        client.expect_response(200)
        return client

    def chatd(self, nickname: str) -> Peer:
        peer = enter(self.ports["port"], nickname)
        self._stack.callback(peer.close)
        return peer


@pytest.fixture
def lesson(tmp_path: Path, open_url: OpenPage) -> Iterator[Lesson]:
    with ExitStack() as stack:
        yield Lesson(tmp_path, stack, open_url)


def test_a_lesson(lesson: Lesson, tmp_path: Path) -> None:
    teacher = lesson.teacher
    ana, ben, cem = lesson.page("ana"), lesson.nc(), lesson.jim("cem")
    ben.send("ben")
    ben.expect("ben")
    others = [lesson.chatd(f"pupil{number}") for number in range(1, OTHERS + 1)]
    teacher.send_line("good morning")
    ana.wait_for_message("good morning", "teacher")

    # The disturber is muted …
    ben.send("boring!")
    ana.wait_for_message("boring!", "ben")
    teacher.send_line("/mute ben 10m noise")
    ben.expect("You are muted for 10 min: noise.")
    ana.wait_for_notice("teacher muted ben.")
    cem.expect("teacher muted ben.")
    ben.send("BORING!")
    ben.expect("You are muted for")

    # … then kicked, and kept out, whatever the name.
    teacher.send_line("/ban ben 1h noise")
    ben.expect("You are banned from the chat for")
    ben.expect_end()
    ana.wait_for_notice("teacher banned ben from the chat.")
    for name in ("ben", "BEN", "b\N{CYRILLIC SMALL LETTER IE}n"):
        again = lesson.nc()
        again.send(name)
        again.expect("You are banned from the chat for")
        again.expect_end()
    assert "BORING!" not in [text for _, _, text in ana.items]

    # The teacher alone speaks.
    teacher.send_line("/readonly on")
    ana.wait_for_notice("teacher made #lobby read-only.")
    cem.expect("teacher made #lobby read-only.")
    cem.ask("msg", to="#lobby", message="may I?")
    cem.expect_response(403)

    # A worksheet for all: everyone can read it.
    worksheet = tmp_path / "worksheet.pdf"
    worksheet.write_bytes(b"%PDF-1.7 " + bytes(range(256)) * 4_000)
    teacher.send_line(f"/send {worksheet}")
    link = cem.expect("worksheet.pdf")["message"].split()[-1]
    for pupil in others:
        while not (file := pupil.receive("message")["data"].get("file")):
            pass
        url = f"http://{HOST}:{lesson.ports['web']}/files/{file['id']}/worksheet.pdf"
        assert urlopen(url, timeout=TIMEOUT_SECONDS).read() == worksheet.read_bytes()
    assert url == link
    ana.find("link", "worksheet.pdf.*")

    # A private answer with a picture, which is for the teacher alone.
    picture = tmp_path / "my answer.png"
    picture.write_bytes(png(64, 48))
    ana.send("/query teacher")
    choose(ana, picture)
    ana.find("link", "my answer.png.*")
    teacher.send_line("/query ana")
    teacher.expect("ana: my answer.png (")
    teacher.send_line("/room #lobby")
    ana.select_room("#lobby")

    # Again all may speak; what should not stand there is removed.
    teacher.send_line("/readonly off")
    cem.expect("read-only any more")
    cem.ask("msg", to="#lobby", message="the answer is 42")
    ana.wait_for_message("the answer is 42", "cem")
    seq = 1 + max(
        message["seq"] for message in history(others[0]) if message["text"] != "the answer is 42"
    )
    teacher.send_line(f"/remove {seq}")
    ana.wait_for_message("Removed by teacher.", "cem")
    assert [each["text"] for each in history(others[0])][-1] == ""
    assert history(others[0])[-1]["removed"] == "teacher"


def history(pupil: Peer) -> list[dict[str, Any]]:
    """The messages of the lobby."""
    pupil.send("history", {"room": "#lobby"}, id="history")
    messages: list[dict[str, Any]] = pupil.receive("history")["data"]["messages"]
    return messages
