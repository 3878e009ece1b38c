"""A server that is stopped while its members send as fast as they can."""

import json
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from selectors import EVENT_READ, DefaultSelector
from typing import Any

import pytest

from tests.e2e.programs import CHATD, Program, programs
from tests.ports import HOST, IFADDRS, free_port, free_udp_port
from tests.timeouts import TIMEOUT_SECONDS

SENDERS = 10
LISTENERS = 20
#: The server is stopped after so many confirmations.
ENOUGH = 500


class Guest:
    """A member that sends a message as soon as the last one is confirmed.

    :ivar heard: what it was told, in order.
    :ivar confirmed: the ids of its messages that were.
    """

    def __init__(self, port: int, nickname: str, talks: bool) -> None:
        self.nickname = nickname
        self.heard: list[dict[str, Any]] = []
        self.confirmed: list[str] = []
        self._talks = talks
        self._rest = b""
        self.socket = socket.create_connection((HOST, port), TIMEOUT_SECONDS)
        self._send({"type": "hello", "data": {"nickname": nickname, "version": 1}})

    def read(self) -> bool:
        """Hear what has come; the answer is whether there may be more."""
        data = self.socket.recv(65_536)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._hear(json.loads(line))
        return bool(data)

    def _hear(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "ok":
            self.confirmed.append(str(frame["id"]))
        else:
            self.heard.append(frame)
        if self._talks and frame["type"] in ("ok", "welcome"):
            text = f"{self.nickname}-{len(self.confirmed)}"
            self._send({"type": "message", "data": {"text": text}, "id": text})

    def _send(self, frame: object) -> None:
        self.socket.sendall(json.dumps(frame).encode() + b"\n")

    def messages(self) -> list[str]:
        """The texts that it heard."""
        return [str(each["data"]["text"]) for each in self.heard if each["type"] == "message"]


@pytest.fixture
def server() -> Iterator[tuple[Program, int]]:
    port = free_port()
    with programs() as start:
        program = start(
            [
                *(*CHATD, "server", *IFADDRS, "--id", "busy", "--flood", "0"),
                *("--port", str(port), "--discovery-port", str(free_udp_port())),
            ]
        )
        program.expect_stderr("busy answers discovery")
        yield program, port


def _talk_until_stopped(guests: list[Guest], program: Program) -> None:
    """Have them talk, stop the server in the midst of it, and hear all that comes."""
    is_told = False
    with DefaultSelector() as selector:
        for guest in guests:
            selector.register(guest.socket, EVENT_READ, guest)
        while selector.get_map():
            for key, _ in selector.select(TIMEOUT_SECONDS):
                if not key.data.read():
                    selector.unregister(key.fileobj)
                    key.data.socket.close()
            if not is_told and sum(len(guest.confirmed) for guest in guests) >= ENOUGH:
                program.send_signal(signal.SIGTERM)
                is_told = True


def test_every_member_gets_a_goodbye_and_all_confirmed_messages(
    server: tuple[Program, int],
) -> None:
    program, port = server
    listeners = [Guest(port, f"listener-{number}", False) for number in range(LISTENERS)]
    for listener in listeners:
        listener.read()
    senders = [Guest(port, f"sender-{number}", True) for number in range(SENDERS)]
    _talk_until_stopped([*listeners, *senders], program)
    assert program.wait() == 0
    for guest in (*listeners, *senders):
        assert guest.heard[-1] == {"type": "goodbye", "data": {"reason": "server is stopping"}}
    said = listeners[0].messages()
    assert max(Counter(said).values()) == 1
    assert all(listener.messages() == said for listener in listeners)
    assert {text for sender in senders for text in sender.confirmed} <= set(said)
