"""The send queue of a connection: passed through, or queued and bounded."""

from twisted.internet.interfaces import ITCPTransport
from twisted.internet.testing import StringTransport
from zope.interface import alsoProvides

from chatd.server.send_queue import SendQueue


class _Line:
    """A send queue of at most 100 bytes, and its transport."""

    def __init__(self, transport: StringTransport | None = None) -> None:
        self.transport = transport or StringTransport()
        self.overflows = 0
        self.send_queue = SendQueue(self.transport, 100, self._overflowed)

    def _overflowed(self) -> None:
        self.overflows += 1

    @property
    def sent(self) -> bytes:
        sent: bytes = self.transport.value()
        return sent


class _Choking(StringTransport):
    """A transport that has enough as soon as something is written, as a full one does."""

    def write(self, data: bytes) -> None:
        super().write(data)
        if self.producer is not None:
            self.producer.pauseProducing()


class _HalfClosing(StringTransport):
    """A TCP transport, as far as its end is concerned."""

    is_half_closed = False

    def loseWriteConnection(self) -> None:
        self.is_half_closed = True


def test_it_is_the_push_producer_of_its_transport() -> None:
    line = _Line()
    assert line.transport.producer is line.send_queue
    assert line.transport.streaming


def test_data_is_passed_straight_to_the_transport() -> None:
    line = _Line()
    line.send_queue.send(None, b"one ")
    line.send_queue.send(None, b"x" * 1_000)
    assert line.sent == b"one " + b"x" * 1_000
    assert line.overflows == 0


def test_data_is_queued_while_paused_and_then_sent_in_order() -> None:
    line = _Line()
    line.send_queue.pauseProducing()
    for word in (b"one ", b"two ", b"three"):
        line.send_queue.send(None, word)
    assert line.sent == b""
    line.send_queue.resumeProducing()
    assert line.sent == b"one two three"
    line.send_queue.send(None, b" four")
    assert line.sent == b"one two three four"


def test_a_transport_may_pause_again_while_the_queue_is_sent() -> None:
    line = _Line(_Choking())
    line.send_queue.send(None, b"one ")
    line.send_queue.send(None, b"two ")
    line.send_queue.resumeProducing()
    line.send_queue.send(None, b"three")
    assert line.sent == b"one two "
    line.send_queue.resumeProducing()
    assert line.sent == b"one two three"


def test_one_byte_over_the_bound_calls_on_exceeded_once() -> None:
    line = _Line()
    line.send_queue.pauseProducing()
    line.send_queue.send(None, b"x" * 60)
    line.send_queue.send(None, b"x" * 40)
    assert line.overflows == 0
    line.send_queue.send(None, b"x")
    line.send_queue.send(None, b"x" * 1_000)
    assert line.overflows == 1
    line.send_queue.resumeProducing()
    assert line.sent == b"", "half of what was said is worse than nothing"


def test_sent_data_no_longer_counts() -> None:
    line = _Line()
    for _ in range(10):
        line.send_queue.pauseProducing()
        line.send_queue.send(None, b"x" * 90)
        line.send_queue.resumeProducing()
    assert len(line.sent) == 900
    assert line.overflows == 0


def test_close_after_flush_closes_an_empty_queue_at_once() -> None:
    line = _Line()
    line.send_queue.send(None, b"bye")
    line.send_queue.close_after_flush()
    assert line.transport.disconnecting
    assert not line.transport.disconnected
    assert line.transport.producer is None


def test_close_after_flush_sends_the_queue_first() -> None:
    line = _Line()
    line.send_queue.pauseProducing()
    line.send_queue.send(None, b"bye")
    line.send_queue.close_after_flush()
    assert not line.transport.disconnecting
    line.send_queue.send(None, b" and more")
    line.send_queue.resumeProducing()
    assert line.sent == b"bye"
    assert line.transport.disconnecting


def test_close_after_flush_twice_closes_once() -> None:
    line = _Line()
    line.send_queue.close_after_flush()
    line.send_queue.close_after_flush()
    line.send_queue.resumeProducing()
    assert line.transport.disconnecting


def test_nothing_is_written_after_the_end() -> None:
    for end in (SendQueue.close_after_flush, SendQueue.close, SendQueue.stopProducing):
        line = _Line()
        end(line.send_queue)
        line.send_queue.send(None, b"too late")
        line.send_queue.resumeProducing()
        assert line.sent == b""


def test_close_drops_the_queue_and_leaves_the_transport_alone() -> None:
    line = _Line()
    line.send_queue.pauseProducing()
    line.send_queue.send(None, b"never")
    line.send_queue.close()
    line.send_queue.close_after_flush()
    line.send_queue.resumeProducing()
    assert line.sent == b""
    assert not line.transport.disconnecting


def test_an_exceeded_queue_does_not_half_close() -> None:
    line = _Line()
    line.send_queue.pauseProducing()
    line.send_queue.send(None, b"x" * 101)
    line.send_queue.close_after_flush()
    line.send_queue.resumeProducing()
    assert not line.transport.disconnecting


def test_a_tcp_transport_is_half_closed() -> None:
    transport = _HalfClosing()
    alsoProvides(transport, ITCPTransport)
    line = _Line(transport)
    line.send_queue.send(None, b"bye")
    line.send_queue.close_after_flush()
    assert transport.is_half_closed
    assert not transport.disconnecting
