"""Eager writes: sent at once while nothing is queued, and always in order."""

import gc
import tracemalloc
from errno import EAGAIN, EINTR, ENOBUFS, EWOULDBLOCK
from typing import Any

import pytest
from twisted.internet import tcp, unix
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.protocol import Factory

from chatd.server.transport import EagerServer, write_eagerly
from tests.server.fake_transport import FakeConnection, HalfCloseRecorder, RecordingProtocol

NOT_BYTES = [
    pytest.param(each, id=type(each).__name__)
    for each in ("text", bytearray(b"bytes"), memoryview(b"bytes"), 5, None, "")
]


class _Greeter(RecordingProtocol):
    def connectionMade(self) -> None:
        self.transport.write(b"welcome")


def test_a_write_is_sent_without_waiting_for_the_reactor() -> None:
    wire = FakeConnection()
    wire.transport.write(b"one ")
    wire.transport.write(b"two")
    assert wire.sent == b"one two"
    assert not wire.waits


def test_a_greeting_is_sent_at_once() -> None:
    assert FakeConnection(_Greeter()).sent == b"welcome"


def test_a_reply_is_sent_while_the_request_is_being_read() -> None:
    wire = FakeConnection()
    sent: list[bytes] = []

    def answer(data: bytes) -> None:
        wire.transport.write(b"heard " + data)
        sent.append(wire.sent)

    wire.protocol.on_data = answer
    wire.socket.incoming.append(b"hello")
    wire.turn()
    assert sent == [b"heard hello"]


def test_a_megabyte_is_sent_in_one_piece() -> None:
    wire = FakeConnection()
    wire.transport.write(b"x" * 1_000_000)
    assert len(wire.sent) == 1_000_000
    assert wire.socket.sends == 1


def test_data_that_the_kernel_does_not_take_is_sent_later() -> None:
    wire = FakeConnection(room=4)
    wire.transport.write(b"0123456789")
    assert wire.sent == b"0123"
    assert wire.waits
    wire.socket.room = 2
    wire.turn()
    assert wire.sent == b"012345"
    wire.settle()
    assert wire.sent == b"0123456789"
    assert not wire.waits


def test_nothing_overtakes_queued_data() -> None:
    wire = FakeConnection(room=1)
    wire.transport.write(b"first ")
    wire.socket.room = 1_000
    wire.transport.write(b"second ")
    wire.transport.writeSequence([b"third ", b"fourth"])
    assert wire.sent == b"f"
    wire.settle()
    assert wire.sent == b"first second third fourth"


def test_writes_are_eager_again_once_the_queue_is_empty() -> None:
    wire = FakeConnection(room=1)
    wire.transport.write(b"first ")
    wire.settle()
    wire.transport.write(b"second")
    assert wire.sent == b"first second"


@pytest.mark.parametrize("number", [EAGAIN, EWOULDBLOCK, ENOBUFS, EINTR])
def test_a_send_that_would_block_is_repeated(number: int) -> None:
    wire = FakeConnection(HalfCloseRecorder())
    wire.socket.next_errors.append(OSError(number, "not now"))
    wire.transport.write(b"hello")
    assert wire.sent == b""
    assert wire.waits
    wire.turn()
    assert wire.sent == b"hello"
    assert wire.protocol.lost is None


def test_an_empty_write_makes_no_system_call() -> None:
    wire = FakeConnection()
    wire.transport.write(b"")
    wire.transport.writeSequence([])
    wire.transport.writeSequence([b"", b""])
    wire.turn()
    assert wire.socket.sends == 0


@pytest.mark.parametrize("data", NOT_BYTES)
def test_only_bytes_can_be_written(data: Any) -> None:
    wire = FakeConnection()
    with pytest.raises(TypeError, match="Data must be bytes"):
        wire.transport.write(data)
    with pytest.raises(TypeError, match="Data must be bytes"):
        wire.transport.writeSequence([b"good", data])
    wire.turn()
    assert wire.socket.sends == 0


def test_a_sequence_is_sent_in_one_piece() -> None:
    wire = FakeConnection(room=7)
    wire.transport.writeSequence(piece for piece in (b"one ", b"two ", b"three"))
    assert wire.socket.sends == 1
    assert wire.sent == b"one two"
    wire.settle()
    assert wire.sent == b"one two three"


# --- ends -----------------------------------------------------------------------------------------


def test_data_written_before_closing_arrives() -> None:
    wire = FakeConnection(room=2)
    wire.transport.write(b"goodbye")
    wire.transport.loseConnection()
    wire.settle()
    assert wire.sent == b"goodbye"
    assert wire.protocol.lost is ConnectionDone
    assert wire.socket.is_closed


