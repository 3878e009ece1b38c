"""A terminal in trouble: hostile text, impossible input, broken files, terminals like none."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.native_peer import FakeServer, Peer
from tests.e2e.programs import FAULTY_CLIENT, TWISTD
from tests.e2e.pty_terminal import (
    CONTROL_D,
    TAB,
    UP,
    StartTerminal,
    bracketed_paste,
    terminals,
)
from tests.ports import HOST, IFADDRS

#: Title, bell, cursor home, clear, backspaces, C1, bidirectional override and isolate, zero width.
HOSTILE = "\x1b]0;owned\x07\x1b[H\x1b[2J\r\b\x9b31m\u202eevil\u2066\u200b\ufeff"


def test_names_with_control_characters_are_not_completed_and_a_paste_is_escaped(
    open_terminal: StartTerminal, fake_server: FakeServer
) -> None:
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice")
    server = fake_server.accept_member(rooms=["#lobby", f"#dev{HOSTILE}"])
    server.send("entered", {"nickname": f"mal{HOSTILE}"})
    ice.expect("has entered the chat")
    ice.send_keys("/join #de" + TAB)
    ice.send_keys("\x15@ma" + TAB + " ")
    ice.send_keys(bracketed_paste("turned\u202e"))
    ice.expect_last_lines("privately to ma> @ma turned<U+202E>", "party")
    ice.expect("The pasted text has characters that are invisible")
    for harmful in ("\x1b]0;", "\u202e", "\x1b[H"):
        assert harmful.encode() not in ice.raw


def test_text_from_others_never_controls_the_terminal(
    open_terminal: StartTerminal, fake_server: FakeServer
) -> None:
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice")
    server = fake_server.accept_member(server=f"par{HOSTILE}ty", rooms=["#lobby", f"#r{HOSTILE}"])
    ice.expect("/help shows the commands")
    ice.send_keys("half a line")
    name = f"mal{HOSTILE}lory"
    said = {"room": "#lobby", "source": name, "seq": 1, "time": 10**15, "text": HOSTILE}
    server.send("message", said)
    server.send("message", said | {"seq": 2, "room": f"#dev{HOSTILE}", "text": f"a\n{HOSTILE}"})
    server.send("private", {"source": name, "to": ["ice"], "time": -(10**15), "text": HOSTILE})
    server.send("entered", {"nickname": name})
    server.send("error", {"code": "x", "message": HOSTILE})
    server.send("joined", {"room": "#lobby", "nickname": name})
    server.send("message", said | {"seq": 3, "text": "\x1b[31mred <ansired>\N{WAVING HAND SIGN}"})
    ice.expect("<U+001B>[31mred <ansired>")
    for harmful in ("\x1b]0;", "\x07", "\x9b", "\u202e", "\u2066", "\u200b", "\ufeff", "\x1b[H"):
        assert harmful.encode() not in ice.raw
    assert ice.screen.title == ""
    ice.expect("<U+202E>evil<U+2066><U+200B><U+FEFF>")


def test_a_long_paste_is_one_message_after_a_confirmation(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    ice.send_keys(bracketed_paste("one\r\ntwo\nthree\r"))
    ice.send_line("")
    assert moon.receive("message")["data"]["text"] == "one\ntwo\nthree"
    text = "\n".join(f"line {number}" for number in range(1, 31))
    ice.send_keys(bracketed_paste(text))
    ice.send_line("")
    ice.expect("Send 30 lines (230 characters) as one message? (y or n)")
    ice.send_line("n")
    ice.expect("Not sent; the text is in the input line again.")
    ice.expect("line 30")
    ice.send_line("")
    ice.send_line("y")
    assert moon.receive("message")["data"]["text"] == text
    ice.expect("ice: line 30")


@pytest.mark.parametrize(
    ("paste", "why"),
    [
        ("x" * 1_048_576, "Not pasted: the text has 1,048,576 characters, and a message may have"),
        ("\x00\x01\x02\x7fELF\x03\x04", "Not pasted: the text contains the character U+0000"),
    ],
    ids=["1 MB", "binary"],
)
def test_a_paste_that_cannot_be_a_message_is_refused_with_the_reason(
    paste: str, why: str, client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    ice.send_keys("hel")
    ice.send_keys(bracketed_paste(paste))
    ice.expect(why)
    ice.send_line("lo")
    assert moon.receive("message")["data"]["text"] == "hello"


def test_input_that_is_faster_than_the_server_is_kept_and_sent_in_order(
    open_terminal: StartTerminal, fake_server: FakeServer
) -> None:
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice")
    server = fake_server.accept_member()
    ice.expect("/help shows the commands")
    for number in range(100):
        ice.send_line(f"line {number}")
    for kind in ("users", "rooms", "history"):
        server.send("ok", id=server.receive(kind)["id"])
    ice.expect_last_lines("#lobby>", "party · #lobby · 1 member · 100 to be sent · online as ice")
    for number in range(100):
        frame = server.receive("message")
        assert frame["data"]["text"] == f"line {number}"
        server.send("ok", id=frame["id"])
    ice.expect_last_lines("#lobby>", "party · #lobby · 1 member · online as ice")


def test_neither_a_password_nor_its_length_is_shown(
    open_terminal: StartTerminal, fake_server: FakeServer, state: Path
) -> None:
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice")
    server = fake_server.accept_member()
    ice.expect("/help shows the commands")
    ice.send_line("/setname moon")
    request = server.receive("set-name")
    refused = {"code": "password-required", "message": "moon needs its password."}
    server.send("error", refused, id=request["id"])
    ice.expect_last_lines("Password for moon?", "party")
    before = ice.lines[-2]
    ice.send_keys("wintermute")
    ice.send_line("")
    request = server.receive("authenticate")
    assert "wintermute" in request["data"].values()
    ice.expect_last_lines("Checking the password …", "party")
    server.send("ok", id=request["id"])
    ice.expect_last_lines("#lobby>", "party")
    ice.send_keys(UP)
    ice.expect_last_lines("#lobby> /setname moon", "party")
    assert b"wintermute" not in ice.raw
    assert "*" not in before
    assert "wintermute" not in (state / "chatd" / "input-history").read_text()


def let_the_keys_arrive(terminal: Any, server: Peer, text: str) -> None:
    """The kernel hands keys to the terminal a little later: have something else done meanwhile."""
    server.send("message", {"source": "sun", "room": "#lobby", "seq": 1, "time": 0, "text": text})
    terminal.expect(f"sun: {text}")


def test_a_password_that_is_typed_again_is_no_message_whenever_that_happens(
    open_terminal: StartTerminal, fake_server: FakeServer, state: Path
) -> None:
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice")
    server = fake_server.accept_member()
    ice.expect("/help shows the commands")
    ice.send_line("/setname moon")
    refused = {"code": "password-required", "message": "moon needs its password."}
    server.send("error", refused, id=server.receive("set-name")["id"])
    ice.expect_last_lines("Password for moon?", "party")
    ice.send_line("wintermule")
    request = server.receive("authenticate")
    ice.expect_last_lines("Checking the password …", "party")
    ice.send_line("wintermute")  # the user has noticed the typing error
    ice.expect("still being checked; this line was not sent")
    ice.send_keys("winter")  # and is typing it once more when the answer comes
    let_the_keys_arrive(ice, server, "first")
    refused = {"code": "wrong-password", "message": "Wrong account or password."}
    server.send("error", refused, id=request["id"])
    ice.expect_last_lines("Wrong account or password. Password for moon?", "party")
    ice.send_line("wintermute")
    request = server.receive("authenticate")
    assert "wintermute" in request["data"].values()
    ice.expect_last_lines("Checking the password …", "party")
    ice.send_keys("winter")
    let_the_keys_arrive(ice, server, "second")
    server.send("ok", id=request["id"])
    ice.expect("Enter ends the line that you have begun")
    ice.send_line("mute")
    ice.expect("You can write again.")
    ice.send_line("hello")
    message = server.receive("message")
    assert message["data"]["text"] == "hello"
    assert b"winter" not in ice.raw
    assert "winter" not in (state / "chatd" / "input-history").read_text()


def test_in_line_mode_a_password_that_is_typed_again_is_no_message_either(
    open_terminal: StartTerminal, fake_server: FakeServer
) -> None:
    options = ("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice", "--plain-terminal")
    ice = open_terminal(*options)
    server = fake_server.accept_member()
    ice.expect("/help shows the commands")
    ice.send_line("/setname moon")
    refused = {"code": "password-required", "message": "moon needs its password."}
    server.send("error", refused, id=server.receive("set-name")["id"])
    ice.expect("Password for moon?")
    ice.send_line("wintermute")
    request = server.receive("authenticate")
    ice.send_line("wintermute")
    ice.expect("still being checked; this line was not sent")
    ice.send_keys("wintermute")
    let_the_keys_arrive(ice, server, "third")
    server.send("ok", id=request["id"])
    server.send("private", {"source": "sun", "to": ["ice"], "time": 0, "text": "over"})
    ice.expect("over")
    ice.send_line("hello")
    assert server.receive("message")["data"]["text"] == "hello"
    assert b"winter" not in ice.raw


def test_input_history_is_kept_between_runs_without_private_messages(
    client: StartTerminal, state: Path
) -> None:
    ice = client("ice")
    for line in ("hello all", "/msg moon secret", "@moon secret", "/mgs moon secret"):
        ice.send_line(line)
    ice.send_line("/message")
    ice.expect("Recipients?")
    ice.send_line("moon")
    ice.expect("Message for moon?")
    ice.send_line("secret")
    ice.send_line("the last")
    ice.send_keys(CONTROL_D)
    assert ice.wait() == 0
    file = state / "chatd" / "input-history"
    assert "secret" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = client("ice")
    again.send_keys(UP)
    again.expect_last_lines("#lobby> the last", "party")
    again.send_keys(UP + UP)
    again.expect_last_lines("#lobby> hello all", "party")


def test_a_damaged_input_history_is_reported_once_and_the_chat_goes_on(
    client: StartTerminal, state: Path
) -> None:
    (state / "chatd").mkdir(parents=True)
    (state / "chatd" / "input-history").write_bytes(b'"whole"\n\xff\xfe\x00broken\n{"x": 1}\n')
    ice = client("ice")
    ice.expect("history is damaged: 2 of its lines were not valid")
    ice.send_keys(UP)
    ice.expect_last_lines("#lobby> whole", "party")


def test_an_unwritable_state_directory_is_reported_once_and_the_chat_goes_on(
    client: StartTerminal, peer: Callable[[str], Peer], state: Path
) -> None:
    state.write_text("a file where the directory should be")  # root may write anywhere else
    moon, ice = peer("moon"), client("ice")
    for line in ("one", "two"):
        ice.send_line(line)
        assert moon.receive("message")["data"]["text"] == line
    assert ice.text.count("The input history cannot be") == 1
    ice.wait_until(lambda: ice.lines[-3].endswith("ice: two"), "the line as said")
    ice.send_keys(UP)
    ice.expect_last_lines("#lobby> two", "party")


def test_a_terminal_without_a_size_works(client: StartTerminal) -> None:
    ice = client("ice", reports_size=False)
    ice.send_line("hello")
    ice.expect("ice: hello")
    ice.expect_last_lines("#lobby>", "party")


def test_no_color_turns_colours_off(client: StartTerminal, peer: Callable[[str], Peer]) -> None:
    moon = peer("moon")
    for env, is_coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        ice = client("ice", env=env)
        moon.send("message", {"text": "hello ice"})
        ice.expect("moon: hello ice")
        assert (b"38;5;" in ice.raw) is is_coloured
        ice.send_line("/quit")
        ice.wait()


@pytest.mark.parametrize(
    ("words", "term"), [(("--plain-terminal",), "xterm-256color"), ((), "dumb"), ((), "")]
)
def test_plain_lines_where_the_full_screen_is_not_wanted_or_not_possible(
    words: tuple[str, ...],
    term: str,
    open_terminal: StartTerminal,
    fake_server: FakeServer,
) -> None:
    ice = open_terminal(
        *("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice", *words),
        env={"TERM": term},
    )
    server = fake_server.accept_member()
    said = {"room": "#lobby", "source": "moon", "seq": 1, "time": 0, "text": "\x1b[2Jhello"}
    server.send("message", said)
    ice.expect("moon: <U+001B>[2Jhello")
    ice.send_line("hello")
    heard = server.receive("message")
    assert heard["data"]["text"] == "hello"
    server.send("ok", id=heard["id"])
    assert b"\x1b" not in ice.raw
    server.close()
    assert ice.wait() == 0
    assert ice.current_modes == ice.modes


def test_the_bell_rings_only_for_highlights_and_private_messages_and_only_if_wanted(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon = peer("moon")
    ice, sun = client("ice", "--bell"), client("sun")
    moon.send("message", {"text": "nothing for anyone, not even for icebergs"})
    ice.expect("icebergs")
    assert b"\x07" not in ice.raw
    moon.send("message", {"text": "hello ICE, and sun!"})
    ice.expect("and sun!")
    ice.wait_until(lambda: ice.raw.count(b"\x07") == 1, "the bell")
    moon.send("private", {"text": "psst", "to": ["ice"]})
    ice.wait_until(lambda: ice.raw.count(b"\x07") == 2, "the bell")
    sun.expect("and sun!")
    assert b"\x07" not in sun.raw


@pytest.mark.parametrize(("reactor", "has_screen"), [("asyncio", True), ("epoll", False)])
def test_under_twistd_the_reactor_decides_and_plain_lines_mention_the_full_screen(
    reactor: str, has_screen: bool, fake_server: FakeServer, state: Path
) -> None:
    words = ["chatclient", HOST, str(fake_server.port), *IFADDRS, "-n", "ice"]
    with terminals() as open_one:
        ice = open_one([*TWISTD, "-r", reactor, "-n", *words], {"XDG_STATE_HOME": str(state)})
        server = fake_server.accept_member()
        if has_screen:
            ice.expect_last_lines("#lobby>", "party · #lobby · 1 member · online as ice")
        else:
            ice.expect("/help shows the commands")
        assert ("Line mode" in ice.text) is not has_screen
        assert ("online as ice" in ice.text) is has_screen
        ice.send_line("hello")
        assert server.receive("message")["data"]["text"] == "hello"
        server.close()
        ice.wait()
        assert ice.current_modes == ice.modes


def test_the_log_does_not_disturb_the_screen(fake_server: FakeServer, state: Path) -> None:
    words = ["client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice"]
    with terminals() as open_one:
        ice = open_one([*FAULTY_CLIENT, "log", *words], {"XDG_STATE_HOME": str(state)})
        server = fake_server.accept_member()
        ice.expect("/help shows the commands")
        ice.send_keys("half a line")
        ice.expect_last_lines("#lobby> half a line", "party")
        said = {"room": "#lobby", "source": "moon", "seq": 1, "time": 0, "text": "boom"}
        server.send("message", said)
        ice.expect("a line for the log")
        ice.expect_last_lines("#lobby> half a line", "party")
        [line] = [line for line in ice.lines if "a line for the log" in line]
        assert line.startswith("20"), "it begins with its date, at the edge"
