"""What real IRC clients send first leads them into their rooms, however the network cuts it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.wire.irc.client import Server
from chatd.wire.irc.features import offered
from tests.server.harness import Harness, IrcClient, connect_irc, enter_irc
from tests.server.irc_openings import NICKNAME, OPENINGS, Opening

OFFERED = tuple(offered(Server(has_accounts=False)))

every_client = pytest.mark.parametrize("opening", OPENINGS.values(), ids=OPENINGS)


def answers(opening: Opening, cuts: list[int], flood: int = 0) -> list[str]:
    """What a client is sent whose opening comes in pieces that end at `cuts`; the rest follows."""
    data = opening.data(OFFERED)
    with Harness(flood=flood) as harness:
        client = connect_irc(harness)
        for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
            _send(harness, client, data[start:end])
        lines = client.shown()
        [member] = harness.chat.hub.users().users
        assert member.nickname == NICKNAME
        assert member.rooms == opening.rooms
        moon = enter_irc(harness, "moon", *opening.rooms)
        for room in opening.rooms:
            client.shown()
            moon.tell(f"PRIVMSG {room} :hello")
            [told] = client.shown()
            assert told.endswith(f":moon!~user@chatd PRIVMSG {room} :hello")
    return lines


def _send(harness: Harness, client: IrcClient, data: bytes) -> None:
    while not client.is_read():  # it is sent when the server reads again
        harness.pass_time(1)
    client.send_bytes(data)


def commands(lines: list[str]) -> list[str]:
    """The commands and numerics of `lines`."""
    return [line.partition(" ")[2].split()[0 if line[0] == ":" else 1] for line in lines]


@every_client
def test_the_client_is_welcomed_and_in_its_rooms(opening: Opening) -> None:
    seen = commands(answers(opening, []))
    order = [each for each in seen if each in ("001", "005", "376", "JOIN", "353", "366")]
    assert order[0] == "001"
    assert order.index("376") < order.index("JOIN")
    assert order.count("JOIN") == order.count("366") == len(opening.rooms)
    assert "421" not in seen, "a command is not known"
    assert "ERROR" not in seen


@every_client
def test_the_answers_are_the_same_if_the_bytes_come_one_by_one(opening: Opening) -> None:
    whole = answers(opening, [])
    assert answers(opening, list(range(1, len(opening.data(OFFERED))))) == whole


@given(st.sampled_from([*OPENINGS.values()]), st.lists(st.integers(0, 400), max_size=8))
def test_the_answers_are_the_same_wherever_the_bytes_are_cut(
    opening: Opening, cuts: list[int]
) -> None:
    size = len(opening.data(OFFERED))
    assert answers(opening, sorted(cut % size for cut in cuts)) == answers(opening, [])


@every_client
def test_no_client_is_dropped_by_the_flood_limit_of_every_server(opening: Opening) -> None:
    assert commands(answers(opening, [], flood=20))[-1] == commands(answers(opening, []))[-1]


@every_client
def test_every_capability_that_is_asked_for_is_agreed_on(opening: Opening) -> None:
    requested = [each for each in opening.knows.split() if each in OFFERED]
    acknowledged = {
        word
        for line in answers(opening, [])
        if " CAP " in line and " ACK " in line
        for word in line.partition(" :")[2].split()
    }
    assert acknowledged == set(requested)