def test_a_connection_with_nothing_to_send_closes() -> None:
    wire = FakeConnection()
    wire.transport.write(b"goodbye")
    wire.transport.loseConnection()
    wire.turn()
    assert wire.sent == b"goodbye"
    assert wire.protocol.lost is ConnectionDone


@pytest.mark.parametrize("kind", [tcp.Server, EagerServer])
def test_a_write_after_closing_is_treated_as_twisted_does(kind: type[tcp.Server]) -> None:
    """Twisted sends what comes before it has closed, and drops the rest."""
    wire = FakeConnection(kind=kind)
    wire.transport.loseConnection()
    wire.transport.write(b"just in time")
    assert wire.sent == b""
    wire.turn()
    wire.transport.write(b"too late")
    wire.transport.writeSequence([b"too late"])
    wire.turn()
    assert wire.sent == b"just in time"
    assert wire.protocol.lost is ConnectionDone


def test_a_half_close_waits_for_queued_data() -> None:
    wire = FakeConnection(HalfCloseRecorder(), room=2)
    wire.transport.write(b"last ")
    wire.transport.loseWriteConnection()
    wire.transport.write(b"words")
    assert wire.sent == b"la"
    assert not wire.socket.is_half_closed
    wire.settle()
    assert wire.sent == b"last words"
    assert wire.socket.is_half_closed
    assert not wire.socket.is_closed


def test_nothing_is_sent_after_a_half_close() -> None:
    wire = FakeConnection(HalfCloseRecorder())
    wire.transport.loseWriteConnection()
    wire.turn()
    assert wire.socket.is_half_closed
    wire.transport.write(b"too late")
    wire.transport.writeSequence([b"too late"])
    wire.turn()
    assert wire.sent == b""
    wire.socket.incoming.append(b"still heard")
    wire.turn()
    assert wire.protocol.heard == b"still heard"


def test_nothing_is_sent_after_an_abort() -> None:
    wire = FakeConnection(room=2)
    wire.transport.write(b"hello")
    wire.socket.room = 1_000
    wire.transport.abortConnection()
    wire.transport.write(b"more")
    wire.transport.writeSequence([b"more"])
    wire.turn(2)
    assert wire.sent == b"he"
    assert wire.protocol.lost is ConnectionAborted


def test_nothing_is_sent_after_the_abort_of_an_idle_connection() -> None:
    wire = FakeConnection()
    wire.transport.abortConnection()
    wire.transport.write(b"more")
    wire.turn(2)
    assert wire.socket.sends == 0
    assert wire.protocol.lost is ConnectionAborted


def test_a_write_to_a_lost_connection_does_nothing() -> None:
    wire = FakeConnection()
    wire.socket.incoming.append(b"")
    wire.turn()
    assert wire.protocol.lost is ConnectionDone
    wire.transport.write(b"hello?")
    wire.transport.writeSequence([b"hello?"])
    wire.turn()
    assert wire.socket.sends == 0


# --- where it is used -----------------------------------------------------------------------------


def _port(kind: Any = tcp.Port) -> Any:
    return kind(0, Factory())


def test_a_tcp_port_makes_eager_connections_and_no_other_port_does() -> None:
    port, other = _port(), _port()
    write_eagerly(port)
    write_eagerly(port)
    assert port.transport is EagerServer
    assert other.transport is tcp.Server


def test_a_port_that_is_not_tcp_keeps_its_connections() -> None:
    port: Any = unix.Port(b"nowhere", Factory())
    write_eagerly(port)
    assert port.transport is unix.Server


def test_a_port_with_its_own_class_of_connections_keeps_it() -> None:
    class OwnServer(tcp.Server):
        pass

    class OwnPort(tcp.Port):
        transport = OwnServer

    port = _port(OwnPort)
    write_eagerly(port)
    assert port.transport is OwnServer


def test_an_object_that_is_no_port_of_twisted_is_left_alone() -> None:
    port: Any = object()
    write_eagerly(port)
    assert not hasattr(port, "transport")


def _bytes_each(kind: type[tcp.Server], *written: bytes) -> float:
    """The memory of one connection, of which there are many, to which that was written."""
    count = 200
    # A class of its own: how much a dict of attributes takes depends on the attributes that earlier
    # instances of the class had, in other tests.
    kind = type(kind.__name__, (kind,), {})
    gc.collect()
    tracemalloc.start()
    try:
        wires = [FakeConnection(kind=kind) for _ in range(count)]
        for wire in wires:
            for data in written:
                wire.transport.write(data)
        return tracemalloc.get_traced_memory()[0] / count
    finally:
        tracemalloc.stop()


def test_an_eager_connection_takes_hardly_more_memory() -> None:
    _bytes_each(tcp.Server)  # what is made once is made
    assert _bytes_each(EagerServer, b"", b"") < _bytes_each(tcp.Server) + 100
