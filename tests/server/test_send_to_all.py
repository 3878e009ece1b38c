"""Sending to many eager connections: each receives everything, in order."""

from errno import ECONNRESET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import tcp
from twisted.internet.error import ConnectionLost

from chatd.server.send_queue import SendQueue, send_to_all
from chatd.server.transport import EagerServer
from tests.server.fake_transport import PLENTY, FakeConnection

CAP = 200_000


class Member:
    """Somebody whose kernel takes `room` bytes for now."""

    def __init__(self, room: int = PLENTY, kind: type[tcp.Server] = EagerServer) -> None:
        self.wire = FakeConnection(room=room, kind=kind)
        self.overflows = 0
        self.send_queue = SendQueue(self.wire.transport, CAP, self._overflowed)

    def _overflowed(self) -> None:
        self.overflows += 1
        self.wire.transport.abortConnection()


def _tell(members: list[Member], data: bytes) -> None:
    send_to_all([member.send_queue for member in members], data)


def test_data_is_sent_at_once_without_a_turn_of_the_reactor() -> None:
    members = [Member(), Member(), Member()]
    assert all(member.send_queue.direct_send for member in members), "without a call of ours each"
    _tell(members, b"hello")
    assert [member.wire.sent for member in members] == [b"hello"] * 3
    assert [member.wire.socket.sends for member in members] == [1, 1, 1]
    assert not any(member.wire.waits for member in members)


def test_a_connection_that_takes_a_part_gets_the_rest_later_and_the_others_all_now() -> None:
    members = [Member(), Member(room=2), Member(room=0), Member()]
    _tell(members, b"hello ")
    _tell(members, b"world")
    assert [member.wire.sent for member in members] == [
        b"hello world",
        b"he",
        b"",
        b"hello world",
    ]
    for member in members:
        member.wire.settle()
    assert [member.wire.sent for member in members] == [b"hello world"] * 4


def test_a_connection_that_has_caught_up_is_sent_to_at_once_again() -> None:
    member = Member(room=0)
    _tell([member], b"one ")
    assert member.wire.waits
    member.wire.settle()
    _tell([member], b"two")
    assert member.wire.sent == b"one two"
    assert not member.wire.waits


def test_a_reset_connection_is_lost_as_such_and_the_others_notice_nothing() -> None:
    members = [Member(), Member(), Member()]
    members[1].wire.socket.die(ECONNRESET)
    _tell(members, b"hello")
    assert not members[1].wire.protocol.is_lost  # not from inside a write
    for member in members:
        member.wire.turn(3)
    assert members[1].wire.protocol.lost is ConnectionLost
    assert [members[0].wire.sent, members[2].wire.sent] == [b"hello", b"hello"]


def test_a_connection_that_is_not_read_exceeds_its_queue_once_and_others_get_everything() -> None:
    members = [Member(), Member(room=0), Member()]
    data = b"x" * 10_000
    for _ in range(100):
        _tell(members, data)
    assert [member.overflows for member in members] == [0, 1, 0]
    assert members[0].wire.sent == members[2].wire.sent == data * 100
    members[1].wire.turn()
    assert members[1].wire.protocol.is_lost


@pytest.mark.parametrize("end", ["close_after_flush", "close"])
def test_after_the_end_nothing_is_sent(end: str) -> None:
    member = Member()
    getattr(member.send_queue, end)()
    member.wire.turn()
    if end == "close":
        member.wire.transport.abortConnection()
    _tell([member], b"too late")
    member.wire.settle()
    assert member.wire.sent == b""


def test_queued_writes_deliver_the_same() -> None:
    member = Member(kind=tcp.Server)
    _tell([member], b"hello")
    member.wire.settle()
    assert member.wire.sent == b"hello"


@given(
    st.lists(
        st.tuples(st.sampled_from(["all", "one", "turn", "room"]), st.integers(0, 90_000)),
        max_size=40,
    )
)
def test_whatever_the_kernel_takes_the_order_is_kept(
    happens: list[tuple[str, int]],
) -> None:
    member = Member(room=50)
    wanted = b""
    for number, (what, amount) in enumerate(happens):
        data = bytes([number % 256]) * (amount % 3_000 + 1)
        if what == "all":
            _tell([member], data)
            wanted += data
        elif what == "one":
            member.send_queue.send(None, data)
            wanted += data
        elif what == "turn":
            member.wire.turn()
        else:
            member.wire.socket.room = amount
    member.wire.settle()
    assert member.overflows == 0
    assert member.wire.sent == wanted
