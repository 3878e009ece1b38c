"""A connection that a write finds broken is lost in the next turn, for the usual reason."""

from collections.abc import Callable
from errno import EAGAIN, ECONNRESET, EHOSTUNREACH, EINTR, ENOBUFS, ENOMEM, ETIMEDOUT, EWOULDBLOCK
from typing import Any

import pytest
from twisted.internet import tcp
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost

from chatd.server.transport import EagerServer
from tests.server.fake_transport import FakeConnection, HalfCloseRecorder, RecordingProtocol

KINDS = [tcp.Server, EagerServer]
LISTENERS = [RecordingProtocol, HalfCloseRecorder]

both_listeners = pytest.mark.parametrize("listener", LISTENERS)


@pytest.mark.parametrize("number", [ECONNRESET, ETIMEDOUT, EHOSTUNREACH])
@pytest.mark.parametrize("kind", KINDS)
@both_listeners
def test_a_reset_is_not_a_clean_end(
    number: int, kind: type[tcp.Server], listener: Callable[[], Any]
) -> None:
    wire = FakeConnection(listener(), kind=kind)
    wire.socket.die(number)
    wire.transport.write(b"are you there?")
    assert not wire.protocol.is_lost, "lost from inside write"
    wire.turn()
    assert wire.protocol.lost is ConnectionLost
    if isinstance(wire.protocol, HalfCloseRecorder):
        assert not wire.protocol.is_read_lost


@both_listeners
def test_a_reset_seen_by_two_writes_is_not_a_clean_end(listener: Callable[[], Any]) -> None:
    wire = FakeConnection(listener())
    wire.socket.die(ECONNRESET)
    wire.transport.write(b"are you ")
    wire.transport.write(b"there?")
    wire.turn()
    assert wire.protocol.lost is ConnectionLost


@both_listeners
def test_data_before_a_reset_is_received(listener: Callable[[], Any]) -> None:
    wire = FakeConnection(listener())
    wire.socket.incoming.append(b"my last words")
    wire.socket.die(ECONNRESET)
    wire.reactor.removeWriter(wire.transport)
    wire.transport.write(b"are you there?")
    wire.transport.doRead()
    assert wire.protocol.heard == b"my last words"
    wire.turn()
    assert wire.protocol.lost is ConnectionLost


@pytest.mark.parametrize("kind", KINDS)
def test_a_reset_is_noticed_while_reading_is_paused(kind: type[tcp.Server]) -> None:
    wire = FakeConnection(kind=kind)
    wire.transport.pauseProducing()
    wire.socket.die(ECONNRESET)
    wire.transport.write(b"are you there?")
    wire.turn()
    assert wire.protocol.lost is ConnectionLost


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("writes", [0, 1, 3])
def test_a_peer_that_closed_ends_cleanly_however_much_is_written(
    kind: type[tcp.Server], writes: int
) -> None:
    """It answers with a reset, which a later write meets as a broken pipe: its end came before."""
    wire = FakeConnection(kind=kind)
    wire.socket.hang_up(b"my last ", b"words")
    for _ in range(writes):
        wire.transport.write(b"are you there?")
    wire.turn(3)
    assert wire.protocol.heard == b"my last words"
    assert wire.protocol.lost is ConnectionDone


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("writes", [0, 1, 3])
def test_a_half_closeable_protocol_receives_everything_from_a_peer_that_closed(
    kind: type[tcp.Server], writes: int
) -> None:
    wire = FakeConnection(HalfCloseRecorder(), kind=kind)
    wire.socket.hang_up(b"my last ", b"words")
    for _ in range(writes):
        wire.transport.write(b"are you there?")
    wire.turn(3)
    assert isinstance(wire.protocol, HalfCloseRecorder)
    assert wire.protocol.heard == b"my last words"
    assert wire.protocol.is_read_lost


def test_the_write_side_is_lost_when_a_peer_that_closed_cannot_be_sent_to() -> None:
    wire = FakeConnection(HalfCloseRecorder())
    wire.socket.hang_up()
    wire.transport.write(b"are you there?")
    wire.transport.write(b"are you there?")
    wire.turn()
    assert isinstance(wire.protocol, HalfCloseRecorder)
    assert wire.protocol.is_read_lost
    wire.turn()
    assert wire.protocol.lost is ConnectionLost


@pytest.mark.parametrize("kind", KINDS)
def test_a_peer_that_closed_is_lost_while_reading_is_paused(kind: type[tcp.Server]) -> None:
    wire = FakeConnection(kind=kind)
    wire.transport.pauseProducing()
    wire.socket.hang_up(b"my last words")
    for _ in range(2):
        wire.transport.write(b"are you there?")
        wire.turn()
    assert wire.protocol.lost is ConnectionLost


def test_a_peer_that_closed_is_lost_when_reading_is_paused_later() -> None:
    wire = FakeConnection()
    wire.protocol.on_data = lambda data: wire.transport.pauseProducing()
    wire.socket.hang_up(b"my last ", b"words")
    for _ in range(3):
        wire.transport.write(b"are you there?")
    wire.turn(2)
    assert wire.protocol.heard == b"my last "
    assert wire.protocol.lost is ConnectionLost


@pytest.mark.parametrize("number", [EAGAIN, EWOULDBLOCK, ENOBUFS, EINTR])
@both_listeners
def test_a_peer_that_reads_nothing_and_closes_ends_cleanly(
    number: int, listener: Callable[[], Any]
) -> None:
    wire = FakeConnection(listener(), room=0)
    wire.socket.next_errors.append(OSError(number, "not now"))
    wire.transport.write(b"are you there?")
    wire.socket.incoming.append(b"")
    wire.turn()
    if isinstance(wire.protocol, HalfCloseRecorder):
        assert wire.protocol.is_read_lost
        assert not wire.protocol.is_lost
    else:
        assert wire.protocol.lost is ConnectionDone


def test_data_after_a_transient_error_is_sent_and_the_end_is_clean() -> None:
    wire = FakeConnection()
    wire.socket.next_errors.append(OSError(ENOMEM, "Cannot allocate memory"))
    wire.transport.write(b"hello")
    wire.turn()
    assert wire.sent == b"hello"
    wire.socket.incoming.append(b"")
    wire.turn()
    assert wire.protocol.lost is ConnectionDone


def test_a_broken_connection_can_be_closed_and_aborted() -> None:
    for end, reason in (("loseConnection", ConnectionLost), ("abortConnection", ConnectionAborted)):
        wire = FakeConnection()
        wire.socket.die(ECONNRESET)
        wire.transport.write(b"are you there?")
        getattr(wire.transport, end)()
        wire.turn(2)
        assert wire.protocol.lost is reason


def test_an_error_of_one_connection_does_not_affect_another() -> None:
    broken, good = FakeConnection(), FakeConnection()
    broken.socket.die(ECONNRESET)
    for wire in (broken, good):
        wire.transport.write(b"hello")
        wire.turn()
    good.socket.incoming.append(b"")
    good.turn()
    assert good.protocol.lost is ConnectionDone
