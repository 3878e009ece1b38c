"""A wire between a page and its server that can be cut: the server does not go, only the way."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

#: The page may be asked for under this name, too.
NAME: Final = "localhost"
_CHUNK: Final = 65_536


class Relay:
    """Carries connections to `NAME` to the same port of `host`, until it is cut."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self.url = f"http://{NAME}:{port}/"
        self._threads: list[threading.Thread] = []
        self.mend()

    def mend(self) -> None:
        """Carry connections, again."""
        self._listening = socket.create_server(("127.0.0.1", self._there[1]))
        self._open = [self._listening]
        self._start(self._accept, self._listening)

    def cut(self) -> None:
        """Break all connections, and take no more."""
        for each in self._open:
            with suppress(OSError):  # its peer was faster
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in self._open:
            each.close()
        self._threads.clear()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):  # it was cut
            while True:
                near = listening.accept()[0]
                far = socket.create_connection(self._there)
                self._open += [near, far]
                self._start(self._carry, near, far)
                self._start(self._carry, far, near)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # one of the two has gone
            while data := source.recv(_CHUNK):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def _start(self, run: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


@contextmanager
def relayed(host: str, port: int) -> Iterator[Relay]:
    """A wire that is taken away in the end."""
    relay = Relay(host, port)
    try:
        yield relay
    finally:
        relay.cut()
