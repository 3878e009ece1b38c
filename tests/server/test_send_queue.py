"""The way out to one connection: straight through, or waiting and bounded."""

from twisted.internet.interfaces import ITCPTransport
from twisted.internet.testing import StringTransport
from zope.interface import alsoProvides

from chatd.server.send_queue import SendQueue


class _Line:
    """An send_queue of at most 100 waiting bytes, and what comes out of it."""

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


def test_what_is_written_goes_straight_through() -> None:
    line = _Line()
    line.send_queue.send(None, b"one ")
    line.send_queue.send(None, b"x" * 1_000)
    assert line.sent == b"one " + b"x" * 1_000
    assert line.overflows == 0


def test_while_paused_everything_waits_and_then_goes_out_in_order() -> None:
    line = _Line()
    line.send_queue.pauseProducing()
    for word in (b"one ", b"two ", b"three"):
        line.send_queue.send(None, word)
    assert line.sent == b""
    line.send_queue.resumeProducing()
    assert line.sent == b"one two three"
    line.send_queue.send(None, b" four")
    assert line.sent == b"one two three four"


def test_a_transport_may_have_enough_again_while_it_takes_what_waited() -> None:
    line = _Line(_Choking())
    line.send_queue.send(None, b"one ")
    line.send_queue.send(None, b"two ")
    line.send_queue.resumeProducing()
    line.send_queue.send(None, b"three")
    assert line.sent == b"one two "
    line.send_queue.resumeProducing()
    assert line.sent == b"one two three"


def test_a_hundred_bytes_may_wait_and_one_more_overflows_once() -> None:
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


def test_what_has_gone_out_no_longer_counts() -> None:
    line = _Line()
    for _ in range(10):
        line.send_queue.pauseProducing()
        line.send_queue.send(None, b"x" * 90)
        line.send_queue.resumeProducing()
    assert len(line.sent) == 900
    assert line.overflows == 0


def test_finishing_closes_at_once_when_nothing_waits() -> None:
    line = _Line()
    line.send_queue.send(None, b"bye")
    line.send_queue.close_after_flush()
    assert line.transport.disconnecting
    assert not line.transport.disconnected
    assert line.transport.producer is None


def test_finishing_while_paused_sends_what_waits_first() -> None:
    line = _Line()
    line.send_queue.pauseProducing()
    line.send_queue.send(None, b"bye")
    line.send_queue.close_after_flush()
    assert not line.transport.disconnecting
    line.send_queue.send(None, b" and more")
    line.send_queue.resumeProducing()
    assert line.sent == b"bye"
    assert line.transport.disconnecting


def test_finishing_twice_is_finishing_once() -> None:
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


def test_closing_forgets_what_waits_and_leaves_the_transport_alone() -> None:
    line = _Line()
    line.send_queue.pauseProducing()
    line.send_queue.send(None, b"never")
    line.send_queue.close()
    line.send_queue.close_after_flush()
    line.send_queue.resumeProducing()
    assert line.sent == b""
    assert not line.transport.disconnecting


def test_what_overflowed_can_no_longer_finish() -> None:
    line = _Line()
    line.send_queue.pauseProducing()
    line.send_queue.send(None, b"x" * 101)
    line.send_queue.close_after_flush()
    line.send_queue.resumeProducing()
    assert not line.transport.disconnecting


def test_a_tcp_transport_is_closed_for_writing_only_so_that_the_last_words_arrive() -> None:
    transport = _HalfClosing()
    alsoProvides(transport, ITCPTransport)
    line = _Line(transport)
    line.send_queue.send(None, b"bye")
    line.send_queue.close_after_flush()
    assert transport.is_half_closed
    assert not transport.disconnecting
