"""``make soak``: what it checks, it would find."""

import socket
from collections.abc import Iterator

import pytest

from benchmarks.abuse.member import Member
from benchmarks.abuse.memory import Sample, course
from benchmarks.abuse.reckoning import faults_of, misled, unheard
from benchmarks.abuse.tongues import BASIC, JIM, NATIVE, PLAIN, WEB, Tongue
from benchmarks.abuse.witness import Witness

#: What the witness of every test hears: ice is in the lobby for messages 1 to 3, and in #dev for 5.
TOLD = (
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
    """Where members of the tests connect; it says what the test wants."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listening.getsockname()
        self._peers: list[socket.socket] = []

    def member(self, tongue: Tongue, name: str) -> Member:
        """A member that has connected."""
        return self.taken_in(Member(tongue, name, self.address))

    def taken_in(self, member: Member) -> Member:
        """That member, once the server has accepted its connection."""
        self._peers.append(self._listening.accept()[0])
        return member

    def close(self) -> None:
        """Hang up on everyone."""
        for peer in (*self._peers, self._listening):
            peer.close()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


@pytest.fixture
def witness(server: Server) -> Iterator[Witness]:
    """Who has heard what is told above."""
    one = Witness("witness", server.address, (), lambda name: frozenset({"#lobby"}))
    server.taken_in(one.member)
    one.take(TOLD.encode())
    yield one
    one.member.socket.close()


def _heard(server: Server, tongue: Tongue, *numbers: int) -> Member:
    member = server.member(tongue, "ice")
    member.heard.extend(numbers)
    member.socket.close()
    return member


def test_who_heard_all_that_was_said_where_it_was_is_right(
    server: Server, witness: Witness
) -> None:
    assert faults_of(_heard(server, NATIVE, 1, 2, 5, 3), witness) == []


def test_ones_own_message_is_not_due_in_a_dialect_that_does_not_repeat_it(
    server: Server, witness: Witness
) -> None:
    for tongue, heard in ((NATIVE, (1, 2, 5)), (BASIC, (1, 2, 5, 3))):
        member = _heard(server, tongue, *heard)
        member.said.add(3)
        assert faults_of(member, witness) == []


@pytest.mark.parametrize(
    "heard",
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
def test_what_is_wrong_is_found(server: Server, witness: Witness, heard: tuple[int, ...]) -> None:
    assert len(faults_of(_heard(server, PLAIN, *heard), witness)) == 1


def test_whose_connection_was_cut_may_lack_the_last_and_nothing_else(
    server: Server, witness: Witness
) -> None:
    for heard, faults in (((1, 2), 0), ((1, 5), 1), ((2,), 1)):
        member = _heard(server, WEB, *heard)
        member.is_cut = True
        assert len(faults_of(member, witness)) == faults


def test_a_jim_member_may_lack_some_and_hears_none_twice(server: Server, witness: Witness) -> None:
    for heard, faults in (((1, 3), 0), ((1, 1, 3), 1), ((3, 1), 1), ((1, 4), 1)):
        assert len(faults_of(_heard(server, JIM, *heard), witness)) == faults


def test_a_room_that_leaves_out_a_number_is_a_fault(witness: Witness) -> None:
    witness.take(
        b'{"type":"message","data":{"room":"#lobby","seq":12,"source":"moon","text":"(8)"}}\n'
    )
    assert witness.faults == ["#lobby: 12 came after 10"]


def test_a_confirmed_message_that_nobody_heard_is_a_fault(server: Server, witness: Witness) -> None:
    member = _heard(server, NATIVE)
    member.confirmed.update({1, 99})
    assert unheard([member], witness) == ["1 messages of ice were heard by nobody"]


def test_a_private_message_for_somebody_else_is_a_fault(server: Server) -> None:
    ice, moon = server.member(NATIVE, "ice"), server.member(NATIVE, "moon")
    for member in (ice, moon):
        member.whispered.append(1)
        member.socket.close()
    assert misled([ice, moon], {1: moon}) == ["ice was told what was private to somebody else"]


def test_memory_that_grows_after_a_third_of_the_time_is_not_flat() -> None:
    def memory(grown: int) -> bool:
        return course(
            [Sample(float(second), 1, 10_000 + second * grown) for second in range(90)]
        ).is_flat

    assert memory(0)
    assert not memory(20)
