"""A client of the main port that sends no hello: the basic dialect."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import limits
from tests.server.harness import Harness, connect_basic, enter_silent_basic, hello, line

#: What a person sees who types the lines marked with >; the client shows ``source: message``.
SESSION = """\
[Server]: 127.0.0.1:57354 has entered the chat
>hello
127.0.0.1:57354: hello
>/setname Kobzol
[Server]: 127.0.0.1:57354 renamed to Kobzol
>hello
Kobzol: hello
"""

#: Each command of that client, and the frame it sends.
MESSAGE = b'{"type": "message", "data": "hello"}\n'
SET_NAME = b'{"type": "set-name", "data": "Kobzol"}\n'
HISTORY = b'{"type": "history", "data": ""}\n'
USERS = b'{"type": "users", "data": ""}\n'
FRAMES = {"hello": MESSAGE, "/setname Kobzol": SET_NAME, "/history": HISTORY, "/users": USERS}


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 256, 512])
def test_a_basic_client_sees_its_session_line_for_line(harness: Harness, size: int) -> None:
    harness.last_port = 57_353
    client = connect_basic(harness)
    assert client.shown() == []
    harness.clock.advance(0.5)
    seen = client.shown()
    for typed in (each[1:] for each in SESSION.splitlines() if each.startswith(">")):
        for piece in pieces(FRAMES[typed], size):
            client.send_bytes(piece)
        seen += [f">{typed}", *client.shown()]
    assert seen == SESSION.splitlines()


def test_another_basic_client_sees_the_same(harness: Harness) -> None:
    moon = enter_silent_basic(harness)
    harness.last_port = 57_353
    client = connect_basic(harness)
    harness.clock.advance(0.5)
    client.send_bytes(MESSAGE + SET_NAME + MESSAGE)
    assert moon.shown() == [each for each in SESSION.splitlines() if not each.startswith(">")]
    client.hang_up()
    assert moon.shown() == ["[Server]: Kobzol has left the chat (connection lost)"]


def test_half_a_second_of_silence_enters_under_the_address(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = connect_basic(harness)
    harness.clock.advance(0.49)
    assert ice.heard() == []
    harness.clock.advance(0.02)
    assert ice.heard_of("entered") == [{"nickname": client.address}]
    assert client.shown() == [f"[Server]: {client.address} has entered the chat"]


def test_a_client_that_has_begun_a_line_does_not_enter_by_silence(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = connect_basic(harness)
    harness.clock.advance(0.4)
    client.send_bytes(SET_NAME[:1])
    harness.clock.advance(4)
    assert ice.heard() == []
    client.send_bytes(SET_NAME[1:])
    assert client.shown() == ["[Server]: Kobzol has entered the chat"]


def test_a_client_that_first_sends_a_message_enters_before_it(harness: Harness) -> None:
    client = connect_basic(harness)
    client.send_bytes(MESSAGE)
    address = client.address
    assert client.shown() == [f"[Server]: {address} has entered the chat", f"{address}: hello"]


def test_a_client_that_first_sends_set_name_enters_under_that_nickname(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = connect_basic(harness)
    client.send_bytes(SET_NAME)
    assert client.shown() == ["[Server]: Kobzol has entered the chat"]
    assert ice.heard() == [{"type": "entered", "data": {"nickname": "Kobzol"}}]


@pytest.mark.parametrize("wanted", ["ice", "ICE", "\uff49ce", "a b", "", "1.2.3.4:5", "x" * 26])
def test_a_client_that_cannot_have_the_nickname_enters_under_its_address_and_is_told(
    harness: Harness, wanted: str
) -> None:
    ice = harness.enter("ice")
    client = connect_basic(harness)
    client.send("set-name", wanted)
    entered = f"[Server]: {client.address} has entered the chat"
    told = client.shown()
    assert entered in told
    [why] = [each for each in told if each != entered]
    assert why.startswith("[Server]: ")
    assert ice.heard_of("entered") == [{"nickname": client.address}]
    client.send_bytes(SET_NAME)
    assert client.shown() == [f"[Server]: {client.address} renamed to Kobzol"]


@pytest.mark.parametrize(
    "first", [b"\r\n", b"HELP\n", b"\xff\n", b"[]\r\n", b'{"id": 1, "method": "login"}\n']
)
def test_a_client_that_begins_with_no_frame_is_no_member_until_it_sends_one(
    harness: Harness, first: bytes
) -> None:
    ice = harness.enter("ice")
    client = connect_basic(harness)
    client.send_bytes(first * 3)
    assert len(client.shown()) == 3
    harness.pass_time(2)
    assert ice.heard() == []
    client.send_bytes(MESSAGE)
    assert client.shown() == [
        f"[Server]: {client.address} has entered the chat",
        f"{client.address}: hello",
    ]


def test_a_client_that_sends_no_frame_is_never_announced_and_disconnected(
    harness: Harness,
) -> None:
    ice = harness.enter("ice")
    client = connect_basic(harness)
    client.send_bytes(b"version\n")
    harness.pass_time(limits.FIRST_LINE_TIMEOUT_SECONDS)
    assert client.is_dropped()
    client.hang_up()
    assert ice.heard() == []


@pytest.mark.parametrize("first", [b'{"type": "dance"}\n', b'{"type": "set-name"}\r\n'])
def test_a_client_whose_first_frame_is_invalid_enters_and_is_told(
    harness: Harness, first: bytes
) -> None:
    client = connect_basic(harness)
    client.send_bytes(first)
    entered, why = client.shown()
    assert entered == f"[Server]: {client.address} has entered the chat"
    assert why.startswith("[Server]: ")
    client.send_bytes(MESSAGE)
    assert client.shown() == [f"{client.address}: hello"]


def test_a_taken_name_is_refused_later_on_as_well(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = enter_silent_basic(harness)
    ice.heard()
    client.send("set-name", "ICE")
    assert client.shown() == ["[Server]: The nickname ICE is taken; choose another one."]
    assert ice.heard() == []


def test_the_history_is_a_frame_for_each_message_and_the_users_are_one(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    client = enter_silent_basic(harness)
    ice.say("one\ntwo")
    moon.say("three")
    client.say("four")
    client.shown()
    client.send_bytes(HISTORY)
    assert client.shown() == ["ice: one\ntwo", "moon: three", f"{client.address}: four"]
    client.send_bytes(USERS)
    [users] = client.shown()
    assert users.startswith("[Server]: ice #lobby since ")
    assert [each.split()[0] for each in users.removeprefix("[Server]: ").split("\n")] == [
        "ice",
        "moon",
        client.address,
    ]


def test_a_private_message_has_its_own_source(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    client = enter_silent_basic(harness)
    moon.heard()
    ice.send("private", {"text": "psst", "to": [client.address]})
    assert client.shown() == ["[private] ice: psst"]
    assert moon.heard() == []


def test_a_message_in_another_room_is_not_sent_to_the_lobby(harness: Harness) -> None:
    [ice] = harness.enter_all("ice")
    client = enter_silent_basic(harness)
    ice.send("join", {"room": "#dev"})
    ice.send("message", {"text": "hello", "room": "#dev"})
    assert client.shown() == []


def test_events_are_sent_in_message_frames(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = enter_silent_basic(harness)
    ice.send("set-name", {"nickname": "snow"})
    ice.send("quit")
    assert client.shown() == [
        "[Server]: ice renamed to snow",
        "[Server]: snow has left the chat (quit)",
    ]


def test_a_delayed_hello_makes_it_native_and_renamed(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = enter_silent_basic(harness)
    ice.heard()
    client.hello("moon", request_id=1)
    told = client.heard()
    [welcome] = [frame for frame in told if frame["type"] == "welcome"]
    assert welcome["id"] == 1
    assert welcome["data"]["nickname"] == "moon"
    assert welcome["data"]["rooms"] == ["#lobby"]
    assert not [frame for frame in told if frame["type"] == "error"]
    assert ice.heard() == [
        {"type": "renamed", "data": {"old": client.address, "new": "moon"}},
    ]
    client.send("ping", request_id=2)
    assert client.heard() == [{"type": "pong", "id": 2}]
    ice.say("hello")
    assert [data["text"] for data in client.heard_of("message")] == ["hello"]


def test_a_delayed_hello_with_a_taken_nickname_is_refused_in_native(harness: Harness) -> None:
    harness.enter("ice")
    client = enter_silent_basic(harness)
    client.hello("ice", request_id=1)
    [error] = client.heard()
    assert (error["type"], error["id"], error["data"]["code"]) == ("error", 1, "nickname-taken")
    client.hello("moon", request_id=2)
    assert [data["nickname"] for data in client.heard_of("welcome")] == ["moon"]


def test_a_hello_that_is_not_the_first_line_is_no_frame(harness: Harness) -> None:
    client = enter_silent_basic(harness)
    client.send_bytes(MESSAGE)
    client.shown()
    client.hello("moon")
    [why] = client.shown()
    assert why.startswith("[Server]: ")
    client.send_bytes(MESSAGE)
    assert client.shown() == [f"{client.address}: hello"]


def test_a_basic_client_is_sent_one_last_notice(harness: Harness) -> None:
    client = enter_silent_basic(harness)
    harness.chat.end()
    assert client.shown() == ["[Server]: Goodbye: server is stopping"]
    assert client.is_dropped()
    assert not client.is_cut_off()


def test_an_inactive_basic_client_is_told_and_disconnected() -> None:
    with Harness(timeout=10) as harness:
        client = enter_silent_basic(harness)
        client.send_bytes(USERS)
        client.shown()
        harness.pass_time(10)
        assert client.shown() == ["[Server]: Goodbye: inactive"]
        assert client.is_dropped()


_texts = st.text(max_size=20)
_frames = st.builds(
    line, st.sampled_from(["message", "set-name", "history", "users", "x"]), _texts
) | st.sampled_from([MESSAGE, SET_NAME, HISTORY, USERS, hello("moon"), b"\n", b"\xff\n"])


def _told(parts: list[bytes]) -> list[str]:
    with Harness(flood=0) as harness:
        harness.enter("ice")
        client = connect_basic(harness)
        for part in parts:
            client.send_bytes(part)
        return [*client.shown(), str(client.is_dropped())]


@given(st.lists(_frames, max_size=6), st.lists(st.integers(0, 400), max_size=8))
def test_a_basic_client_is_sent_nothing_but_message_frames(
    frames: list[bytes], cuts: list[int]
) -> None:
    stream = MESSAGE + b"".join(frames)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    whole = _told([stream])
    assert whole[-1] == "False"
    assert _told([stream[a:b] for a, b in pairwise(edges)]) == whole
    assert _told(pieces(stream, 1)) == whole


def test_a_basic_client_takes_a_slot() -> None:
    with Harness(slots=1) as harness:
        enter_silent_basic(harness)
        assert harness.free == 0
        late = connect_basic(harness)
        late.send_bytes(MESSAGE)
        assert late.shown() == ["[Server]: The server is full; try again later."]
