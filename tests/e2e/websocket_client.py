"""The web page from outside: what a request gets, and a browser's side of the WebSocket."""

import json
import socket
from collections import deque
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Message,
    Request,
    TextMessage,
)

from tests.timeouts import TIMEOUT_SECONDS


def get(host: str, port: int, path: str) -> tuple[HTTPResponse, bytes]:
    """What a browser gets that asks for `path`."""
    connection = HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


class WebSocketClient:
    """One page in a browser: native frames, each in a message of a WebSocket."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), TIMEOUT_SECONDS)
        self._sides = WSConnection(ConnectionType.CLIENT)
        self._frames: deque[Event] = deque()
        at = f"{host}:{port}"
        origin = [(b"Origin", f"http://{at}".encode())]
        self._send(Request(host=at, target="/socket", extra_headers=origin))
        assert isinstance(self._next(), AcceptConnection)

    def send(self, kind: str, data: Any = None) -> None:
        """Send one frame."""
        frame = {"type": kind, **({} if data is None else {"data": data})}
        self._send(Message(data=json.dumps(frame)))

    def receive(self, kind: str) -> dict[str, Any]:
        """Wait for a frame of that type; others are left out."""
        while True:
            frame: dict[str, Any] = json.loads(self._message())
            if frame["type"] == kind:
                return frame

    def enter(self, nickname: str) -> None:
        """Become a member."""
        self.send("hello", {"nickname": nickname, "version": 1})
        self.receive("welcome")

    def wait_for_close(self) -> int:
        """Wait for the end; the answer is the code that it is closed with."""
        while True:
            frame = self._next()
            if isinstance(frame, CloseConnection):
                return int(frame.code)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _message(self) -> str:
        text = ""
        while True:
            frame = self._next()
            assert isinstance(frame, TextMessage), frame
            text += frame.data
            if frame.message_finished:
                return text

    def _next(self) -> Event:
        while not self._frames:
            self._sides.receive_data(self._socket.recv(65_536) or None)
            self._frames.extend(self._sides.events())
        return self._frames.popleft()

    def _send(self, event: Any) -> None:
        self._socket.sendall(self._sides.send(event))
