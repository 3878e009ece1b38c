"""One member, as cheap as possible: a socket that is read when its turn comes."""

import re
import socket
import struct
from array import array
from typing import Final

from benchmarks.abuse.tongues import Tongue

#: Read at once; the loopback interface brings a member far less in one round.
_READ_BYTES: Final = 262_144
_CONNECT_SECONDS: Final = 20.0
#: Closing with this sends a reset.
_NO_LINGER: Final = struct.pack("ii", 1, 0)
_CONFIRMED: Final = re.compile(rb'"id":(\d+)\}')
_ERROR: Final = b'{"type":"error"'


class Member:
    """Somebody in the chat.

    :ivar name: its nickname now; `first_name`: the one it entered with.
    :ivar heard: the numbers of the room messages it heard, in order; `whispered`: of private ones.
    :ivar said: the numbers of its own; `confirmed`: of these, what the server has confirmed.
    :ivar errors: what was refused.
    :ivar rooms: where it is, as far as it has asked for.
    :ivar is_over: whether the server has ended the connection, and all was read.
    :ivar is_cut: whether the end may have cut off something that was sent to it.
    """

    __slots__ = (
        "_rest",
        "confirmed",
        "errors",
        "first_name",
        "heard",
        "is_cut",
        "is_over",
        "is_reading",
        "name",
        "rooms",
        "said",
        "socket",
        "tongue",
        "whispered",
    )

    def __init__(
        self, tongue: Tongue, name: str, address: tuple[str, int], receive_bytes: int = 0
    ) -> None:
        self.tongue = tongue
        self.name = self.first_name = name
        self.heard: array[int] = array("I")
        self.whispered: array[int] = array("I")
        self.said: set[int] = set()
        self.confirmed: set[int] = set()
        self.errors: list[bytes] = []
        self.rooms = set(tongue.starts_in)
        self.is_over = self.is_cut = False
        self.is_reading = True
        self._rest = b""
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(_CONNECT_SECONDS)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.send(tongue.enter(name))

    def send(self, data: bytes) -> None:
        """Send something short; whom the server has ended cannot say anything any more."""
        try:
            self.socket.send(data)
        except BlockingIOError:
            self.errors.append(b"the server reads nothing")
        except OSError:
            self.is_cut = True

    def say(self, room: str, number: int, padding: str = "") -> None:
        """Say something in a room."""
        self.said.add(number)
        self.send(self.tongue.say(room, number, padding))

    def read(self) -> bytes:
        """Take in what has come."""
        try:
            data = self.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError:
            self.is_over = self.is_cut = True
            self.socket.close()
            return b""
        if data:
            self._take(data)
        else:
            self.is_over = True
            self.socket.close()
        return data

    def quit(self) -> None:
        """Say goodbye; what was sent before is still read."""
        if self.tongue.quit:
            self.send(self.tongue.quit)
        else:
            self.shut()

    def shut(self) -> None:
        """Say nothing any more."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.is_cut = True

    def vanish(self) -> None:
        """Be gone at once, with a reset."""
        self.is_over = self.is_cut = True
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.socket.close()

    def _take(self, data: bytes) -> None:
        data = self._rest + data
        end = data.rfind(self.tongue.unit_end) + 1
        self._rest = data[end:]
        data = data[:end]
        self.heard.extend(map(int, self.tongue.said.findall(data)))
        if b"p)" in data:
            self.whispered.extend(map(int, self.tongue.whispered.findall(data)))
        if self.tongue.confirms:
            if b'"id":' in data:
                self.confirmed.update(map(int, _CONFIRMED.findall(data)))
            if _ERROR in data:
                self.errors.append(data[data.index(_ERROR) :][:200])
