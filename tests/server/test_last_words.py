"""What comes last, late or all at once is answered like everything else."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chatd.server.protocol import LineProtocol, ObjectProtocol
from tests.server.hall import Guest, Hall
from tests.server.sides import basic, drain, jim, plain


def end_sending(guest: Guest) -> None:
    """Close the guest's half of the connection, as ``nc -N`` does at the end of its input."""
    connection: LineProtocol | ObjectProtocol = guest.connection
    connection.readConnectionLost()


def test_many_authentications_in_one_segment_are_all_answered_at_the_flood_rate() -> None:
    with Hall() as hall:
        guest = jim(hall)
        guest.send_bytes(b'{"action":"authenticate","account_name":"bad","password":"b"}' * 300)
        assert not guest.is_read(), "beyond the burst the server reads more slowly"
        drain(hall, 40)
        assert guest.codes() == [402] * 300


def test_a_peer_that_has_said_everything_still_hears_the_answers(hall: Hall) -> None:
    guest = hall.connect()
    guest.hello("ice")
    guest.send("users", {})
    end_sending(guest)
    assert [frame["type"] for frame in guest.heard()] == ["welcome", "users"]
    assert guest.is_dropped()
    assert not guest.is_cut_off()


def test_the_last_line_counts_without_its_end(hall: Hall) -> None:
    guest = basic(hall)
    guest.send_bytes(b'{"type":"set-name","data":"ice"}\n{"type":"message","data":"bye"}')
    end_sending(guest)
    assert guest.shown()[-1] == "ice: bye"


def test_half_an_object_at_the_end_is_refused(hall: Hall) -> None:
    guest = jim(hall)
    guest.send_bytes(b'{"action":"presence","user":')
    end_sending(guest)
    drain(hall, 1)
    assert guest.codes() == [400]


@given(st.lists(st.integers(0, 12), max_size=5))
def test_what_telnet_says_to_telnet_is_no_nickname_in_whatever_pieces_it_comes(
    cuts: list[int],
) -> None:
    said = b"\xff\xfb\x1f\xff\xf4\xff\xfd\x03ice\r\n"
    with Hall() as hall:
        guest = plain(hall)
        for begin, end in pairwise([0, *sorted(cuts), len(said)]):
            guest.send_bytes(said[begin:end])
        assert "[Server]: ice has entered the chat" in guest.shown()
