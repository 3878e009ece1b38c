"""A member that costs as little as possible: a socket that is read when its turn comes."""

import re
import socket
import struct
from array import array
from typing import Final

from tests.load.dialects import Dialect

#: Far more than a member receives in one round.
_READ_BYTES: Final = 262_144
_CONNECT_SECONDS: Final = 20.0
#: With this linger option, closing sends a reset.
_NO_LINGER: Final = struct.pack("ii", 1, 0)
_CONFIRMED: Final = re.compile(rb'"id":(\d+)\}')
_ERROR: Final = b'{"type":"error"'


class Member:
    """A client of any dialect.

    :ivar name: its present nickname; `first_name`: the one that it entered with.
    :ivar received: the numbers of room messages, in order; `received_private`: of private ones.
    :ivar sent: the numbers of its own; `confirmed`: of these, those that the server has confirmed.
    :ivar errors: the server's refusals.
    :ivar rooms: the rooms that it has asked to be in.
    :ivar is_closed: whether the server has closed the connection, and everything was read.
    :ivar is_truncated: whether the last of what was sent to it may have been lost.
    """

    __slots__ = (
        "_partial_frame",
        "confirmed",
        "dialect",
        "errors",
        "first_name",
        "is_closed",
        "is_reading",
        "is_truncated",
        "name",
        "received",
        "received_private",
        "rooms",
        "sent",
        "socket",
    )

    def __init__(
        self, dialect: Dialect, name: str, address: tuple[str, int], receive_bytes: int = 0
    ) -> None:
        self.dialect = dialect
        self.name = self.first_name = name
        self.received: array[int] = array("I")
        self.received_private: array[int] = array("I")
        self.sent: set[int] = set()
        self.confirmed: set[int] = set()
        self.errors: list[bytes] = []
        self.rooms = set(dialect.initial_rooms)
        self.is_closed = self.is_truncated = False
        self.is_reading = True
        self._partial_frame = b""
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(_CONNECT_SECONDS)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.send(dialect.hello(name))

    def send(self, data: bytes) -> None:
        """Send something short; after the server has closed the connection, it is lost."""
        try:
            self.socket.send(data)
        except BlockingIOError:
            self.errors.append(b"the server reads nothing")
        except OSError:
            self.is_truncated = True

    def send_message(self, room: str, number: int, padding: str = "") -> None:
        """Send a message to a room."""
        self.sent.add(number)
        self.send(self.dialect.message(room, number, padding))

    def read(self) -> bytes:
        """Read and parse what has come."""
        try:
            data = self.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError:
            self.is_closed = self.is_truncated = True
            self.socket.close()
            return b""
        if data:
            self._parse(data)
        else:
            self.is_closed = True
            self.socket.close()
        return data

    def quit(self) -> None:
        """Leave the chat; the server still reads what was sent before."""
        if self.dialect.quit:
            self.send(self.dialect.quit)
        else:
            self.half_close()

    def half_close(self) -> None:
        """Close the connection for writing."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.is_truncated = True

    def reset(self) -> None:
        """Close the connection at once, with a reset."""
        self.is_closed = self.is_truncated = True
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.socket.close()

    def _parse(self, data: bytes) -> None:
        data = self._partial_frame + data
        end = data.rfind(self.dialect.frame_end) + 1
        self._partial_frame = data[end:]
        data = data[:end]
        self.received.extend(map(int, self.dialect.message_pattern.findall(data)))
        if b"p)" in data:
            self.received_private.extend(map(int, self.dialect.private_pattern.findall(data)))
        if self.dialect.confirms:
            if b'"id":' in data:
                self.confirmed.update(map(int, _CONFIRMED.findall(data)))
            if _ERROR in data:
                self.errors.append(data[data.index(_ERROR) :][:200])
