"""What IRC clients may do wrong, or do to harm the others: refused, and nobody else is hurt."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import irc_limits, limits
from chatd.server.irc_port import IRC
from tests.server.harness import Harness, IrcClient, connect_irc, enter_irc


def numbers(lines: list[str]) -> list[str]:
    return [line.removeprefix("@").split(" ")[1] for line in lines]


# --- lines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_member", [True, False])
@pytest.mark.parametrize(
    ("line", "is_fine"),
    [
        ("PING " + "x" * (irc_limits.IRC_LINE_BYTES - 7), True),
        ("PING " + "x" * (irc_limits.IRC_LINE_BYTES - 6), False),
        ("@" + "x" * irc_limits.IRC_TAGS_BYTES + " PING x", True),
        ("@" + "x" * (irc_limits.IRC_TAGS_BYTES + 1) + " PING x", False),
        ("@" + "x" * 60_000, False),
    ],
)
def test_a_line_that_is_too_long_is_refused_and_the_connection_goes_on(
    harness: Harness, is_member: bool, line: str, is_fine: bool
) -> None:
    client = enter_irc(harness, "ice") if is_member else connect_irc(harness)
    answer = client.tell(line)
    assert numbers(answer) == ["PONG" if is_fine else "417"]
    assert numbers(client.tell("PING 1")) == ["PONG"]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b"PRIVMSG #dev :\xff", "FAIL"),
        (b"@label=\xff PRIVMSG #dev :x", "FAIL"),
        (b"\xff\xfe", "FAIL"),
        (b"PRIVMSG #dev :a\0b", "400"),
        (b"PRIVMSG #dev :a\rQUIT", "400"),
        (b"\0", "400"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_and_told_to_nobody(
    harness: Harness, line: bytes, number: str
) -> None:
    moon, ice = enter_irc(harness, "moon", "#dev"), enter_irc(harness, "ice", "#dev")
    moon.shown()
    ice.send_bytes(line + b"\r\n")
    assert [each for each in ice.shown() if f" {number} " in f" {each} "]
    assert moon.shown() == []
    assert numbers(ice.tell("PING 1")) == ["PONG"]


def test_empty_lines_are_nothing(harness: Harness) -> None:
    client = connect_irc(harness)
    client.send_bytes(b"\r\n\n  \r\n:source\r\n@tag\r\n")
    assert client.shown() == []


@given(st.lists(st.binary(max_size=60), max_size=8), st.booleans())
def test_no_bytes_make_the_server_raise_or_disturb_the_others(
    pieces: list[bytes], is_member: bool
) -> None:
    with Harness() as harness:
        moon = harness.enter("moon")
        client = enter_irc(harness, "ice", "#lobby") if is_member else connect_irc(harness)
        for piece in pieces:
            if not client.is_cut_off():
                client.send_bytes(piece)
        client.shown()
        moon.heard()
        moon.say("still here", request_id=1)
        assert [frame["type"] for frame in moon.heard()] == ["ok"]


SAMPLE = (
    b"NICK ice\r\nUSER i 0 * :i\nJOIN #dev,#tea\r\n\r\nPRIVMSG #dev :h\xc3\xa9llo\r\nBAD\xff\r\n"
    b"@label=1 PING x\r\n" + b"x" * 700 + b"\r\nPRIVMSG #dev :a\0b\r\nPART #tea :bye\r\n"
    b"WHO #dev\r\n"
)


def _answers(pieces: list[bytes]) -> bytes:
    with Harness() as harness:
        client = connect_irc(harness)
        for piece in pieces:
            client.send_bytes(piece)
        data: bytes = client.transport.value()
        return data


WHOLE = _answers([SAMPLE])


@given(st.lists(st.integers(0, len(SAMPLE)), max_size=12))
def test_any_split_of_a_stream_gives_the_same_answers(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(SAMPLE)]
    assert _answers([SAMPLE[a:b] for a, b in pairwise(edges)]) == WHOLE


# --- floods ---------------------------------------------------------------------------------------

FLOODS = {
    "PING": "PING x",
    "WHO": "WHO *",
    "LIST": "LIST !*a*b*c*d*,!*e*f*",
    "NAMES": "NAMES #dev",
    "WHOIS": "WHOIS " + ",".join(["moon", "ice", *(f"n{number}" for number in range(80))]),
    "CAP": "CAP LS 302",
    "CAP REQ": "CAP REQ :echo-message -echo-message",
    "AUTHENTICATE": "AUTHENTICATE *",
    "NICK": "NICK \u0456\u0441\u0435",
    "JOIN": "JOIN " + ",".join(f"#r{number}" for number in range(100)),
    "PART": "PART " + ",".join(f"#r{number}" for number in range(100)),
    "MODE": "MODE #dev +imt-imt",
    "KICK": "KICK #dev " + ",".join(f"n{number}" for number in range(100)),
    "MONITOR": "MONITOR + " + ",".join(f"n{number}" for number in range(90)),
    "PRIVMSG": "PRIVMSG #dev,#none,moon :spam",
    "too long": "x" * 5_000,
    "unknown": "NONSENSE",
    "nothing": "",
}


@pytest.mark.parametrize("line", FLOODS.values(), ids=FLOODS)
@pytest.mark.parametrize("is_member", [True, False])
def test_a_flood_of_any_line_is_slowed_and_others_are_answered_at_once(
    harness: Harness, is_member: bool, line: str
) -> None:
    moon = enter_irc(harness, "moon")
    flooder = enter_irc(harness, "ice", "#dev") if is_member else connect_irc(harness)
    for _ in range(100):
        if flooder.is_read():
            flooder.send_bytes(f"{line}\r\n".encode())
    assert not flooder.is_read(), "it is slowed"
    assert moon.is_read()
    moon.shown()
    assert numbers(moon.tell("PING 1")) == ["PONG"]
    assert len(flooder.transport.value()) <= 2 * limits.REPLY_BYTES


def test_a_flood_arrives_whole_and_in_order_in_the_end(harness: Harness) -> None:
    ice = enter_irc(harness, "ice")
    ice.send_bytes(b"".join(f"PING {number}\r\n".encode() for number in range(200)))
    assert len(ice.shown()) < 50
    harness.pass_time(60)
    assert ice.shown()[-1].endswith(":199")


# --- connections ----------------------------------------------------------------------------------


def test_connections_that_never_register_take_no_slot_and_end(harness: Harness) -> None:
    free = harness.free
    clients = [connect_irc(harness) for _ in range(limits.UNREGISTERED_CONNECTIONS)]
    for client in clients:
        client.tell("CAP LS 302")
    late = harness.try_connect_to(IrcClient, IRC, "10.35.11.113")
    assert late is not None
    assert late.shown()[0].startswith("ERROR ")
    moon = harness.enter("moon")
    assert harness.free == free - 1
    harness.pass_time(limits.REGISTRATION_SECONDS + 1)
    assert all(client.is_dropped() for client in clients)
    assert enter_irc(harness, "ice", "#lobby")
    assert moon.heard_of("entered") == [{"nickname": "ice"}]


def test_a_storm_of_capabilities_leaves_what_was_agreed_on_last(harness: Harness) -> None:
    with Harness(flood=0) as quick:
        client = connect_irc(quick)
        for _ in range(200):
            client.tell("CAP LS 302", "CAP REQ :echo-message batch")
            client.tell("CAP REQ -batch", "CAP REQ none")
        listed = client.tell("CAP LIST", "NICK ice", "USER i 0 * :i")
        assert [line for line in listed if line.endswith("LIST :cap-notify echo-message")]
        assert " 001 " in client.tell("CAP END")[0]


def test_the_parts_of_sasl_are_bounded(harness: Harness) -> None:
    with Harness(flood=0) as quick:
        client = connect_irc(quick)
        client.tell("AUTHENTICATE PLAIN")
        kept = irc_limits.IRC_SASL_BYTES // 400
        assert client.tell(*["AUTHENTICATE " + "A" * 400] * kept) == []
        assert numbers(client.tell("AUTHENTICATE " + "A" * 400)) == ["904"]
        client.tell("AUTHENTICATE PLAIN")
        assert numbers(client.tell("AUTHENTICATE *")) == ["906"]
