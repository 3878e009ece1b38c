"""Who comes to the web page, without a network: requests, and browsers with a WebSocket."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure
from wsproto import events
from wsproto.connection import CLIENT, Connection
from wsproto.utilities import LocalProtocolError

from chatd.chat import limits
from chatd.server.factory import Rejected
from chatd.web.http import HTTPConnection, HTTPFactory
from tests.server.hall import Frame, Hall, TcpStringTransport, line

#: How the server is reached, in memory.
HERE = IPv4Address("TCP", "192.168.1.1", 54_321)
HOST = f"{HERE.host}:{HERE.port}"

KEY = "dGhlIHNhbXBsZSBub25jZQ=="

#: What a browser says that wants a WebSocket.
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Extensions": "permessage-deflate",
}


def request(
    path: str,
    headers: dict[str, str] | None = None,
    *,
    method: str = "GET",
    host: str | None = HOST,
    version: str = "1.1",
) -> bytes:
    """A request as a browser sends it."""
    said = {} if host is None else {"Host": host}
    said |= headers or {}
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"{method} {path} HTTP/{version}\r\n{head}\r\n".encode()


def message(payload: bytes) -> bytes:
    """`payload` as a text message that a browser sends, with a mask of zeros."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + payload


@dataclass(frozen=True)
class Reply:
    """One answer; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an error."""
        error = self.json["error"]
        assert error["message"]
        code: str = error["code"]
        return code


def from_many(connections: int) -> Iterator[str]:
    """The addresses of so many, none of which has too many."""
    for number in range(connections):
        yield f"10.35.12.{number // limits.ADDRESS_PAGE_CONNECTIONS}"


def replies(data: bytes, has_bodies: bool = True) -> list[Reply]:
    """The answers in `data`; there may be nothing else."""
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        status, *lines = head.decode("ascii").split("\r\n")
        assert status.startswith("HTTP/1.1 ")
        headers: dict[str, str] = {}
        for each in lines:
            name, value = each.lower().split(": ", 1)[0], each.split(": ", 1)[1]
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        size = int(headers.get("content-length", "0")) if has_bodies else 0
        assert len(data) >= size, "half a body"
        found.append(Reply(int(status.split()[1]), headers, data[:size]))
        data = data[size:]
    return found


class Visitor:
    """A connection to the page's port."""

    def __init__(self, connection: HTTPConnection, address: IPv4Address, hall: "PageHall") -> None:
        self.connection = connection
        self.hall = hall
        self.transport = TcpStringTransport(address)
        self.transport.hostAddr = hall.here
        self.is_lost = False
        connection.makeConnection(self.transport)

    def send(self, data: bytes) -> None:
        """Send anything, in one piece, once the server reads."""
        self.wait_until_read()
        self.connection.dataReceived(data)
        self.hall.clock.advance(0)

    def wait_until_read(self) -> None:
        """Let the server have the time to answer what it has."""
        while self.transport.producerState == "paused" and not self.is_dropped():
            self.hall.clock.advance(0.1)

    def replies(self, has_bodies: bool = True) -> list[Reply]:
        """The answers since this was last asked."""
        self.wait_until_read()
        data = self.transport.value()
        self.transport.clear()
        return replies(data, has_bodies)

    def get(self, path: str, headers: dict[str, str] | None = None, **kind: Any) -> Reply:
        """Ask for something; the answer."""
        self.send(request(path, headers, **kind))
        [reply] = self.replies(kind.get("method") != "HEAD")
        return reply

    @property
    def producer(self) -> Any:
        """What the transport tells when to send and when to wait."""
        return self.transport.producer

    def is_read(self) -> bool:
        """Whether the server reads what this connection sends."""
        return self.transport.producerState == "producing"

    def is_ended(self) -> bool:
        """Whether the server has said that it sends nothing more, after all it had to say."""
        return self.transport.is_half_closed

    def is_cut_off(self) -> bool:
        """Whether the server has closed the connection without sending what waits."""
        return self.transport.disconnected

    def is_dropped(self) -> bool:
        """Whether the server has closed the connection, in whatever way."""
        return self.is_ended() or self.is_cut_off() or self.transport.disconnecting

    def shut(self) -> None:
        """Say that nothing more will come."""
        self.connection.readConnectionLost()
        self.hall.clock.advance(0)

    def hang_up(self) -> None:
        """Be gone."""
        self.is_lost = True
        self.connection.connectionLost(Failure(ConnectionDone()))
        self.hall.clock.advance(0)


