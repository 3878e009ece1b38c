"""A user of nc or telnet at the plain port (docs/reference/plain.rst)."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail, succeed

from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import NicknameTaken
from tests.server.harness import Client, Harness, connect_plain, enter_plain


def test_a_plain_client_is_asked_for_a_nickname_and_enters(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = connect_plain(harness)
    assert client.shown() == ["Welcome. Your nickname?"]
    assert ice.heard() == []
    client.enter("moon")
    assert ice.heard() == [{"type": "entered", "data": {"nickname": "moon"}}]
    shown = client.shown()
    assert "[Server]: moon has entered the chat" in shown
    assert any("You are moon on party" in line for line in shown)


def test_the_nickname_is_asked_for_until_one_is_free(harness: Harness) -> None:
    harness.enter("ice")
    client = connect_plain(harness)
    client.shown()
    for wanted in ("ice", "", "ICE", "a b", "x" * 26, "#dev", "1.2.3.4:5", ""):
        client.type(wanted)
        harness.clock.advance(5)
        [asked] = client.shown()
        assert asked.endswith("Your nickname?")
        assert not client.is_dropped()
    client.enter("moon")
    assert any("You are moon" in line for line in client.shown())


def test_a_plain_client_has_a_minute_to_answer(harness: Harness) -> None:
    client = connect_plain(harness)
    client.shown()
    harness.clock.advance(59)
    assert client.shown() == []
    assert not client.is_dropped()
    harness.clock.advance(2)
    [why] = client.shown()
    assert "60 s" in why
    assert "?" not in why
    assert client.is_dropped()
    assert not client.is_cut_off(), "the line must go out first"


def test_refused_nicknames_do_not_extend_the_minute(harness: Harness) -> None:
    harness.enter("ice")
    client = connect_plain(harness)
    for _ in range(5):
        harness.clock.advance(10)
        client.type("ice")
    assert not client.is_dropped()
    harness.clock.advance(61)
    assert client.is_dropped()


@pytest.mark.parametrize("goodbye", ["exit()", "/quit", "/exit"])
def test_a_plain_client_may_quit_instead_of_entering(harness: Harness, goodbye: str) -> None:
    ice = harness.enter("ice")
    client = connect_plain(harness)
    client.shown()
    client.type(goodbye)
    assert client.shown() == ["[Server]: Goodbye (quit)"]
    assert client.is_dropped()
    assert ice.heard() == []


@pytest.mark.parametrize("goodbye", ["exit()", "/quit", "/exit"])
def test_a_plain_member_that_quits_is_sent_a_last_line(harness: Harness, goodbye: str) -> None:
    ice = harness.enter("ice")
    client = enter_plain(harness, "moon")
    ice.heard()
    client.type(goodbye, "too late")
    assert client.shown() == ["[Server]: Goodbye (quit)"]
    assert client.is_dropped()
    assert not client.is_cut_off()
    assert ice.heard() == [{"type": "left", "data": {"nickname": "moon", "reason": "quit"}}]


def test_messages_come_with_the_nickname_one_s_own_included(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = enter_plain(harness, "moon")
    ice.heard()
    client.type("hello", "//not a command")
    ice.say("one\n[Server]: two\tthree")
    assert client.shown() == [
        "moon: hello",
        "moon: /not a command",
        "ice: one",
        "ice: [Server]: two   three",
    ]
    assert [data["text"] for data in ice.heard_of("message")] == ["hello", "/not a command"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_end_with_lf_or_crlf(harness: Harness, end: str) -> None:
    ice = harness.enter("ice")
    client = connect_plain(harness)
    client.send_bytes(f"moon{end}hello{end}{end}exit(){end}".encode())
    assert [data["nickname"] for data in ice.heard_of("entered")] == ["moon"]
    assert "moon: hello" in client.shown()
    assert client.is_dropped()


def test_private_messages_reach_their_recipients_alone(harness: Harness) -> None:
    ice, sun, star = harness.enter_all("ice", "sun", "star")
    client = enter_plain(harness, "moon")
    for each in (ice, sun, star):
        each.heard()
    client.type("@ice hello", "@ice @sun both", "/msg ice,sun again")
    assert client.shown() == [
        "[Server]: Sent to ice.",
        "[Server]: Sent to ice, sun.",
        "[Server]: Sent to ice, sun.",
    ]
    assert [data["text"] for data in ice.heard_of("private")] == ["hello", "both", "again"]
    assert [data["to"] for data in sun.heard_of("private")] == [["ice", "sun"]] * 2
    assert star.heard() == []
    ice.send("private", {"text": "psst", "to": ["moon"]})
    assert client.shown() == ["[private] ice: psst"]


def test_the_sender_of_a_private_message_learns_who_was_not_reached(harness: Harness) -> None:
    harness.enter("ice")
    client = enter_plain(harness, "moon")
    client.type("@ice @nobody hello", "@nobody hello")
    assert client.shown() == [
        "[Server]: Sent to ice.",
        "[Server]: Not reached: nobody (unknown).",
        "[Server]: Not reached: nobody (unknown).",
    ]


def test_the_commands_work_as_they_do_in_the_client(harness: Harness) -> None:
    harness.enter("ice").say("before")
    client = enter_plain(harness, "moon")
    client.type("/users")
    assert [line.split()[:3] for line in client.shown()] == [
        ["[Server]:", "ice", "#lobby"],
        ["[Server]:", "moon", "#lobby"],
    ]
    client.type("/history")
    [line] = client.shown()
    assert line.endswith(" ice: before")
    client.type("/rooms")
    assert client.shown() == ["[Server]: #lobby 2 members"]
    client.type("/setname star")
    assert client.shown() == ["[Server]: moon renamed to star"]
    client.type("/help")
    assert any("/setname" in line for line in client.shown())
    client.type("/dance")
    [line] = client.shown()
    assert line.startswith("[Server]: There is no command /dance")


def test_lines_go_to_the_room_that_was_joined_until_it_is_left(harness: Harness) -> None:
    [ice] = harness.enter_all("ice")
    client = enter_plain(harness, "moon")
    ice.heard()
    client.type("/join #dev", "hello")
    ice.send("join", {"room": "#DEV"})
    ice.send("message", {"text": "hi", "room": "#dev"})
    shown = client.shown()
    assert shown[0] == "[Server]: moon has joined #dev"
    assert shown[-3:] == ["#dev moon: hello", "[Server]: ice has joined #dev", "#dev ice: hi"]
    client.type("/history")
    assert [line.split(" ", 2)[2] for line in client.shown()] == [
        "[1] #dev moon: hello",
        "[2] #dev ice: hi",
    ]
    ice.heard()
    client.type("/leave", "back")
    assert client.shown() == ["[Server]: moon has left #dev", "moon: back"]
    [message] = ice.heard_of("message")
    assert message["room"] == "#lobby"


def test_a_room_is_left_by_its_name_in_any_case_and_lines_go_to_the_lobby(harness: Harness) -> None:
    client = enter_plain(harness, "moon")
    client.type("/join #dev", "/leave #DEV")
    client.shown()
    client.type("hello")
    assert client.shown() == ["moon: hello"]


def test_until_the_first_line_end_a_pause_ends_a_line_as_well(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = connect_plain(harness)
    client.send_bytes(b"mo")
    harness.clock.advance(0.15)
    client.send_bytes(b"on")
    harness.clock.advance(0.15)
    assert ice.heard() == []
    harness.clock.advance(0.06)
    client.wait_to_enter()
    assert [data["nickname"] for data in ice.heard_of("entered")] == ["moon"]
    for text in ("hello", "how are you?"):
        client.send_bytes(text.encode())
        harness.clock.advance(0.2)
    assert [data["text"] for data in ice.heard_of("message")] == ["hello", "how are you?"]
    client.send_bytes(b"exit()")
    harness.clock.advance(0.2)
    assert client.is_dropped()


def test_after_the_first_line_end_no_pause_ends_a_line(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = connect_plain(harness)
    client.send_bytes(b"moon\nhel")
    harness.clock.advance(10)
    client.send_bytes(b"lo")
    harness.clock.advance(10)
    assert ice.heard_of("message") == []
    client.send_bytes(b"\n")
    assert [data["text"] for data in ice.heard_of("message")] == ["hello"]


def test_a_client_that_closes_during_a_pause_leaves_no_timer(harness: Harness) -> None:
    client = connect_plain(harness)
    client.send_bytes(b"moon")
    client.hang_up()
    assert not harness.clock.getDelayedCalls()


@pytest.mark.parametrize("bad", [b"\xff\xfe", b"a\xff", b"\x1b[2J", b"x" * 4_097])
def test_a_bad_line_gets_one_sentence_and_the_connection_goes_on(
    harness: Harness, bad: bytes
) -> None:
    ice = harness.enter("ice")
    client = enter_plain(harness, "moon")
    ice.heard()
    client.send_bytes(bad + b"\n")
    [why] = client.shown()
    assert why.startswith("[Server]: ")
    assert ice.heard() == []
    client.type("still here")
    assert client.shown() == ["moon: still here"]


def test_an_endless_line_is_refused_and_ends_the_connection(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = enter_plain(harness, "moon")
    ice.heard()
    client.send_bytes(b"x" * (limits.LINE_BYTES + 1))
    [why] = client.shown()
    assert why.startswith("[Server]: ")
    assert client.is_dropped()
    assert ice.heard_of("left") == [{"nickname": "moon", "reason": "line too long"}]


def test_a_stopping_server_and_a_timeout_send_a_last_line() -> None:
    with Harness(timeout=10) as harness:
        client, other = enter_plain(harness, "moon"), enter_plain(harness, "sun")
        harness.pass_time(9)
        other.type("")
        other.type("hello")
        client.shown()
        harness.pass_time(1)
        assert client.shown() == ["[Server]: Goodbye (inactive)"]
        harness.chat.end()
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
    with Harness(flood=0) as harness:
        ice = harness.enter("ice")
        client = connect_plain(harness)
        stream = b"".join(typed)
        for begin, end in pairwise([0, *sorted(cuts), max([len(stream), *cuts])]):
            client.send_bytes(stream[begin:end])
            harness.clock.advance(0.15)
        for line in client.shown():
            assert not [each for each in line if unicodedata.category(each) in {"Cc", "Cf", "Zl"}]
        ice.heard()
        ice.say("still here", request_id=1)
        assert [frame["type"] for frame in ice.heard()] == ["ok"]


def test_a_client_in_character_mode_may_pause_between_keys(harness: Harness) -> None:
    """Windows telnet, or stty raw: one key in each piece, and CR NUL or CR LF for Enter."""
    client = connect_plain(harness)
    client.shown()
    for key in ("i", "c", "f", "\x7f", "e", "\r\0"):
        harness.clock.advance(3)
        client.send_bytes(key.encode())
    client.wait_to_enter()
    assert client.shown()[0] == "[Server]: ice has entered the chat"
    for key in ("\u00fc", "\u4f60", "!", "\r\n"):
        harness.clock.advance(3)
        client.send_bytes(key.encode())
    assert client.shown() == ["ice: \u00fc\u4f60!"]


def test_ctrl_c_of_telnet_is_answered_and_erases_what_was_typed(harness: Harness) -> None:
    client = enter_plain(harness, "moon")
    client.send_bytes(b"secr")
    client.send_bytes(b"\xff\xf4\xff\xfd\x06")
    assert client.transport.value() == b"\xff\xfc\x06"
    client.transport.clear()
    client.send_bytes(b"hello\r\n")
    assert client.shown() == ["moon: hello"]


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (b"\xef\xbb\xbf@ice psst\r\n", None),
        (b"hello" + bytes(1_019) + b"\n", "hello"),
        (b"hello" + b" " * 1_019 + b"\r\n", "hello"),
        (b"\0\0hello\n", "hello"),
        (b"  indented\n", "  indented"),
    ],
    ids=["a byte order mark", "NULs", "blanks", "NULs first", "an indented line"],
)
def test_what_programs_put_around_a_line_is_dropped(
    harness: Harness, sent: bytes, text: str | None
) -> None:
    ice = harness.enter("ice")
    client = enter_plain(harness, "moon")
    client.send_bytes(sent)
    assert [data["text"] for data in ice.heard_of("message")] == ([] if text is None else [text])


def test_a_program_may_pad_its_nickname(harness: Harness) -> None:
    for number, padded in enumerate((b"\xef\xbb\xbfmoon\r\n", b"moon" + bytes(1_020), b"moon   ")):
        client = connect_plain(harness)
        client.send_bytes(padded)
        harness.clock.advance(0.2)
        client.wait_to_enter()
        assert "You are moon" in "".join(client.shown()), number
        client.hang_up()


def test_recent_history_is_shown_on_entering(harness: Harness) -> None:
    ice = harness.enter("ice")
    for number in range(30):
        ice.say(f"line {number}")
        harness.clock.advance(1)
    client = connect_plain(harness)
    client.enter("moon")
    shown = client.shown()
    texts = [line.rpartition(": ")[2] for line in shown if " ice: line" in line]
    assert texts == [f"line {number}" for number in range(10, 30)]


def test_help_before_entering_explains_and_makes_no_member(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = connect_plain(harness)
    client.type("help", "?", "/help")
    assert len(client.shown()) == 4
    assert ice.heard() == []


def test_a_mistyped_password_is_never_said(harness: Harness) -> None:
    harness.chat.hub.accounts = {"star": False}
    ice = harness.enter("ice")
    client = enter_plain(harness, "moon")
    ice.heard()
    client.type("/setname star", "hunter1", "hunter2", "", "hello")
    assert [data["text"] for data in ice.heard_of("message")] == ["hello"]


def test_a_program_without_line_ends_may_send_a_single_character(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = connect_plain(harness)
    for text in ("moon", "hello", "k", "bye"):
        client.send_bytes(text.encode())
        harness.clock.advance(0.3)
    assert [data["text"] for data in ice.heard_of("message")] == ["hello", "k", "bye"]


def test_a_password_is_not_said_when_its_account_has_come_meanwhile(harness: Harness) -> None:
    harness.chat.hub.accounts = {"star": False}
    harness.chat.check_password = lambda command, address: fail(NicknameTaken("star"))
    ice = harness.enter("ice")
    client = enter_plain(harness, "moon")
    ice.heard()
    client.type("/setname star", "right", "right", "", "hello")
    assert [data["text"] for data in ice.heard_of("message")] == ["hello"]


def _with_account_in_use(harness: Harness) -> Client:
    """The one who has the nickname star, an account, and hears everything."""
    star = harness.enter("star")
    harness.chat.hub.accounts = {"star": False, "sun": True}
    return star


@pytest.mark.parametrize("account", ["star", "STAR", "sun", "st\u0430r"])
@pytest.mark.parametrize(
    "password", ["hunter2", "@star hunter2", "//hunter2", "  hunter2", "/msg star hunter2"]
)
def test_a_password_pasted_behind_a_refused_setname_is_not_said(
    harness: Harness, account: str, password: str
) -> None:
    star = _with_account_in_use(harness)
    client = enter_plain(harness, "moon")
    star.heard()
    client.send_bytes(f"/setname {account}\r\n{password}\r\nhello\r\n".encode())
    assert [frame["data"].get("text") for frame in star.heard()] == ["hello"]
    refused, withheld, hello = client.shown()
    assert refused.endswith(("choose another one.", "is blocked."))
    assert withheld.startswith("[Server]: Not said, as it may be the password of ")
    assert hello == "moon: hello"


def test_a_password_that_comes_later_or_behind_a_command_is_not_said_either(
    harness: Harness,
) -> None:
    star = _with_account_in_use(harness)
    client = enter_plain(harness, "moon")
    star.heard()
    client.type("/setname star", "", "/users")
    harness.clock.advance(3)
    client.type("hunter2")
    assert star.heard() == []
    client.type("a message after all")
    assert [data["text"] for data in star.heard_of("message")] == ["a message after all"]


def test_after_another_nickname_was_taken_everything_is_said(harness: Harness) -> None:
    star = _with_account_in_use(harness)
    client = enter_plain(harness, "moon")
    client.type("/setname star", "/setname comet", "hello")
    assert [data["text"] for data in star.heard_of("message")] == ["hello"]


def test_a_nickname_without_an_account_has_no_password_and_nothing_is_withheld(
    harness: Harness,
) -> None:
    star = _with_account_in_use(harness)
    harness.enter("ice")
    client = enter_plain(harness, "moon")
    client.type("/setname ice", "hello", "/setname a b", "again")
    assert [data["text"] for data in star.heard_of("message")] == ["hello", "again"]


def test_a_password_pasted_behind_a_refused_first_nickname_becomes_no_nickname(
    harness: Harness,
) -> None:
    star = _with_account_in_use(harness)
    client = connect_plain(harness)
    client.send_bytes(b"star\nhunter2\n")
    client.wait_to_enter()
    assert star.heard() == []
    assert client.shown()[-1].startswith("This was not taken for a nickname")
    client.type("star", "comet")
    client.enter("comet")
    assert [data["nickname"] for data in star.heard_of("entered")] == ["comet"]


def test_a_password_pasted_behind_the_own_nickname_is_not_said(harness: Harness) -> None:
    harness.chat.hub.accounts = {"star": False}
    harness.chat.check_password = lambda command, address: succeed("star")
    ice = harness.enter("ice")
    client = connect_plain(harness)
    client.type("star", "hunter2")
    ice.heard()
    client.send_bytes(b"/setname star\nhunter2\nhello\n")
    assert [data["text"] for data in ice.heard_of("message")] == ["hello"]


@pytest.mark.parametrize("password", ["hunter2  ", "hunter2 \t", "  ", " hunter2"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_password_may_end_with_blanks(harness: Harness, password: str, end: str) -> None:
    harness.chat.hub.accounts = {"star": False}
    checked: list[str] = []

    def check(command: Authenticate, address: str) -> Deferred[str]:
        checked.append(command.password)
        return succeed("star")

    harness.chat.check_password = check
    client = connect_plain(harness)
    client.send_bytes(f"star{end}{password}{end}".encode())
    assert checked == [password]
