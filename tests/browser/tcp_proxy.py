"""A TCP proxy between a page and its server: cutting it loses the connection, not the server."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

#: The name under which a page reaches the proxy; the server accepts it as its own, too.
NAME: Final = "localhost"
_CHUNK_BYTES: Final = 65_536
_METHOD: Final = b"GET "


class TcpProxy:
    """Forwards connections from loopback to `host`, where the server has the same `port`.

    :ivar dropped: paths of HTTP that a page asks for in vain: their connections are closed.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self.url = f"http://{NAME}:{port}/"
        self.dropped: re.Pattern[bytes] | None = None
        self._threads: list[threading.Thread] = []
        self.restore()

    def restore(self) -> None:
        """Accept connections, again."""
        self._listener = socket.create_server(("127.0.0.1", self._target[1]))
        self._sockets = [self._listener]
        self._start_thread(self._accept, self._listener)

    def cut(self) -> None:
        """Close all connections, and accept no more."""
        for each in self._sockets:
            with suppress(OSError):  # its peer has closed it already
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()
        self._threads.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the proxy was cut
            while True:
                client = listener.accept()[0]
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                self._start_thread(self._forward, client, server)
                self._start_thread(self._forward, server, client)

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # one of the two was closed
            while (data := source.recv(_CHUNK_BYTES)) and not self._is_dropped(data):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def _is_dropped(self, data: bytes) -> bool:
        if self.dropped is None or not data.startswith(_METHOD):
            return False
        return self.dropped.match(data, len(_METHOD)) is not None

    def _start_thread(self, run: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


@contextmanager
def tcp_proxy(host: str, port: int) -> Iterator[TcpProxy]:
    """A proxy that is closed in the end."""
    proxy = TcpProxy(host, port)
    try:
        yield proxy
    finally:
        proxy.cut()
