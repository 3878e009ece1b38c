"""Push and pull producers of eager connections are paused, resumed and asked as usual."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import tcp
from twisted.internet.error import ConnectionDone

from chatd.server.transport import EagerServer
from tests.server.fake_transport import (
    FakeConnection,
    HalfCloseRecorder,
    PullProducer,
    PushProducer,
)

#: More than a connection lets wait before it tells a producer to pause.
FULL = b"x" * 70_000


def _pushed(wire: FakeConnection) -> PushProducer:
    pusher = PushProducer()
    wire.transport.registerProducer(pusher, True)
    return pusher


def _pulled(wire: FakeConnection, *pieces: bytes) -> PullProducer:
    def give(number: int | None) -> None:
        if number is None:
            wire.transport.unregisterProducer()
        else:
            wire.transport.write(pieces[number])

    puller = PullProducer(give, len(pieces))
    wire.transport.registerProducer(puller, False)
    return puller


# --- push -----------------------------------------------------------------------------------------


def test_a_producer_writes_eagerly_as_long_as_the_kernel_takes_it() -> None:
    wire = FakeConnection()
    pusher = _pushed(wire)
    wire.transport.write(FULL)
    assert wire.sent == FULL
    assert not pusher.pauses


def test_a_producer_is_paused_when_much_is_queued_and_resumed_when_it_is_sent() -> None:
    wire = FakeConnection(room=10)
    pusher = _pushed(wire)
    wire.transport.write(FULL)
    assert (pusher.pauses, pusher.resumes) == (1, 0)
    wire.settle()
    assert (pusher.pauses, pusher.resumes) == (1, 1)
    assert wire.sent == FULL


def test_a_producer_is_not_paused_when_little_is_queued() -> None:
    wire = FakeConnection(room=10)
    pusher = _pushed(wire)
    wire.transport.write(b"hello, everybody")
    wire.transport.write(b"!")
    assert not pusher.pauses


def test_data_written_by_a_producer_when_paused_comes_last() -> None:
    wire = FakeConnection(room=10)
    pusher = _pushed(wire)

    def say_it() -> None:
        pusher.on_pause = _nothing  # what it says makes it pause again
        wire.socket.room = 1_000
        wire.transport.write(b"pausing")

    pusher.on_pause = say_it
    wire.transport.write(FULL)
    wire.settle()
    assert wire.sent == FULL + b"pausing"


def test_data_written_by_a_producer_when_resumed_is_sent_at_once() -> None:
    wire = FakeConnection(room=10)
    pusher = _pushed(wire)
    pusher.on_resume = lambda: wire.transport.write(b"going on")
    wire.transport.write(FULL)
    wire.socket.room = 1_000_000
    wire.turn()
    assert wire.sent == FULL + b"going on"
    assert not wire.waits


def test_a_producer_that_writes_too_much_when_resumed_is_paused_again() -> None:
    wire = FakeConnection(room=10)
    pusher = _pushed(wire)
    pusher.on_resume = lambda: wire.transport.write(FULL)
    wire.transport.write(FULL)
    wire.socket.room = len(FULL)
    wire.turn()
    assert (pusher.pauses, pusher.resumes) == (2, 1)
    pusher.on_resume = _nothing
    wire.settle()
    assert wire.sent == FULL + FULL


@pytest.mark.parametrize("kind", [tcp.Server, EagerServer])
def test_a_connection_closes_even_if_its_producer_has_more_data(kind: type[tcp.Server]) -> None:
    wire = FakeConnection(room=10, kind=kind)
    pusher = _pushed(wire)
    pusher.on_resume = lambda: wire.transport.write(b"one more thing")
    wire.transport.write(FULL)
    wire.transport.loseConnection()
    wire.settle()
    assert wire.sent == FULL + b"one more thing"
    assert wire.protocol.lost is ConnectionDone


@pytest.mark.parametrize("kind", [tcp.Server, EagerServer])
def test_a_connection_half_closes_even_if_its_producer_has_more_data(
    kind: type[tcp.Server],
) -> None:
    wire = FakeConnection(HalfCloseRecorder(), room=10, kind=kind)
    pusher = _pushed(wire)
    pusher.on_resume = lambda: wire.transport.write(b"one more thing")
    wire.transport.write(FULL)
    wire.transport.loseWriteConnection()
    wire.settle()
    assert wire.sent == FULL + b"one more thing"
    assert wire.socket.is_half_closed
    assert isinstance(wire.protocol, HalfCloseRecorder)
    assert wire.protocol.is_write_lost


@pytest.mark.parametrize("kind", [tcp.Server, EagerServer])
def test_a_stopped_producer_can_write_nothing_more(kind: type[tcp.Server]) -> None:
    wire = FakeConnection(kind=kind)
    pusher = _pushed(wire)
    pusher.on_stop = lambda: wire.transport.write(b"but")
    wire.socket.incoming.append(b"")
    wire.turn()
    assert wire.protocol.lost is ConnectionDone
    assert wire.socket.sends == 0


def test_a_producer_that_closes_when_paused_has_everything_sent() -> None:
    wire = FakeConnection(room=10)
    pusher = _pushed(wire)
    pusher.on_pause = wire.transport.loseConnection
    pusher.on_resume = wire.transport.unregisterProducer
    wire.transport.write(FULL)
    wire.settle()
    assert wire.sent == FULL
    assert wire.protocol.lost is ConnectionDone


# --- pull -----------------------------------------------------------------------------------------


def test_a_pull_producer_is_asked_for_the_next_piece_when_the_last_one_is_sent() -> None:
    wire = FakeConnection()
    puller = _pulled(wire, b"one ", b"two ", b"three")
    progress = [(puller.asked, wire.sent)]
    for _ in range(4):
        wire.turn()
        progress.append((puller.asked, wire.sent))
    assert progress == [
        (1, b""),
        (2, b"one "),
        (3, b"one two "),
        (4, b"one two three"),
        (4, b"one two three"),
    ]


def test_a_pull_producer_gets_to_its_end_after_data_was_queued() -> None:
    wire = FakeConnection(room=3)
    wire.transport.write(b"before ")
    _pulled(wire, b"one ", b"two ")
    wire.transport.write(b"between ")
    wire.settle()
    wire.transport.write(b"after ")
    wire.turn()
    wire.transport.write(b"quickly")
    assert wire.sent == b"before one between two after quickly"
    assert not wire.waits


def test_a_pull_producer_is_stopped_when_the_connection_is_lost() -> None:
    wire = FakeConnection()
    puller = _pulled(wire, b"one ", b"two ")
    wire.socket.incoming.append(b"")
    wire.turn()
    assert puller.is_stopped


def test_a_second_producer_is_an_error() -> None:
    wire = FakeConnection()
    _pushed(wire)
    with pytest.raises(RuntimeError, match="never unregistered"):
        wire.transport.registerProducer(PushProducer(), True)


# --- everything in any order ----------------------------------------------------------------------


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from([0, 1, 10, 70_000, 200_000])),
        st.tuples(st.just("sequence"), st.integers(0, 4)),
        st.tuples(st.just("room"), st.sampled_from([0, 1, 100, 69_000, 300_000])),
        st.tuples(st.sampled_from(["turn", "push", "pull", "unregister"]), st.just(0)),
    ),
    max_size=40,
)


class _Writer:
    """Writes pieces that no two are alike, and knows all that it wrote, in order."""

    def __init__(self, wire: FakeConnection) -> None:
        self.wire = wire
        self.written = bytearray()
        self.puller: PullProducer | None = None
        self._count = 0

    def piece(self, size: int) -> bytes:
        self._count += 1
        mark = b"%d," % self._count
        return (mark * (size // len(mark) + 1))[:size]

    def write(self, size: int) -> None:
        data = self.piece(size)
        self.written += data  # before: a producer may write while this is being written
        self.wire.transport.write(data)

    def write_sequence(self, count: int) -> None:
        pieces = [self.piece(7) for _ in range(count)]
        self.written += b"".join(pieces)
        self.wire.transport.writeSequence(pieces)

    def push(self) -> None:
        """Register a producer that still says something when told to pause, once each time."""
        pusher = PushProducer()

        def pausing() -> None:
            pusher.on_pause = _nothing
            self.wire.socket.room += 5  # the peer reads while all this happens
            self.write(5)

        def going_on() -> None:
            pusher.on_pause = pausing
            self.write(9)

        pusher.on_pause = pausing
        pusher.on_resume = going_on
        self.wire.transport.registerProducer(pusher, True)

    def pull(self) -> None:
        self.puller = PullProducer(self.give, 3)
        self.wire.transport.registerProducer(self.puller, False)

    def give(self, number: int | None) -> None:
        """What a pull producer gives."""
        if number is None:
            self.unregister()
        else:
            self.write(10 + number)

    def unregister(self) -> None:
        self.puller = None
        self.wire.transport.unregisterProducer()

    def take(self, step: str, number: int) -> None:
        if step == "write":
            self.write(number)
        elif step == "sequence":
            self.write_sequence(number)
        elif step == "room":
            self.wire.socket.room = number
        elif step == "turn":
            self.wire.turn()
        elif step == "unregister":
            self.unregister()
        elif self.wire.transport.producer is None:
            {"push": self.push, "pull": self.pull}[step]()


@given(_STEPS)
def test_the_peer_receives_everything_in_the_order_of_the_writes(
    steps: list[tuple[str, int]],
) -> None:
    wire = FakeConnection()
    writer = _Writer(wire)
    for step, number in steps:
        writer.take(step, number)
        assert writer.written.startswith(wire.sent)
    wire.settle()
    assert wire.sent == writer.written
    assert not wire.waits
    assert writer.puller is None, "a producer was not asked for its last pieces"


def _nothing() -> None:
    pass
