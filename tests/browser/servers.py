"""Servers for the page to talk to, as a person starts them, and others to talk with."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from tests.e2e.peers import PATIENCE, Peer
from tests.e2e.programs import CHATD, Program, programs

HOST: Final = "127.0.65.1"
ADDRESS: Final = ("--ifaddrs", f"{HOST}/8")

#: How a browser asks for a WebSocket.
_UPGRADE: Final = (
    "GET /socket HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
#: What it says on one first, in a frame whose mask changes nothing.
_WATCH: Final = b"\x81\x90" + bytes(4) + b'{"type":"watch"}'


class Server:
    """One server, on ports of its own; it can be stopped, and started again on the same ones.

    :ivar url: where its page is.
    """

    def __init__(self, start: Callable[..., Program], *options: str) -> None:
        self.tcp, self.web, self.plain = (free_port() for _ in range(3))
        self._ports = ("--port", str(self.tcp), "--plain", str(self.plain), "--web", str(self.web))
        self._discovery = ("--discovery-port", str(free_port(socket.SOCK_DGRAM)))
        self.url = f"http://{HOST}:{self.web}/"
        self._run, self._options = start, options
        self._guests = ExitStack()
        self.start()

    def start(self) -> None:
        """Start it."""
        self.program = self._run(
            [
                *(*CHATD, "server", *ADDRESS, "--id", "party", "--flood", "0"),
                *(*self._ports, *self._discovery, *self._options),
            ]
        )
        self.program.says("party answers discovery")

    def stop(self) -> None:
        """End it with a word to everyone."""
        self.program.signal(signal.SIGTERM)
        assert self.program.status() == 0

    def die(self) -> None:
        """End it without a word."""
        self.program.close()

    def enter(self, nickname: str) -> Peer:
        """Another member, who speaks the native dialect."""
        connection = socket.create_connection((HOST, self.tcp), PATIENCE)
        peer = Peer(connection)
        self._guests.callback(peer.close)
        peer.says("hello", {"nickname": nickname, "version": 1})
        peer.hears("welcome")
        return peer

    def watch(self, source: str) -> None:
        """Somebody else watches from the address `source`, and is no member."""
        connection = socket.create_connection((HOST, self.web), PATIENCE, (source, 0))
        self._guests.callback(connection.close)
        connection.sendall(_UPGRADE.format(host=f"{HOST}:{self.web}").encode() + _WATCH)
        told = b""
        while b'"watching"' not in told:
            more = connection.recv(65_536)
            assert more, f"the connection ended after {told!r}"
            told += more

    def client(self, nickname: str) -> Program:
        """Another member, with chatd's own client on a pipe."""
        client = self._run(
            [*CHATD, "client", HOST, str(self.tcp), *ADDRESS, "--nickname", nickname]
        )
        client.says(f"as {nickname}")
        return client

    def caller(self) -> socket.socket:
        """A connection to the plain port, as by ``nc``."""
        connection = socket.create_connection((HOST, self.plain), PATIENCE)
        self._guests.callback(connection.close)
        return connection

    def close(self) -> None:
        """Hang up on the guests; whoever started the programs ends them."""
        self._guests.close()


def say(peer: Peer, *texts: str, room: str = "#lobby") -> None:
    """Have that member say something, and wait until everyone has been told."""
    for text in texts:
        peer.says("message", {"text": text, "room": room}, id=text[:8])
        peer.hears("ok")


@contextmanager
def servers() -> Iterator[Callable[..., Server]]:
    """Start servers that are all ended in the end, also when the test fails."""
    with programs() as start, ExitStack() as stack:

        def started(*options: str) -> Server:
            server = Server(start, *options)
            stack.callback(server.close)
            return server

        yield started


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody uses."""
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
        return port
