"""A connection that does not say hello: the frames and the sessions of the first seed (SPEC §5)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.hall import Hall, hello, line
from tests.server.sides import basic, silent_basic

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
def test_the_session_of_the_seed_is_seen_line_for_line(hall: Hall, size: int) -> None:
    hall.last_port = 57_353
    guest = basic(hall)
    assert guest.shown() == []
    hall.clock.advance(0.5)
    seen = guest.shown()
    for typed in (each[1:] for each in SESSION.splitlines() if each.startswith(">")):
        for piece in pieces(FRAMES[typed], size):
            guest.send_bytes(piece)
        seen += [f">{typed}", *guest.shown()]
    assert seen == SESSION.splitlines()


def test_somebody_else_who_is_here_sees_the_same(hall: Hall) -> None:
    moon = silent_basic(hall)
    hall.last_port = 57_353
    guest = basic(hall)
    hall.clock.advance(0.5)
    guest.send_bytes(MESSAGE + SET_NAME + MESSAGE)
    assert moon.shown() == [each for each in SESSION.splitlines() if not each.startswith(">")]
    guest.hang_up()
    assert moon.shown() == ["[Server]: Kobzol has left the chat (connection lost)"]


def test_half_a_second_of_silence_enters_under_the_address(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = basic(hall)
    hall.clock.advance(0.49)
    assert ice.heard() == []
    hall.clock.advance(0.02)
    assert ice.heard_of("entered") == [{"nickname": guest.address}]
    assert guest.shown() == [f"[Server]: {guest.address} has entered the chat"]


def test_who_has_begun_a_line_is_waited_for_and_does_not_enter_by_silence(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = basic(hall)
    hall.clock.advance(0.4)
    guest.send_bytes(SET_NAME[:1])
    hall.clock.advance(4)
    assert ice.heard() == []
    guest.send_bytes(SET_NAME[1:])
    assert guest.shown() == ["[Server]: Kobzol has entered the chat"]


def test_who_sends_a_message_first_enters_and_then_says_it(hall: Hall) -> None:
    guest = basic(hall)
    guest.send_bytes(MESSAGE)
    address = guest.address
    assert guest.shown() == [f"[Server]: {address} has entered the chat", f"{address}: hello"]


def test_who_sends_set_name_first_enters_under_that_name(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = basic(hall)
    guest.send_bytes(SET_NAME)
    assert guest.shown() == ["[Server]: Kobzol has entered the chat"]
    assert ice.heard() == [{"type": "entered", "data": {"nickname": "Kobzol"}}]


@pytest.mark.parametrize("wanted", ["ice", "ICE", "\uff49ce", "a b", "", "1.2.3.4:5", "x" * 26])
def test_who_cannot_have_the_name_enters_under_the_address_and_is_told(
    hall: Hall, wanted: str
) -> None:
    ice = hall.enter("ice")
    guest = basic(hall)
    guest.send("set-name", wanted)
    entered = f"[Server]: {guest.address} has entered the chat"
    told = guest.shown()
    assert entered in told
    [why] = [each for each in told if each != entered]
    assert why.startswith("[Server]: ")
    assert ice.heard_of("entered") == [{"nickname": guest.address}]
    guest.send_bytes(SET_NAME)
    assert guest.shown() == [f"[Server]: {guest.address} renamed to Kobzol"]


@pytest.mark.parametrize("first", [b"\n", b"hello\n", b"\xff\n", b'{"type": "dance"}\n', b"[]\r\n"])
def test_who_begins_with_nonsense_enters_and_is_told_so(hall: Hall, first: bytes) -> None:
    guest = basic(hall)
    guest.send_bytes(first)
    entered, why = guest.shown()
    assert entered == f"[Server]: {guest.address} has entered the chat"
    assert why.startswith("[Server]: ")
    guest.send_bytes(MESSAGE)
    assert guest.shown() == [f"{guest.address}: hello"]


def test_a_taken_name_is_refused_later_on_as_well(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = silent_basic(hall)
    ice.heard()
    guest.send("set-name", "ICE")
    assert guest.shown() == ["[Server]: The nickname ICE is taken; choose another one."]
    assert ice.heard() == []


def test_the_history_is_a_frame_for_each_message_and_the_users_are_one(hall: Hall) -> None:
    ice, moon = hall.enter_all("ice", "moon")
    guest = silent_basic(hall)
    ice.say("one\ntwo")
    moon.say("three")
    guest.say("four")
    guest.shown()
    guest.send_bytes(HISTORY)
    assert guest.shown() == ["ice: one\ntwo", "moon: three", f"{guest.address}: four"]
    guest.send_bytes(USERS)
    [users] = guest.shown()
    assert users.startswith("[Server]: ice #lobby since ")
    assert [each.split()[0] for each in users.removeprefix("[Server]: ").split("\n")] == [
        "ice",
        "moon",
        guest.address,
    ]


def test_what_is_said_in_private_comes_with_a_source_of_its_own(hall: Hall) -> None:
    ice, moon = hall.enter_all("ice", "moon")
    guest = silent_basic(hall)
    moon.heard()
    ice.send("private", {"text": "psst", "to": [guest.address]})
    assert guest.shown() == ["[private] ice: psst"]
    assert moon.heard() == []


def test_nobody_in_the_lobby_hears_what_is_said_in_another_room(hall: Hall) -> None:
    [ice] = hall.enter_all("ice")
    guest = silent_basic(hall)
    ice.send("join", {"room": "#dev"})
    ice.send("message", {"text": "hello", "room": "#dev"})
    assert guest.shown() == []


def test_what_comes_as_a_session_goes_on_is_told_in_the_same_frames(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = silent_basic(hall)
    ice.send("set-name", {"nickname": "snow"})
    ice.send("quit")
    assert guest.shown() == [
        "[Server]: ice renamed to snow",
        "[Server]: snow has left the chat (quit)",
    ]


def test_a_delayed_hello_makes_it_native_and_renamed(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = silent_basic(hall)
    ice.heard()
    guest.hello("moon", request_id=1)
    told = guest.heard()
    [welcome] = [frame for frame in told if frame["type"] == "welcome"]
    assert welcome["id"] == 1
    assert welcome["data"]["nickname"] == "moon"
    assert welcome["data"]["rooms"] == ["#lobby"]
    assert not [frame for frame in told if frame["type"] == "error"]
    assert ice.heard() == [
        {"type": "renamed", "data": {"old": guest.address, "new": "moon"}},
    ]
    guest.send("ping", request_id=2)
    assert guest.heard() == [{"type": "pong", "id": 2}]
    ice.say("hello")
    assert [data["text"] for data in guest.heard_of("message")] == ["hello"]


def test_a_delayed_hello_with_a_taken_nickname_is_refused_in_native(hall: Hall) -> None:
    hall.enter("ice")
    guest = silent_basic(hall)
    guest.hello("ice", request_id=1)
    [error] = guest.heard()
    assert (error["type"], error["id"], error["data"]["code"]) == ("error", 1, "nickname-taken")
    guest.hello("moon", request_id=2)
    assert [data["nickname"] for data in guest.heard_of("welcome")] == ["moon"]


def test_a_hello_that_is_not_the_first_line_is_no_frame(hall: Hall) -> None:
    guest = silent_basic(hall)
    guest.send_bytes(MESSAGE)
    guest.shown()
    guest.hello("moon")
    [why] = guest.shown()
    assert why.startswith("[Server]: ")
    guest.send_bytes(MESSAGE)
    assert guest.shown() == [f"{guest.address}: hello"]


def test_the_end_is_one_last_notice(hall: Hall) -> None:
    guest = silent_basic(hall)
    hall.chat.end()
    assert guest.shown() == ["[Server]: Goodbye: server is stopping"]
    assert guest.is_dropped()
    assert not guest.is_cut_off()


def test_who_is_silent_for_too_long_is_told_and_dropped() -> None:
    with Hall(timeout=10) as hall:
        guest = silent_basic(hall)
        guest.send_bytes(USERS)
        guest.shown()
        hall.pass_time(10)
        assert guest.shown() == ["[Server]: Goodbye: inactive"]
        assert guest.is_dropped()


_texts = st.text(max_size=20)
_frames = st.builds(
    line, st.sampled_from(["message", "set-name", "history", "users", "x"]), _texts
) | st.sampled_from([MESSAGE, SET_NAME, HISTORY, USERS, hello("moon"), b"\n", b"\xff\n"])


def _told(parts: list[bytes]) -> list[str]:
    with Hall(flood=0) as hall:
        hall.enter("ice")
        guest = basic(hall)
        for part in parts:
            guest.send_bytes(part)
        return [*guest.shown(), str(guest.is_dropped())]


@given(st.lists(_frames, max_size=6), st.lists(st.integers(0, 400), max_size=8))
def test_whatever_is_asked_nothing_but_message_frames_comes_back(
    frames: list[bytes], cuts: list[int]
) -> None:
    stream = MESSAGE + b"".join(frames)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    whole = _told([stream])
    assert whole[-1] == "False"
    assert _told([stream[a:b] for a, b in pairwise(edges)]) == whole
    assert _told(pieces(stream, 1)) == whole


def test_such_a_client_takes_a_slot_like_everybody() -> None:
    with Hall(slots=1) as hall:
        silent_basic(hall)
        assert hall.free == 0
        late = basic(hall)
        late.send_bytes(MESSAGE)
        assert late.shown() == ["[Server]: The server is full; try again later."]
