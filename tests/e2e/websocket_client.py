"""A client of the page's HTTP server: requests, and the browser's end of the WebSocket."""

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
    """The response to a GET request, and its body."""
    connection = HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


class WebSocketClient:
    """The browser's end of a WebSocket; each message is a native frame."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), TIMEOUT_SECONDS)
        self._sides = WSConnection(ConnectionType.CLIENT)
        self._frames: deque[Event] = deque()
        at = f"{host}:{port}"
        origin = [(b"Origin", f"http://{at}".encode())]
        self._send(Request(host=at, target="/socket", extra_headers=origin))
        assert isinstance(self._next(), AcceptConnection)

    def send(self, frame_type: str, data: Any = None) -> None:
        """Send one frame."""
        frame = {"type": frame_type, **({} if data is None else {"data": data})}
        self._send(Message(data=json.dumps(frame)))

    def receive(self, frame_type: str) -> dict[str, Any]:
        """Wait for a frame of that type, and skip all others."""
        while True:
            frame: dict[str, Any] = json.loads(self._message())
            if frame["type"] == frame_type:
                return frame

    def enter(self, nickname: str) -> None:
        """Enter the chat."""
        self.send("hello", {"nickname": nickname, "version": 1})
        self.receive("welcome")

    def wait_for_close(self) -> int:
        """Wait until the server closes the WebSocket, and return the close code."""
        while True:
            frame = self._next()
            if isinstance(frame, CloseConnection):
                return int(frame.code)

    def close(self) -> None:
        """Close the connection."""
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
