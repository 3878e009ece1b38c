"""Browsers without HTTP: connections that take no slot, and hear WebSocket messages."""

from twisted.internet.address import IPv4Address

from chatd.server.protocol import LineProtocol
from chatd.web.websocket import connect_without_slot
from tests.server.hall import Frame, Guest, Hall
from tests.wire.formats import read_websocket


class Browser(Guest):
    """A page whose handshake is done: each line it sends is the payload of one message."""

    def heard(self) -> list[Frame]:
        data = self.transport.value()
        self.transport.clear()
        return read_websocket(data)


def browser(hall: Hall, host: str = "10.35.11.112") -> Browser:
    """A browser's connection, which stands.

    :raises Refusal: if too many do.
    """
    hall.last_port += 1
    address = IPv4Address("TCP", host, hall.last_port)
    session = connect_without_slot(hall.chat, f"{address.host}:{address.port}")
    guest = Browser(LineProtocol(session), address)
    hall.guests.append(guest)
    return guest


def watcher(hall: Hall) -> Browser:
    """A browser that watches, and has heard so."""
    guest = browser(hall)
    guest.send("watch")
    [watching] = guest.heard()
    assert watching["type"] == "watching"
    return guest
