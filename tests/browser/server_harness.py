"""Servers for the page to connect to, and other members for it to talk with."""

import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

from tests.e2e.native_peer import Peer
from tests.e2e.programs import CHATD, Program, programs
from tests.ports import HOST, IFADDRS, free_port, free_udp_port
from tests.timeouts import TIMEOUT_SECONDS

#: The opening handshake of a WebSocket, as a browser sends it.
_UPGRADE: Final = (
    "GET /socket HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
#: The frame that a page sends first, in a WebSocket frame with a mask of zeros.
_WATCH: Final = b"\x81\x90" + bytes(4) + b'{"type":"watch"}'


class Server:
    """One server, on ports of its own; it can be stopped, and started again on the same ones.

    :ivar url: the address of its page.
    """

    def __init__(
        self,
        start: Callable[..., Program],
        *options: str,
        chatd: Sequence[str] = CHATD,
        web_port: int | None = None,
    ) -> None:
        self.tcp, self.plain = free_port_of_server(), free_port_of_server()
        self.web = web_port or free_port_of_server()
        self._ports = ("--port", str(self.tcp), "--plain", str(self.plain), "--web", str(self.web))
        self.discovery_port = free_udp_port()
        self._discovery = ("--discovery-port", str(self.discovery_port))
        self.url = f"http://{HOST}:{self.web}/"
        self._run, self._options, self._chatd = start, options, chatd
        self._connections = ExitStack()
        self.start()

    def start(self) -> None:
        """Start it."""
        self.program = self._run(
            [
                *(*self._chatd, "server", *IFADDRS, "--id", "party", "--flood", "0"),
                *(*self._ports, *self._discovery, *self._options),
            ]
        )
        self.program.expect_stderr("party answers discovery")

    def stop(self) -> None:
        """Stop it in order: it says goodbye to all clients."""
        self.program.send_signal(signal.SIGTERM)
        assert self.program.wait() == 0

    def kill(self) -> None:
        """Kill it: the connections are lost."""
        self.program.close()

    def add_member(self, nickname: str) -> Peer:
        """Another member, in the native dialect over TCP."""
        connection = socket.create_connection((HOST, self.tcp), TIMEOUT_SECONDS)
        peer = Peer(connection)
        self._connections.callback(peer.close)
        peer.send("hello", {"nickname": nickname, "version": 1})
        peer.receive("welcome")
        return peer

    def add_watcher(self, source: str) -> None:
        """A page of another host, with the address `source`, that only watches."""
        connection = socket.create_connection((HOST, self.web), TIMEOUT_SECONDS, (source, 0))
        self._connections.callback(connection.close)
        connection.sendall(_UPGRADE.format(host=f"{HOST}:{self.web}").encode() + _WATCH)
        received = b""
        while b'"watching"' not in received:
            data = connection.recv(65_536)
            assert data, f"the connection ended after {received!r}"
            received += data

    def start_client(self, nickname: str) -> Program:
        """Another member, with chatd's own client on a pipe."""
        client = self._run(
            [*CHATD, "client", HOST, str(self.tcp), *IFADDRS, "--nickname", nickname]
        )
        client.expect_stderr(f"as {nickname}")
        return client

    def connect_plain(self) -> socket.socket:
        """A connection to the plain port, as by ``nc``."""
        connection = socket.create_connection((HOST, self.plain), TIMEOUT_SECONDS)
        self._connections.callback(connection.close)
        return connection

    def close(self) -> None:
        """Close the connections to it. The program is ended by `programs`."""
        self._connections.close()


def send_messages(peer: Peer, *texts: str, room: str = "#lobby") -> None:
    """Have a member send messages, and wait until each is confirmed."""
    for text in texts:
        peer.send("message", {"text": text, "room": room}, id=text[:8])
        peer.receive("ok")


@contextmanager
def running_servers() -> Iterator[Callable[..., Server]]:
    """A function that starts servers. All are ended, also when the test fails."""
    with programs() as start, ExitStack() as stack:

        def start_server(
            *options: str, chatd: Sequence[str] = CHATD, web_port: int | None = None
        ) -> Server:
            server = Server(start, *options, chatd=chatd, web_port=web_port)
            stack.callback(server.close)
            return server

        yield start_server


def free_port_of_server() -> int:
    """A port that is free at `HOST`, and at loopback for `TcpProxy`."""
    while True:
        port = free_port()
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
