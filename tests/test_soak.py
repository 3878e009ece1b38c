"""``make soak`` would find each kind of fault that it looks for."""

import socket
from collections.abc import Iterator

import pytest

from tests.load.accounting import faults_of, misdirected, undelivered
from tests.load.dialects import BASIC, JIM, NATIVE, PLAIN, WEB, Dialect
from tests.load.member import Member
from tests.load.memory import Sample, trend
from tests.load.order_checker import OrderChecker

#: What the order checker receives: ice is in the lobby for messages 1 to 3, and in #dev for 5.
FRAMES = (
    '{"type":"entered","data":{"nickname":"ice"}}\n'
    '{"type":"message","data":{"room":"#lobby","seq":7,"source":"moon","text":"(1)"}}\n'
    '{"type":"message","data":{"room":"#dev","seq":1,"source":"moon","text":"(4)"}}\n'
    '{"type":"message","data":{"room":"#lobby","seq":8,"source":"moon","text":"(2)xxx"}}\n'
    '{"type":"joined","data":{"room":"#dev","nickname":"ice"}}\n'
    '{"type":"message","data":{"room":"#dev","seq":2,"source":"moon","text":"(5)"}}\n'
    '{"type":"parted","data":{"room":"#dev","nickname":"ice"}}\n'
    '{"type":"renamed","data":{"old":"ice","new":"snow"}}\n'
    '{"type":"message","data":{"room":"#lobby","seq":9,"source":"ice","text":"(3)"}}\n'
    '{"type":"left","data":{"nickname":"snow","reason":"quit"}}\n'
    '{"type":"message","data":{"room":"#lobby","seq":10,"source":"moon","text":"(6)"}}\n'
)


class Server:
    """Accepts the connections of members, and sends nothing."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listening.getsockname()
        self._connections: list[socket.socket] = []

    def member(self, dialect: Dialect, name: str) -> Member:
        """A connected member."""
        return self.accept(Member(dialect, name, self.address))

    def accept(self, member: Member) -> Member:
        """Accept the connection of `member`."""
        self._connections.append(self._listening.accept()[0])
        return member

    def close(self) -> None:
        """Close all connections."""
        for connection in (*self._connections, self._listening):
            connection.close()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


@pytest.fixture
def checker(server: Server) -> Iterator[OrderChecker]:
    """One that has received `FRAMES`."""
    one = OrderChecker("checker", server.address, (), lambda name: frozenset({"#lobby"}))
    server.accept(one.member)
    one.feed(FRAMES.encode())
    yield one
    one.member.socket.close()


def _ice(server: Server, dialect: Dialect, *received: int) -> Member:
    member = server.member(dialect, "ice")
    member.received.extend(received)
    member.socket.close()
    return member


def test_a_member_that_received_all_messages_of_its_rooms_has_no_fault(
    server: Server, checker: OrderChecker
) -> None:
    assert faults_of(_ice(server, NATIVE, 1, 2, 5, 3), checker) == []


def test_a_members_own_message_is_not_expected_in_a_dialect_without_echo(
    server: Server, checker: OrderChecker
) -> None:
    for dialect, received in ((NATIVE, (1, 2, 5)), (BASIC, (1, 2, 5, 3))):
        member = _ice(server, dialect, *received)
        member.sent.add(3)
        assert faults_of(member, checker) == []


@pytest.mark.parametrize(
    "received",
    [
        pytest.param((2, 5, 3), id="lost at the beginning"),
        pytest.param((1, 5, 3), id="lost"),
        pytest.param((1, 2, 5), id="lost at the end"),
        pytest.param((1, 1, 2, 5, 3), id="doubled"),
        pytest.param((1, 5, 2, 3), id="in another order"),
        pytest.param((1, 4, 2, 5, 3), id="from a room it was not in"),
        pytest.param((1, 2, 5, 3, 6), id="after it left"),
    ],
)
def test_a_wrong_sequence_is_a_fault(
    server: Server, checker: OrderChecker, received: tuple[int, ...]
) -> None:
    assert len(faults_of(_ice(server, PLAIN, *received), checker)) == 1


def test_a_truncated_connection_may_lack_the_last_messages_and_no_others(
    server: Server, checker: OrderChecker
) -> None:
    for received, faults in (((1, 2), 0), ((1, 5), 1), ((2,), 1)):
        member = _ice(server, WEB, *received)
        member.is_truncated = True
        assert len(faults_of(member, checker)) == faults


def test_a_jim_member_may_lack_messages_but_receives_none_twice(
    server: Server, checker: OrderChecker
) -> None:
    for received, faults in (((1, 3), 0), ((1, 1, 3), 1), ((3, 1), 1), ((1, 4), 1)):
        assert len(faults_of(_ice(server, JIM, *received), checker)) == faults


def test_a_gap_in_a_rooms_sequence_numbers_is_a_fault(checker: OrderChecker) -> None:
    checker.feed(
        b'{"type":"message","data":{"room":"#lobby","seq":12,"source":"moon","text":"(8)"}}\n'
    )
    assert checker.faults == ["#lobby: 12 came after 10"]


def test_a_confirmed_message_that_was_not_delivered_is_a_fault(
    server: Server, checker: OrderChecker
) -> None:
    member = _ice(server, NATIVE)
    member.confirmed.update({1, 99})
    assert undelivered([member], checker) == ["1 messages of ice were lost"]


def test_a_private_message_to_another_member_is_a_fault(server: Server) -> None:
    ice, moon = server.member(NATIVE, "ice"), server.member(NATIVE, "moon")
    for member in (ice, moon):
        member.received_private.append(1)
        member.socket.close()
    faults = misdirected([ice, moon], {1: moon})
    assert faults == ["ice received another member's private message"]


def test_memory_that_grows_after_the_first_third_is_not_flat() -> None:
    def is_flat(growth: int) -> bool:
        samples = [Sample(float(second), 1, 10_000 + second * growth) for second in range(90)]
        return trend(samples).is_flat

    assert is_flat(0)
    assert not is_flat(20)
