"""HTTP clients and browsers with a WebSocket, at a server in memory."""

import json
from collections.abc import Iterator, Mapping
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
from chatd.web.settings import WebSettings
from tests.server.harness import Frame, Harness, TcpStringTransport, line

#: The server's address.
SERVER_ADDRESS = IPv4Address("TCP", "192.168.1.1", 54_321)
HOST = f"{SERVER_ADDRESS.host}:{SERVER_ADDRESS.port}"

KEY = "dGhlIHNhbXBsZSBub25jZQ=="

#: The header fields with which a browser opens a WebSocket.
UPGRADE_HEADERS = {
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
    fields = {} if host is None else {"Host": host}
    fields |= headers or {}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/{version}\r\n{head}\r\n".encode()


def message(payload: bytes) -> bytes:
    """`payload` as a browser's text message, masked with zeros."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + payload


@dataclass(frozen=True)
class ParsedResponse:
    """A response; names of headers are in lower case."""

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


def many_addresses(connections: int) -> Iterator[str]:
    """Addresses for so many connections, none with more than one address may have."""
    for number in range(connections):
        yield f"10.35.12.{number // limits.ADDRESS_PAGE_CONNECTIONS}"


def parse_responses(data: bytes, has_bodies: bool = True) -> list[ParsedResponse]:
    """The responses in `data`; there may be nothing else."""
    responses = []
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
        responses.append(ParsedResponse(int(status.split()[1]), headers, data[:size]))
        data = data[size:]
    return responses


class HTTPClient:
    """A connection to the web port."""

    def __init__(
        self, connection: HTTPConnection, address: IPv4Address, harness: "WebHarness"
    ) -> None:
        self.connection = connection
        self.harness = harness
        self.transport = TcpStringTransport(address)
        self.transport.hostAddr = harness.local_address
        self.is_lost = False
        connection.makeConnection(self.transport)

    def send(self, data: bytes) -> None:
        """Send `data` in one piece, once the server reads."""
        self.wait_until_read()
        self.connection.dataReceived(data)
        self.harness.clock.advance(0)

    def wait_until_read(self) -> None:
        """Advance the clock until the server reads again, or the connection is dropped."""
        while self.transport.producerState == "paused" and not self.is_dropped():
            self.harness.clock.advance(0.1)

    def responses(self, has_bodies: bool = True) -> list[ParsedResponse]:
        """The responses since the last call."""
        self.wait_until_read()
        data = self.transport.value()
        self.transport.clear()
        return parse_responses(data, has_bodies)

    def get(
        self, path: str, headers: dict[str, str] | None = None, **options: Any
    ) -> ParsedResponse:
        """Send a request; `options` are those of :func:`request`."""
        self.send(request(path, headers, **options))
        [response] = self.responses(options.get("method") != "HEAD")
        return response

    @property
    def producer(self) -> Any:
        """The producer that the server has registered with the transport."""
        return self.transport.producer

    def is_read(self) -> bool:
        """Whether the server reads what this connection sends."""
        return self.transport.producerState == "producing"

    def is_half_closed(self) -> bool:
        """Whether the server has flushed and half-closed."""
        return self.transport.is_half_closed

    def is_cut_off(self) -> bool:
        """Whether the server has aborted the connection."""
        return self.transport.disconnected

    def is_dropped(self) -> bool:
        """Whether the server has closed the connection, in whatever way."""
        return self.is_half_closed() or self.is_cut_off() or self.transport.disconnecting

    def half_close(self) -> None:
        """Close the client's half of the connection."""
        self.connection.readConnectionLost()
        self.harness.clock.advance(0)

    def hang_up(self) -> None:
        """Lose the connection."""
        self.is_lost = True
        self.connection.connectionLost(Failure(ConnectionDone()))
        self.harness.clock.advance(0)


class Browser:
    """A browser with the page: a WebSocket in the native dialect.

    :param headers: of the handshake, besides those that every browser sends.
    :ivar head: of the response to the handshake.
    :ivar closed: the code and the reason of the server's Close frame.
    """

    def __init__(self, client: HTTPClient, headers: Mapping[str, str] | None = None) -> None:
        self.client = client
        self.frames = Connection(CLIENT)
        self.closed: tuple[int, str] | None = None
        origin = {"Origin": f"http://{HOST}"}
        client.send(request("/socket", UPGRADE_HEADERS | origin | dict(headers or {})))
        head, _, rest = client.transport.value().partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n"), head
        assert b"sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=" in head.lower()
        assert b"extensions" not in head.lower()
        self.head = head.decode()
        client.transport.clear()
        self.frames.receive_data(rest)

    def send_frames(self, *frames: events.Event) -> None:
        """Send WebSocket frames, in one piece."""
        self.client.send(b"".join(self.frames.send(each) for each in frames))

    def send(self, frame_type: str, data: object = None, request_id: object = None) -> None:
        """Send one frame of the dialect, as a message."""
        text = line(frame_type, data, request_id).decode().rstrip("\n")
        self.send_frames(events.TextMessage(text))

    def hello(self, nickname: str) -> None:
        self.send("hello", {"nickname": nickname, "version": 1})

    def say(self, text: str) -> None:
        self.send("message", {"text": text})

    def events(self) -> list[events.Event]:
        """The WebSocket frames since the last call."""
        data = self.client.transport.value()
        self.client.transport.clear()
        if data:
            self.frames.receive_data(data)
        frames = list(self.frames.events())
        for frame in frames:
            if isinstance(frame, events.CloseConnection):
                self.closed = (frame.code, frame.reason or "")
        return frames

    def heard(self) -> list[Frame]:
        """The frames of the dialect among those."""
        messages = [each for each in self.events() if isinstance(each, events.TextMessage)]
        assert all(each.message_finished and "\n" not in each.data for each in messages)
        return [json.loads(each.data) for each in messages]

    def heard_of(self, frame_type: str) -> list[Any]:
        """The data of the frames of one type among those."""
        return [frame.get("data") for frame in self.heard() if frame["type"] == frame_type]

    def close_code(self) -> int | None:
        """The code of the server's Close frame; None if there was none."""
        with suppress(LocalProtocolError):  # the Close frame was read before
            self.events()
        return None if self.closed is None else self.closed[0]

    def masked(self, opcode: int, payload: bytes, final: bool = True) -> bytes:
        """Any masked frame, also one that wsproto would not send."""
        assert len(payload) < 126
        head = bytes([opcode | (0x80 if final else 0), 0x80 | len(payload)])
        return head + bytes(4) + payload  # a mask of zeros


class WebHarness(Harness):
    """A server with a web port, and its clients.

    :ivar local_address: the server's end of the connections that are made from now on.
    """

    def __init__(self, web: WebSettings | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self.http_factory = HTTPFactory(self.chat, web or WebSettings())
        self.local_address: IPv4Address | IPv6Address = SERVER_ADDRESS
        self.http_clients: list[HTTPClient] = []

    def close(self) -> None:
        """Disconnect everyone; then nothing may be left."""
        for client in self.http_clients:
            if not client.is_lost:
                client.hang_up()
        assert not self.http_factory.connections
        assert not self.http_factory._connections_by_host
        super().close()

    def try_connect_http(self, host: str = "10.35.11.112") -> HTTPClient | None:
        """A connection to the web port, if the server accepts it."""
        self.last_port += 1
        address = IPv4Address("TCP", host, self.last_port)
        connection = self.http_factory.buildProtocol(address)
        if isinstance(connection, Rejected):
            transport = TcpStringTransport(address)
            connection.makeConnection(transport)
            assert transport.disconnecting
            return None
        assert isinstance(connection, HTTPConnection)
        self.http_clients.append(HTTPClient(connection, address, self))
        return self.http_clients[-1]

    def connect_http(self, host: str = "10.35.11.112") -> HTTPClient:
        """A connection to the web port that the server accepts."""
        client = self.try_connect_http(host)
        assert client is not None
        return client

    def open_websocket(self, host: str = "10.35.11.112") -> Browser:
        """A browser with a WebSocket that has sent nothing yet."""
        return Browser(self.connect_http(host))

    def enter_browser(self, nickname: str) -> Browser:
        """A member in a browser, after its welcome."""
        browser = self.open_websocket()
        browser.hello(nickname)
        [welcome] = browser.heard()
        assert welcome["type"] == "welcome"
        return browser
