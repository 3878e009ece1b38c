"""A person with nc or telnet at the plain port: asked for a name, then chatting (SPEC §5)."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import limits
from tests.server.hall import Hall
from tests.server.sides import plain, plain_member


def test_a_person_is_asked_for_a_nickname_and_is_in(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = plain(hall)
    assert guest.shown() == ["Welcome. Your nickname?"]
    assert ice.heard() == []
    guest.type("moon")
    assert ice.heard() == [{"type": "entered", "data": {"nickname": "moon"}}]
    shown = guest.shown()
    assert "[Server]: moon has entered the chat" in shown
    assert any("You are moon on party" in line for line in shown)


def test_the_nickname_is_asked_for_until_one_is_free(hall: Hall) -> None:
    hall.enter("ice")
    guest = plain(hall)
    guest.shown()
    for wanted in ("ice", "ICE", "a b", "", "x" * 26, "#dev", "1.2.3.4:5"):
        guest.type(wanted)
        hall.clock.advance(5)
        [asked] = guest.shown()
        assert asked.endswith("Your nickname?")
        assert not guest.is_dropped()
    guest.type("moon")
    assert any("You are moon" in line for line in guest.shown())


def test_a_person_has_a_minute_to_answer(hall: Hall) -> None:
    guest = plain(hall)
    guest.shown()
    hall.clock.advance(59)
    assert guest.shown() == []
    assert not guest.is_dropped()
    hall.clock.advance(2)
    [why] = guest.shown()
    assert "60 s" in why
    assert "?" not in why
    assert guest.is_dropped()
    assert not guest.is_cut_off(), "the line must go out first"


def test_who_is_asked_again_is_not_asked_for_ever(hall: Hall) -> None:
    hall.enter("ice")
    guest = plain(hall)
    for _ in range(5):
        hall.clock.advance(10)
        guest.type("ice")
    assert not guest.is_dropped()
    hall.clock.advance(61)
    assert guest.is_dropped()


@pytest.mark.parametrize("goodbye", ["exit()", "/quit", "/exit"])
def test_who_changes_their_mind_at_the_door_may_leave(hall: Hall, goodbye: str) -> None:
    ice = hall.enter("ice")
    guest = plain(hall)
    guest.shown()
    guest.type(goodbye)
    assert guest.shown() == ["[Server]: Goodbye (quit)"]
    assert guest.is_dropped()
    assert ice.heard() == []


@pytest.mark.parametrize("goodbye", ["exit()", "/quit", "/exit"])
def test_a_member_leaves_with_a_last_line(hall: Hall, goodbye: str) -> None:
    ice = hall.enter("ice")
    guest = plain_member(hall, "moon")
    ice.heard()
    guest.type(goodbye, "too late")
    assert guest.shown() == ["[Server]: Goodbye (quit)"]
    assert guest.is_dropped()
    assert not guest.is_cut_off()
    assert ice.heard() == [{"type": "left", "data": {"nickname": "moon", "reason": "quit"}}]


def test_lines_come_with_who_said_them_ones_own_included(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = plain_member(hall, "moon")
    ice.heard()
    guest.type("hello", "//not a command")
    ice.say("one\n[Server]: two\tthree")
    assert guest.shown() == [
        "moon: hello",
        "moon: /not a command",
        "ice: one",
        "ice: [Server]: two   three",
    ]
    assert [data["text"] for data in ice.heard_of("message")] == ["hello", "/not a command"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_end_with_lf_or_crlf(hall: Hall, end: str) -> None:
    ice = hall.enter("ice")
    guest = plain(hall)
    guest.send_bytes(f"moon{end}hello{end}{end}exit(){end}".encode())
    assert [data["nickname"] for data in ice.heard_of("entered")] == ["moon"]
    assert "moon: hello" in guest.shown()
    assert guest.is_dropped()


def test_private_lines_reach_those_named_and_nobody_else(hall: Hall) -> None:
    ice, sun, star = hall.enter_all("ice", "sun", "star")
    guest = plain_member(hall, "moon")
    for each in (ice, sun, star):
        each.heard()
    guest.type("@ice hello", "@ice @sun both", "/msg ice,sun again")
    assert guest.shown() == []
    assert [data["text"] for data in ice.heard_of("private")] == ["hello", "both", "again"]
    assert [data["to"] for data in sun.heard_of("private")] == [["ice", "sun"]] * 2
    assert star.heard() == []
    ice.send("private", {"text": "psst", "to": ["moon"]})
    assert guest.shown() == ["[private] ice: psst"]


def test_the_sender_of_a_private_line_learns_who_was_not_reached(hall: Hall) -> None:
    hall.enter("ice")
    guest = plain_member(hall, "moon")
    guest.type("@ice @nobody hello", "@nobody hello")
    assert guest.shown() == ["[Server]: Not reached: nobody (unknown)."] * 2


def test_the_commands_work_as_they_do_in_the_client(hall: Hall) -> None:
    hall.enter("ice").say("before")
    guest = plain_member(hall, "moon")
    guest.type("/users")
    assert [line.split()[:3] for line in guest.shown()] == [
        ["[Server]:", "ice", "#lobby"],
        ["[Server]:", "moon", "#lobby"],
    ]
    guest.type("/history")
    [line] = guest.shown()
    assert line.endswith(" ice: before")
    guest.type("/rooms")
    assert guest.shown() == ["[Server]: #lobby 2 members"]
    guest.type("/setname star")
    assert guest.shown() == ["[Server]: moon renamed to star"]
    guest.type("/help")
    assert any("/setname" in line for line in guest.shown())
    guest.type("/dance")
    [line] = guest.shown()
    assert line.startswith("[Server]: There is no command /dance")


def test_lines_go_to_the_room_that_was_joined_until_it_is_left(hall: Hall) -> None:
    [ice] = hall.enter_all("ice")
    guest = plain_member(hall, "moon")
    ice.heard()
    guest.type("/join #dev", "hello")
    ice.send("join", {"room": "#DEV"})
    ice.send("message", {"text": "hi", "room": "#dev"})
    shown = guest.shown()
    assert shown[0] == "[Server]: moon has joined #dev"
    assert shown[-3:] == ["#dev moon: hello", "[Server]: ice has joined #dev", "#dev ice: hi"]
    guest.type("/history")
    assert [line.split(" ", 2)[2] for line in guest.shown()] == [
        "#dev moon: hello",
        "#dev ice: hi",
    ]
    ice.heard()
    guest.type("/leave", "back")
    assert guest.shown() == ["[Server]: moon has left #dev", "moon: back"]
    [message] = ice.heard_of("message")
    assert message["room"] == "#lobby"


def test_a_room_is_left_by_its_name_in_any_case_and_lines_go_to_the_lobby(hall: Hall) -> None:
    guest = plain_member(hall, "moon")
    guest.type("/join #dev", "/leave #DEV")
    guest.shown()
    guest.type("hello")
    assert guest.shown() == ["moon: hello"]


def test_until_the_first_line_end_a_pause_ends_a_line_as_well(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = plain(hall)
    guest.send_bytes(b"mo")
    hall.clock.advance(0.15)
    guest.send_bytes(b"on")
    hall.clock.advance(0.15)
    assert ice.heard() == []
    hall.clock.advance(0.06)
    assert [data["nickname"] for data in ice.heard_of("entered")] == ["moon"]
    for text in ("hello", "how are you?"):
        guest.send_bytes(text.encode())
        hall.clock.advance(0.2)
    assert [data["text"] for data in ice.heard_of("message")] == ["hello", "how are you?"]
    guest.send_bytes(b"exit()")
    hall.clock.advance(0.2)
    assert guest.is_dropped()


def test_after_the_first_line_end_no_pause_ends_a_line(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = plain(hall)
    guest.send_bytes(b"moon\nhel")
    hall.clock.advance(10)
    guest.send_bytes(b"lo")
    hall.clock.advance(10)
    assert ice.heard_of("message") == []
    guest.send_bytes(b"\n")
    assert [data["text"] for data in ice.heard_of("message")] == ["hello"]


def test_who_hangs_up_in_the_midst_of_a_pause_leaves_nothing_behind(hall: Hall) -> None:
    guest = plain(hall)
    guest.send_bytes(b"moon")
    guest.hang_up()
    assert not hall.clock.getDelayedCalls()


@pytest.mark.parametrize("bad", [b"\xff\xfe", b"a\x00b", b"\x1b[2J", b"x" * 4_097])
def test_a_bad_line_gets_one_sentence_and_the_connection_goes_on(hall: Hall, bad: bytes) -> None:
    ice = hall.enter("ice")
    guest = plain_member(hall, "moon")
    ice.heard()
    guest.send_bytes(bad + b"\n")
    [why] = guest.shown()
    assert why.startswith("[Server]: ")
    assert ice.heard() == []
    guest.type("still here")
    assert guest.shown() == ["moon: still here"]


def test_an_endless_line_is_refused_and_ends_the_connection(hall: Hall) -> None:
    ice = hall.enter("ice")
    guest = plain_member(hall, "moon")
    ice.heard()
    guest.send_bytes(b"x" * (limits.LINE_BYTES + 1))
    [why] = guest.shown()
    assert why.startswith("[Server]: ")
    assert guest.is_dropped()
    assert ice.heard_of("left") == [{"nickname": "moon", "reason": "line too long"}]


def test_a_server_that_stops_and_a_time_out_say_so_in_a_last_line() -> None:
    with Hall(timeout=10) as hall:
        guest, other = plain_member(hall, "moon"), plain_member(hall, "sun")
        hall.pass_time(9)
        other.type("")
        other.type("hello")
        guest.shown()
        hall.pass_time(1)
        assert guest.shown() == ["[Server]: Goodbye (inactive)"]
        hall.chat.end()
        assert other.shown()[-1] == "[Server]: Goodbye (server is stopping)"


_pieces = st.lists(
    st.binary(max_size=12)
    | st.sampled_from([b"\n", b"\r\n", b"moon\n", b"/users\n", b"@ice \x1b]0;x\x07\n", b"/join #"])
    | st.text("/@#\x1b\x9b\u202eij \n", max_size=12).map(str.encode),
    max_size=10,
)


@given(_pieces, st.lists(st.integers(0, 99), max_size=6))
def test_whatever_is_typed_only_text_comes_back_and_the_server_goes_on(
    typed: list[bytes], cuts: list[int]
) -> None:
    with Hall(flood=0) as hall:
        ice = hall.enter("ice")
        guest = plain(hall)
        stream = b"".join(typed)
        for begin, end in pairwise([0, *sorted(cuts), max([len(stream), *cuts])]):
            guest.send_bytes(stream[begin:end])
            hall.clock.advance(0.15)
        for line in guest.shown():
            assert not [each for each in line if unicodedata.category(each) in {"Cc", "Cf", "Zl"}]
        ice.heard()
        ice.say("still here", request_id=1)
        assert [frame["type"] for frame in ice.heard()] == ["ok"]