class Browser:
    """The page in somebody's browser: a WebSocket that speaks the native dialect.

    :ivar closed: the code and the reason with which the server closed.
    """

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.frames = Connection(CLIENT)
        self.closed: tuple[int, str] | None = None
        visitor.send(request("/socket", UPGRADE | {"Origin": f"http://{HOST}"}))
        head, _, rest = visitor.transport.value().partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n"), head
        assert b"sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=" in head.lower()
        assert b"extensions" not in head.lower()
        visitor.transport.clear()
        self.frames.receive_data(rest)

    def send_event(self, *sent: events.Event) -> None:
        """Send WebSocket frames, in one piece."""
        self.visitor.send(b"".join(self.frames.send(each) for each in sent))

    def send(self, frame_type: str, data: object = None, request_id: object = None) -> None:
        """Send one frame of the dialect."""
        text = line(frame_type, data, request_id).decode().rstrip("\n")
        self.send_event(events.TextMessage(text))

    def hello(self, nickname: str) -> None:
        self.send("hello", {"nickname": nickname, "version": 1})

    def say(self, text: str) -> None:
        self.send("message", {"text": text})

    def events(self) -> list[events.Event]:
        """The WebSocket frames that came since this was last asked."""
        data = self.visitor.transport.value()
        self.visitor.transport.clear()
        if data:
            self.frames.receive_data(data)
        came = list(self.frames.events())
        for each in came:
            if isinstance(each, events.CloseConnection):
                self.closed = (each.code, each.reason or "")
        return came

    def heard(self) -> list[Frame]:
        """The frames of the dialect among those."""
        came = [each for each in self.events() if isinstance(each, events.TextMessage)]
        assert all(each.message_finished and "\n" not in each.data for each in came)
        return [json.loads(each.data) for each in came]

    def heard_of(self, frame_type: str) -> list[Any]:
        """The data of the frames of one type among those."""
        return [frame.get("data") for frame in self.heard() if frame["type"] == frame_type]

    def close_code(self) -> int | None:
        """With which code the server has closed; None if it has not."""
        with suppress(LocalProtocolError):  # it was closed before
            self.events()
        return None if self.closed is None else self.closed[0]

    def masked(self, opcode: int, payload: bytes, final: bool = True) -> bytes:
        """Any frame, also one that wsproto would not send."""
        assert len(payload) < 126
        head = bytes([opcode | (0x80 if final else 0), 0x80 | len(payload)])
        return head + bytes(4) + payload  # a mask of zeros


class PageHall(Hall):
    """A server with its web page, and everyone who is connected to it.

    :ivar here: where those who come from now on have reached it.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.page = HTTPFactory(self.chat)
        self.here: IPv4Address | IPv6Address = HERE
        self.visitors: list[Visitor] = []

    def close(self) -> None:
        """Everyone goes; then nothing may be left."""
        for visitor in self.visitors:
            if not visitor.is_lost:
                visitor.hang_up()
        assert not self.page.connections
        assert not self.page._connections_by_host
        super().close()

    def try_to_visit(self, host: str = "10.35.11.112") -> Visitor | None:
        """A connection to the page, if the server takes it."""
        self.last_port += 1
        address = IPv4Address("TCP", host, self.last_port)
        connection = self.page.buildProtocol(address)
        if isinstance(connection, Rejected):
            transport = TcpStringTransport(address)
            connection.makeConnection(transport)
            assert transport.disconnecting
            return None
        assert isinstance(connection, HTTPConnection)
        self.visitors.append(Visitor(connection, address, self))
        return self.visitors[-1]

    def visit(self, host: str = "10.35.11.112") -> Visitor:
        """A connection to the page that the server takes."""
        visitor = self.try_to_visit(host)
        assert visitor is not None
        return visitor

    def browse(self, host: str = "10.35.11.112") -> Browser:
        """A browser with a WebSocket, which has said nothing yet."""
        return Browser(self.visit(host))

    def enter_by_page(self, nickname: str) -> Browser:
        """A member who has come by the page, and heard its welcome."""
        browser = self.browse()
        browser.hello(nickname)
        [welcome] = browser.heard()
        assert welcome["type"] == "welcome"
        return browser
