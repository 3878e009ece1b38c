"""An eager connection reports its end as an ordinary connection does."""

import socket
import struct
from collections.abc import Callable

import pytest
from twisted.internet import tcp
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import deferLater

from chatd.server.transport import EagerServer
from tests.server.fake_transport import HalfCloseRecorder
from tests.server.sockets import LoopbackConnection, on_reactor, reactor

KINDS = [tcp.Server, EagerServer]


def _resets(line: LoopbackConnection) -> None:
    line.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.peer.close()


def _says_something_and_resets(line: LoopbackConnection) -> None:
    line.peer.send(b"bye")
    _resets(line)


def _closes(line: LoopbackConnection) -> None:
    line.peer.close()


def _says_something_and_closes(line: LoopbackConnection) -> None:
    line.peer.send(b"bye")
    line.peer.close()


def _closes_without_having_read(line: LoopbackConnection) -> None:
    line.transport.socket.send(b"unread")
    line.peer.close()


def _closes_half_and_resets(line: LoopbackConnection) -> None:
    line.peer.shutdown(socket.SHUT_WR)
    _resets(line)


ENDS = [
    (_resets, ConnectionLost),
    (_says_something_and_resets, ConnectionLost),
    (_closes_without_having_read, ConnectionLost),
    (_closes, ConnectionDone),
    (_says_something_and_closes, ConnectionDone),
    (_closes_half_and_resets, ConnectionDone),
]


@pytest.mark.parametrize(("end", "reason"), ENDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("writes", [0, 1, 3])
@on_reactor
async def test_the_reason_of_the_end_is_what_the_peer_did_however_much_is_written(
    end: Callable[[LoopbackConnection], None],
    reason: type[Exception],
    kind: type[tcp.Server],
    writes: int,
) -> None:
    line = LoopbackConnection(kind)
    end(line)
    line.wait_for_news()
    for _ in range(writes):
        line.transport.write(b"hello")
    assert not line.listener.is_lost, "lost from inside write"
    await line.gone
    assert line.listener.lost is reason
    assert bytes(line.listener.heard) == (b"bye" if "says" in end.__name__ else b"")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("writes", [1, 3])
@on_reactor
async def test_a_half_closeable_protocol_sees_no_clean_end_after_a_reset(
    kind: type[tcp.Server], writes: int
) -> None:
    listener = HalfCloseRecorder()
    line = LoopbackConnection(kind, listener)
    _resets(line)
    line.wait_for_news()
    for _ in range(writes):
        line.transport.write(b"hello")
    await line.gone
    assert listener.lost is ConnectionLost
    assert not listener.is_read_lost


@pytest.mark.parametrize("kind", KINDS)
@on_reactor
async def test_a_reset_is_noticed_while_nothing_is_read(kind: type[tcp.Server]) -> None:
    line = LoopbackConnection(kind)
    line.transport.pauseProducing()
    _resets(line)
    line.wait_for_news()
    line.transport.write(b"hello")
    await line.gone
    assert line.listener.lost is ConnectionLost


@on_reactor
async def test_data_queued_at_the_close_arrives() -> None:
    line = LoopbackConnection(buffer_bytes=4_096)
    data = b"0123456789" * 100_000
    line.transport.write(data)
    line.transport.loseConnection()
    assert await line.read_to_end() == data
    await line.gone
    assert line.listener.lost is ConnectionDone


@on_reactor
async def test_a_half_closed_connection_still_receives() -> None:
    listener = HalfCloseRecorder()
    line = LoopbackConnection(listener=listener, buffer_bytes=4_096)
    data = b"0123456789" * 100_000
    line.transport.write(data)
    line.transport.loseWriteConnection()
    read = bytearray()
    while len(read) < len(data) or not listener.is_write_lost:
        read += line.read(100_000)
        await deferLater(reactor, 0)
    assert read == data
    assert line.peer.recv(1) == b"", "the end did not come"
    line.peer.send(b"goodbye yourself")
    line.peer.close()
    while not listener.is_read_lost:
        await deferLater(reactor, 0)
    assert listener.heard == b"goodbye yourself"
    line.transport.loseConnection()
    await line.gone
