"""Native connections over blocking sockets: other members, and a server that a test controls."""

import json
import socket
import struct
from contextlib import suppress
from typing import Any

from tests.ports import HOST
from tests.timeouts import TIMEOUT_SECONDS

#: How long a member waits for its goodbye when it closes: the server may be stopped.
GOODBYE_SECONDS = 2

#: What a client sends first that tries TLS.
_TLS_HANDSHAKE = b"\x16"


class Peer:
    """One end of a native connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._connection.settimeout(TIMEOUT_SECONDS)
        self._stream = connection.makefile("rb")

    def send(self, frame_type: str, data: Any = None, **fields: Any) -> None:
        """Send one frame."""
        frame = {"type": frame_type, **({} if data is None else {"data": data}), **fields}
        self._connection.sendall(json.dumps(frame).encode() + b"\n")

    def receive(self, frame_type: str) -> dict[str, Any]:
        """Wait for a frame of that type, and skip all others."""
        return self.receive_through(frame_type)[-1]

    def receive_through(self, frame_type: str) -> list[dict[str, Any]]:
        """Wait for a frame of that type; return all frames up to it."""
        frames = []
        for line in self._stream:
            frames.append(json.loads(line))
            if frames[-1]["type"] == frame_type:
                return frames
        raise AssertionError(f"the connection ended without {frame_type!r}")

    def receive_any(self) -> dict[str, Any]:
        """Wait for a frame."""
        frame: dict[str, Any] = json.loads(next(self._stream))
        return frame

    def reset(self) -> None:
        """Close the connection with :func:`reset`."""
        self._stream.close()
        reset(self._connection)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()
        self._connection.close()


class Member(Peer):
    """A member of a server, which leaves when it closes: its nickname is free at once."""

    def close(self) -> None:
        with suppress(OSError, AssertionError, ValueError):
            self._connection.settimeout(GOODBYE_SECONDS)
            self.send("quit")
            self.receive("goodbye")
        super().close()


def reset(connection: socket.socket) -> None:
    """Close it with a TCP reset: the other end loses what it has not read yet."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def enter(port: int, nickname: str) -> Member:
    """Enter the chat of the server at `port`.

    :raises AssertionError: the server closes the connection.
    :raises OSError: the server resets or refuses the connection.
    """
    peer = Member(socket.create_connection((HOST, port), TIMEOUT_SECONDS))
    try:
        peer.send("hello", {"nickname": nickname, "version": 1})
        peer.receive("welcome")
    except (OSError, AssertionError):
        peer.close()
        raise
    return peer


class FakeServer:
    """A server that accepts clients one by one, and sends what the test wants."""

    def __init__(self) -> None:
        self._listening = socket.create_server((HOST, 0))
        self._listening.settimeout(TIMEOUT_SECONDS)
        self.port: int = self._listening.getsockname()[1]
        self._peers: list[Peer] = []

    def accept_connection(self) -> Peer:
        """Accept the next connection that does not begin with TLS, and send nothing."""
        while True:
            connection = self._listening.accept()[0]
            connection.settimeout(TIMEOUT_SECONDS)
            if connection.recv(1, socket.MSG_PEEK) != _TLS_HANDSHAKE:
                self._peers.append(Peer(connection))
                return self._peers[-1]
            connection.close()

    def accept_member(self, **welcome: Any) -> Peer:
        """Accept the next client as a member."""
        peer = self.accept_connection()
        nickname = peer.receive("hello")["data"]["nickname"]
        data = {"server": "party", "started": 1, "nickname": nickname, "rooms": ["#lobby"]}
        peer.send("welcome", data | welcome)
        return peer

    def close(self) -> None:
        """Close all connections."""
        for peer in self._peers:
            peer.close()
        self._listening.close()
