"""A flood of datagrams leaves everything else its turn."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet import reactor as global_reactor
from twisted.internet import udp
from twisted.internet.defer import Deferred

from chatd.chat import limits
from chatd.discovery.udp import BoundedDatagramProtocol
from tests.ports import HOST
from tests.server.sockets import on_reactor

reactor: Any = global_reactor

#: More than one turn receives, and so few that the system's buffer has them all.
COUNT = 3 * limits.TURN_DATAGRAMS


class _Receiver(BoundedDatagramProtocol):
    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.expected = COUNT
        self.complete: Deferred[None] = Deferred()

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        self.received.append(datagram)
        if len(self.received) == self.expected:
            self.complete.callback(None)


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        yield sender


def _send(sender: socket.socket, port: udp.Port, datagram: bytes, count: int = COUNT) -> None:
    for _ in range(count):
        sender.sendto(datagram, (HOST, port.getHost().port))


@pytest.mark.parametrize("datagram", [b"", b"x", b"x" * 200], ids=["empty", "small", "large"])
@on_reactor
async def test_one_turn_receives_a_bounded_number_and_the_next_ones_the_rest(
    sender: socket.socket, datagram: bytes
) -> None:
    receiver = _Receiver()
    port = reactor.listenUDP(0, receiver, interface=HOST)
    try:
        _send(sender, port, datagram)
        port.doRead()
        assert receiver.received == [datagram] * limits.TURN_DATAGRAMS
        await receiver.complete.addTimeout(10, reactor)
        assert receiver.received == [datagram] * COUNT
    finally:
        await port.stopListening()


@on_reactor
async def test_a_turn_that_has_received_few_does_not_count_for_the_next(
    sender: socket.socket,
) -> None:
    receiver = _Receiver()
    port = reactor.listenUDP(0, receiver, interface=HOST)
    try:
        for _ in range(5):
            _send(sender, port, b"x", limits.TURN_DATAGRAMS - 1)
            port.doRead()
        assert len(receiver.received) == 5 * (limits.TURN_DATAGRAMS - 1)
    finally:
        await port.stopListening()
