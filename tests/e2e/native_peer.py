"""The other side of a terminal: people who speak the native dialect, and a false server."""

import json
import socket
import struct
from typing import Any

from tests.ports import HOST
from tests.timeouts import TIMEOUT_SECONDS


class Peer:
    """One end of a connection that carries native frames."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._connection.settimeout(TIMEOUT_SECONDS)
        self._stream = connection.makefile("rb")

    def send(self, kind: str, data: Any = None, **more: Any) -> None:
        """Send one frame."""
        frame = {"type": kind, **({} if data is None else {"data": data}), **more}
        self._connection.sendall(json.dumps(frame).encode() + b"\n")

    def receive(self, kind: str) -> dict[str, Any]:
        """Wait for a frame of that type; others are left out."""
        for line in self._stream:
            frame: dict[str, Any] = json.loads(line)
            if frame["type"] == kind:
                return frame
        raise AssertionError(f"the connection ended without {kind!r}")

    def reset(self) -> None:
        """Hang up by :func:`reset`."""
        self._stream.close()
        reset(self._connection)

    def close(self) -> None:
        """Hang up."""
        self._stream.close()
        self._connection.close()


def reset(connection: socket.socket) -> None:
    """Close it so that the other side is told at once, and loses what it has not read yet."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def enter(port: int, nickname: str) -> Peer:
    """Become a member of the server at that port.

    :raises AssertionError: the server ends the connection.
    :raises OSError: it does so at once.
    """
    peer = Peer(socket.create_connection((HOST, port), TIMEOUT_SECONDS))
    try:
        peer.send("hello", {"nickname": nickname, "version": 1})
        peer.receive("welcome")
    except (OSError, AssertionError):
        peer.close()
        raise
    return peer


class FakeServer:
    """Lets one client after the other in, and tells them whatever the test wants."""

    def __init__(self) -> None:
        self._listening = socket.create_server((HOST, 0))
        self._listening.settimeout(TIMEOUT_SECONDS)
        self.port: int = self._listening.getsockname()[1]
        self._peers: list[Peer] = []

    def accept_connection(self) -> Peer:
        """Take the next connection, and say nothing."""
        self._peers.append(Peer(self._listening.accept()[0]))
        return self._peers[-1]

    def accept_member(self, **welcome: Any) -> Peer:
        """Take a client in."""
        peer = self.accept_connection()
        nickname = peer.receive("hello")["data"]["nickname"]
        told = {"server": "party", "started": 1, "nickname": nickname, "rooms": ["#lobby"]}
        peer.send("welcome", told | welcome)
        return peer

    def close(self) -> None:
        """Hang up on everyone."""
        for peer in self._peers:
            peer.close()
        self._listening.close()
